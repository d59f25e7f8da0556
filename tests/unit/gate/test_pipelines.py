"""GitLab's pipelines: what a job says about a deployment, and how one is started once and no more."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from portctl.errors import AccessDenied, AnswerLost, ApiError, NoConnection, PortctlError
from portctl.gate.evidence import JobState, Started
from portctl.gate.pipelines import state_of
from tests.unit.gate.office import Office, Reply

PROJECT = "/api/v4/projects/platform%2Fdeployment"
TRIGGER = f"gitlab POST {PROJECT}/trigger/pipeline"
JOB = f"gitlab GET {PROJECT}/jobs/7"
JOBS = f"gitlab GET {PROJECT}/pipelines/70/jobs"
URL = "https://gitlab.example/platform/deployment/-/pipelines/71"
MADE = (201, {"id": 71, "web_url": URL, "yaml_errors": None, "status": "created"})
LIMITED = (429, {"message": {"error": "This endpoint has been requested too many times. Try again later."}})
TOO_MANY = (400, {"message": {"base": ["Too many pipelines created in the last minute. Try again later."]}})
BEGAN = "2026-11-21T10:00:00.000Z"

STATES: list[tuple[str, str | None, str | None, JobState]] = [
    *((status, None, began, JobState.ACTIVE)
      for status in ("created", "pending", "running", "preparing", "waiting_for_resource", "waiting_for_callback")
      for began in (None, BEGAN)),
    ("manual", None, None, JobState.BLOCKED),
    ("scheduled", None, None, JobState.BLOCKED),
    ("success", None, BEGAN, JobState.SUCCEEDED),
    ("skipped", None, None, JobState.NEVER_BEGAN),
    ("canceled", None, None, JobState.NEVER_BEGAN),
    ("canceled", None, BEGAN, JobState.LOST),
    ("canceling", None, BEGAN, JobState.LOST),
    ("failed", "script_failure", BEGAN, JobState.FAILED),
    ("failed", "script_failure", None, JobState.NEVER_BEGAN),
    ("failed", "deployment_rejected", BEGAN, JobState.NEVER_BEGAN),
    ("failed", "protected_environment_failure", BEGAN, JobState.NEVER_BEGAN),
    ("failed", "stuck_or_timeout_failure", None, JobState.NEVER_BEGAN),
    ("failed", "missing_dependency_failure", None, JobState.NEVER_BEGAN),
    *(("failed", reason, BEGAN, JobState.LOST)
      for reason in ("runner_system_failure", "job_execution_timeout", "stuck_or_timeout_failure", "api_failure",
                     "unknown_failure", "scheduler_failure", "data_integrity_failure", "stale_schedule", None)),
    ("something new", None, BEGAN, JobState.LOST),
]  # fmt: skip


@pytest.mark.parametrize(("status", "reason", "began", "state"), STATES)
def test_what_a_job_says(status: str, reason: str | None, began: str | None, state: JobState) -> None:
    assert state_of({"id": 7, "status": status, "failure_reason": reason, "started_at": began}) is state


def test_a_job_that_was_never_written_down_is_lost() -> None:
    assert state_of({}) is JobState.LOST


STARTED = Started(pipeline_url="https://gitlab.example/p/1", by="https://gitlab.example/j/1", job=7)


def test_a_job_that_is_gone_is_lost_only_where_its_project_is_seen(office: Office) -> None:
    office.replies |= {JOB: (404, {"message": "404 Not found"}), f"gitlab GET {PROJECT}": (200, {"id": 1})}
    assert office.desk().pipelines.state(STARTED) is JobState.LOST
    office.replies[f"gitlab GET {PROJECT}"] = (404, {"message": "404 Project Not Found"})
    with pytest.raises(ApiError, match="404 Project Not Found"):
        office.desk().pipelines.state(STARTED)


@pytest.mark.parametrize(("status", "error"), [(401, AccessDenied), (403, AccessDenied), (500, ApiError)])
def test_a_job_that_may_not_be_seen_is_not_lost(office: Office, status: int, error: type[Exception]) -> None:
    office.replies[JOB] = (status, {"message": "no"})
    with pytest.raises(error):
        office.desk().pipelines.state(STARTED)


def job(number: int, name: str, status: str = "created", began: str | None = None) -> dict[str, Any]:
    return {"id": number, "name": name, "status": status, "started_at": began, "web_url": f"https://g/{number}"}


def test_the_one_job_that_deploys(office: Office) -> None:
    office.replies[JOBS] = (200, [job(9, "finish"), job(7, "deploy"), job(6, "start", "running", BEGAN)])
    assert office.desk().pipelines.deploy_job(70) == 7


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [job(6, "start")],
        [job(7, "deploy"), job(8, "deploy")],
        [job(7, "deploy", "failed", BEGAN)],
        [job(7, "deploy", "running", BEGAN)],
    ],
)
def test_a_pipeline_that_has_deployed_cannot_deploy(office: Office, rows: list[Any]) -> None:
    office.replies[JOBS] = (200, rows)
    with pytest.raises(PortctlError, match="Not a pipeline that can deploy: pipeline 70 has"):
        office.desk().pipelines.deploy_job(70)


@pytest.mark.parametrize("body", [{}, {"message": "x"}, None])
def test_an_answer_without_jobs_is_told(office: Office, body: Any) -> None:
    office.replies[JOBS] = (200, body)
    with pytest.raises(PortctlError, match="Not what GitLab answers: no jobs of pipeline 70"):
        office.desk().pipelines.failed_job(70)


def test_the_job_that_failed_first(office: Office) -> None:
    rows = [job(9, "report", "failed"), job(8, "open", "failed"), job(7, "accept", "success"), job(10, "x", "skipped")]
    office.replies[JOBS] = (200, rows)
    assert office.desk().pipelines.failed_job(70) == "open (https://g/8)"
    office.replies[JOBS] = (200, [])
    assert office.desk().pipelines.failed_job(70) == ""


def test_the_report_is_that_of_the_last_tests_once_they_have_ended(office: Office) -> None:
    first, again = job(7, "test-service", "failed", BEGAN), job(9, "test-service", "running", BEGAN)
    others = [job(6, "accept", "success", BEGAN), job(10, "open", "running", BEGAN)]
    ended = [*others, {**again, "status": "success"}, first]
    running = (200, [*others, again, first])
    office.replies[JOBS] = [running, running, running, (200, ended)]
    office.replies[f"gitlab GET {PROJECT}/jobs/9/artifacts/coverage.xml"] = (200, "<coverage/>")
    assert office.desk().pipelines.report(70, 1000) == b"<coverage/>"
    assert office.waits == [1.0] * 3


def start(office: Office) -> str:
    return office.desk().starter.start("canary-trigger-token", "main", "r_one", "Staging")


def test_a_pipeline_is_started_with_its_inputs_and_no_other_credential(office: Office) -> None:
    office.replies[TRIGGER] = MADE
    assert start(office) == URL
    (request,) = office.requests
    assert json.loads(request.content) == {
        "token": "canary-trigger-token",
        "ref": "main",
        "inputs": {"call": "deploy", "deploy_run": "r_one", "environment": "Staging"},
    }
    assert "private-token" not in request.headers
    assert "authorization" not in request.headers
    assert (office.log, office.waits) == ([], [])


@pytest.mark.parametrize("refusal", [LIMITED, TOO_MANY], ids=["429", "400"])
def test_the_limit_of_pipelines_is_waited_out(office: Office, refusal: Reply) -> None:
    office.replies[TRIGGER] = [refusal, refusal, MADE]
    assert start(office) == URL
    assert office.waits == [5.0, 15.0]
    assert [line.partition(":")[0] for line in office.log] == [
        "No pipeline can be started now, waiting for 5 seconds",
        "No pipeline can be started now, waiting for 15 seconds",
    ]


@pytest.mark.parametrize("refusal", [LIMITED, TOO_MANY], ids=["429", "400"])
def test_a_limit_that_stays_is_told_after_two_minutes(office: Office, refusal: Reply) -> None:
    office.replies[TRIGGER] = refusal
    with pytest.raises(ApiError, match="Try again later"):
        start(office)
    assert office.waits == [5.0, 15.0, 40.0, 60.0]
    assert len(office.asked) == 5


def test_a_server_that_cannot_be_reached_is_asked_again(office: Office) -> None:
    office.replies[TRIGGER] = [httpx.ConnectError("refused"), MADE]
    assert start(office) == URL
    office.replies[TRIGGER] = httpx.ConnectError("refused")
    with pytest.raises(NoConnection):
        start(office)


@pytest.mark.parametrize(
    "reply",
    [
        httpx.ReadError("reset"),
        httpx.ReadTimeout("late"),
        httpx.RemoteProtocolError("half an answer"),
        (502, "<html>bad gateway</html>"),
        (503, "<html>busy</html>"),
        (504, {"message": "gateway timeout"}),
        (201, "<html>a proxy's page</html>"),
    ],
)
def test_what_may_have_been_started_is_not_started_again(office: Office, reply: Reply) -> None:
    office.replies[TRIGGER] = [reply, MADE]
    with pytest.raises((AnswerLost, PortctlError)):
        start(office)
    assert (len(office.asked), office.waits) == (1, [])


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((400, {"message": {"base": ["Reference not found"]}}), "Reference not found"),
        ((400, {"message": "`inputs` is invalid"}), "`inputs` is invalid"),
        ((404, {"message": "404 Not Found"}), "404 Not Found"),
        ((422, {"message": "Unprocessable"}), "Unprocessable"),
        ((500, {"message": "500 Internal Server Error"}), "500 Internal Server Error"),
        ((201, {"id": 71, "web_url": URL, "yaml_errors": "jobs deploy config is wrong"}), "deploy config is wrong"),
        ((201, {"id": 71}), "a pipeline without an address"),
        ((403, {"message": "Insufficient permissions, token canary-trigger-token"}), "Insufficient permissions"),
    ],
)
def test_a_refusal_that_will_stay_is_told_at_once(office: Office, reply: Reply, said: str) -> None:
    office.replies[TRIGGER] = reply
    desk = office.desk()
    with pytest.raises(PortctlError, match=said) as caught:
        desk.starter.start("canary-trigger-token", "main", "r_one", "Staging")
    assert "canary" not in str(caught.value)
    assert (len(office.asked), office.waits) == (1, [])
