"""Names that are not there: in blueprints, forms and jq; and what is not known, which is no finding."""

from __future__ import annotations

import pytest

from portctl.providers.port.rules.jq_paths import paths_of
from tests.unit.rules.builders import details, findings

DOMAIN = """\
kind: port/Blueprint
spec:
  identifier: domain
  title: Domain
  schema: {properties: {lead: {type: string}, size: {type: number}}}
  ownership: {type: Direct}
"""
SERVICE = """\
kind: port/Blueprint
spec:
  identifier: service
  title: Service
  schema: {properties: {tier: {type: string}}}
  relations:
    domain: {target: domain, required: false, many: false}
    owner: {target: _user, required: false, many: false}
    other: {target: elsewhere, required: false, many: false}
  PART
"""
SERVICES = """\
kind: port/Blueprint
spec:
  identifier: group
  title: Group
  schema: {properties: {}}
  relations: {domain: {target: domain, required: false, many: false}}
  aggregationProperties: {a: PART}
"""
AGGREGATION = "spec.aggregationProperties.a"
SIZE, MEANT = 'Did you mean "size"?', 'Did you mean "domain"?'


def with_part(part: str, others: str = DOMAIN, own: str = SERVICE) -> str:
    return f"{others}---\n{own.replace('PART', part)}"


def _aggregation(spec: str, more: str = "") -> str:
    return with_part(f"{{title: A, target: domain, calculationSpec: {spec}{more}}}", own=SERVICES)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (
            with_part("mirrorProperties: {m: {path: domain.laed}}"),
            '17:32 spec.mirrorProperties.m.path: the blueprint domain has no property laed. Did you mean "lead"?',
        ),
        (
            with_part("mirrorProperties: {m: {path: domian.lead}}"),
            '17:32 spec.mirrorProperties.m.path: the blueprint service has no relation domian. Did you mean "domain"?',
        ),
        (
            with_part("mirrorProperties: {m: {path: domain.$titel}}"),
            '17:32 spec.mirrorProperties.m.path: the blueprint domain has no property $titel. Did you mean "$title"?',
        ),
        (
            with_part("mirrorProperties: {m: {path: domain.parent.$title}}"),
            "17:32 spec.mirrorProperties.m.path: the blueprint domain has no relation parent",
        ),
        (
            with_part("ownership: {type: Inherited, path: domian}"),
            '17:38 spec.ownership.path: the blueprint service has no relation domian. Did you mean "domain"?',
        ),
        (
            _aggregation("{calculationBy: property, func: sum, property: sice}"),
            f"14:121 {AGGREGATION}.calculationSpec.property: the blueprint domain has no property sice. {SIZE}",
        ),
        (
            _aggregation("{calculationBy: entities, func: count}", ", pathFilter: [{path: [nope]}]"),
            "14:134 spec.aggregationProperties.a.pathFilter[0].path: the blueprint group has no relation nope",
        ),
        (
            _aggregation(
                "{calculationBy: entities, func: count}", ", pathFilter: [{path: [domian], fromBlueprint: group}]"
            ),
            f"14:134 {AGGREGATION}.pathFilter[0].path: the blueprint group has no relation domian. {MEANT}",
        ),
    ],
)
def test_a_path_that_leads_nowhere_is_found(text: str, detail: str) -> None:
    assert details("port/path-broken", text) == [detail]


