"""Calls of GitLab in which the caller chooses what is set: every way of leaving one open, and what is closed."""

from __future__ import annotations

import pytest

from portctl.manifest.lint import Finding
from tests.unit.rules.builders import findings, resources, rule

TRIGGER = "https://gitlab.com/api/v4/projects/1/trigger/pipeline"
WITH_REF = "https://gitlab.com/api/v4/projects/1/ref/main/trigger/pipeline"
TOKEN = "token: '{{ .secrets.T }}', ref: main"
INPUTS = "'{{ .inputs }}'"
SPREAD = "'{{ spreadValue() }}': '{{ .inputs }}'"
ACTION = """\
kind: port/Action
spec:
  identifier: NAME
  trigger: {type: self-service, operation: CREATE, userInputs: {properties: {version: {type: string}}}}
  invocationMethod: BACKEND
"""
AUTOMATION = """\
kind: port/Automation
spec:
  identifier: NAME
  trigger: {type: automation, event: {type: EVENT, actionIdentifier: a}}
  invocationMethod: BACKEND
"""


def webhook(body: str, url: str = TRIGGER) -> str:
    return f"{{type: WEBHOOK, url: '{url}', body: {body}}}"


def action(backend: str, name: str = "deploy") -> str:
    return ACTION.replace("NAME", name).replace("BACKEND", backend)


def open_paths(text: str) -> list[str]:
    return [found.path.removeprefix("spec.invocationMethod.") for found in findings("port/open-call", text)]


@pytest.mark.parametrize("url", [TRIGGER, WITH_REF, f"{WITH_REF}?token={{{{ .secrets.T }}}}",
                                 "https://gitlab.com/api/v4/projects/a%2Fb/pipeline"])  # fmt: skip
@pytest.mark.parametrize(
    ("body", "path"),
    [
        (f"{{{SPREAD}, {TOKEN}}}", 'body."{{ spreadValue() }}"'),
        (f"{{{TOKEN}, inputs: {{{SPREAD}}}}}", 'body.inputs."{{ spreadValue() }}"'),
        (f"{{{TOKEN}, port_context: [{{a: {{{SPREAD}}}}}]}}", 'body.port_context[0].a."{{ spreadValue() }}"'),
        (f"{{{TOKEN}, '{{{{ .inputs.version }}}}': x}}", 'body."{{ .inputs.version }}"'),
        (INPUTS, "body"),
        (f"{{{TOKEN}, inputs: {INPUTS}}}", "body.inputs"),
        (f"{{{TOKEN}, variables: {INPUTS}}}", "body.variables"),
        (f"{{{TOKEN}, variables: {{VERSION: '1'}}}}", "body.variables"),
        (f"{{{TOKEN}, variables: {{{SPREAD}}}}}", "body.variables"),
        ("{ref: '{{ .inputs.version }}'}", "body.ref"),
        ("{token: 'x{{ .inputs.version }}'}", "body.token"),
    ],
)
def test_a_call_that_its_caller_can_widen_is_refused(url: str, body: str, path: str) -> None:
    assert open_paths(action(webhook(body, url))) == [path]


@pytest.mark.parametrize(
    "backend",
    [
        webhook(f"{{{TOKEN}, inputs: {{version: '{{{{ .inputs.version }}}}', run: '{{{{ .run.id }}}}'}}}}"),
        webhook("{approval_status: pending, port_context: {runId: '{{ .run.id }}'}}", WITH_REF),
        f"{{type: WEBHOOK, url: {TRIGGER}}}",
        webhook(f"{{{SPREAD}}}", "https://ci.example.com/start"),
        webhook(f"{{{SPREAD}}}", "https://gitlab.com/api/v4/projects/1/pipelines"),
        "{type: GITLAB, projectName: p, groupName: g, pipelineVariables: {VERSION: '{{ .inputs.version }}'}}",
        f"{{type: KAFKA, payload: {{{SPREAD}}}}}",
    ],
)
def test_a_closed_list_is_accepted_and_others_services_are_none_of_its_business(backend: str) -> None:
    assert open_paths(action(backend)) == []


@pytest.mark.parametrize("value", [INPUTS, f"{{{SPREAD}}}", "{'{{ .inputs.version }}': x}"])
def test_variables_that_a_backend_passes_on_need_names_too(value: str) -> None:
    gitlab = f"{{type: GITLAB, projectName: p, groupName: g, pipelineVariables: {value}}}"
    properties = f"{{project: p, ref: main, pipelineVariables: {value}}}"
    ocean = f"{{type: INTEGRATION_ACTION, installationId: i, integrationActionExecutionProperties: {properties}}}"
    assert [len(open_paths(action(backend))) for backend in (gitlab, ocean)] == [1, 1]


