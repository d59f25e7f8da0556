"""The pipelines of the project that deploys: how their jobs stand, and how one is started.

Source: GitLab docs, "Jobs API", "Pipeline trigger tokens API", "Rate limits", pipeline creation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from portctl.errors import ApiError, NoConnection, PortctlError
from portctl.gate.evidence import JobState, Kind, Started
from portctl.model.value import get
from portctl.wire.client import Client, Response
from portctl.wire.retry import TOO_MANY

DEPLOY_JOB, TEST_JOB = "deploy", "test-service"
REPORT = "coverage.xml"
"""Where the job that tests leaves the report."""
_NOT_FOUND, _BAD = 404, 400
_SHOWS_WITHIN_SECONDS = 10
_WAITS_SECONDS = (5.0, 15.0, 40.0, 60.0)
"""Before a pipeline is asked for again: GitLab counts them by the minute."""
_TOO_MANY_PIPELINES = "too many pipelines created"
_ACTIVE = frozenset({"created", "pending", "running", "preparing", "waiting_for_resource", "waiting_for_callback"})
_BLOCKED = frozenset({"manual", "scheduled"})
_UNDER_WAY = _ACTIVE | {"canceling"}
_OWN_FAULT = "script_failure"
_NEVER_RAN = frozenset({"deployment_rejected", "protected_environment_failure"})


class Pipelines:
    """Those of one project. `reads`: a client that may see its jobs. What is new may take a moment to show."""

    def __init__(self, reads: Client, project: str, sleep: Callable[[float], object] = time.sleep) -> None:
        self._reads = reads
        self._project = project_path(project)
        self._sleep = sleep

    def deploy_job(self, pipeline: int) -> int:
        """The id of the job that deploys. Errors: PortctlError where there is none, or it was run before."""
        jobs = [row for row in self._jobs(pipeline) if get(row, ("name",)) == DEPLOY_JOB]
        if len(jobs) != 1 or get(jobs[0], ("started_at",)) is not None:
            raise PortctlError("Not a pipeline that can deploy", f"pipeline {pipeline} has {len(jobs)} deploy jobs")
        return int(get(jobs[0], ("id",)))

    def failed_job(self, pipeline: int) -> str:
        """Which job has failed first, as `name (address)`; empty where none has."""
        failed = [row for row in self._jobs(pipeline) if get(row, ("status",)) == "failed"]
        first = min(failed, key=lambda row: int(get(row, ("id",))), default=None)
        return "" if first is None else f"{get(first, ('name',))} ({get(first, ('web_url',))})"

    def report(self, pipeline: int, most_bytes: int) -> bytes | None:
        """The beginning of the coverage report that the tests have left, None where they have left none.

        It is read alone and by its name: whoever runs in that job can put anything else beside it.
        """
        last = _last_test(self._jobs(pipeline, lambda rows: state_of(_last_test(rows)) is not JobState.ACTIVE))
        if last is None:
            return None
        path = f"{self._project}/jobs/{int(get(last, ('id',)))}/artifacts/{REPORT}"
        try:
            return self._reads.beginning(path, most_bytes)
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def state(self, started: Started, *, has_ended: bool = False) -> JobState:
        """How the job stands that was to deploy. `has_ended`: known to whoever asks, GitLab may not show it yet."""
        path = f"{self._project}/jobs/{started.job}"
        row = self._shown(path, lambda row: not has_ended or state_of(row) is not JobState.ACTIVE)
        if row is not None:
            return state_of(row)
        self._reads.request("GET", self._project)  # GitLab answers 404 for what may not be seen, too
        return JobState.LOST

    def are_at_work(self, deploy_run: str) -> bool:
        """Whether a pipeline that tests or deploys for this run has not ended: they are named after call and run."""
        for kind in (Kind.REQUEST, Kind.DEPLOY):
            name = f"{kind} {deploy_run}"
            query = {"name": name, "per_page": "100"}
            rows = self._reads.request("GET", f"{self._project}/pipelines", query=query).body
            if not isinstance(rows, tuple):
                raise PortctlError("Not what GitLab answers", "an answer without pipelines")
            # A parameter that a server does not know is ignored, and every pipeline is listed.
            if any(get(row, ("status",)) in _UNDER_WAY and get(row, ("name",)) == name for row in rows):
                return True
        return False

    def _jobs(self, pipeline: int, is_right: Callable[[Any], bool] = bool) -> Sequence[Mapping[str, Any]]:
        """Errors: PortctlError."""
        path = f"{self._project}/pipelines/{pipeline}/jobs?include_retried=true&per_page=100"
        rows = self._shown(path, is_right)
        if not isinstance(rows, tuple):
            raise PortctlError("Not what GitLab answers", f"no jobs of pipeline {pipeline}")
        return rows

    def _shown(self, path: str, is_right: Callable[[Any], bool]) -> Any:
        """What GitLab answers as soon as that is right, else its last answer: None for 404."""
        for left in range(_SHOWS_WITHIN_SECONDS, -1, -1):
            try:
                found: Any = self._reads.request("GET", path).body
            except ApiError as error:
                if error.status != _NOT_FOUND:
                    raise
                found = None
            if left == 0 or (found is not None and is_right(found)):
                return found
            self._sleep(1.0)
        raise AssertionError("the last answer is returned")


@dataclass(frozen=True, slots=True)
class Starter:
    """Starts pipelines of one project. `client`: one that repeats nothing by itself; `say`: the job's log."""

    client: Client
    project: str
    say: Callable[[str], None]
    sleep: Callable[[float], object]

    def start(self, token: str, ref: str, deploy_run: str, environment: str) -> str:
        """Start the pipeline that deploys; its address. Only what GitLab has refused for now is asked for again.

        Errors: PortctlError; AnswerLost where it may have been started.
        """
        inputs = {"call": str(Kind.DEPLOY), "deploy_run": deploy_run, "environment": environment}
        response = self._patiently({"token": token, "ref": ref, "inputs": inputs})
        problem, url = get(response.body, ("yaml_errors",)), get(response.body, ("web_url",))
        if isinstance(problem, str):
            raise PortctlError("Pipeline cannot run", problem)
        if not isinstance(url, str):
            raise PortctlError("Not what GitLab answers", "a pipeline without an address")
        return url

    def _patiently(self, body: Mapping[str, Any]) -> Response:
        path = f"{project_path(self.project)}/trigger/pipeline"
        for seconds in _WAITS_SECONDS:
            try:
                return self.client.request("POST", path, body=body)
            except (ApiError, NoConnection) as error:
                if isinstance(error, ApiError) and not _is_for_now(error):
                    raise
                self.say(f"No pipeline can be started now, waiting for {seconds:g} seconds: {error}")
            self.sleep(seconds)
        return self.client.request("POST", path, body=body)


def project_path(project: str) -> str:
    return f"/api/v4/projects/{quote(project, safe='')}"


def _is_for_now(error: ApiError) -> bool:
    """Whether a limit was used up that counts by the minute. Servers have said so with 429, and with 400 and a text."""
    return error.status == TOO_MANY or (error.status == _BAD and _TOO_MANY_PIPELINES in error.detail.casefold())


def _last_test(rows: Sequence[Any]) -> Any:
    tested = [row for row in rows if get(row, ("name",)) == TEST_JOB]
    return max(tested, key=lambda row: int(get(row, ("id",))), default=None)


def state_of(row: Any) -> JobState:
    """What a job of GitLab's says about the deployment that it was to carry out."""
    status, began = get(row, ("status",)), get(row, ("started_at",)) is not None
    if status in _ACTIVE:
        return JobState.ACTIVE
    if status in _BLOCKED:
        return JobState.BLOCKED
    if status == "success":
        return JobState.SUCCEEDED
    reason = get(row, ("failure_reason",))
    if status in ("skipped", "canceled", "failed") and (not began or reason in _NEVER_RAN):
        return JobState.NEVER_BEGAN
    if status == "failed" and reason == _OWN_FAULT:
        return JobState.FAILED
    return JobState.LOST
