"""Rules that look across resources: enums, pipelines, conditions, inputs, spreads."""

from __future__ import annotations

import pytest

from tests.unit.rules.builders import details, findings

BLUEPRINT = """\
kind: port/Blueprint
spec:
  identifier: change
  schema:
    properties:
      approval: {type: string, enum: [requested, approved]}
      free: {type: string}
"""
ACTION = """\
kind: port/Action
spec:
  identifier: decide
  trigger:
    type: self-service
    operation: DAY-2
    blueprintIdentifier: change
    userInputs: {properties: {decision: {type: string, enum: [approved, declined]}}}
  invocationMethod: BACKEND
"""
ON_RUN = """\
kind: port/Automation
spec:
  identifier: after_run
  trigger:
    type: automation
    event: {type: RUN_UPDATED, actionIdentifier: decide}
    condition: {type: JQ, expressions: ['EXPRESSION']}
  invocationMethod: BACKEND
"""
ON_ENTITY = ON_RUN.replace("after_run", "after_change").replace(
    "{type: RUN_UPDATED, actionIdentifier: decide}", "{type: ENTITY_UPDATED, blueprintIdentifier: change}"
)
DECISION = '"{{ .event.diff.after.properties.decision }}"'
UPSERT = f"{{type: UPSERT_ENTITY, blueprintIdentifier: change, mapping: {{properties: {{approval: {DECISION}}}}}}}"
QUIET = "{type: KAFKA}"
GITLAB = "{type: WEBHOOK, url: 'https://gitlab.com/api/v4/projects/1/ref/main/trigger/pipeline?token=TOKEN'}"


def documents(*texts: str) -> str:
    return "---\n".join(texts)


def with_backend(text: str, backend: str = QUIET, expression: str = "true") -> str:
    return text.replace("BACKEND", backend).replace("EXPRESSION", expression)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            with_backend(ON_ENTITY, expression='.diff.after.properties.approval == "declined"'),
            'port/Automation.expressions: "declined" is not in the enum of approval: "requested", "approved"',
        ),
        (
            with_backend(ON_RUN, expression='.diff.after.properties.decision == "rejected"'),
            'port/Automation.expressions: "rejected" is not in the enum of decision: "approved", "declined"',
        ),
        (
            with_backend(ON_RUN, f"{{type: WEBHOOK, url: u, body: {{approval: {DECISION}}}}}"),
            'port/Automation.approval: "declined" is not in approval of port/Blueprint:change: "requested", "approved"',
        ),
        (
            with_backend(ON_RUN, UPSERT),
            'port/Automation.approval: "declined" is not in approval of port/Blueprint:change: "requested", "approved"',
        ),
    ],
)
def test_words_that_a_later_step_does_not_know_are_found_in_automations(text: str, found: str) -> None:
    everything = documents(BLUEPRINT, with_backend(ACTION), text)
    assert [_short(line) for line in details("port/enum-disagrees", everything)] == [found]


def _short(line: str) -> str:
    place, _, detail = line.partition(": ")
    name = place.split(".")[-1].split("[")[0]
    return f"port/Automation.{name}: {detail}"


@pytest.mark.parametrize(
    ("backend", "word"),
    [
        ("""{type: WEBHOOK, url: u, body: {x: '{{ .inputs.decision == "rejected" }}'}}""", "rejected"),
        ("""{type: WEBHOOK, url: u, body: {x: '{{ .entity.properties.approval == "closed" }}'}}""", "closed"),
        ("""{type: WEBHOOK, url: u, body: {approval: "{{ .inputs.decision }}"}}""", "declined"),
    ],
)
def test_words_that_a_later_step_does_not_know_are_found_in_actions(backend: str, word: str) -> None:
    (found,) = findings("port/enum-disagrees", documents(BLUEPRINT, with_backend(ACTION, backend)))
    assert found.detail.startswith(f'"{word}" is not in ')


def test_an_input_named_like_a_property_may_not_offer_other_words() -> None:
    text = documents(BLUEPRINT, with_backend(ACTION).replace("decision:", "approval:"))
    (found,) = findings("port/enum-disagrees", text)
    assert found.path == "spec.trigger.userInputs.properties.approval.enum"


