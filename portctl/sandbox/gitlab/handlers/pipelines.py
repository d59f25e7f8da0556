"""Routes of pipelines and of the pipeline trigger. Source: GitLab docs, "Pipelines API", "Pipeline triggers API"."""

from __future__ import annotations

import json
from typing import Any

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.ci.creation import Wish, create_pipeline
from portctl.sandbox.gitlab.context import Call, done
from portctl.sandbox.gitlab.errors import forbidden, not_found, refused
from portctl.sandbox.gitlab.handlers.code import code
from portctl.sandbox.gitlab.parameters import (
    BOOLEAN,
    NEEDED,
    TEXT,
    Field,
    Fields,
    Type,
    checked,
    one_of,
    received,
)
from portctl.sandbox.gitlab.store import jobs, pipelines, projects, triggers, users
from portctl.sandbox.gitlab.store.access import Level
from portctl.sandbox.gitlab.version import is_current

_HIDDEN = "token"
_LOOP = "Pipeline Hook"
_TRIGGER = {"ref": NEEDED, "token": NEEDED, "variables": Field(Type.OBJECT)}
_INPUTS = {"inputs": Field(Type.OBJECT)}
_VARIABLE = {"key": NEEDED, "value": TEXT, "variable_type": one_of("env_var", "file")}
_CREATE = {
    "ref": NEEDED,
    "variables": Field(Type.OBJECTS, fields=_VARIABLE),
}
_SCOPES = {
    "running": ("running",),
    "pending": ("pending",),
    "finished": ("success", "failed", "canceled"),
    "branches": (),
    "tags": (),
}
_FILTERS = {
    "scope": one_of(*_SCOPES),
    "status": one_of(*pipelines.STATUSES),
    "ref": TEXT,
    "sha": TEXT,
    "yaml_errors": BOOLEAN,
    "username": TEXT,
    "updated_before": TEXT,
    "updated_after": TEXT,
    "created_before": TEXT,
    "created_after": TEXT,
    "order_by": one_of("id", "status", "ref", "updated_at", "user_id"),
    "sort": one_of("asc", "desc"),
    "source": one_of(*pipelines.SOURCES),
    "name": TEXT,
}
_MOMENTS = (
    ("updated_before", "updated_at", -1),
    ("updated_after", "updated_at", 1),
    ("created_before", "created_at", -1),
    ("created_after", "created_at", 1),
)


def trigger(call: Call) -> Answer:
    """With a trigger token; everything that is sent, but for the token, becomes the file TRIGGER_PAYLOAD."""
    if call.request.headers.get("x-gitlab-event") == _LOOP:
        raise forbidden()
    sent: dict[str, Any] = {**received(call.request), "id": call.params["project"]}
    sent |= {"ref": call.params["ref"]} if "ref" in call.params else {}
    values = checked(_with_inputs(call, _TRIGGER), sent)
    variables = values.get("variables") or {}
    if not all(isinstance(value, str) for value in variables.values()):
        raise refused("variables needs to be a map of key-valued strings")
    project = projects.resolve(call.instance.state, call.params["project"])
    if project is None:
        raise not_found("Project")
    row = triggers.by_token(call.instance, project["id"], values["token"])
    if row is None:
        raise not_found()
    payload = {**{name: value for name, value in sent.items() if name != _HIDDEN}, "variables": variables}
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    wish = Wish(
        ref=values["ref"],
        source="trigger",
        keep_failed=call.instance.strict("trigger-invalid-file"),
        inputs=values.get("inputs") or {},
        variables=[_variable(key, value) for key, value in variables.items()],
        payload=[_variable("TRIGGER_PAYLOAD", text, "file")],
        trigger=row,
    )
    triggers.used(call.instance, row)
    user = users.find(call.instance, row["owner_id"])
    made = create_pipeline(call.instance, project, user, wish)
    if made["yaml_errors"] is not None:
        return Answer(422, {"message": {"base": [made["yaml_errors"]]}})
    return Answer(201, pipelines.shown(call.instance, made))


