"""Jobs of pipelines. Source: GitLab docs, "Jobs API"."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.gitlab.ci.model import JobSpec, spec_from_json
from portctl.sandbox.gitlab.ci.status import CANCELABLE, COMPLETED, JobState
from portctl.sandbox.gitlab.errors import GitLabError, forbidden, not_found, refused, unauthorized
from portctl.sandbox.gitlab.store import artifacts, commits, deployments, runners, users
from portctl.sandbox.gitlab.store.instance import Instance

TABLE = "jobs"
SCOPES = (
    "created", "waiting_for_resource", "preparing", "pending", "running", "success", "failed", "canceled",
    "canceling", "skipped", "manual", "scheduled", "waiting_for_callback",
)  # fmt: skip
_TOKEN_LENGTH = 20
_SHOWN_PIPELINE = ("id", "iid", "project_id", "sha", "ref", "status", "source", "created_at", "updated_at")


def find(tables: Reader, project_id: int, job_id: str) -> Row:
    row = tables.get(TABLE, job_id)
    if row is None or row["project_id"] != project_id:
        raise not_found()
    return row


def of_pipeline(tables: Reader, pipeline: Row, *, retried: bool = False) -> list[Row]:
    """The pipeline's jobs in the order of their creation; without those that were run again unless asked for."""
    rows = (tables.get(TABLE, str(job_id)) for job_id in pipeline["jobs"])
    return [row for row in rows if row is not None and (retried or not row["retried"])]


def spec_of(row: Row) -> JobSpec:
    return spec_from_json(row["spec"])


def by_token(instance: Instance, token: str) -> Row:
    """The running job whose token it is. Errors: 401."""
    for row in instance.select(TABLE, lambda each: each["token"] == token):
        if row["status"] in ("running", "canceling"):
            return row
    raise unauthorized()


def for_runner(instance: Instance, job_id: str, token: str) -> Row:
    """The job that a runner has. Errors: 403 when the token is another's, or the job has ended."""
    row = instance.state.get(TABLE, job_id)
    if row is None or row["token"] != token:
        raise forbidden()
    if row["erased_at"] is not None:
        raise forbidden("Job has been erased!")
    if row["status"] not in ("running", "canceling"):
        body = {"message": "403 Forbidden - Job is not processing on runner"}
        raise GitLabError(403, body, {"job-status": row["status"]})
    return row


def state_of(row: Row) -> JobState:
    return JobState(row["status"], row["allow_failure"])


def create(instance: Instance, pipeline: Row, spec: JobSpec, user_id: int, *, attempts: int = 0) -> Row:
    """A new job, with its environment and its deployment; the caller notes it in its pipeline."""
    job_id = instance.next_id("job")
    row: Row = {
        "id": job_id,
        "pipeline_id": pipeline["id"],
        "project_id": pipeline["project_id"],
        "user_id": user_id,
        "name": spec.name,
        "stage": spec.stage,
        "spec": spec.as_json(),
        "status": "created",
        "allow_failure": spec.allow_failure,
        "failure_reason": None,
        "exit_code": None,
        "retried": False,
        "attempts": attempts,
        "played": [],
        "dotenv": {},
        "reports": [],
        "coverage": None,
        "token": f"glcbt-{instance.world.ids.token(_TOKEN_LENGTH)}",
        "created_at": instance.now(),
        "runner_id": None,
        "graceful": None,
        "artifacts_expire_at": None,
        "queued_at": None,
        "started_at": None,
        "finished_at": None,
        "erased_at": None,
        "forced": False,
    }
    return store(instance, {**row, **deployments.placed(instance, pipeline, row, spec.environment)})


def store(instance: Instance, row: Row) -> Row:
    instance.state.put(TABLE, str(row["id"]), row)
    return row


def change(instance: Instance, row: Row, **values: Any) -> Row:
    """The row as it is now, with these values; its deployment follows."""
    now = instance.state.get(TABLE, str(row["id"])) or row
    changed = store(instance, {**now, **values})
    deployments.follow(instance, changed)
    return changed


def enqueue(instance: Instance, row: Row) -> Row:
    """Ready to run: at once, or when its resource group is free."""
    status = "waiting_for_resource" if row["spec"]["resource_group"] else "pending"
    return change(instance, row, status=status, queued_at=instance.now())


def cancel(instance: Instance, row: Row, *, force: bool = False) -> Row:
    """A running job is told to end and does so by itself; any other ends at once. What has ended stays as it is."""
    if row["graceful"] is False or (row["graceful"] and force and row["status"] == "canceling"):
        return _ended_without_its_runner(instance, row)
    if row["status"] == "running" or (row["status"] == "canceling" and force):
        return change(instance, row, status="canceling", forced=force)
    if row["status"] in CANCELABLE:
        return change(instance, row, status="canceled", finished_at=instance.now())
    return row