@pytest.mark.parametrize(
    "text",
    [
        with_part("mirrorProperties: {m: {path: domain.lead}, n: {path: domain.$title}}"),
        with_part("mirrorProperties: {m: {path: owner.status}, n: {path: other.thing.$title}}"),
        with_part(
            "mirrorProperties: {m: {path: domain.x}}",
            DOMAIN.replace("spec:", "metadata: {management: observe}\nspec:", 1),
        ),
        with_part(
            "mirrorProperties: {m: {path: domain.x}}",
            DOMAIN.replace("spec:", "metadata: {management: merge}\nspec:", 1),
        ),
        with_part("mirrorProperties: {m: {path: domain.c}}", f"{DOMAIN}  calculationProperties: {{c: {{}}}}\n"),
        with_part("ownership: {type: Inherited, path: domain}"),
        with_part("mirrorProperties: {m: {path: $team.$title}, n: {path: domain.$datasource}}"),
        _aggregation("{calculationBy: property, func: sum, property: size}", ", pathFilter: [{path: [domain]}]"),
        _aggregation("{calculationBy: entities, func: average, averageOf: day, measureTimeBy: $createdAt}"),
        with_part("mirrorProperties: {m: {path: 7}, n: 8}"),
    ],
)
def test_a_path_that_leads_somewhere_or_out_of_sight_is_left_alone(text: str) -> None:
    assert findings("port/path-broken", text) == ()


def test_what_a_schema_requires_must_be_among_its_properties() -> None:
    text = DOMAIN.replace("size: {type: number}}}", "size: {type: number}}, required: [lead, leed, domain]}")
    assert details("port/required-unknown", text) == [
        "5:87 spec.schema.required[1]: leed is no property of this schema, and Port refuses the blueprint",
        "5:93 spec.schema.required[2]: domain is no property of this schema, and Port refuses the blueprint",
    ]
    assert [found.hint for found in findings("port/required-unknown", text)] == [
        'Did you mean "lead"?',
        "A relation is required by its own key `required`.",
    ]
    merged = text.replace("spec:", "metadata: {management: merge}\nspec:", 1)
    assert findings("port/required-unknown", merged) == ()


ACTION = """\
kind: port/Action
spec:
  identifier: deploy
  trigger:
    type: self-service
    operation: DAY-2
    blueprintIdentifier: domain
    userInputs:
      properties:
        target: {type: string, visible: {jqQuery: FORM}}
        reason: {type: string, dependsOn: [DEPENDS]}
      required: [REQUIRED]
      ARRANGED
      titles: {head: {title: Heading}}
  invocationMethod:
    type: WEBHOOK
    url: https://example.com
    body: {sent: "SENT"}
"""


def action(**parts: str) -> str:
    given = {
        "form": "'true'",
        "depends": "target",
        "required": "target",
        "arranged": "order: [target]",
        "sent": "x",
        **parts,
    }
    text = ACTION
    for name, part in given.items():
        text = text.replace(name.upper(), part)
    return f"{text}---\n{DOMAIN}"


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        ({"depends": "tarjet"}, "spec.trigger.userInputs.properties.reason.dependsOn[0]"),
        ({"required": "target, tarjet"}, "spec.trigger.userInputs.required[1]"),
        ({"required": "head"}, "spec.trigger.userInputs.required[0]"),
        ({"arranged": "order: [tarjet]"}, "spec.trigger.userInputs.order[0]"),
        (
            {"arranged": "steps: [{title: One, order: [target]}, {title: Two, order: [tarjet]}]"},
            "spec.trigger.userInputs.steps[1].order[0]",
        ),
    ],
)
def test_a_form_that_names_no_input_is_found(parts: dict[str, str], path: str) -> None:
    (found,) = findings("port/form-unknown", action(**parts))
    assert (found.path, found.severity) == (path, "warning")
    assert found.detail.endswith("is no input of this action")


@pytest.mark.parametrize(
    "arranged", ["order: [head, target]", "steps: [{title: One, order: [head, reason]}]", "order: 7"]
)
def test_headings_may_be_arranged(arranged: str) -> None:
    assert findings("port/form-unknown", action(arranged=arranged)) == ()


def test_a_form_whose_required_is_a_query_is_left_alone() -> None:
    text = action().replace("required: [target]", "required: {jqQuery: .form.target}")
    assert findings("port/form-unknown", text) == ()


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"sent": "{{ .inputs.tarjet }}"}, ".inputs.tarjet"),
        ({"sent": '{{ .inputs[\\"tarjet\\"] }}'}, ".inputs.tarjet"),
        ({"sent": "a {{ if .inputs.tarjet == 1 then 2 else 3 end }}"}, ".inputs.tarjet"),
        ({"form": ".form.tarjet == 1"}, ".form.tarjet"),
    ],
)
def test_an_input_that_no_form_has_is_found_where_it_is_read(parts: dict[str, str], field: str) -> None:
    (found,) = findings("port/input-unknown", action(**parts))
    assert found.detail == f"`{field}` is null: port/Action:deploy has no input tarjet"
    assert (found.hint, found.severity) == ('Did you mean "target"?', "warning")


