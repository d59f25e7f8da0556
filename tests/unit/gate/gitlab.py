"""Pipelines and jobs as GitLab runs them, as far as the gate can tell: states, needs, cancelling and retrying."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from portctl.gate.evidence import Call, Kind, Question, Tested
from portctl.gate.pipelines import DEPLOY_JOB

JOBS: Mapping[Kind, tuple[str, ...]] = {
    Kind.REQUEST: ("accept", "test-service", "open", "report"),
    Kind.DECISION: ("decide", "report"),
    Kind.LOOK: ("look", "report"),
    Kind.DEPLOY: ("start", DEPLOY_JOB, "finish"),
}
NEEDS: Mapping[str, tuple[str, ...]] = {
    "test-service": ("accept",),
    "open": ("accept", "test-service"),
    DEPLOY_JOB: ("start",),
}
QUESTIONS: Mapping[str, Question] = {
    "accept": Question.ACCEPT,
    "open": Question.OPEN,
    "decide": Question.WAIT,
    "look": Question.LOOK,
    "report": Question.REPORT,
    "start": Question.START,
    "finish": Question.FINISH,
}
OVER = frozenset({"success", "failed", "canceled", "skipped"})
RETRIED_BY_ITSELF = "runner_system_failure"


@dataclass(frozen=True, slots=True)
class Handed:
    """What `start` leaves for the jobs after it: the job that may deploy, and what."""

    job: int
    tested: Tested


@dataclass(slots=True, eq=False)
class Job:
    """`left`: what it hands to the jobs after it. `attempt`: how often GitLab has tried it by itself."""

    id: int
    name: str
    status: str = "created"
    began: bool = False
    reason: str | None = None
    left: Handed | str | float | None = None
    attempt: int = 0

    @property
    def url(self) -> str:
        return f"jobs/{self.id}"

    @property
    def row(self) -> Mapping[str, Any]:
        """As GitLab's API tells it."""
        return {"status": self.status, "started_at": "then" if self.began else None, "failure_reason": self.reason}

    def fail(self, reason: str) -> None:
        self.status, self.reason = "failed", reason


@dataclass(slots=True, eq=False)
class Pipeline:
    """`forged`: started by somebody who has the token, with whatever he likes."""

    id: int
    call: Call
    forged: bool = False
    deleted: bool = False
    is_settled: bool = False
    jobs: list[Job] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"pipelines/{self.id}"

    def call_of(self, job: Job, *, canceled: bool = False) -> Call:
        return replace(self.call, pipeline=self.id, pipeline_url=self.url, job_url=job.url, canceled=canceled)

    def latest(self, name: str) -> Job:
        return next(job for job in reversed(self.jobs) if job.name == name)

    def named(self, name: str) -> list[Job]:
        return [job for job in self.jobs if job.name == name]

    @property
    def failed_job(self) -> str:
        return next((f"{job.name} ({job.url})" for job in self.jobs if job.status == "failed"), "")

    def is_over(self) -> bool:
        return all(job.status in OVER for job in self.jobs)

    def advance(self, *, protected: bool) -> None:
        """Let jobs whose time has come wait for a runner, or skip them. `protected`: a person must agree to deploy."""
        if self.is_settled:
            return
        for name in JOBS[self.call.kind]:
            job = self.latest(name)
            if job.status == "created":
                job.status = self._next(job, protected)
        self.is_settled = self.is_over()

    def _next(self, job: Job, protected: bool) -> str:
        others = [self.latest(name).status for name in JOBS[self.call.kind] if name != job.name]
        if job.name in ("report", "finish"):
            if any(status not in OVER for status in others):
                return "created"
            return "pending" if job.name == "finish" or "failed" in others else "skipped"
        needed = [self.latest(name).status for name in NEEDS.get(job.name, ())]
        if any(status in ("failed", "canceled", "skipped") for status in needed):
            return "skipped"
        if any(status != "success" for status in needed):
            return "created"
        return "manual" if protected and job.name == DEPLOY_JOB else "pending"

    def retry(self, job: Job, number: int, *, attempt: int = 0) -> None:
        """A new job in its place; jobs that were skipped since it failed get their turn again."""
        self.is_settled = False
        self.jobs.append(Job(number, job.name, attempt=attempt))
        for name in JOBS[self.call.kind]:
            later = self.latest(name)
            if later.status == "skipped":
                later.status = "created"
