"""Routes of the instance, its users and their tokens."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab import undone
from portctl.sandbox.gitlab.context import Call, done
from portctl.sandbox.gitlab.errors import not_found
from portctl.sandbox.gitlab.parameters import DATE, TEXT
from portctl.sandbox.gitlab.store import users
from portctl.sandbox.gitlab.version import version_of

LIST = {"username": TEXT, "search": TEXT, **undone.USER_LIST}
_REVISION = "5ee54ab8d8a"


def version(call: Call) -> Answer:
    return Answer(200, {"version": version_of(call.instance), "revision": _REVISION})


def metadata(call: Call) -> Answer:
    agents = {"enabled": False, "externalUrl": None, "version": None, "externalK8sProxyUrl": None}
    about = {"version": version_of(call.instance), "revision": _REVISION, "kas": agents, "enterprise": True}
    return Answer(200, about)


def current(call: Call) -> Answer:
    user = call.me
    more = {
        "created_at": user["created_at"],
        "email": user["email"],
        "bot": user["bot"],
        "namespace_id": user["namespace_id"],
        "two_factor_enabled": False,
        "external": False,
        "can_create_group": True,
        "can_create_project": True,
    }
    admin = {"is_admin": True} if user["is_admin"] else {}
    return Answer(200, {**users.basic(call.instance, user), **more, **admin})


def list_all(call: Call) -> Answer:
    values = call.values(LIST)
    rows = list(call.tables.rows("users").values())
    if values.get("username") is not None:
        rows = [row for row in rows if row["username"].lower() == values["username"].lower()]
    if values.get("search"):
        wanted = values["search"].lower()
        rows = [row for row in rows if wanted in row["username"].lower() or wanted in row["name"].lower()]
    return call.page(rows[::-1], lambda row: users.basic(call.instance, row))


def read(call: Call) -> Answer:
    row = call.tables.get("users", call.params["user"])
    if row is None:
        raise not_found("User")
    return Answer(200, {**users.basic(call.instance, row), "bot": row["bot"], "created_at": row["created_at"]})


def list_tokens(call: Call) -> Answer:
    rows = [row for row in call.tables.rows("tokens").values() if row["user_id"] == call.me["id"]]
    return call.page(rows, lambda row: users.shown_token(call.instance, row))


def own_token(call: Call) -> Answer:
    return Answer(200, users.shown_token(call.instance, _token(call)))


def rotate_token(call: Call) -> Answer:
    values = call.values({"expires_at": DATE})
    successor = users.rotate(call.instance, _token(call), values.get("expires_at"))
    return Answer(200, users.shown_token(call.instance, successor, secret=True))


def revoke_token(call: Call) -> Answer:
    users.revoke(call.instance, _token(call))
    return done()


def _token(call: Call) -> Row:
    if "token" not in call.params:
        assert call.token is not None
        return call.token
    row = call.tables.get("tokens", call.params["token"])
    if row is None or (row["user_id"] != call.me["id"] and not call.me["is_admin"]):
        raise not_found()
    return row
