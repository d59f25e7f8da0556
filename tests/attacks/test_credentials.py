"""Which job has which credentials: exactly what GitLab hands to each job of each call, on each reference."""

from __future__ import annotations

import pathlib
import subprocess
from collections.abc import Iterator

import pytest

from tests.attacks.ground import PROJECT, Ground
from tests.attacks.runner import Spy, Taken, trigger

READS = {"PORT_CLIENT_ID", "PORT_CLIENT_SECRET", "SERVICE_READ_TOKEN"}
DECIDES = {*READS, "SERVICENOW_SECRET", "MARKS_TOKEN", "TRIGGER_TOKEN"}
STAGING, PRODUCTION, OPEN = "STAGING_KEY", "PRODUCTION_KEY", "STAGING_OPEN_KEY"
CHOSEN = {"GATE_CALL", "GATE_DEPLOY_RUN", "GATE_RUN", "GATE_ENVIRONMENT"}
STRATEGY = "GIT_STRATEGY"
RUN = "r_0000000000000000"
PREDEFINED = ("CI_", "GITLAB_")
NO_PREFIX = {"CI", "TRIGGER_PAYLOAD"}

HOSTILE = """
spec: {inputs: {call: {default: x}, deploy_run: {default: x}, run: {default: x}, environment: {default: x}}}
---
accept: {script: &tell [printenv | base64], environment: {name: gate/accept, action: access}}
decide: {script: *tell, environment: {name: gate/decide, action: access}}
staging: {script: *tell, environment: {name: Staging}}
production: {script: *tell, environment: {name: Production}}
nowhere: {script: *tell}
"""
BEFORE = """
stages: [accept, gate]
workflow: {rules: [{if: $CI_PIPELINE_SOURCE == "trigger"}]}
accept: {stage: accept, environment: {name: deployment, action: access}, script: [sh ci/accept.sh]}
gate: {stage: gate, environment: {name: gate/decide, action: access}, script: [sh ci/gate.sh]}
"""


@pytest.fixture
def spy(ground: Ground) -> Iterator[Spy]:
    """The service's own variables are there, one of them unprotected against all advice."""
    for key, scope, protected in (
        (STAGING, "Staging", True),
        (PRODUCTION, "Production", True),
        (OPEN, "Staging", False),
    ):
        body = {"key": key, "value": f"value-of-{key}", "environment_scope": scope, "protected": protected}
        assert ground.services.gitlab("POST", f"{PROJECT}/variables", body).is_good
    ground.pause(paused=True)
    yield Spy(ground)
    for key in (STAGING, PRODUCTION, OPEN):
        assert ground.services.gitlab("DELETE", f"{PROJECT}/variables/{key}").is_good


def stored(job: Taken) -> set[str]:
    """Names that neither GitLab nor the pipeline's file has given."""
    predefined = {name for name in job.variables if name.startswith(PREDEFINED)} | NO_PREFIX
    return set(job.variables) - predefined - CHOSEN - {STRATEGY}


@pytest.mark.parametrize(
    ("call", "failing", "expected"),
    [
        ("request", "", [("accept", READS), ("test-service", set()), ("open", DECIDES)]),
        ("request", "accept", [("accept", READS), ("report", DECIDES)]),
        ("request", "test-service", [("accept", READS), ("test-service", set()), ("report", DECIDES)]),
        ("request", "open", [("accept", READS), ("test-service", set()), ("open", DECIDES), ("report", DECIDES)]),
        ("decision", "", [("decide", DECIDES)]),
        ("decision", "decide", [("decide", DECIDES), ("report", DECIDES)]),
        ("look", "", [("look", DECIDES)]),
        ("look", "look", [("look", DECIDES), ("report", DECIDES)]),
    ],
)
def test_jobs_of_the_gate_have_what_they_need_and_the_tests_of_a_service_nothing(
    ground: Ground, spy: Spy, call: str, failing: str, expected: list[tuple[str, set[str]]]
) -> None:
    inputs = {"call": call, "deploy_run": RUN, "run": RUN, "environment": "Staging"}
    assert trigger(ground, inputs=inputs)[0] == 201
    seen = list(spy.walk(failing))
    assert [(job.name, stored(job)) for job in seen] == expected
    said = {"GATE_CALL": call, "GATE_DEPLOY_RUN": RUN, "GATE_RUN": RUN, "GATE_ENVIRONMENT": "Staging"}
    assert all({name: job.variables[name] for name in CHOSEN} == said for job in seen)
    assert all(job.variables[STRATEGY] == ("empty" if job.name == "test-service" else "clone") for job in seen)


