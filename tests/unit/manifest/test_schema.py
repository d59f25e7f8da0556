"""What a schema's refusal says: the field, its allowed values, its place; one line for each thing that is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portctl.manifest.schema import check_schema
from portctl.model.address import Address
from portctl.model.resource import Resource
from portctl.model.value import Awaited, OutputRef, Sealed, SecretRef, Value, freeze
from tests.unit.rules.builders import resources

BACKENDS = '"WEBHOOK", "KAFKA", "GITHUB", "GITLAB", "AZURE_DEVOPS", "INTEGRATION_ACTION", "UPSERT_ENTITY"'
ACTION = """\
kind: port/Action
spec:
  identifier: check
  trigger: {type: self-service, operation: CREATE, userInputs: {properties: {}}}
  invocationMethod: {type: WEBHOOK, url: https://example.com}
"""
AUTOMATION = """\
kind: port/Automation
spec:
  identifier: note
  trigger: {type: automation, event: {type: RUN_CREATED, actionIdentifier: check}}
  invocationMethod: {type: KAFKA}
"""
BLUEPRINT = """\
kind: port/Blueprint
spec:
  identifier: thing
  title: Thing
  schema: {properties: {name: {type: string}}}
  relations: {owner: {target: team, required: false, many: false}}
"""
WEBHOOK = """\
kind: port/Webhook
spec:
  identifier: w
  title: W
  enabled: true
  mappings: [{blueprint: b, operation: create, entity: {identifier: .id}}]
"""
SECRET = "kind: port/Secret\nspec: {secretName: TOKEN, secretValue: hunter2hunter2}\n"


def said(text: str) -> list[str]:
    """Every finding as `line:column path | summary | detail | hint`."""
    return [
        f"{found.source.line}:{found.source.column} {found.path} | {found.summary} | {found.detail} | {found.hint}"
        for resource in resources(text)
        for found in check_schema(resource)
    ]


def test_an_enum_names_a_word() -> None:
    assert said(BLUEPRINT.replace("{type: string}", "{type: string, enum: []}")) == [
        "5:52 spec.schema.properties.name.enum | Out of bounds | name.enum: expected at least 1 items | "
    ]


@pytest.mark.parametrize("text", [ACTION, AUTOMATION, BLUEPRINT, WEBHOOK, SECRET])
def test_what_fits_is_not_mentioned(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        (
            ACTION,
            "operation: CREATE",
            "operation: UPDATE",
            (
                "4:44 spec.trigger.operation | Value not accepted | "
                'trigger.operation: expected one of "CREATE", "DAY-2", "DELETE", found "UPDATE" | '
            ),
        ),
        (
            ACTION,
            "type: WEBHOOK",
            "type: WEBHOK",
            (
                "5:28 spec.invocationMethod.type | Value not accepted | "
                f'invocationMethod.type: expected one of {BACKENDS}, found "WEBHOK" | Did you mean "WEBHOOK"?'
            ),
        ),
        (
            ACTION,
            "type: WEBHOOK, ",
            "",
            (
                "5:21 spec.invocationMethod.type | Missing field | "
                f"invocationMethod.type is required: one of {BACKENDS} | "
            ),
        ),
        (
            ACTION,
            "type: self-service",
            "type: automation",
            (
                "4:19 spec.trigger.type | Value not accepted | "
                'trigger.type: expected "self-service", found "automation" | '
                "This is an automation: use kind port/Automation."
            ),
        ),
        (
            ACTION,
            "identifier: check",
            "titel: x\n  identifier: check",
            (
                "3:10 spec.titel | Unknown field | "
                "titel is not accepted here; the fields are: identifier, title, icon, description, "
                "trigger, invocationMethod, requiredApproval, approvalNotification, publish, "
                'allowAnyoneToViewRuns | Did you mean "title"?'
            ),
        ),
        (
            ACTION,
            "url: https://example.com",
            "url: 7",
            (
                "5:42 spec.invocationMethod.url | Wrong type | invocationMethod.url: expected string, found number | "
                "Quote it if it is meant as text."
            ),
        ),
        (
            ACTION,
            "{properties: {}}",
            "{properties: {}, order: [], steps: []}",
            (
                "4:99 spec.trigger.userInputs.steps | Field not accepted | "
                "userInputs.steps cannot stand beside order | Remove one of the two."
            ),
        ),
        (
            AUTOMATION,
            "type: RUN_CREATED",
            "type: RUN_STARTED",
            (
                "4:45 spec.trigger.event.type | Value not accepted | event.type: expected one of "
                '"ENTITY_CREATED", "ENTITY_UPDATED", "ENTITY_DELETED", "ANY_ENTITY_CHANGE", "TIMER_PROPERTY_EXPIRED", '
                '"RUN_CREATED", "RUN_UPDATED", "ANY_RUN_CHANGE", found "RUN_STARTED" | Did you mean "RUN_UPDATED"?'
            ),
        ),
        (
            AUTOMATION,
            ", actionIdentifier: check",
            "",
            "4:38 spec.trigger.event.actionIdentifier | Missing field | event.actionIdentifier is required | ",
        ),
        (
            BLUEPRINT,
            "type: string",
            "type: integer",
            (
                "5:38 spec.schema.properties.name.type | Value not accepted | name.type: expected one of "
                '"string", "number", "boolean", "object", "array", found "integer" | '
            ),
        ),
        (
            BLUEPRINT,
            "name: {",
            "na me: {",
            (
                '5:32 spec.schema.properties."na me" | Malformed name | '
                r'name: expected letters, digits and @ _ = \ -; found "na me" | '
            ),
        ),
        (
            BLUEPRINT,
            "required: false, many: false",
            "required: true, many: true",
            (
                "6:59 spec.relations.owner.many | Value not accepted | "
                "owner.many: expected false, because the relation is required, found true | "
            ),
        ),
        (
            BLUEPRINT,
            "title: Thing",
            'title: ""',
            "4:10 spec.title | Out of bounds | title: expected at least 1 characters | ",
        ),
        (
            BLUEPRINT,
            "identifier: thing",
            "identifier: th ing",
            (
                "3:15 spec.identifier | Malformed value | "
                'identifier: expected letters, digits and @ _ . + : \\ / -; found "th ing" | '
            ),
        ),
        (
            WEBHOOK,
            "operation: create",
            "operation: upsert",
            (
                "6:40 spec.mappings[0].operation | Value not accepted | "
                'mappings[0].operation: expected one of "create", "delete", found "upsert" | '
            ),
        ),
    ],
)
def test_a_refusal_names_the_field_what_it_may_be_and_where_it_stands(
    text: str, old: str, new: str, expected: str
) -> None:
    assert said(text.replace(old, new, 1)) == [expected]


def test_a_value_of_every_json_type_is_named() -> None:
    values: tuple[Value, ...] = (None, True, 1.5, (), {})
    assert [check_schema(with_value(ACTION, title=value))[0].detail for value in values] == [
        f"title: expected string, found {name}" for name in ("null", "boolean", "number", "array", "object")
    ]


def test_a_long_value_is_cut() -> None:
    (line,) = said(ACTION.replace("CREATE", "C" * 200))
    assert f'found "{"C" * 56}..." | ' in line


def test_a_condition_needs_the_blueprint_it_is_about() -> None:
    condition = "condition: {type: SEARCH, combinator: and, rules: []}"
    (line,) = said(ACTION.replace("operation: CREATE", f"operation: DAY-2, {condition}"))
    place, _, words = line.partition(" | ")
    assert place == "4:12 spec.trigger.blueprintIdentifier"
    assert words == "Missing field | trigger.blueprintIdentifier is required beside condition | "


def test_the_value_of_a_secret_field_is_never_shown() -> None:
    (resource,) = resources(SECRET.replace("TOKEN", "not a name"))
    (shown,) = check_schema(resource)
    (hidden,) = check_schema(replace(resource, kind=replace(resource.kind, sensitive=("secretName",))))
    assert shown.detail == 'secretName: expected letters, digits, - and _; found "not a name"'
    assert hidden.detail == "secretName: expected letters, digits, - and _; found a value that is not shown"


@pytest.mark.parametrize("management", ["observe", "merge"])
def test_what_is_observed_or_only_partly_ours_need_not_be_complete_but_must_say_which_object_it_is(
    management: str,
) -> None:
    head = f"kind: port/Blueprint\nmetadata: {{management: {management}, name: thing}}\n"
    assert said(head + "spec: {identifier: thing}\n") == []
    assert said(head + "spec: {title: Thing}\n") == ["3:7 spec.identifier | Missing field | identifier is required | "]


SECRET_HOLE = Sealed(("x", SecretRef("TOKEN")))
OUTPUT = OutputRef(Address("port", "Webhook", "w"), "url")
WHOLE_OUTPUT = Awaited((OUTPUT,))
JOINED_OUTPUT = Awaited(("x", OUTPUT))


def with_value(text: str, **fields: Value) -> Resource:
    (resource,) = resources(text)
    return replace(resource, attributes={**resource.attributes, **fields})


@pytest.mark.parametrize("placeholder", [SECRET_HOLE, WHOLE_OUTPUT, JOINED_OUTPUT])
def test_text_that_is_completed_later_satisfies_any_schema_of_a_string(placeholder: Value) -> None:
    assert check_schema(with_value(BLUEPRINT, identifier=placeholder, title=placeholder)) == ()


def test_one_output_alone_may_turn_out_to_be_any_scalar_but_no_object() -> None:
    assert check_schema(with_value(ACTION, publish=WHOLE_OUTPUT)) == ()
    (found,) = check_schema(with_value(ACTION, trigger=WHOLE_OUTPUT))
    assert found.detail == "trigger: expected object, found text that is completed later"


@pytest.mark.parametrize("placeholder", [SECRET_HOLE, JOINED_OUTPUT])
def test_text_that_is_completed_later_is_no_boolean(placeholder: Value) -> None:
    (found,) = check_schema(with_value(ACTION, publish=placeholder))
    assert found.detail == "publish: expected boolean, found text that is completed later"


def test_a_field_that_chooses_the_schema_must_be_known_now() -> None:
    backend = freeze({"type": "KAFKA"}) | {"type": WHOLE_OUTPUT}
    (found,) = check_schema(with_value(ACTION, invocationMethod=backend))
    assert found.detail == (f"invocationMethod.type: expected one of {BACKENDS}, found text that is completed later")