@pytest.mark.parametrize(
    "sent",
    [
        "{{ .inputs.target }}",
        "{{ .inputs }}",
        "{{ .inputs | .x }}",
        "{{ .event.inputs.x }}",
        "{{ [.a[] | .inputs.x] }}",
        ".inputs.x",
    ],
)
def test_inputs_that_are_there_and_other_fields_are_left_alone(sent: str) -> None:
    assert findings("port/input-unknown", action(sent=sent)) == ()


def test_the_policy_of_an_action_reads_its_inputs() -> None:
    permissions = """\
---
kind: port/ActionPermissions
metadata: {in: "port/Action:deploy"}
spec:
  execute:
    policy:
      queries: {q: {combinator: and, rules: [{property: $identifier, operator: =, value: "{{ .inputs.tarjet }}"}]}}
      conditions: [.inputs.reason == "x", .results.q.entities | length == 0, .inputs.raeson == "x"]
"""
    assert [found.path for found in findings("port/input-unknown", action() + permissions)] == [
        "spec.execute.policy.queries.q.rules[0].value",
        "spec.execute.policy.conditions[2]",
    ]


AUTOMATION = """\
kind: port/Automation
spec:
  identifier: after
  trigger:
    type: automation
    event: EVENT
    condition: {type: JQ, expressions: ['CONDITION']}
  invocationMethod: {type: KAFKA, payload: {x: "PAYLOAD"}}
"""
ON_RUN = "{type: RUN_UPDATED, actionIdentifier: deploy}"
ON_ENTITY = "{type: ENTITY_UPDATED, blueprintIdentifier: domain}"


def automation(event: str, condition: str = "true", payload: str = "x") -> str:
    text = AUTOMATION.replace("EVENT", event).replace("CONDITION", condition).replace("PAYLOAD", payload)
    return f"{text}---\n{action()}"


@pytest.mark.parametrize(
    ("condition", "payload", "expected"),
    [
        (".diff.after.properties.tarjet == 1", "x", ["spec.trigger.condition.expressions[0]"]),
        ("true", "{{ .event.diff.after.properties.tarjet }}", ["spec.invocationMethod.payload.x"]),
        (".diff.after.properties.target == 1", "{{ .event.diff.after.properties.reason }}", []),
    ],
)
def test_automations_on_runs_read_the_inputs_of_their_action(condition: str, payload: str, expected: list[str]) -> None:
    text = automation(ON_RUN, condition, payload)
    assert [found.path for found in findings("port/input-unknown", text)] == expected
    assert findings("port/property-unknown", text) == ()


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (automation(ON_ENTITY, ".diff.before.properties.leed != 1"), "`.diff.before.properties.leed` is null"),
        (
            automation(ON_ENTITY, payload="{{ .event.diff.after.relations.nope }}"),
            "`.event.diff.after.relations.nope` is null",
        ),
        (action(sent="{{ .entity.properties.leed }}"), "`.entity.properties.leed` is null"),
        (
            with_part("calculationProperties: {c: {type: string, calculation: .properties.teir}}"),
            "`.properties.teir` is null",
        ),
        (
            with_part("calculationProperties: {c: {type: string, calculation: .relations.domian}}"),
            "`.relations.domian` is null",
        ),
        (
            automation("{type: TIMER_PROPERTY_EXPIRED, blueprintIdentifier: domain, propertyIdentifier: ttl}"),
            "it never fires",
        ),
    ],
)
def test_a_property_that_the_blueprint_does_not_have_is_found_where_it_is_read(text: str, detail: str) -> None:
    (found,) = findings("port/property-unknown", text)
    assert (found.detail.partition(":")[0], found.severity) == (detail, "warning")