@pytest.mark.parametrize(
    ("url", "count"),
    [
        (f"{TRIGGER}?variables[A]=b", 1),
        (f"{TRIGGER}?token=x&variables%5BA%5D=b", 1),
        ("https://gitlab.com/api/v4/projects/1/ref/{{ .inputs.version }}/trigger/pipeline", 1),
        ("https://gitlab.com/api/v4/projects/1/ref/{{ .inputs.version | @uri }}/trigger/pipeline", 0),
        ("https://gitlab.com/api/v4/projects/{{ .entity.properties.project }}/trigger/pipeline", 0),
    ],
)
def test_nobody_sets_variables_by_the_url(url: str, count: int) -> None:
    assert open_paths(action(f"{{type: WEBHOOK, url: '{url}'}}")) == ["url"] * count


@pytest.mark.parametrize(("event", "count"), [("RUN_CREATED", 1), ("ENTITY_UPDATED", 0)])
def test_the_inputs_of_the_run_that_an_automation_follows_are_its_callers(event: str, count: int) -> None:
    body = "{ref: '{{ .event.diff.after.properties.version }}'}"
    text = AUTOMATION.replace("EVENT", event).replace("NAME", "after").replace("BACKEND", webhook(body))
    assert open_paths(text) == ["body.ref"] * count


SECOND = action(webhook(f"{{{TOKEN}}}"), "second")
BY_WAY = "https://api.port.io/v1/actions/second/runs"


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        (f"{{properties: {{{SPREAD}, run: '{{{{ .run.id }}}}'}}}}", ['body.properties."{{ spreadValue() }}"']),
        (f"{{properties: {INPUTS}}}", ["body.properties"]),
        (f"{{{SPREAD}, properties: {{}}}}", ['body."{{ spreadValue() }}"']),
        (INPUTS, ["body"]),
        ("{properties: {version: '{{ .inputs.version }}'}}", []),
    ],
)
def test_the_first_of_two_steps_is_refused_in_the_same_way(body: str, paths: list[str]) -> None:
    assert open_paths(f"{action(webhook(body, BY_WAY), 'first')}---\n{SECOND}") == paths


def test_two_steps_are_both_named_and_a_second_that_starts_no_pipeline_is_fine() -> None:
    first = action(webhook(f"{{properties: {{{SPREAD}}}}}", BY_WAY), "first")
    (found,) = findings("port/open-call", f"{first}---\n{SECOND}")
    assert found.detail == (
        "port/Action:first starts port/Action:second, which starts a pipeline of GitLab, with properties that its "
        "caller chooses (`{{ spreadValue() }}` is not a name); `variables: {BASH_ENV: ...}` among it becomes the "
        "environment of every job before its first line, and the caller's code runs with the secrets of the pipeline"
    )
    assert found.hint == 'Write each key out: `properties: {name: "{{ .inputs.name }}"}`.'
    assert open_paths(f"{first}---\n{action('{type: KAFKA}', 'second')}") == []
    assert open_paths(first) == []


def test_actions_that_start_each_other_come_to_an_end() -> None:
    again = action(webhook(f"{{properties: {{{SPREAD}}}}}", BY_WAY), "second")
    assert open_paths(again) == []


def test_what_can_happen_and_what_to_write_is_said() -> None:
    (found,) = rule("port/open-call").check(resources(action(webhook(f"{{{SPREAD}}}"))))
    assert isinstance(found, Finding)
    assert found.summary == "Call that its caller can widen"
    assert found.detail == (
        "spreadValue() sends whatever the caller sends, declared as an input or not; `variables: {BASH_ENV: ...}` "
        "among it becomes the environment of every job before its first line, and the caller's code runs with the "
        "secrets of the pipeline"
    )
    assert found.hint == (
        'Write each key out: `inputs: {name: "{{ .inputs.name }}"}`, and declare it in `spec: inputs` of the pipeline '
        "with `options` or a `regex`."
    )


@pytest.mark.parametrize(
    ("url", "count"),
    [
        (f"{TRIGGER}?token={{{{ .secrets.T }}}}", 1),
        (f"{WITH_REF}?ref=main&token={{{{ .secrets.T }}}}", 1),
        (WITH_REF, 0),
        ("https://ci.example.com/start?token={{ .secrets.T }}", 0),
    ],
)
def test_a_trigger_token_belongs_into_the_body(url: str, count: int) -> None:
    assert len(findings("port/token-in-url", action(f"{{type: WEBHOOK, url: '{url}'}}"))) == count
