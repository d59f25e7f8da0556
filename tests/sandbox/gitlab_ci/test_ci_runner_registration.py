"""Runners come and go, and which jobs they are given."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.gitlab_ci.by_hand import Runner
from tests.sandbox.gitlab_ci.workshop import PROJECT, Workshop

NOBODY = {"message": "403 Forbidden"}
TAGGED = """
plain: {script: ['true']}
gpu: {script: ['true'], tags: [gpu, fast]}
"""


def registered(workshop: Workshop, runner: Runner, **settings: Any) -> dict[str, Any]:
    token = workshop.client.get(PROJECT).json()["runners_token"]
    workshop.sandbox.switches.set({"runner-registration": "lenient"})
    answer = runner.client.post("/runners", json={"token": token, **settings})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


@pytest.mark.fact("ci-146")
def test_a_runner_registers_is_verified_and_leaves(workshop: Workshop, runner: Runner) -> None:
    info = {"name": "gitlab-runner", "features": {"variables": True}}
    made = registered(workshop, runner, description="by hand", info=info, run_untagged=True, locked=True)
    assert made == {"id": made["id"], "token": made["token"], "token_expires_at": None}
    sent = {"token": made["token"], "system_id": "s_1", "info": info}
    verified = runner.client.post("/runners/verify", json=sent)
    assert (verified.status_code, verified.json()) == (200, made)
    own = runner.client.post("/runners/verify", json={"token": runner.token})
    assert (own.status_code, own.json()) == (200, {"id": 1, "token": runner.token, "token_expires_at": None})
    renewed = runner.client.post("/runners/reset_authentication_token", json={"token": made["token"]})
    assert (renewed.status_code, renewed.json()["token"] == made["token"]) == (201, False)
    assert runner.client.post("/runners/verify", json=sent).status_code == 403
    now = {"token": renewed.json()["token"]}
    leaves = [runner.client.request("DELETE", "/runners/managers", json={**now, "system_id": "s_1"}) for _ in "12"]
    assert [answer.status_code for answer in leaves] == [204, 404]
    assert leaves[1].json() == {"message": "404 Runner manager not found Not Found"}
    assert runner.client.request("DELETE", "/runners", json=now).status_code == 204
    gone = runner.client.request("DELETE", "/runners", json=now)
    assert (gone.status_code, gone.json()) == (403, NOBODY)


@pytest.mark.fact("ci-146")
def test_a_runner_without_a_token_that_is_known_is_refused(workshop: Workshop, runner: Runner) -> None:
    def said(answer: httpx.Response) -> tuple[int, Any]:
        return answer.status_code, answer.json()

    calls = (("POST", "/runners/verify"), ("POST", "/runners/reset_authentication_token"), ("DELETE", "/runners"))
    for method, path in calls:
        assert said(runner.client.request(method, path, json={"token": "glrt-another"})) == (403, NOBODY)
        assert said(runner.client.request(method, path, json={})) == (400, {"error": "token is missing"})
    invalid = {"message": "403 Forbidden - invalid token supplied"}
    assert said(runner.client.post("/runners", json={"token": runner.token})) == (403, invalid)
    token = workshop.client.get(PROJECT).json()["runners_token"]
    untagged = runner.client.post("/runners", json={"token": token, "run_untagged": False})
    no_tags = "can not be empty when runner is not allowed to pick untagged jobs"
    assert said(untagged) == (400, {"message": {"tags_list": [no_tags]}})
    workshop.sandbox.switches.set({"runner-registration": "strict"})
    closed = {"message": "410 Gone - runner registration disallowed", "reason": "410 Gone"}
    assert said(runner.client.post("/runners", json={"token": token})) == (410, closed)


@pytest.mark.fact("ci-147")
def test_a_registered_runner_takes_jobs_of_its_project_and_with_its_tags(workshop: Workshop, runner: Runner) -> None:
    made = registered(workshop, runner, description="big", tag_list="gpu,fast,far", run_untagged=False)
    elsewhere = runner.client.post(
        "/runners", json={"token": workshop.client.get("/projects/shop%2Fcheckout").json()["runners_token"]}
    ).json()
    asleep = registered(workshop, runner, paused=True)
    runner.begin(TAGGED)
    assert [runner.request(each["token"]).status_code for each in (elsewhere, asleep)] == [204, 204]
    job = runner.request(made["token"]).json()
    given = {each["key"]: each["value"] for each in job["variables"] if each["key"].startswith("CI_RUNNER_")}
    assert given == {
        "CI_RUNNER_ID": str(made["id"]),
        "CI_RUNNER_DESCRIPTION": "big",
        "CI_RUNNER_TAGS": '["gpu", "fast", "far"]',
    }
    assert job["job_info"]["name"] == "gpu"
    assert runner.request(made["token"]).status_code == 204
    shown = workshop.job("gpu")["runner"]
    assert (shown["id"], shown["description"], shown["runner_type"]) == (made["id"], "big", "project_type")
    assert runner.take()["job_info"]["name"] == "plain"
    assert workshop.job("plain")["runner"]["runner_type"] == "instance_type"


@pytest.mark.fact("ci-148")
def test_what_a_runner_knows_by_itself_is_not_sent_and_credentials_are_masked(
    workshop: Workshop, runner: Runner
) -> None:
    workshop.variable("PLAIN", "value")
    runner.begin("a: {script: [echo a], variables: {OF_FILE: file}}", {"n": 1})
    job = runner.take()
    variables = {each["key"]: each for each in job["variables"]}
    own = {"CI_JOB_STATUS", "CI_RUNNER_VERSION", "CI_RUNNER_SHORT_TOKEN", "CI_BUILDS_DIR", "CI_PROJECT_DIR"}
    own |= {"CI_CONCURRENT_ID", "CI_CONCURRENT_PROJECT_ID"}
    assert own & set(variables) == set()
    secret = {key for key, each in variables.items() if each["masked"]}
    assert secret == {"CI_JOB_TOKEN", "CI_REPOSITORY_URL"}
    hidden = {key for key, each in variables.items() if not each["public"]}
    assert hidden == {*secret, "PLAIN", "TRIGGER_PAYLOAD"}
    assert variables["CI_JOB_TOKEN"]["value"] == job["token"]
    assert variables["CI_REPOSITORY_URL"]["value"] == job["git_info"]["repo_url"]


@pytest.mark.fact("ci-148")
def test_the_sandboxs_own_runner_defines_what_the_server_does_not_send(workshop: Workshop) -> None:
    line = '"$CI_JOB_STATUS $CI_RUNNER_VERSION $CI_RUNNER_SHORT_TOKEN $CI_CONCURRENT_ID $CI_CONCURRENT_PROJECT_ID"'
    assert workshop.run(f"a: {{script: ['echo {line}']}}") == {"a": "success"}
    assert workshop.output("a") == ["running 18.6.0 sandbox 0 0"]


@pytest.mark.fact("ci-148")
def test_the_address_of_the_repository_is_masked_as_a_whole_or_the_token_in_it(workshop: Workshop) -> None:
    pipeline = 'a: {script: [\'echo "$CI_REPOSITORY_URL"; echo "${CI_JOB_TOKEN}"\']}'
    workshop.run(pipeline)
    assert workshop.output("a") == ["[MASKED]", "[MASKED]"]
    workshop.sandbox.switches.set({"repository-address": "lenient"})
    workshop.run(pipeline)
    place = workshop.sandbox.urls["gitlab"].partition("://")[2]
    assert workshop.output("a") == [f"http://gitlab-ci-token:[MASKED]@{place}/platform/pipelines.git", "[MASKED]"]
