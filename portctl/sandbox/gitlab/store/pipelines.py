"""Pipelines. Source: GitLab docs, "Pipelines API"."""

from __future__ import annotations

from typing import Any

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.gitlab.ci.status import ALIVE, composite
from portctl.sandbox.gitlab.errors import not_found
from portctl.sandbox.gitlab.store import jobs, users
from portctl.sandbox.gitlab.store.instance import Instance, git_instant

TABLE = "pipelines"
STATUSES = (
    "created", "waiting_for_resource", "preparing", "pending", "running", "success", "failed", "canceling",
    "canceled", "skipped", "manual", "scheduled",
)  # fmt: skip
SOURCES = (
    "push", "web", "trigger", "schedule", "api", "external", "pipeline", "chat", "webide", "merge_request_event",
    "external_pull_request_event", "parent_pipeline", "ondemand_dast_scan", "ondemand_dast_validation",
    "security_orchestration_policy",
)  # fmt: skip
_BASIC = ("id", "iid", "project_id", "sha", "ref", "status", "source", "created_at", "updated_at", "name")
_TEXTS = {"success": "passed", "manual": "blocked"}
BLANK: Row = {
    "status": "created",
    "name": None,
    "before_sha": "0" * 40,
    "yaml_errors": None,
    "failure_reason": None,
    "jobs": [],
    "coverage": None,
    "started_at": None,
    "finished_at": None,
}
"""What a pipeline begins with."""


def rows(tables: Reader, project_id: int) -> list[Row]:
    return [row for row in tables.rows(TABLE).values() if row["project_id"] == project_id]


def find(tables: Reader, project_id: int, pipeline_id: str) -> Row:
    row = tables.get(TABLE, pipeline_id)
    if row is None or row["project_id"] != project_id:
        raise not_found("Pipeline")
    return row


def create(instance: Instance, project: Row, user: Row, values: Row) -> Row:
    """`values`: sha, ref, tag, source, variables, trigger_id."""
    pipeline_id = instance.next_id("pipeline")
    row: Row = {
        "id": pipeline_id,
        "iid": instance.next_iid("pipeline", project["id"]),
        "project_id": project["id"],
        "user_id": user["id"],
        **BLANK,
        "created_at": instance.now(),
        "updated_at": instance.now(),
        **values,
    }
    return store(instance, row)


def next_iid(instance: Instance, project: Row) -> int:
    """The number that the next pipeline of the project will get."""
    row = instance.state.get("sequences", f"pipeline:{project['id']}")
    return 1 if row is None else row["last"] + 1


def store(instance: Instance, row: Row) -> Row:
    instance.state.put(TABLE, str(row["id"]), row)
    return row


def change(instance: Instance, row: Row, **values: Any) -> Row:
    now = instance.state.get(TABLE, str(row["id"])) or row
    return store(instance, {**now, **values, "updated_at": instance.now()})


def follow(instance: Instance, row: Row) -> Row:
    """Bring the pipeline's state in line with that of its jobs."""
    found = jobs.of_pipeline(instance.state, row)
    status = composite(jobs.state_of(job) for job in found) or row["status"]
    started = [job["started_at"] for job in found if job["started_at"]]
    covered = [job["coverage"] for job in found if job["coverage"] is not None]
    values = {
        "status": status,
        "started_at": row["started_at"] or (min(started) if started else None),
        "finished_at": None if status in ALIVE or status == "manual" else row["finished_at"] or instance.now(),
        "coverage": f"{sum(covered) / len(covered):.2f}" if covered else None,
    }
    return row if all(row[name] == value for name, value in values.items()) else change(instance, row, **values)


def cancel(instance: Instance, row: Row) -> Row:
    for job in jobs.of_pipeline(instance.state, row):
        jobs.cancel(instance, job)
    return follow(instance, row)


def retry(instance: Instance, row: Row, user_id: int) -> Row:
    """What failed or was canceled is run again, what was skipped gets another chance."""
    for job in jobs.of_pipeline(instance.state, row):
        if job["status"] in ("failed", "canceled"):
            jobs.again(instance, row, job, user_id)
        elif job["status"] == "skipped":
            jobs.change(instance, job, status="created")
    return follow(instance, change(instance, row))


def revive_after(instance: Instance, row: Row, job: Row) -> None:
    """Jobs that were skipped because of this one wait again."""
    revived = {job["name"]}
    for other in sorted(jobs.of_pipeline(instance.state, row), key=lambda each: each["spec"]["stage_index"]):
        needs = other["spec"]["needs"]
        later = other["spec"]["stage_index"] > job["spec"]["stage_index"]
        depends = later if needs is None else any(need["job"] in revived for need in needs)
        if other["status"] == "skipped" and depends:
            revived.add(other["name"])
            jobs.change(instance, other, status="created", finished_at=None)


def delete(instance: Instance, row: Row) -> None:
    """With its jobs; those that run are ended by the engine, which finds their rows gone."""
    for job in jobs.of_pipeline(instance.state, row, retried=True):
        for file in jobs.folder(instance, job).glob("*"):
            file.unlink()
        instance.state.drop(jobs.TABLE, str(job["id"]))
    instance.state.drop(TABLE, str(row["id"]))


def basic(instance: Instance, row: Row) -> Row:
    project = instance.state.rows("projects")[str(row["project_id"])]
    return {
        **{name: row[name] for name in _BASIC},
        "web_url": jobs.pipeline_page(instance, project, row["id"]),
    }


def shown(instance: Instance, row: Row) -> Row:
    project = instance.state.rows("projects")[str(row["project_id"])]
    commit = instance.repository(project).commit(row["sha"])
    ended = row["finished_at"]
    return {
        **basic(instance, row),
        **{name: row[name] for name in ("before_sha", "tag", "yaml_errors")},
        "user": users.basic(instance, users.find(instance, row["user_id"])),
        "started_at": row["started_at"],
        "finished_at": ended,
        "committed_at": git_instant(commit.committed),
        "duration": _whole(jobs.seconds_between(row["started_at"], ended)),
        "queued_duration": _whole(jobs.seconds_between(row["created_at"], row["started_at"])),
        "coverage": row["coverage"],
        "archived": False,
        "detailed_status": _detailed(project, row),
    }


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds)


def _detailed(project: Row, row: Row) -> Row:
    text: str = _TEXTS.get(row["status"]) or row["status"]
    return {
        "icon": f"status_{row['status']}",
        "text": text.capitalize(),
        "label": text,
        "group": row["status"],
        "tooltip": text,
        "has_details": True,
        "details_path": f"/{project['full_path']}/-/pipelines/{row['id']}",
        "illustration": None,
        "favicon": f"/assets/ci_favicons/favicon_status_{row['status']}.png",
    }
