"""What a server is too old for: said with both versions, asked for once, and only where something depends on it."""

from __future__ import annotations

import pytest

from portctl.errors import ApiError
from portctl.providers.gitlab.server import Server
from tests.unit.rules.builders import resources
from tests.unit.wire.services import Service, reply

ROLE = "ci_pipeline_variables_minimum_override_role"
PROJECT = f"kind: gitlab/Project\nmetadata: {{name: p}}\nspec: {{path_with_namespace: a/b, {ROLE}: no_one_allowed}}\n"
TRIGGER = 'kind: gitlab/PipelineTrigger\nmetadata: {in: "gitlab/Project:p"}\nspec: {description: x}\n'
FILES = """\
kind: gitlab/Files
metadata: {in: "gitlab/Project:p"}
spec: {branch: main, files: {.gitlab-ci.yml: {content: "spec: {inputs: {a: {}}}\\n---\\njob: {script: [x]}"}}}
"""
PAYLOAD = FILES.replace("spec: {inputs: {a: {}}}\\n---\\n", "")
OLD_INPUTS = (
    ".gitlab-ci.yml declares `spec: inputs`, which takes GitLab 18.1; this one is {}. It refuses the inputs of a "
    "trigger, or starts the pipeline without them"
)
OLD_TRIGGERS = (
    f"`{ROLE}: no_one_allowed` in a project that is triggered takes GitLab 18.5; this one is {{}}. It takes the "
    "payload of a trigger for a variable and refuses each with 400, Insufficient permissions to set pipeline variables"
)


def said(text: str, version: str) -> list[str]:
    service = Service([reply(200, {"version": version, "revision": "1"})])
    server = Server(service.client())
    found = [shortfall.text for shortfall in server.shortfalls(resources(text))]
    assert [shortfall.text for shortfall in server.shortfalls(resources(text))] == found
    assert service.asked in ([], ["GET /api/v4/version"])
    return found


@pytest.mark.parametrize(
    ("version", "inputs", "triggers"),
    [
        ("17.11.4-ee", True, True),
        ("18.0.9", True, True),
        ("18.1.0", False, True),
        ("18.4.2-ee", False, True),
        ("18.5.0-pre", False, False),
        ("18.10.1", False, False),
        ("19.0", False, False),
    ],
)
def test_versions_are_compared_as_numbers(version: str, inputs: bool, triggers: bool) -> None:
    expected = [OLD_INPUTS.format(version)] * inputs + [OLD_TRIGGERS.format(version)] * triggers
    assert said(f"{PROJECT}---\n{FILES}", version) == expected


def test_what_to_do_is_said_at_the_place_that_asks_for_it() -> None:
    service = Service([reply(200, {"version": "17.11.4"})])
    files, project = Server(service.client()).shortfalls(resources(f"{PROJECT}---\n{FILES}"))
    assert (files.path, files.hint) == (
        ("files", ".gitlab-ci.yml", "content"),
        "Update GitLab to 18.1 or newer, or take the header away and send a payload.",
    )
    assert project.path == (ROLE,)
    assert project.hint == (
        "Update GitLab to 18.5 or newer. To let a role set variables instead opens the environment of every job to "
        "whoever has the trigger token."
    )


@pytest.mark.parametrize(
    "text",
    [
        PROJECT,
        f"{PROJECT}---\n{PAYLOAD}",
        f"{PROJECT.replace('no_one_allowed', 'maintainer')}---\n{PAYLOAD}---\n{TRIGGER}",
        f"{PROJECT}---\n{FILES}".replace("{name: p}", "{name: p, management: observe}").replace(
            'Project:p"}', 'Project:p", management: observe}'
        ),
    ],
)
def test_where_nothing_depends_on_the_version_nobody_asks(text: str) -> None:
    service = Service()
    assert Server(service.client()).shortfalls(resources(text)) == ()
    assert service.asked == []


def test_a_trigger_alone_needs_a_server_that_takes_its_payload() -> None:
    assert said(f"{PROJECT}---\n{TRIGGER}", "18.3.0") == [OLD_TRIGGERS.format("18.3.0")]


@pytest.mark.parametrize("body", [{}, {"version": 18}, {"version": "new"}, {"version": "18"}, ["18.6.0"]])
def test_a_server_that_does_not_say_its_version_guarantees_nothing(body: object) -> None:
    service = Service([reply(200, body)])
    with pytest.raises(ApiError) as caught:
        Server(service.client()).shortfalls(resources(f"{PROJECT}---\n{FILES}"))
    assert str(caught.value) == (
        "Unexpected answer: GET /api/v4/version: no version in the answer, and what this server can do depends on it"
    )
