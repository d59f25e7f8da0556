"""Entities, and what is mapped to entities, against their blueprint."""

from __future__ import annotations

import pytest

from tests.unit.rules.builders import details, findings

BLUEPRINT = """\
kind: port/Blueprint
spec:
  identifier: service
  title: Service
  schema:
    properties:
      tier: {type: string, enum: [gold, silver]}
      level: {type: number, enum: [1, 2], maximum: 5}
      short: {type: string, maxLength: 3}
      since: {type: string, format: date-time}
      page: {type: string, format: url}
      mail: {type: string, format: email}
      host: {type: string, format: ipv4}
      tags: {type: array, items: {type: string, format: url}, maxItems: 2}
      words: {type: array, items: {type: string, enum: [a, b]}}
      free: {type: object}
      link: {type: object, format: labeled-url}
      code: {type: string, pattern: "^(a+)+$"}
      live: {type: boolean}
      filled: {type: string, default: x}
    required: [tier, filled]
  calculationProperties: {slug: {type: string, calculation: .title}}
  relations:
    uses: {target: service, required: false, many: true}
    domain: {target: domain, required: true, many: false}
"""
ENTITY = """\
kind: port/Entity
spec:
  blueprint: service
  identifier: shop
  properties: {tier: gold, PROPERTIES}
  relations: {domain: sales, RELATIONS}
"""


def with_entity(properties: str = "", relations: str = "", blueprint: str = BLUEPRINT) -> str:
    entity = ENTITY.replace(", PROPERTIES", f", {properties}" if properties else "")
    return f"{blueprint}---\n{entity.replace(', RELATIONS', f', {relations}' if relations else '')}"


@pytest.mark.parametrize(
    ("properties", "detail"),
    [
        ("teir: gold", 'the blueprint service has no property teir. Did you mean "tier"?'),
        ("slug: x", "slug is derived by Port and cannot be written"),
        ("level: 3", "properties.level: expected one of 1, 2, found 3"),
        ("level: one", "properties.level: expected number, found string"),
        ("short: abcd", "properties.short: expected at most 3 characters"),
        (
            "since: '2026-01-01T10:00:00'",
            "since: expected a date and time with zone (RFC 3339), as in 2026-01-01T10:00:00Z",
        ),
        (
            "since: '2026-13-01T10:00:00Z'",
            "since: expected a date and time with zone (RFC 3339), as in 2026-01-01T10:00:00Z",
        ),
        ("page: example.com", "page: expected a URL with its scheme, as in https://example.com"),
        ("mail: nobody", "mail: expected an e-mail address"),
        ("host: 1.2.3", "host: expected an IPv4 address"),
        ("tags: [x]", "tags: expected a URL with its scheme, as in https://example.com"),
        ("tags: 'https://x.y'", "properties.tags: expected array, found string"),
        ("words: [a, c]", 'properties.words[1]: expected one of "a", "b", found "c"'),
        ("link: {displayText: x}", "link.url is required"),
        ("live: 'yes'", "properties.live: expected boolean, found string"),
    ],
)
def test_a_value_that_port_would_refuse_is_found(properties: str, detail: str) -> None:
    found = findings("port/entity-misfit", with_entity(properties))
    assert detail in [each.detail for each in found]
    assert {each.severity for each in found} == {"error"}


@pytest.mark.parametrize(
    "properties",
    [
        "level: 2",
        "level: null",
        "since: '2026-01-01T10:00:00.123+02:00'",
        "since: '2026-01-01 10:00:00'",
        "since: '2026-01-01 10:00:00Z'",
        "since: '2026-01-01t10:00:00+02'",
        "page: https://example.com/a?b=c",
        "tags: [https://a.b]",
        "words: [a]",
        "free: {any: [thing]}",
        "link: {url: https://a.b, displayText: x}",
        "code: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
        "short: \"<% output('port/Webhook:w', 'url') %>\"",
    ],
)
def test_a_value_that_fits_is_left_alone(properties: str) -> None:
    assert findings("port/entity-misfit", with_entity(properties)) == ()


