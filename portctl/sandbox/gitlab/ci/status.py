"""What follows from the states of jobs: for the pipeline, and for the jobs that wait. Pure.

Source: GitLab, `Gitlab::Ci::Status::Composite` and `Ci::ProcessBuildService`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

COMPLETED = ("success", "failed", "canceled", "skipped")
ALIVE = ("created", "waiting_for_resource", "pending", "running", "canceling")
CANCELABLE = ("created", "waiting_for_resource", "pending", "running")
_WANTED_AFTER = {
    "on_failure": ("failed",),
    "always": ("success", "failed", "skipped"),
    "manual": ("success", "skipped"),
    "on_success": ("success", "skipped"),
}


@dataclass(frozen=True, slots=True)
class JobState:
    status: str
    allow_failure: bool


def composite(jobs: Iterable[JobState], *, by_needs: bool = False) -> str | None:
    """The state of several jobs as one; None where there are none. `by_needs`: they are what a job needs."""
    found = {_seen(job) for job in jobs}

    def only(*states: str) -> bool:
        return found <= set(states)

    if not found:
        return None
    if by_needs and found & {"skipped", "ignored"}:
        return "skipped"
    if by_needs and not only("success", "failed", "canceled", "skipped", "warned"):
        return "pending"
    for status, states in (
        ("skipped", ("skipped", "ignored")),
        ("success", ("success", "skipped", "warned", "ignored")),
        ("created", ("created", "warned", "ignored")),
        ("canceled", ("canceled", "success", "skipped", "warned", "ignored")),
        ("pending", ("pending", "created", "skipped", "warned", "ignored")),
    ):
        if only(*states):
            return status
    if "canceling" in found:
        return "canceling"
    if found & {"running", "pending"}:
        return "running"
    for status in ("waiting_for_resource", "manual"):
        if status in found:
            return status
    return "running" if "created" in found else "failed"


def is_wanted(when: str, before: str, *, by_needs: bool) -> bool:
    """Whether a job runs after jobs of this state; otherwise it is skipped."""
    wanted = _WANTED_AFTER[when]
    if by_needs and when in ("on_success", "manual"):
        wanted = ("success",)
    return before in wanted


def _seen(job: JobState) -> str:
    if job.allow_failure and job.status in ("failed", "canceled"):
        return "warned"
    return "ignored" if job.allow_failure and job.status == "manual" else job.status