def create(call: Call) -> Answer:
    project = call.writable_project(Level.DEVELOPER)
    values = call.values(_with_inputs(call, _CREATE))
    variables = [
        _variable(each["key"], each.get("value") or "", each.get("variable_type") or "env_var")
        for each in values.get("variables") or []
    ]
    inputs = values.get("inputs") or {}
    wish = Wish(ref=values["ref"], source="api", keep_failed=False, variables=variables, inputs=inputs)
    return Answer(201, pipelines.shown(call.instance, create_pipeline(call.instance, project, call.me, wish)))


def list_all(call: Call) -> Answer:
    project = _visible(call)
    values = {name: value for name, value in call.values(_FILTERS).items() if value is not None}
    rows = [row for row in pipelines.rows(call.tables, project["id"]) if _fits(call, row, values)]
    key = values.get("order_by", "id")
    rows.sort(key=lambda row: (row[key], row["id"]), reverse=values.get("sort", "desc") == "desc")
    return call.page(rows, lambda row: pipelines.basic(call.instance, row))


def read(call: Call) -> Answer:
    return Answer(200, pipelines.shown(call.instance, _wanted(call)))


def latest(call: Call) -> Answer:
    project = _visible(call)
    ref = call.values({"ref": TEXT}).get("ref") or project["default_branch"]
    rows = [row for row in pipelines.rows(call.tables, project["id"]) if row["ref"] == ref]
    if not rows:
        raise not_found("Pipeline")
    return Answer(200, pipelines.shown(call.instance, max(rows, key=lambda row: row["id"])))


def list_variables(call: Call) -> Answer:
    call.project(Level.MAINTAINER)
    row = _wanted(call)
    return Answer(200, [{**each, "raw": False} for each in row["variables"]])


def list_jobs(call: Call) -> Answer:
    row = _wanted(call)
    values = call.values({"scope": Field(Type.TEXTS), "include_retried": BOOLEAN})
    found = jobs.of_pipeline(call.tables, row, retried=bool(values.get("include_retried")))
    scope = values.get("scope")
    rows = [job for job in reversed(found) if not scope or job["status"] in scope]
    return call.page(rows, lambda job: jobs.shown(call.instance, call.tables, job))


def list_bridges(call: Call) -> Answer:
    """There are none: jobs that trigger other pipelines are refused when the file is read."""
    _wanted(call)
    return call.page([])


def cancel(call: Call) -> Answer:
    call.writable_project(Level.DEVELOPER)
    row = pipelines.cancel(call.instance, _wanted(call))
    call.instance.wake(row["id"])
    return Answer(200, pipelines.shown(call.instance, row))


def retry(call: Call) -> Answer:
    call.writable_project(Level.DEVELOPER)
    row = pipelines.retry(call.instance, _wanted(call), call.me["id"])
    call.instance.wake(row["id"])
    return Answer(201, pipelines.shown(call.instance, row))


def delete(call: Call) -> Answer:
    call.project(Level.OWNER)
    row = _wanted(call)
    pipelines.delete(call.instance, row)
    call.instance.wake(row["id"])
    return done()


def _visible(call: Call) -> Row:
    project, _ = code(call)
    return project


def _wanted(call: Call) -> Row:
    return pipelines.find(call.tables, _visible(call)["id"], call.params["pipeline"])


def _with_inputs(call: Call, fields: Fields) -> Fields:
    """Older servers do not know the parameter, and pass over it as over any other."""
    return {**fields, **_INPUTS} if is_current(call.instance) else fields


def _variable(key: str, value: str, kind: str = "env_var") -> Row:
    return {"key": key, "value": value, "variable_type": kind}


def _fits(call: Call, row: Row, values: Row) -> bool:
    for name in ("status", "ref", "sha", "source", "name"):
        if name in values and row[name] != values[name]:
            return False
    for name, field, direction in _MOMENTS:
        if name in values and bool(row[field] > values[name]) != (direction > 0):
            return False
    if "yaml_errors" in values and (row["yaml_errors"] is not None) != values["yaml_errors"]:
        return False
    if "username" in values and users.find(call.instance, row["user_id"])["username"] != values["username"]:
        return False
    scope = values.get("scope")
    if scope in ("branches", "tags"):
        return bool(row["tag"] == (scope == "tags"))
    return scope is None or row["status"] in _SCOPES[scope]
