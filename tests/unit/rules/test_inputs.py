"""A call of Port and the header of the pipeline that it starts; and the variables that come in beside inputs."""

from __future__ import annotations

import pytest

from tests.unit.rules.builders import details, findings

ROLE = "ci_pipeline_variables_minimum_override_role"
PROJECT = f"kind: gitlab/Project\nmetadata: {{name: p}}\nspec: {{path_with_namespace: a/b, {ROLE}: no_one_allowed}}\n"
HEADER = """\
        spec:
          inputs:
            call: {options: [request, look]}
            run: {default: '', regex: '^[a-z]*$'}
            count: {type: number, default: 1}
        ---
"""
FILES = f"""\
kind: gitlab/Files
metadata: {{in: "gitlab/Project:p"}}
spec:
  branch: main
  files:
    .gitlab-ci.yml:
      content: |
{HEADER}        look: {{script: ["echo '$[[ inputs.call ]]'"]}}
"""
WITHOUT = FILES.replace(HEADER, "")
ACTION = """\
kind: port/Action
spec:
  identifier: look
  trigger: {type: self-service, operation: CREATE, userInputs: {properties: {call: {type: string, enum: [look, jump]}}}}
  invocationMethod: {type: WEBHOOK, url: "URL", body: BODY}
"""
BY_OUTPUT = "https://gitlab.com/api/v4/projects/<% output('gitlab/Project:p', 'id') %>/trigger/pipeline"
BY_PATH = "https://gitlab.com/api/v4/projects/a%2Fb/ref/main/trigger/pipeline"
PIPELINE = ".gitlab-ci.yml of gitlab/Project:p"
TRIGGER = 'kind: gitlab/PipelineTrigger\nmetadata: {in: "gitlab/Project:p"}\nspec: {description: x}\n'


def text(body: str, url: str = BY_OUTPUT, files: str = FILES) -> str:
    return "---\n".join([ACTION.replace("URL", url).replace("BODY", body), PROJECT, files])


@pytest.mark.parametrize("url", [BY_OUTPUT, BY_PATH])
@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("{inputs: {call: look}}", []),
        ("{ref: main, inputs: {call: '{{ .run.id }}', run: abc, count: 2}}", []),
        ("{inputs: {call: loook}}", ["call: what is sent is refused by {}: it is one of request, look"]),
        ("{inputs: {call: look, run: A1}}", ["run: what is sent is refused by {}: it has the form ^[a-z]*$"]),
        ("{inputs: {call: look, count: many}}", ["count: what is sent is refused by {}: it is of type number"]),
        ("{inputs: {call: look, other: x}}", ["other: {} does not declare `other`: GitLab refuses the call"]),
        ("{inputs: {run: abc}}", ["body.inputs: {} demands `call`: GitLab refuses the call"]),
        ("{approval_status: look}", ["body: {} demands `call`: GitLab refuses the call"]),
        (
            "{inputs: {call: '{{ .inputs.call }}'}}",
            ["call: `jump`, which the action offers, is refused by {}: it is one of request, look"],
        ),
    ],
)
def test_what_is_sent_is_held_against_the_header(url: str, body: str, found: list[str]) -> None:
    said = [line.partition(" spec.invocationMethod.")[2] for line in _lines(text(body, url))]
    assert [line.removeprefix("body.inputs.") for line in said] == [line.format(PIPELINE) for line in found]


def _lines(manifests: str) -> list[str]:
    return details("workflow/inputs", manifests)


def test_a_call_without_a_body_is_found_at_its_url() -> None:
    manifests = text("{}").replace(", body: {}", "")
    assert _lines(manifests) == [f"5:42 spec.invocationMethod.url: {PIPELINE} demands `call`: GitLab refuses the call"]


def test_inputs_for_a_pipeline_without_a_header_are_refused() -> None:
    (found,) = findings("workflow/inputs", text("{inputs: {call: look}}", files=WITHOUT))
    assert (found.path, found.detail, found.hint) == (
        "spec.invocationMethod.body.inputs",
        f"{PIPELINE} declares no inputs: GitLab refuses the call",
        "Declare them in the header of the file, `spec: inputs`.",
    )


@pytest.mark.parametrize(
    ("body", "url", "files"),
    [
        ("{approval_status: pending}", BY_OUTPUT, WITHOUT),
        ("{ref: other, inputs: {}}", BY_OUTPUT, FILES),
        ("{inputs: {}}", BY_PATH.replace("main", "other"), FILES),
        ("{inputs: {}}", BY_PATH.replace("a%2Fb", "c%2Fd"), FILES),
        ("{inputs: {}}", "https://ci.example.com/start", FILES),
        ("{inputs: {}}", BY_OUTPUT, FILES.replace(".gitlab-ci.yml", "other.yml")),
    ],
)
def test_what_has_no_header_here_is_not_judged(body: str, url: str, files: str) -> None:
    assert _lines(text(body, url, files)) == []


def test_the_file_may_go_by_another_name() -> None:
    named = text("{inputs: {}}", files=FILES.replace(".gitlab-ci.yml", "ci/other.yml"))
    manifests = named.replace("a/b, ", "a/b, ci_config_path: ci/other.yml, ")
    (found,) = findings("workflow/inputs", manifests)
    assert found.detail == "ci/other.yml of gitlab/Project:p demands `call`: GitLab refuses the call"


OPEN = (
    ": whoever has the trigger token can send some beside the inputs that the pipeline checks, `BASH_ENV` for one, "
    "which runs before the first line of every job"
)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("no_one_allowed", "no_one_allowed", ""),
        ("no_one_allowed", "developer", f"has `{ROLE}: developer`, so it takes variables of such users"),
        (f", {ROLE}: no_one_allowed", "", f"does not set `{ROLE}`, so nothing says that it refuses variables"),
        ("{name: p}", "{name: p, management: observe}", "is only observed, so nothing says that it refuses variables"),
    ],
)
@pytest.mark.parametrize("starter", [TRIGGER, ACTION.replace("URL", BY_PATH).replace("BODY", "{inputs: {call: look}}")])
def test_a_triggered_pipeline_with_inputs_takes_no_variables(old: str, new: str, why: str, starter: str) -> None:
    project = PROJECT.replace(old, new)
    said = [found.detail for found in findings("gitlab/variables-open", "---\n".join([project, FILES, starter]))]
    assert said == ([f"gitlab/Project:p {why}{OPEN}"] if why else [])


def test_without_a_trigger_or_without_inputs_the_setting_is_nobodys_business() -> None:
    project = PROJECT.replace("no_one_allowed", "developer")
    assert findings("gitlab/variables-open", f"{project}---\n{FILES}") == ()
    assert findings("gitlab/variables-open", f"{project}---\n{WITHOUT}---\n{TRIGGER}") == ()


def test_a_trigger_is_not_said_to_be_refused_where_it_sends_inputs() -> None:
    assert findings("gitlab/triggers-refused", "---\n".join([PROJECT, FILES, TRIGGER])) == ()
    assert len(findings("gitlab/triggers-refused", "---\n".join([PROJECT, WITHOUT, TRIGGER]))) == 1
