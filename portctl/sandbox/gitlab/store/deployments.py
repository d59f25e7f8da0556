"""Deployments: one record for every job that deploys, in step with it. Source: GitLab, `Deployment`."""

from __future__ import annotations

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.gitlab.ci.model import Environment
from portctl.sandbox.gitlab.errors import not_found
from portctl.sandbox.gitlab.store import environments
from portctl.sandbox.gitlab.store.instance import Instance

TABLE = "deployments"
STATUSES = ("created", "running", "success", "failed", "canceled", "skipped", "blocked")
_FINISHED = ("success", "failed", "canceled")
_ONLY_FROM = {"running": ("created", "blocked"), "blocked": ("created",), "created": ("skipped",)}


def rows(tables: Reader, project_id: int) -> list[Row]:
    return [row for row in tables.rows(TABLE).values() if row["project_id"] == project_id]


def find(tables: Reader, project_id: int, deployment_id: str) -> Row:
    row = tables.get(TABLE, deployment_id)
    if row is None or row["project_id"] != project_id:
        raise not_found()
    return row


def of_job(tables: Reader, job: Row) -> Row | None:
    deployment_id = job.get("deployment_id")
    return None if deployment_id is None else tables.get(TABLE, str(deployment_id))


def placed(instance: Instance, pipeline: Row, job: Row, wanted: Environment | None) -> Row:
    """What a new job is told about its environment, which is made if need be, and about its deployment."""
    if wanted is None:
        return {"environment_id": None, "deployment_id": None}
    environment = environments.ensure(instance, pipeline["project_id"], wanted)
    if environment is None:
        failed = {"status": "failed", "failure_reason": "environment_creation_failure", "finished_at": instance.now()}
        return {"environment_id": None, "deployment_id": None, **failed}
    made = _created(instance, pipeline, job, environment) if wanted.action == "start" else None
    return {"environment_id": environment["id"], "deployment_id": made and made["id"]}


def follow(instance: Instance, job: Row) -> None:
    """Bring the record in line with its job. A job that waits for a person is a blocked deployment."""
    row = of_job(instance.state, job)
    status = "blocked" if job["status"] == "manual" else job["status"]
    if row is None or status not in STATUSES or status == row["status"]:
        return
    if row["status"] not in _ONLY_FROM.get(status, STATUSES):
        return
    finished_at = instance.now() if status in _FINISHED else row["finished_at"]
    put(instance, {**row, "status": status, "finished_at": finished_at})


def put(instance: Instance, row: Row) -> Row:
    changed = {**row, "updated_at": instance.now()}
    instance.state.put(TABLE, str(row["id"]), changed)
    return changed


def last_success(tables: Reader, environment: Row) -> Row | None:
    found = [
        row
        for row in rows(tables, environment["project_id"])
        if row["environment_id"] == environment["id"] and row["status"] == "success"
    ]
    return max(found, key=lambda row: (row["finished_at"], row["id"]), default=None)


def delete_of(instance: Instance, environment: Row) -> None:
    """The deployments to an environment go with it."""
    for row in rows(instance.state, environment["project_id"]):
        if row["environment_id"] == environment["id"]:
            instance.state.drop(TABLE, str(row["id"]))


def _created(instance: Instance, pipeline: Row, job: Row, environment: Row) -> Row:
    row: Row = {
        "id": instance.next_id("deployment"),
        "iid": instance.next_iid("deployment", pipeline["project_id"]),
        "project_id": pipeline["project_id"],
        "environment_id": environment["id"],
        "job_id": job["id"],
        "user_id": job["user_id"],
        "ref": pipeline["ref"],
        "tag": pipeline["tag"],
        "sha": pipeline["sha"],
        "status": "created",
        "created_at": instance.now(),
        "finished_at": None,
        "approvals": [],
    }
    return put(instance, row)