def _ended_without_its_runner(instance: Instance, row: Row) -> Row:
    """A job that another runner has, which finds out by itself."""
    if row["status"] not in ("running", "canceling"):
        return row
    return change(instance, row, status="canceled", finished_at=instance.now())


def again(instance: Instance, pipeline: Row, row: Row, user_id: int, *, attempts: int = 0) -> Row:
    """A new run of a job in its pipeline; the old one is marked as retried."""
    made = create(instance, pipeline, spec_of(row), user_id, attempts=attempts)
    change(instance, row, retried=True)
    current = instance.state.get("pipelines", str(pipeline["id"])) or pipeline
    instance.state.put("pipelines", str(pipeline["id"]), {**current, "jobs": [*current["jobs"], made["id"]]})
    return made


def check_retryable(row: Row) -> None:
    if row["status"] not in ("success", "failed", "canceled") or row["retried"]:
        raise forbidden("Job is not retryable")


def check_playable(row: Row, *, held: bool) -> None:
    """`held`: approvals are missing."""
    if row["status"] != "manual" or held:
        raise refused("400 Bad request - Unplayable Job")


def erase(instance: Instance, row: Row) -> Row:
    if row["status"] not in COMPLETED or row["erased_at"] is not None:
        raise forbidden("Job is not erasable!")
    for file in folder(instance, row).glob("*"):
        file.unlink()
    return change(instance, row, erased_at=instance.now(), reports=[], dotenv={})


def folder(instance: Instance, row: Row) -> Path:
    """Where the trace and the artifacts of a job are kept: beside the repositories, and gone with them."""
    return instance.repositories.path(row["project_id"]).parent / "jobs" / str(row["id"])


def report(row: Row, file_type: str) -> Row | None:
    found: Row | None = next((each for each in row["reports"] if each["file_type"] == file_type), None)
    return found


def shown(instance: Instance, tables: Reader, row: Row) -> Row:
    pipeline = tables.get("pipelines", str(row["pipeline_id"])) or {}
    project = instance.state.rows("projects")[str(row["project_id"])]
    page = instance.web_url(f"{project['full_path']}/-/jobs/{row['id']}")
    archive = artifacts.report(instance, row, "archive")
    log = folder(instance, row) / "job.log"
    present = artifacts.present(instance, row)
    files = [{name: each[name] for name in ("file_type", "size", "filename", "file_format")} for each in present]
    if log.is_file():
        trace = {"file_type": "trace", "size": log.stat().st_size, "filename": "job.log", "file_format": None}
        files.append(trace)
    repository = instance.repository(project)
    brief = {name: pipeline.get(name) for name in _SHOWN_PIPELINE}
    return {
        "id": row["id"],
        "status": row["status"],
        "stage": row["stage"],
        "name": row["name"],
        "ref": pipeline.get("ref"),
        "tag": pipeline.get("tag"),
        "coverage": row["coverage"],
        "allow_failure": row["allow_failure"],
        "created_at": row["created_at"],
        "started_at": row["started_at"],
        "finished_at": row["finished_at"],
        "erased_at": row["erased_at"],
        "duration": seconds_between(row["started_at"], row["finished_at"] or instance.now()),
        "queued_duration": seconds_between(row["queued_at"], row["started_at"] or instance.now()),
        "user": users.basic(instance, users.find(instance, row["user_id"])),
        "commit": commits.shown(instance, project, repository.commit(pipeline["sha"])),
        "pipeline": {**brief, "web_url": pipeline_page(instance, project, row["pipeline_id"])},
        "failure_reason": row["failure_reason"],
        "web_url": page,
        "project": {"ci_job_token_scope_enabled": False},
        "artifacts": files,
        **({"artifacts_file": {"filename": archive["filename"], "size": archive["size"]}} if archive else {}),
        "runner": None if row["started_at"] is None else runners.shown(runners.of_job(instance, row)),
        "artifacts_expire_at": row["artifacts_expire_at"],
        "archived": False,
        "tag_list": list(row["spec"].get("tags", ())),
    }


def pipeline_page(instance: Instance, project: Row, pipeline_id: int) -> str:
    return instance.web_url(f"{project['full_path']}/-/pipelines/{pipeline_id}")


def seconds_between(start: str | None, end: str | None) -> float | None:
    if start is None or end is None:
        return None
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds(), 6)
