"""Pipelines are triggered: forms, tokens, variables, references, limits, and what a broken file does."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.gitlab_ci.workshop import PROJECT, Workshop
from tests.servers import gitlab_client

SHOW = "show: {script: ['cat \"$TRIGGER_PAYLOAD\"; echo', 'echo \"<${KEY:-}>\"']}"
BODY = f"{PROJECT}/trigger/pipeline"


@pytest.fixture
def anonymous(sandbox: Sandbox) -> Any:
    with httpx.Client(base_url=f"{sandbox.urls['gitlab']}/api/v4", timeout=10) as client:
        yield client


def base(text: str) -> dict[str, Any]:
    return {"message": {"base": [text]}}


def payload(workshop: Workshop, answer: httpx.Response) -> tuple[dict[str, Any], str]:
    assert answer.status_code == 201, answer.text
    workshop.last = answer.json()["id"]
    workshop.settle()
    document, key = workshop.output("show")
    return json.loads(document), key


@pytest.mark.fact("ci-62", "ci-63", "ci-39")
def test_the_forms_of_the_call(workshop: Workshop, anonymous: httpx.Client) -> None:
    workshop.commit(SHOW)
    token, named = workshop.token, {"id": "platform/pipelines", "ref": "main"}
    form = anonymous.post(BODY, data={"token": token, "ref": "main", "variables[KEY]": "form", "a[]": "1"})
    assert payload(workshop, form) == ({"a": ["1"], **named, "variables": {"KEY": "form"}}, "<form>")
    document = anonymous.post(BODY, json={"token": token, "ref": "main", "variables": {"KEY": "json"}})
    assert payload(workshop, document) == ({**named, "variables": {"KEY": "json"}}, "<json>")
    url = anonymous.post(f"{PROJECT}/ref/main/trigger/pipeline", params={"token": token}, json={"ref": "other"})
    assert payload(workshop, url) == ({**named, "variables": {}}, "<>")
    query = anonymous.post(BODY, params={"token": token, "ref": "main", "variables[KEY]": "query"})
    assert payload(workshop, query)[1] == "<query>"


@pytest.mark.fact("ci-64")
def test_a_new_pipeline_is_answered_whole(workshop: Workshop) -> None:
    workshop.commit(SHOW)
    body = workshop.try_trigger({"a": 1}).json()
    assert {name: body[name] for name in ("iid", "ref", "status", "source", "tag", "yaml_errors", "coverage")} == {
        "iid": 1, "ref": "main", "status": "created", "source": "trigger", "tag": False, "yaml_errors": None,
        "coverage": None,
    }  # fmt: skip
    assert body["web_url"] == f"{workshop.sandbox.urls['gitlab']}/platform/pipelines/-/pipelines/{body['id']}"
    assert (body["user"]["username"], body["detailed_status"]["text"]) == ("sa-portctl", "Created")
    listed = workshop.client.get(f"{PROJECT}/triggers").json()
    assert [each["last_used"] is not None for each in listed] == [True]


@pytest.mark.fact("ci-65")
@pytest.mark.parametrize(
    ("sent", "status", "body"),
    [
        ({}, 400, {"error": "ref is missing, token is missing"}),
        ({"ref": "main"}, 400, {"error": "token is missing"}),
        ({"ref": "main", "token": "glptt-unknown"}, 404, {"message": "404 Not Found"}),
        ({"ref": "main", "variables": {"A": 1}}, 400,
         {"message": "variables needs to be a map of key-valued strings"}),
        ({"ref": "main", "variables": "text"}, 400, {"error": "variables is invalid"}),
        ({"ref": "nowhere"}, 400, base("Reference not found")),
        ({"ref": "main", "inputs": [1]}, 400, {"error": "inputs is invalid"}),
    ],
)  # fmt: skip
def test_a_call_that_does_not_fit_is_refused(
    workshop: Workshop, anonymous: httpx.Client, sent: dict[str, Any], status: int, body: dict[str, Any]
) -> None:
    workshop.commit(SHOW)
    token = {} if set(sent) <= {"ref", "token"} and sent.get("ref") != "nowhere" else {"token": workshop.token}
    answer = anonymous.post(BODY, json={**token, **sent})
    assert (answer.status_code, answer.json()) == (status, body)


@pytest.mark.fact("ci-66")
def test_a_token_is_good_for_its_project_while_it_lives(workshop: Workshop, anonymous: httpx.Client) -> None:
    workshop.commit(SHOW)
    there = anonymous.post("/projects/shop%2Fcheckout/trigger/pipeline", json={"ref": "main", "token": workshop.token})
    assert there.status_code == 404
    personal = workshop.sandbox.credentials["gitlab"]["default"]["token"]
    assert anonymous.post(BODY, json={"ref": "main", "token": personal}).status_code == 404
    dated = {"description": "old", "expires_at": workshop.sandbox.world.clock.now().date().isoformat()}
    dead = workshop.client.post(f"{PROJECT}/triggers", json=dated).json()["token"]
    assert anonymous.post(BODY, json={"ref": "main", "token": dead}).status_code == 404
    workshop.client.delete(f"{PROJECT}/triggers/{workshop.trigger_id}")
    assert workshop.try_trigger().status_code == 404


@pytest.mark.fact("ci-67")
def test_a_hook_of_a_pipeline_starts_no_pipeline(workshop: Workshop, anonymous: httpx.Client) -> None:
    workshop.commit(SHOW)
    sent = {"ref": "main", "token": workshop.token}
    assert anonymous.post(BODY, json=sent, headers={"X-Gitlab-Event": "Pipeline Hook"}).status_code == 403
    assert anonymous.post(BODY, json=sent, headers={"X-Gitlab-Event": "Push Hook"}).status_code == 201


@pytest.mark.fact("ci-68")
def test_who_may_set_variables_is_a_setting(workshop: Workshop) -> None:
    workshop.commit(SHOW)
    denied = base("Insufficient permissions to set pipeline variables")
    role = {"ci_pipeline_variables_minimum_override_role": "no_one_allowed"}
    workshop.client.put(PROJECT, json=role).raise_for_status()
    assert workshop.try_trigger().status_code == 201
    refused = workshop.try_trigger({"variables": {"KEY": "x"}})
    assert (refused.status_code, refused.json()) == (400, denied)
    body = {"ref": "main", "variables": [{"key": "A", "value": "b"}]}
    refused = workshop.client.post(f"{PROJECT}/pipeline", json=body)
    assert (refused.status_code, refused.json()) == (400, denied)
    assert len(workshop.client.get(f"{PROJECT}/pipelines").json()) == 1
    role = {"ci_pipeline_variables_minimum_override_role": "maintainer"}
    workshop.client.put(PROJECT, json=role).raise_for_status()
    assert workshop.try_trigger({"variables": {"KEY": "x"}}).status_code == 201
    with gitlab_client(workshop.sandbox, "developer") as developer:
        refused = developer.post(f"{PROJECT}/pipeline", json=body)
        assert refused.status_code == 400


@pytest.mark.fact("ci-68", "ci-139")
def test_on_an_older_server_the_payload_counts_as_a_variable_and_inputs_are_unknown(workshop: Workshop) -> None:
    workshop.commit("spec: {inputs: {a: {default: b}}}\n---\nshow: {script: ['echo $[[ inputs.a ]]']}")
    workshop.sandbox.switches.set({"all": "lenient"})
    assert workshop.client.get("/version").json()["version"] == "18.6.0-ee"
    workshop.sandbox.switches.set({"server-version": "lenient"})
    workshop.sandbox.switches.set({"all": "strict"})
    assert workshop.client.get("/version").json()["version"] == "17.10.0-ee"
    assert workshop.client.get("/metadata").json()["version"] == "17.10.0-ee"
    made = workshop.try_trigger({"inputs": {"a": "c", "unknown": "d"}})
    workshop.last = made.json()["id"]
    workshop.settle()
    assert workshop.output("show") == ["b"]
    workshop.run("show: {script: ['echo $CI_SERVER_VERSION $CI_SERVER_VERSION_MAJOR $CI_SERVER_VERSION_MINOR']}")
    assert workshop.output("show") == ["17.10.0-ee 17 10"]
    role = {"ci_pipeline_variables_minimum_override_role": "no_one_allowed"}
    workshop.client.put(PROJECT, json=role).raise_for_status()
    assert workshop.try_trigger().json() == base("Insufficient permissions to set pipeline variables")
    assert workshop.client.post(f"{PROJECT}/pipeline", json={"ref": "main"}).status_code == 201


@pytest.mark.fact("ci-69")
def test_the_reference_must_be_open_to_the_owner_of_the_token(workshop: Workshop) -> None:
    workshop.commit(SHOW)
    with gitlab_client(workshop.sandbox, "developer") as developer:
        answer = developer.post(f"{PROJECT}/pipeline", json={"ref": "main"})
        assert (answer.status_code, "run a pipeline on 'main'" in answer.text) == (400, True)
        workshop.client.post(f"{PROJECT}/repository/branches", params={"branch": "dev", "ref": "main"})
        assert developer.post(f"{PROJECT}/pipeline", json={"ref": "dev"}).json()["source"] == "api"
    with gitlab_client(workshop.sandbox, "reporter") as reporter:
        assert reporter.post(f"{PROJECT}/pipeline", json={"ref": "dev"}).status_code == 403
    workshop.client.put(PROJECT, json={"builds_access_level": "disabled"}).raise_for_status()
    assert workshop.try_trigger().json() == base("Pipelines are disabled!")


@pytest.mark.fact("ci-70")
def test_a_broken_file_makes_a_failed_pipeline_and_an_unknown_keyword_none(workshop: Workshop) -> None:
    assert workshop.try_trigger().json() == base("Missing CI config file")
    workshop.commit("a: {stage: nowhere, script: b}")
    text = "a job: chosen stage nowhere does not exist; available stages are .pre, build, test, deploy, .post"
    answer = workshop.try_trigger()
    assert (answer.status_code, answer.json()) == (422, base(text))
    (failed,) = workshop.client.get(f"{PROJECT}/pipelines").json()
    body = workshop.client.get(f"{PROJECT}/pipelines/{failed['id']}").json()
    assert (body["status"], body["yaml_errors"]) == ("failed", text)
    answer = workshop.client.post(f"{PROJECT}/pipeline", json={"ref": "main"})
    assert (answer.status_code, answer.json()) == (400, base(text))
    workshop.sandbox.switches.set({"trigger-invalid-file": "lenient"})
    answer = workshop.try_trigger()
    assert (answer.status_code, answer.json()) == (400, base(text))
    assert len(workshop.client.get(f"{PROJECT}/pipelines").json()) == 1
    workshop.commit("a: {script: b, parallel: 2}")
    answer = workshop.try_trigger()
    assert (answer.status_code, answer.json()) == (
        501, {"error": "The sandbox does not emulate the CI keyword parallel"},
    )  # fmt: skip
    workshop.commit("workflow: {rules: [{when: never}]}\na: {script: b}")
    assert workshop.try_trigger().json() == base("Pipeline filtered out by workflow rules.")
    workshop.commit("a: {script: b, only: [pushes]}")
    assert "rules configuration prevented any jobs" in workshop.try_trigger().text


@pytest.mark.fact("ci-71")
@pytest.mark.parametrize(("reading", "status"), [("strict", 429), ("lenient", 400)])
def test_twenty_five_pipelines_a_minute(workshop: Workshop, reading: str, status: int) -> None:
    workshop.sandbox.switches.set({"pipeline-limit-status": reading})
    workshop.commit("a: {script: 'true', when: manual}")
    assert [workshop.try_trigger().status_code for _ in range(26)] == [201] * 25 + [status]
    workshop.sandbox.world.clock.advance(61)
    assert workshop.try_trigger().status_code == 201
    assert workshop.sandbox.switches.strict("pipeline-limit-status") is (reading == "strict")


@pytest.mark.fact("ci-72", "ci-11")
def test_switches_of_expansion(workshop: Workshop) -> None:
    workshop.variable("SECRET", "abc-secret-def", raw=True)
    text = "show: {variables: {A: '[$NOTHING]'}, script: ['cat \"$TRIGGER_PAYLOAD\"; echo', 'echo \"$A\"']}"
    workshop.run(text, {"reason": "costs $SECRET"})
    assert [line.count("abc-secret-def") for line in workshop.output("show")] == [1, 0]
    assert workshop.output("show")[1] == "[]"
    workshop.sandbox.switches.set({"payload-expansion": "lenient"})
    workshop.sandbox.switches.set({"undefined-references": "lenient"})
    workshop.run(text, {"reason": "costs $SECRET"})
    assert json.loads(workshop.output("show")[0])["reason"] == "costs $SECRET"
    assert workshop.output("show")[1] == "[$NOTHING]"


@pytest.mark.fact("ci-6", "ci-73")
def test_which_variable_wins(workshop: Workshop) -> None:
    group = {"key": "A", "value": "group"}
    for key in "AB":
        workshop.client.post("/groups/platform/variables", json={**group, "key": key}).raise_for_status()
    workshop.variable("A", "project")
    workshop.variable("E", "all")
    workshop.variable("E", "live", environment_scope="live/*")
    workshop.variable("P", "protected", protected=True)
    text = """