@pytest.mark.parametrize(
    ("environment", "own"),
    [("Staging", {STAGING, OPEN}), ("Production", {PRODUCTION}), ("Development", set()), ("none", set())],
)
@pytest.mark.parametrize("failing", ["", "start", "deploy", "finish"])
def test_the_job_that_deploys_has_what_its_environment_has_and_nothing_of_ours(
    ground: Ground, spy: Spy, environment: str, own: set[str], failing: str
) -> None:
    inputs = {"call": "deploy", "deploy_run": RUN, "environment": environment}
    assert trigger(ground, inputs=inputs)[0] == 201
    deploy = [] if failing == "start" else [("deploy", own)]
    seen = list(spy.walk(failing))
    assert [(job.name, stored(job)) for job in seen] == [("start", DECIDES), *deploy, ("finish", DECIDES)]
    assert all(job.variables[STRATEGY] == ("empty" if job.name == "deploy" else "clone") for job in seen)


def test_no_job_runs_with_the_credentials_of_the_organisation(ground: Ground, spy: Spy) -> None:
    known = ground.document["services"]
    organisation = {known[name]["credentials"][key] for name, key in (("port", "clientSecret"), ("gitlab", "token"))}
    ours = {known["servicenow"]["credentials"]["password"], known["servicenow"]["others"]["approvals"]["password"]}
    for inputs in ({"call": "request"}, {"call": "deploy"}, {"call": "decision"}, {"call": "look"}):
        trigger(ground, inputs={"deploy_run": RUN, "run": RUN, **inputs})
        for job in spy.walk():
            assert not (organisation | ours) & set(job.variables.values()), job.name


def push(ground: Ground, folder: pathlib.Path, name: str, content: str) -> str:
    """A branch and a tag that a developer of the project makes, with a file of hers; the commit."""
    place = ground.document["services"]["gitlab"]
    url = place["url"].replace("://", f"://oauth2:{place['others']['developer']['token']}@")
    as_her = ["git", "-C", str(folder), "-c", "user.name=Dora", "-c", "user.email=dora@example.com"]

    def git(*arguments: str) -> str:
        ended = subprocess.run([*as_her, *arguments], capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    git("clone", "--quiet", f"{url}/platform/deployment.git", ".")
    folder.joinpath(".gitlab-ci.yml").write_text(content)
    git("commit", "--quiet", "-am", "Mine")
    git("push", "--quiet", "origin", f"HEAD:refs/heads/{name}", f"HEAD:refs/tags/tag-{name}")
    return git("rev-parse", "HEAD")


@pytest.mark.parametrize(("name", "content"), [("hostile", HOSTILE), ("before", BEFORE)])
def test_another_reference_with_another_file_gets_no_secret(
    ground: Ground, spy: Spy, tmp_path: pathlib.Path, name: str, content: str
) -> None:
    sha = push(ground, tmp_path, name, content)
    for ref in (name, f"refs/heads/{name}", f"tag-{name}", f"refs/tags/tag-{name}"):
        assert trigger(ground, ref)[0] == 201, ref
        seen = list(spy.walk())
        assert seen != []
        for job in seen:
            assert stored(job) == ({OPEN} if job.name == "staging" else set()), (ref, job.name)
    assert [trigger(ground, ref)[0] for ref in (sha, sha[:8], "main~0", "main^", "HEAD", "@", "refs/main")] == [400] * 7


def test_main_cannot_be_changed_by_whom_it_would_serve(ground: Ground) -> None:
    body = {
        "branch": "main",
        "commit_message": "Mine",
        "actions": [{"action": "update", "file_path": "gate.json", "content": "{}"}],
    }
    for person in ("developer", "reporter", "guest", "outsider", "gate-reader"):
        said = ground.services.gitlab("POST", f"{PROJECT}/repository/commits", body, person=person)
        assert said.status in (403, 404), person
        assert ground.services.gitlab("GET", f"{PROJECT}/variables", person=person).status in (403, 404), person
        assert ground.services.gitlab("GET", f"{PROJECT}/triggers", person=person).status in (403, 404), person
