"""Routes of deployments and their approvals. Source: GitLab docs, "Deployments API"; GitLab, lib/api/deployments.rb."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.context import Call
from portctl.sandbox.gitlab.errors import not_found
from portctl.sandbox.gitlab.handlers.code import code
from portctl.sandbox.gitlab.parameters import LATER, TEXT, one_of
from portctl.sandbox.gitlab.store import approvals, deployments, environments, jobs, protected_environments, users
from portctl.sandbox.gitlab.store.access import Level

_LIST = {
    "environment": TEXT,
    "status": one_of(*deployments.STATUSES),
    "order_by": one_of("id", "iid", "created_at", "updated_at", "ref"),
    "sort": one_of("asc", "desc"),
    "updated_after": TEXT,
    "updated_before": TEXT,
    "finished_after": LATER,
    "finished_before": LATER,
}
_APPROVAL = {"status": one_of(*approvals.STATUSES, required=True), "comment": TEXT, "represented_as": TEXT}
_SHOWN = ("id", "iid", "ref", "sha", "created_at", "updated_at", "status")


def list_all(call: Call) -> Answer:
    project, _ = code(call)
    values = {name: value for name, value in call.values(_LIST).items() if value is not None}
    found = [row for row in deployments.rows(call.tables, project["id"]) if _fits(call, row, values)]
    key = values.get("order_by", "id")
    found.sort(key=lambda row: (row[key], row["id"]), reverse=values.get("sort") == "desc")
    return call.page(found, lambda row: shown(call, row))


def read(call: Call) -> Answer:
    row = _wanted(call)
    return Answer(200, {**shown(call, row), **approvals.shown(call.instance, row)})


def approve(call: Call) -> Answer:
    row = _wanted(call)
    if not protected_environments.is_licensed(call.instance):
        raise not_found()
    project = call.writable_project(Level.NONE)
    return Answer(201, approvals.decide(call.instance, call.me, project, row, call.values(_APPROVAL)))


def shown(call: Call, row: Row) -> Row:
    environment = call.tables.get(environments.TABLE, str(row["environment_id"]))
    job = call.tables.get(jobs.TABLE, str(row["job_id"]))
    return {
        **{name: row[name] for name in _SHOWN},
        "user": users.basic(call.instance, users.find(call.instance, row["user_id"])),
        "environment": environments.brief(environment) if environment else None,
        "deployable": jobs.shown(call.instance, call.tables, job) if job else None,
    }


def _wanted(call: Call) -> Row:
    project, _ = code(call)
    return deployments.find(call.tables, project["id"], call.params["deployment"])


def _fits(call: Call, row: Row, values: Row) -> bool:
    environment = call.tables.get(environments.TABLE, str(row["environment_id"])) or {}
    return (
        values.get("environment") in (None, environment.get("name"))
        and values.get("status") in (None, row["status"])
        and row["updated_at"] >= values.get("updated_after", "")
        and ("updated_before" not in values or row["updated_at"] <= values["updated_before"])
    )
