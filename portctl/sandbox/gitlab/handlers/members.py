"""Routes of members of projects and groups. Source: GitLab docs, "Members API"."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab import undone
from portctl.sandbox.gitlab.context import Call, Handler, done
from portctl.sandbox.gitlab.errors import bad_parameters
from portctl.sandbox.gitlab.parameters import DATE, INTEGER, TEXT, one_of
from portctl.sandbox.gitlab.store import access, members
from portctl.sandbox.gitlab.store.access import Level

_CHANGE = {"access_level": one_of(*access.ASSIGNABLE, required=True), "expires_at": DATE}
ADD = {**_CHANGE, "user_id": INTEGER, "username": TEXT, **undone.MEMBER}


def of(source: str) -> dict[str, Handler]:
    """The handlers for "project" or "namespace"."""
    needed = Level.MAINTAINER if source == "project" else Level.OWNER

    def owner(call: Call, level: Level = Level.NONE) -> Row:
        return call.project(level) if source == "project" else call.group(level)

    def shown(call: Call, row: Row) -> Row:
        return members.shown(call.instance, row)

    def list_direct(call: Call) -> Answer:
        rows = members.direct(call.tables, source, owner(call)["id"])
        return call.page(_searched(call, rows), lambda row: shown(call, row))

    def list_inherited(call: Call) -> Answer:
        rows = members.effective(call.tables, source, owner(call))
        return call.page(_searched(call, rows), lambda row: shown(call, row))

    def read_direct(call: Call) -> Answer:
        rows = members.direct(call.tables, source, owner(call)["id"])
        return Answer(200, shown(call, members.of_user(rows, call.params["user"])))

    def read_inherited(call: Call) -> Answer:
        rows = members.effective(call.tables, source, owner(call))
        return Answer(200, shown(call, members.of_user(rows, call.params["user"])))

    def add(call: Call) -> Answer:
        values = call.values(ADD)
        if (values.get("user_id") is None) == (values.get("username") is None):
            raise bad_parameters("user_id, username are missing, exactly one parameter must be provided")
        row = members.add(call.instance, call.me, source, owner(call, needed), values)
        return Answer(201, shown(call, row))

    def change(call: Call) -> Answer:
        where = owner(call, needed)
        row = members.of_user(members.direct(call.tables, source, where["id"]), call.params["user"])
        return Answer(200, shown(call, members.change(call.instance, call.me, row, call.values(_CHANGE))))

    def remove(call: Call) -> Answer:
        where = owner(call)
        if str(call.me["id"]) != call.params["user"]:
            where = owner(call, needed)
        row = members.of_user(members.direct(call.tables, source, where["id"]), call.params["user"])
        members.remove(call.instance, row)
        return done()

    return {
        "list": list_direct,
        "list_all": list_inherited,
        "read": read_direct,
        "read_all": read_inherited,
        "add": add,
        "change": change,
        "remove": remove,
    }


def _searched(call: Call, rows: list[Row]) -> list[Row]:
    query = (call.values({"query": TEXT}).get("query") or "").lower()
    known = call.tables.rows("users")
    return [row for row in rows if query in known[str(row["user_id"])]["username"].lower()]