def test_defaults_must_and_colours_should_be_words_of_their_enum() -> None:
    text = BLUEPRINT.replace("approved]}", "approved], default: open, enumColors: {closed: red}}")
    words = 'is not in the enum of approval: "requested", "approved"'
    assert details("port/enum-disagrees", text) == [
        f'6:70 spec.schema.properties.approval.default: "open" {words}',
    ]
    (colour,) = findings("port/color-idle", text)
    assert (colour.severity.value, colour.path, colour.detail, colour.hint) == (
        "warning",
        "spec.schema.properties.approval.enumColors.closed",
        '"closed" has a colour and is not in the enum of approval: "requested", "approved"',
        "Leave the colour out, or add the word to the enum.",
    )


def test_colours_of_numbers_are_named_by_text() -> None:
    number = "{type: number, enum: [1, 2.5], default: 1, enumColors: {'1': red, '2.5': blue}}"
    text = BLUEPRINT.replace("{type: string, enum: [requested, approved]}", number)
    assert text != BLUEPRINT
    assert (details("port/enum-disagrees", text), details("port/color-idle", text)) == ([], [])
    assert details("port/color-idle", text.replace("'1': red", "'3': red")) == [
        '6:78 spec.schema.properties.approval.enumColors.3: "3" has a colour and is not in the enum of approval: 1, 2.5'
    ]


def test_an_input_may_be_one_of_several_objects() -> None:
    sizes = "{type: object, enum: [{cpu: 1}, {cpu: 2}], enumColors: {x: red}}"
    text = with_backend(ACTION).replace("{type: string, enum: [approved, declined]}", sizes)
    assert [found.path for found in findings("port/color-idle", text)] == [
        "spec.trigger.userInputs.properties.decision.enumColors.x"
    ]


def test_a_constant_that_a_webhook_writes_must_be_a_word_of_the_property() -> None:
    webhook = """\
kind: port/Webhook
spec:
  identifier: w
  title: w
  enabled: true
  mappings:
    - blueprint: change
      entity: {identifier: .id, properties: {approval: '"open"', free: '"any"'}}
"""
    (found,) = findings("port/enum-disagrees", documents(webhook, BLUEPRINT))
    assert (found.path, found.source.line) == ("spec.mappings[0].entity.properties.approval", 8)


def test_properties_without_enum_and_unknown_blueprints_disagree_with_nothing() -> None:
    quiet = with_backend(ON_ENTITY, expression='.diff.after.properties.free == "x"')
    lost = with_backend(ACTION.replace("blueprintIdentifier: change", "blueprintIdentifier: gone"))
    assert findings("port/enum-disagrees", documents(BLUEPRINT, lost, quiet)) == ()


@pytest.mark.parametrize("automation", [ON_RUN, ON_ENTITY])
def test_an_automation_that_starts_the_pipeline_of_its_action_again_is_found(automation: str) -> None:
    text = documents(BLUEPRINT, with_backend(ACTION, GITLAB), with_backend(automation, GITLAB))
    (found,) = findings("port/two-pipelines", text)
    assert found.path == "spec.invocationMethod.url"
    assert "port/Action:decide" in found.detail


@pytest.mark.parametrize(
    "other",
    [
        QUIET,
        "{type: WEBHOOK, url: 'https://gitlab.com/api/v4/projects/2/ref/main/trigger/pipeline'}",
        "{type: WEBHOOK, url: 'https://gitlab.com/api/v4/projects/1'}",
    ],
)
def test_another_pipeline_or_none_is_no_second_start(other: str) -> None:
    text = documents(BLUEPRINT, with_backend(ACTION, GITLAB), with_backend(ON_RUN, other))
    assert findings("port/two-pipelines", text) == ()


