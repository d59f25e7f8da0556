"""Routes of pipeline trigger tokens."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.context import Call, done
from portctl.sandbox.gitlab.errors import forbidden
from portctl.sandbox.gitlab.parameters import DATE, NEEDED, TEXT
from portctl.sandbox.gitlab.store import triggers
from portctl.sandbox.gitlab.store.access import Level

CREATE = {"description": NEEDED, "expires_at": DATE}


def list_all(call: Call) -> Answer:
    rows = triggers.rows(call.tables, call.project(Level.MAINTAINER)["id"])
    return call.page(rows, lambda row: triggers.shown(call.instance, row, call.me))


def read(call: Call) -> Answer:
    return Answer(200, triggers.shown(call.instance, _wanted(call), call.me))


def create(call: Call) -> Answer:
    project = call.project(Level.MAINTAINER)
    values = call.values(CREATE)
    row = triggers.create(call.instance, call.me, project["id"], values)
    return Answer(201, triggers.shown(call.instance, row, call.me))


def change(call: Call) -> Answer:
    row = _wanted(call)
    values = call.values({"description": TEXT})
    if row["owner_id"] != call.me["id"]:
        raise forbidden()
    row = triggers.change(call.instance, row, values.get("description") or row["description"])
    return Answer(200, triggers.shown(call.instance, row, call.me))


def delete(call: Call) -> Answer:
    row = _wanted(call)
    if row["owner_id"] != call.me["id"] and call.instance.strict("foreign-trigger-delete"):
        raise forbidden()
    triggers.delete(call.instance, row)
    return done()


def _wanted(call: Call) -> Row:
    return triggers.find(call.tables, call.project(Level.MAINTAINER)["id"], call.params["trigger"])