stages: [one, two]
variables: {A: global, B: global, C: global, D: global, T: global}
one: {stage: one, script: [echo A=dotenv > e, echo C=dotenv >> e], artifacts: {reports: {dotenv: e}}}
two:
  stage: two
  environment: live/eu
  variables: {A: job, B: job, C: job, D: job, CI_JOB_NAME: job}
  script: ['echo "$A $B $C $D $T $E $P $CI_JOB_NAME"']
"""
    workshop.run(text, {"variables": {"T": "trigger"}})
    assert workshop.output("two") == ["project group dotenv job trigger live protected job"]
    workshop.client.post(f"{PROJECT}/repository/branches", params={"branch": "dev", "ref": "main"})
    answer = workshop.try_trigger(ref="dev")
    workshop.last = answer.json()["id"]
    workshop.settle()
    assert workshop.output("two") == ["project group dotenv job global live  job"]


@pytest.mark.fact("ci-74", "ci-75")
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("A=1\\n\\nB=2", "Invalid Format"),
        ("# comment", "Invalid Format"),
        ("A-B=1", "Key can contain only"),
        ("\\377=1", "Invalid Format"),
        ("A=%6000s", "Dotenv Artifact Too Big"),
    ],
)
def test_a_dotenv_report_that_is_wrong_fails_the_job(workshop: Workshop, content: str, reason: str) -> None:
    text = f"a: {{script: [\"printf '{content}' > e\"], artifacts: {{reports: {{dotenv: e}}}}}}"
    assert workshop.run(text.replace("\\", "\\\\")) == {"a": "failed"}
    assert reason in workshop.log("a")


@pytest.mark.fact("ci-75", "ci-76")
def test_a_dotenv_report_has_a_number_of_variables_and_may_be_missing(workshop: Workshop) -> None:
    text = """
a: {script: ['for n in $(seq 21); do echo "K$n=v"; done > e'], artifacts: {reports: {dotenv: e}}}
b: {script: ['true'], artifacts: {paths: [nothing], reports: {dotenv: nothing.env}}}
"""
    assert workshop.run(text) == {"a": "failed", "b": "success"}
    assert "nothing.env: no matching files" in workshop.log("b")
    workshop.sandbox.switches.set({"dotenv-variables": "lenient"})
    assert workshop.run(text) == {"a": "success", "b": "success"}


@pytest.mark.fact("ci-77")
def test_the_timeout_of_a_job_and_of_its_project(workshop: Workshop) -> None:
    workshop.client.put(PROJECT, json={"build_timeout": 600}).raise_for_status()
    text = "a: {timeout: 1 hour, script: ['echo $CI_JOB_TIMEOUT']}"
    workshop.run(text)
    assert workshop.output("a") == ["600"]
    workshop.sandbox.switches.set({"job-timeout": "lenient"})
    workshop.run(text)
    assert workshop.output("a") == ["3600"]