@pytest.mark.parametrize(
    "backend",
    [
        "{type: GITLAB, projectName: p, groupName: g}",
        "{type: GITHUB, org: o, repo: r, workflow: w}",
        "{type: INTEGRATION_ACTION, installationId: i, integrationActionExecutionProperties: {project: p, ref: main}}",
    ],
)
def test_two_automations_on_one_event_that_start_the_same_are_found_for_every_backend(backend: str) -> None:
    first = with_backend(ON_ENTITY, backend)
    text = documents(first, first.replace("after_change", "after_change_too"))
    (found,) = findings("port/two-pipelines", text)
    assert found.path == "spec.invocationMethod.type"
    assert found.detail.startswith("this automation fires on the same event as port/Automation:after_change,")


@pytest.mark.parametrize(
    ("automation", "expression", "count"),
    [
        (ON_ENTITY, '.diff.after.properties.free == "x"', 1),
        (ON_ENTITY, ".diff.before.properties.free != .diff.after.properties.free", 0),
        (ON_ENTITY.replace("ENTITY_UPDATED", "ENTITY_CREATED"), '.diff.after.properties.free == "x"', 0),
        (ON_RUN, '.diff.after.status == "SUCCESS"', 0),
        (ON_RUN, '.diff.after.statusLabel == "x"', 1),
        (ON_ENTITY, ".context.entityIdentifier != null", 0),
    ],
)
def test_a_condition_that_holds_again_on_every_write_is_found(automation: str, expression: str, count: int) -> None:
    found = findings("port/condition-without-before", with_backend(automation, expression=expression))
    assert [finding.path for finding in found] == ["spec.trigger.condition.expressions[0]"] * count


@pytest.mark.parametrize(("approval", "count"), [("true", 1), ("{type: ANY}", 1), ("false", 0)])
def test_run_created_fires_before_the_approval(approval: str, count: int) -> None:
    action = with_backend(ACTION) + f"  requiredApproval: {approval}\n"
    automation = with_backend(ON_RUN).replace("RUN_UPDATED", "RUN_CREATED")
    assert len(findings("port/run-before-approval", documents(action, automation))) == count


@pytest.mark.parametrize(
    ("backend", "follower", "count"),
    [
        (QUIET, "true", 1),
        ("{type: KAFKA, payload: {a: '{{ .inputs.decision }}'}}", "true", 0),
        ("{type: KAFKA, payload: {a: '{{ .inputs[\"decision\"] }}'}}", "true", 0),
        ("{type: KAFKA, payload: {'{{ spreadValue() }}': '{{ .inputs }}'}}", "true", 0),
        ("{type: KAFKA, payload: {a: '{{ .inputs.decision_maker }}'}}", "true", 1),
        (QUIET, '.diff.after.properties.decision == "approved"', 0),
    ],
)
def test_an_input_is_used_by_the_action_or_by_what_follows_its_runs(backend: str, follower: str, count: int) -> None:
    text = documents(with_backend(ACTION, backend), with_backend(ON_RUN, expression=follower))
    assert len(findings("port/unused-input", text)) == count


def test_only_keys_before_a_spread_are_found_at_any_depth() -> None:
    body = "{type: WEBHOOK, url: u, body: [{a: 1, '{{ spreadValue() }}': '{{ .inputs }}', b: 2}]}"
    found = findings("port/key-before-spread", with_backend(ACTION, body))
    assert [finding.path for finding in found] == ["spec.invocationMethod.body[0].a"]


def test_a_misspelt_key_of_a_blueprint_is_found_with_what_was_meant() -> None:
    (found,) = findings("port/unknown-blueprint-key", BLUEPRINT + "  relation: {}\n")
    assert (found.path, found.hint) == ("spec.relation", 'Did you mean "relations"?')


def test_a_long_enum_is_shown_in_part() -> None:
    words = ", ".join(f"w{number:02}" for number in range(60))
    schema = f"{{properties: {{e: {{type: string, default: x, enum: [{words}]}}}}}}"
    text = f"kind: port/Blueprint\nspec: {{identifier: b, schema: {schema}}}\n"
    (told,) = details("port/enum-disagrees", text)
    assert told.endswith('"w48", "w49" and 10 more')