@pytest.mark.parametrize(
    ("relations", "detail"),
    [
        ("use: [a]", 'the blueprint service has no relation use. Did you mean "uses"?'),
        ("uses: a", "the relation uses holds many entities: a list of identifiers"),
        ("domain: [a]", "the relation domain holds one entity: an identifier, and no list"),
    ],
)
def test_a_relation_that_port_would_refuse_is_found(relations: str, detail: str) -> None:
    text = with_entity(relations=relations).replace("domain: sales, domain", "domain")
    assert [found.detail for found in findings("port/entity-misfit", text)] == [detail]


@pytest.mark.parametrize("relations", ["uses: [a, b]", "uses: null", "uses: {combinator: and, rules: []}", "uses: []"])
def test_a_relation_that_fits_is_left_alone(relations: str) -> None:
    assert findings("port/entity-misfit", with_entity(relations=relations)) == ()


@pytest.mark.parametrize("management", ["observe", "merge"])
def test_names_are_not_doubted_where_only_a_part_of_the_blueprint_is_known(management: str) -> None:
    partly = BLUEPRINT.replace("spec:", f"metadata: {{management: {management}}}\nspec:", 1)
    text = with_entity("other: 1, level: 9", "another: x", partly)
    assert [found.detail for found in findings("port/entity-misfit", text)] == [
        "properties.level: expected one of 1, 2, found 9",
        "properties.level: expected at most 5",
    ]


def test_an_entity_of_a_blueprint_that_nobody_declares_is_left_alone() -> None:
    assert findings("port/entity-misfit", with_entity("x: 1").replace("blueprint: service", "blueprint: other")) == ()


def test_names_in_the_mappings_of_webhooks_and_actions_are_checked() -> None:
    text = f"""\
kind: port/Webhook
spec:
  identifier: w
  title: w
  enabled: true
  mappings:
    - blueprint: service
      entity: {{identifier: .a, properties: {{teir: .b, tier: .c}}, relations: {{use: .d}}}}
---
kind: port/Automation
spec:
  identifier: a
  trigger: {{type: automation, event: {{type: ENTITY_CREATED, blueprintIdentifier: service}}}}
  invocationMethod:
    type: UPSERT_ENTITY
    blueprintIdentifier: service
    mapping: {{properties: {{teir: "{{{{ .a }}}}", "{{{{ .key }}}}": 1}}}}
---
{BLUEPRINT}"""
    assert [found.path for found in findings("port/entity-misfit", text)] == [
        "spec.mappings[0].entity.properties.teir",
        "spec.mappings[0].entity.relations.use",
        "spec.invocationMethod.mapping.properties.teir",
    ]


def test_an_entity_without_what_is_required_is_told_of_and_a_default_counts() -> None:
    text = f"{BLUEPRINT}---\nkind: port/Entity\nspec: {{blueprint: service, identifier: shop}}\n"
    ends = "Port refuses to create an entity without it"
    assert details("port/entity-incomplete", text) == [
        f"28:40 spec.identifier: the blueprint service requires the property tier: {ends}",
        f"28:40 spec.identifier: the blueprint service requires the relation domain: {ends}",
    ]
    assert {found.severity for found in findings("port/entity-incomplete", text)} == {"warning"}
    assert findings("port/entity-incomplete", with_entity()) == ()


def test_a_relation_is_doubted_where_an_entity_of_nearly_that_name_is_declared() -> None:
    other = "---\nkind: port/Entity\nspec: {blueprint: service, identifier: payments}\n"
    text = with_entity(relations="uses: [paymets, payments, elsewhere]") + other
    assert details("port/entity-target", text) == [
        "32:37 spec.relations.uses[0]: no manifest declares the entity paymets of the blueprint service"
    ]
    assert [found.hint for found in findings("port/entity-target", text)] == ['Did you mean "payments"?']
