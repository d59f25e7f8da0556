"""A caller who chooses the environment of jobs: `variables` of GitLab's trigger, from Port's inputs and directly."""

from __future__ import annotations

import shutil

import pytest

from portctl.story.scenarios.common import ask_with_low_coverage
from portctl.story.services import Row
from tests.attacks.ground import Ground

SHELLS = [
    pytest.param(name, marks=pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed"))
    for name in ("bash", "dash", "busybox")
]
BUSYBOX = {"name": "busybox", "programs": ["git", "python3"]}
# Its letters stand apart, so that GitLab does not mask it in the log.
TELL = "$(printenv | sed 's/./& /g' >&2)"
# Coverage of 65 percent would be enough; and what looked for variables in shell is told not to.
LOWER = "$(sed -i s/80/10/ gate.json ci/settings.json 2>&-; sed -i s/.variables/.nothing/ ci/*.sh 2>&-)"
NAMES = (
    *("BASH_ENV", "ENV", "LD_PRELOAD", "PATH", "IFS", "PS4", "SHELLOPTS", "GIT_CONFIG_COUNT", "GIT_SSH_COMMAND"),
    *("GIT_STRATEGY", "GIT_CLONE_PATH", "CI_DEBUG_TRACE", "CI_PIPELINE_SOURCE", "CI_API_V4_URL", "CI_JOB_ID"),
    *("FF_USE_NEW_BASH_EVAL_STRATEGY", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONINSPECT", "PIP_INDEX_URL", "PIP_TARGET"),
    *("TRIGGER_PAYLOAD", "GATE_CALL", "GATE_ENVIRONMENT", "GATE_RUN", "PORT_CLIENT_ID", "SERVICENOW_SECRET"),
)


def choose_shell(ground: Ground, name: str) -> None:
    ground.services.steer("PUT", "/shell", BUSYBOX if name == "busybox" else {"name": name})


def traces(ground: Ground, since: int) -> str:
    """Of all jobs of later pipelines."""
    rows = [job for row in ground.pipelines() if row["id"] > since for job in ground.services.jobs(row["id"])]
    return "\n".join(ground.services.trace(job["id"]) for job in rows)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"variables": {"BASH_ENV": TELL, "ENV": TELL}}, id="tell"),
        pytest.param({"variables": {"BASH_ENV": LOWER, "ENV": LOWER}}, id="lower"),
        pytest.param({"variables": dict.fromkeys(NAMES, TELL), "token": "mine", "ref": "mine"}, id="all"),
    ],
)
def test_what_a_developer_sends_with_her_request_is_not_read_by_a_shell(ground: Ground, shell: str, sent: Row) -> None:
    choose_shell(ground, shell)
    since, story = ground.newest(), ground.story()
    inputs = {"environment": "Staging", **sent}
    said = ground.services.start("deploy_service_to_cluster", inputs, "shop/checkout", person="developer")
    assert said.status == 202
    run = said.body["run"]["id"]
    ground.settle()
    assert not ground.leaked(traces(ground, since))
    assert story.deploy_starts() == 0
    (change,) = ground.services.changes_of(run)
    ground.services.decide(change["sys_id"], "rejected", "no")
    ground.settle()
    assert ground.services.run(run)["status"] == "FAILURE"


@pytest.mark.parametrize("shell", SHELLS)
def test_variables_with_the_trigger_token_make_no_pipeline(ground: Ground, shell: str) -> None:
    choose_shell(ground, shell)
    story = ground.story()
    run, change = ask_with_low_coverage(story)
    since = ground.newest()
    bodies: list[Row] = [
        {"approval_status": "pending", "deploy_run_id": run, "entity": "shop/checkout", "environment": "Production"},
        {"approval_status": "look", "deploy_run_id": run, "port_context": {"runId": run}},
        {"inputs": {"call": "deploy", "deploy_run": run, "environment": "Production"}},
        {"inputs": {"call": "look", "deploy_run": run, "run": run}},
    ]
    for body in bodies:
        for value in (TELL, LOWER):
            sent = {"token": ground.token, "ref": "main", **body, "variables": {"BASH_ENV": value, "ENV": value}}
            ground.http.post(ground.url, json=sent)
    ground.settle()
    assert not ground.leaked(traces(ground, since))
    assert story.deploy_starts() == 0
    assert ground.newest() == since
    ground.services.decide(change["sys_id"], "rejected", "no")
    ground.settle()
