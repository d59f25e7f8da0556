"""Pipelines are started with inputs: by trigger and by API, with right values and wrong ones."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from portctl.sandbox.gitlab.git.repository import Repository
from portctl.sandbox.gitlab.store import projects
from portctl.sandbox.server import Sandbox
from tests.sandbox.gitlab_ci.test_ci_trigger import BODY, base
from tests.sandbox.gitlab_ci.workshop import PROJECT, Workshop

HEADER = """
spec:
  inputs:
    call: {options: [build, ship]}
    run: {regex: '^[a-z0-9_-]{0,8}$', default: ""}
    count: {type: number, default: 1}
    words: {type: array, default: [a]}
---
"""
SHOW = f"""{HEADER}
variables:
  CALL: {{value: "$[[ inputs.call ]]", expand: false}}
show:
  script:
    - echo "$CALL $[[ inputs.run ]] $[[ inputs.count ]]"
    - echo '$[[ inputs.words ]]'
    - cat "${{TRIGGER_PAYLOAD:-/dev/null}}"; echo
"""
RAW = "$HOME $$ ${X} `id` \"'\\ %PATH% \n $(id) \t#"


@pytest.fixture
def anonymous(sandbox: Sandbox) -> Any:
    with httpx.Client(base_url=f"{sandbox.urls['gitlab']}/api/v4", timeout=10) as client:
        yield client


def printed(workshop: Workshop, answer: httpx.Response) -> list[str]:
    assert answer.status_code == 201, answer.text
    workshop.last = answer.json()["id"]
    workshop.settle()
    return workshop.output("show")


@pytest.mark.fact("ci-138")
def test_inputs_reach_the_file_in_every_form_of_the_call_and_stand_in_the_payload(
    workshop: Workshop, anonymous: httpx.Client
) -> None:
    workshop.commit(SHOW)
    role = {"ci_pipeline_variables_minimum_override_role": "no_one_allowed"}
    workshop.client.put(PROJECT, json=role).raise_for_status()
    sent = {"call": "ship", "run": "r_1", "count": 2, "words": ["x", "y"]}
    document = anonymous.post(BODY, json={"token": workshop.token, "ref": "main", "inputs": sent})
    first, second, payload = printed(workshop, document)
    assert (first, second) == ("ship r_1 2", '["x", "y"]')
    named = {"ref": "main", "id": "platform/pipelines", "variables": {}}
    assert json.loads(payload) == {**named, "inputs": sent}
    url = f"{PROJECT}/ref/main/trigger/pipeline"
    texts = {"call": "ship", "count": "2", "words": '["x", "y"]'}
    form = {"token": workshop.token, **{f"inputs[{name}]": text for name, text in texts.items()}}
    first, second, payload = printed(workshop, anonymous.post(url, data=form))
    assert (first, second) == ("ship  2", '["x", "y"]')
    assert json.loads(payload) == {**named, "inputs": texts}
    query = {"token": workshop.token, "inputs[call]": "build"}
    assert printed(workshop, anonymous.post(url, params=query))[:2] == ["build  1", '["a"]']
    api = workshop.client.post(f"{PROJECT}/pipeline", json={"ref": "main", "inputs": sent})
    assert printed(workshop, api)[:2] == ["ship r_1 2", '["x", "y"]']


@pytest.mark.fact("ci-140")
@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({}, "`call` input: required value has not been provided"),
        ({"call": "rm"}, "`call` input: `rm` cannot be used because it is not in the list of allowed options"),
        ({"call": "ship", "more": "x"}, "unknown input arguments: more"),
        ({"call": "ship", "run": "a\nb"}, "`run` input: provided value does not match required RegEx pattern"),
        ({"call": "ship", "count": "many"}, "`count` input: provided value is not a number"),
    ],
)
def test_wrong_inputs_are_refused_and_no_job_is_made(workshop: Workshop, inputs: dict[str, Any], text: str) -> None:
    workshop.commit(SHOW)
    refused = base(f"`.gitlab-ci.yml`: {text}")
    answer = workshop.try_trigger({"inputs": inputs})
    assert (answer.status_code, answer.json()) == (422, refused)
    (failed,) = workshop.client.get(f"{PROJECT}/pipelines").json()
    assert failed["status"] == "failed"
    assert workshop.client.get(f"{PROJECT}/pipelines/{failed['id']}/jobs").json() == []
    answer = workshop.client.post(f"{PROJECT}/pipeline", json={"ref": "main", "inputs": inputs})
    assert (answer.status_code, answer.json()) == (400, refused)
    workshop.sandbox.switches.set({"trigger-invalid-file": "lenient"})
    answer = workshop.try_trigger({"inputs": inputs})
    assert (answer.status_code, answer.json()) == (400, refused)
    assert len(workshop.client.get(f"{PROJECT}/pipelines").json()) == 1


@pytest.mark.fact("ci-137", "ci-140")
def test_a_file_without_header_refuses_inputs_and_a_pipeline_takes_twenty(workshop: Workshop) -> None:
    workshop.commit("show: {script: [echo]}")
    text = "`.gitlab-ci.yml`: Given inputs not defined in the `spec` section of the included configuration file"
    assert workshop.try_trigger({"inputs": {"a": 1}}).json() == base(text)
    assert workshop.try_trigger({"inputs": {}}).status_code == 201
    many = {f"i{number}": number for number in range(21)}
    answer = workshop.try_trigger({"inputs": many})
    assert (answer.status_code, answer.json()) == (400, base("A pipeline takes at most 20 inputs"))


@pytest.mark.fact("ci-141")
@pytest.mark.parametrize("place", ["global", "job"])
def test_a_variable_that_is_not_expanded_reaches_the_job_byte_for_byte(workshop: Workshop, place: str) -> None:
    workshop.variable("X", "expanded")
    value = json.dumps({"V": {"value": RAW, "expand": False}})
    job = f"""show:
  {f"variables: {value}" if place == "job" else "stage: test"}
  script: ['printf %s "$V" > v.txt', 'printf %s "$V" | base64 -w0; echo']
  after_script: ['printf %s "$V" | cmp - v.txt && echo same']
  rules: [{{if: '$V == $EXPECTED'}}]
