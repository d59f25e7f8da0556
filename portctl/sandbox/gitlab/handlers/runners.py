"""Routes of runners themselves: register, verify, leave. Source: gitlab, lib/api/ci/runner.rb."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.context import Call, done
from portctl.sandbox.gitlab.errors import GitLabError, forbidden, not_emulated
from portctl.sandbox.gitlab.parameters import BOOLEAN, INTEGER, NEEDED, TEXT, TEXTS, one_of
from portctl.sandbox.gitlab.store import runners
from portctl.sandbox.gitlab.store.instance import Instance

_REGISTER = {
    "token": NEEDED,
    "description": TEXT,
    "paused": BOOLEAN,
    "active": BOOLEAN,
    "locked": BOOLEAN,
    "access_level": one_of("not_protected", "ref_protected"),
    "run_untagged": BOOLEAN,
    "tag_list": TEXTS,
    "maximum_timeout": INTEGER,
}
_TOKEN = {"token": NEEDED, "system_id": TEXT}
_NO_TAGS = "can not be empty when runner is not allowed to pick untagged jobs"


def register(call: Call) -> Answer:
    """With the `runners_token` of a project. Errors: 403 for any other; 410 where that way is closed (a switch)."""
    values = call.values(_REGISTER)
    if values.get("access_level") == "ref_protected":
        raise not_emulated("runners for protected references only")
    project = _of_project(call.instance, values["token"])
    if call.instance.strict("runner-registration"):
        raise GitLabError(410, {"message": "410 Gone - runner registration disallowed", "reason": "410 Gone"})
    if values.get("run_untagged") is False and not values.get("tag_list"):
        raise GitLabError(400, {"message": {"tags_list": [_NO_TAGS]}})
    return Answer(201, _details(runners.register(call.instance, project, values)))


def verify(call: Call) -> Answer:
    return Answer(200, _details(_asking(call)))


def reset_token(call: Call) -> Answer:
    row = runners.renew_token(call.instance, runners.by_token(call.instance, call.values(_TOKEN)["token"]))
    return Answer(201, {"token": row["token"], "token_expires_at": None})


def remove(call: Call) -> Answer:
    row = runners.by_token(call.instance, call.values(_TOKEN)["token"])
    if row["id"] == runners.OWN:
        raise not_emulated("the removal of the sandbox's own runner")
    runners.remove(call.instance, row)
    return done()


def remove_manager(call: Call) -> Answer:
    """A machine leaves; the runner stays."""
    values = call.values({"token": NEEDED, "system_id": NEEDED})
    runners.part(call.instance, runners.by_token(call.instance, values["token"]), values["system_id"])
    return done()


def _asking(call: Call) -> Row:
    values = call.values(_TOKEN)
    row = runners.by_token(call.instance, values["token"])
    return runners.met(call.instance, row, values.get("system_id"))


def _of_project(instance: Instance, token: str) -> Row:
    for row in instance.state.rows("projects").values():
        if row["runners_token"] == token:
            return row
    raise forbidden("invalid token supplied")


def _details(row: Row) -> Row:
    return {"id": row["id"], "token": row["token"], "token_expires_at": None}
