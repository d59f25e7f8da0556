"""What jobs have handed in: until when it is kept, and whether those that need it can still have it.

Source: gitlab, `Ci::Build` and `Ci::BuildDependencies`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from portctl.sandbox.core.clock import format_instant
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.ci.durations import parse_duration
from portctl.sandbox.gitlab.store.instance import Instance

DEFAULT_LIFE = "30 days"
NEVER = "never"


def expiry(instance: Instance, life: str | None) -> str | None:
    """When what is handed in now is taken away; None: never. Errors: BadDuration."""
    if life == NEVER:
        return None
    seconds = parse_duration(life or DEFAULT_LIFE)
    return format_instant(instance.world.clock.now() + timedelta(seconds=seconds)) if seconds else None


def gone(instance: Instance, job: Row) -> bool:
    """Whether its time is over, and its pipeline is not the last one of its reference that succeeded."""
    expires = job["artifacts_expire_at"]
    if expires is None or datetime.fromisoformat(expires) > instance.world.clock.now():
        return False
    return not _locked(instance, job)


def present(instance: Instance, job: Row) -> list[Row]:
    """All files that can still be had."""
    return [] if gone(instance, job) else list(job["reports"])


def report(instance: Instance, job: Row, file_type: str) -> Row | None:
    return next((each for each in present(instance, job) if each["file_type"] == file_type), None)


def serves(instance: Instance, job: Row) -> bool:
    """Whether jobs that depend on it may start. What has been deleted is not missed, what was erased or expired is."""
    return job["erased_at"] is None and not gone(instance, job)


def _locked(instance: Instance, job: Row) -> bool:
    project = instance.state.rows("projects")[str(job["project_id"])]
    own = instance.state.get("pipelines", str(job["pipeline_id"]))
    if own is None or not project["keep_latest_artifact"]:
        return False
    return not any(
        row["id"] > own["id"]
        and (row["project_id"], row["ref"], row["tag"]) == (own["project_id"], own["ref"], own["tag"])
        and row["status"] == "success"
        for row in instance.state.rows("pipelines").values()
    )
