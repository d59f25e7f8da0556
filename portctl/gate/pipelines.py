"""The pipelines of the project that deploys: how their jobs stand, and how one is started.

Source: GitLab docs, "Jobs API", "Pipeline trigger tokens API".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from portctl.errors import ApiError, PortctlError
from portctl.gate.evidence import JobState, Kind, Started
from portctl.model.value import get
from portctl.wire.client import Client

DEPLOY_JOB = "deploy"
_NOT_FOUND = 404
_ACTIVE = frozenset({"created", "pending", "running", "preparing", "waiting_for_resource", "waiting_for_callback"})
_BLOCKED = frozenset({"manual", "scheduled"})
_OWN_FAULT = "script_failure"
_NEVER_RAN = frozenset({"deployment_rejected", "protected_environment_failure"})


class Pipelines:
    """Those of one project. `reads`: a client that may see its jobs."""

    def __init__(self, reads: Client, project: str) -> None:
        self._reads = reads
        self._project = f"/api/v4/projects/{quote(project, safe='')}"

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

    def state(self, started: Started) -> JobState:
        """How the job stands that was to deploy."""
        try:
            row = self._reads.request("GET", f"{self._project}/jobs/{started.job}").body
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return JobState.LOST
            raise
        return state_of(row)

    def start(self, token: str, ref: str, deploy_run: str, environment: str) -> str:
        """Start the pipeline that deploys; its address. Errors: PortctlError."""
        body = {
            "token": token,
            "ref": ref,
            "inputs": {"call": str(Kind.DEPLOY), "deploy_run": deploy_run, "environment": environment},
        }
        answer = self._reads.request("POST", f"{self._project}/trigger/pipeline", body=body, anonymous=True)
        problem = get(answer.body, ("yaml_errors",))
        if isinstance(problem, str):
            raise PortctlError("Pipeline cannot run", problem)
        return str(get(answer.body, ("web_url",)))

    def _jobs(self, pipeline: int) -> Sequence[Mapping[str, Any]]:
        query = {"include_retried": "true", "per_page": "100"}
        rows = self._reads.request("GET", f"{self._project}/pipelines/{pipeline}/jobs", query=query).body
        if not isinstance(rows, tuple):
            raise PortctlError("Not what GitLab answers", "an answer without jobs")
        return rows


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