"""
    workshop.variable("EXPECTED", RAW, raw=True)
    workshop.run(job if place == "job" else f"variables: {value}\n{job}")
    assert base64.b64decode(workshop.output("show")[0]).decode() == RAW
    assert "same" in workshop.log("show").splitlines()


@pytest.mark.fact("ci-141")
def test_variables_of_project_and_pipeline_win_over_one_that_is_not_expanded(workshop: Workshop) -> None:
    text = 'show: {variables: {V: {value: "$file", expand: false}}, script: [\'echo "$V"\']}'
    workshop.run(text)
    assert workshop.output("show") == ["$file"]
    workshop.variable("V", "project")
    workshop.run(text)
    assert workshop.output("show") == ["project"]
    workshop.run(text, {"variables": {"V": "pipeline"}})
    assert workshop.output("show") == ["pipeline"]


@pytest.mark.fact("ci-142")
def test_a_pipeline_runs_on_a_branch_or_a_tag_and_on_no_commit(workshop: Workshop) -> None:
    workshop.commit("show: {script: ['echo \"$CI_COMMIT_REF_NAME ${CI_COMMIT_TAG:-none} <$P>\"']}")
    workshop.variable("P", "protected", protected=True)
    sha = workshop.client.get(f"{PROJECT}/repository/branches/main").json()["commit"]["id"]
    for commit in (sha, sha[:8], "main~0", "main^0", "main@%7B0%7D"):
        assert workshop.try_trigger(ref=commit).json() == base("Reference not found")
        answer = workshop.client.post(f"{PROJECT}/pipeline", json={"ref": commit})
        assert (answer.status_code, answer.json()) == (400, base("Reference not found"))
    repository = repository_of(workshop)
    repository.run("update-ref", "refs/tags/v1", sha)
    for ref in ("v1", "refs/tags/v1"):
        answer = workshop.client.post(f"{PROJECT}/pipeline", json={"ref": ref})
        assert (answer.json()["ref"], answer.json()["tag"]) == ("v1", True)
        assert printed(workshop, answer) == ["v1 v1 <>"]
    assert printed(workshop, workshop.try_trigger(ref="refs%2Fheads%2Fmain")) == ["main none <protected>"]
    repository.run("update-ref", "refs/tags/main", sha)
    assert workshop.try_trigger().json() == base("Ref is ambiguous")
    answer = workshop.client.post(f"{PROJECT}/pipeline", json={"ref": "refs/tags/main"})
    assert printed(workshop, answer) == ["main main <>"]


def repository_of(workshop: Workshop) -> Repository:
    instance = workshop.sandbox.gitlab.instance
    project = projects.resolve(instance.state, "platform/pipelines")
    assert project is not None
    return instance.repository(project)