def test_searches_by_what_is_not_there_are_found() -> None:
    either = (
        "{combinator: or, rules: [{property: lead, operator: =, value: x}, {property: $titel, operator: =, value: x}]}"
    )
    query = f"query: {{combinator: and, rules: [{{property: sise, operator: '>', value: 1}}, {either}]}}"
    counted = _aggregation("{calculationBy: entities, func: count}", f", {query}")
    rules = "[{property: leed, operator: =, value: x}, {operator: relatedTo, blueprint: domain, value: x}]"
    entity = "{type: string, format: entity, blueprint: domain, sort: {property: sise, order: ASC}, "
    entity += f"dataset: {{combinator: and, rules: {rules}}}}}"
    searching = "condition: {type: SEARCH, combinator: and, rules: [{property: leed, operator: =, value: x}]}"
    form = action().replace("reason: {type: string, dependsOn: [target]}", f"reason: {entity}")
    form = form.replace("    userInputs:", f"    {searching}\n    userInputs:")
    found = [*findings("port/property-unknown", counted), *findings("port/property-unknown", form)]
    assert [(each.path, each.detail) for each in found] == [
        (f"spec.{path}", f"nothing is found by it: the blueprint domain has no property {what}")
        for path, what in (
            ("aggregationProperties.a.query.rules[0].property", 'sise. Did you mean "size"?'),
            ("aggregationProperties.a.query.rules[1].rules[1].property", '$titel. Did you mean "$title"?'),
            ("trigger.condition.rules[0].property", 'leed. Did you mean "lead"?'),
            ("trigger.userInputs.properties.reason.sort.property", 'sise. Did you mean "size"?'),
            ("trigger.userInputs.properties.reason.dataset.rules[0].property", 'leed. Did you mean "lead"?'),
        )
    ]


@pytest.mark.parametrize(
    "text",
    [
        automation(ON_ENTITY, '.diff.after.properties.lead == "x"', "{{ .event.diff.after.title }}"),
        automation("{type: ENTITY_UPDATED, blueprintIdentifier: _user}", '.diff.after.properties.x == "x"'),
        action(sent="{{ .entity.properties.lead }}"),
        with_part("calculationProperties: {c: {type: string, calculation: '.properties.tier | .properties.x'}}"),
        with_part("calculationProperties: {c: {type: string, calculation: .relations.domain}}"),
    ],
)
def test_properties_that_are_there_or_not_known_are_left_alone(text: str) -> None:
    assert findings("port/property-unknown", text) == ()


@pytest.mark.parametrize(
    ("program", "paths"),
    [
        (".a.b", [("a", "b")]),
        (".a | .b", [("a",)]),
        ("(.a | length) + .b", [("a",), ("b",)]),
        ("if .a == 1 then .b else .c end", [("a",), ("b",), ("c",)]),
        (".a | if . then .b else 1 end | .c", [("a",)]),
        ("map(.x)", []),
        ("[.a[] | .b]", [("a",)]),
        ('.a["x-y"].z', [("a", "x-y", "z")]),
        ("$x.foo", []),
        ("{a: .b, c: .d}", [("b",), ("d",)]),
        (".a as $x | .b", []),
        ("(.a).b", [("a",)]),
        (".a != .b and (.c == 1)", [("a",), ("b",), ("c",)]),
        (".a // .b # .c", [("a",), ("b",)]),
        ('"\\(.a) ) and .b" + .c', [("c",)]),
        (".a |= .b", [("a",)]),
        ("f(.a; .b) + .c", [("c",)]),
        (".a ) | .b", [("a",)]),
        ('"unfinished .a', []),
    ],
)
def test_the_fields_that_a_program_reads_of_its_input_are_known_where_there_is_no_doubt(
    program: str, paths: list[tuple[str, ...]]
) -> None:
    assert list(paths_of(program)) == paths
