"""Routes of teams and users. Source: Port API reference, "Teams" and "Users"."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.port.context import Call, ok
from portctl.sandbox.port.errors import not_found
from portctl.sandbox.port.schemas import administration as schema
from portctl.sandbox.port.schemas.check import check
from portctl.sandbox.port.store import people


def list_teams(call: Call) -> Answer:
    return ok(teams=[people.shown_team(call.organisation, row) for row in call.tables.rows("teams").values()])


def read_team(call: Call) -> Answer:
    row = call.tables.get("teams", call.params["team"])
    if row is None:
        raise not_found("Team", call.params["team"])
    return _team(call, row)


def create_team(call: Call) -> Answer:
    body = call.body()
    check(schema.TEAM, body)
    return _team(call, people.create_team(call.organisation, body, call.by))


def replace_team(call: Call) -> Answer:
    body = call.body()
    check(schema.TEAM_REPLACEMENT, body)
    return _team(call, people.change_team(call.organisation, call.params["team"], body, call.by, whole=True))


def change_team(call: Call) -> Answer:
    body = call.body()
    check(schema.TEAM_CHANGE, body)
    return _team(call, people.change_team(call.organisation, call.params["team"], body, call.by, whole=False))


def delete_team(call: Call) -> Answer:
    people.delete_team(call.organisation, call.params["team"], call.by)
    return ok()


def list_users(call: Call) -> Answer:
    return ok(users=[people.shown_user(row) for row in call.tables.rows("users").values()])


def read_user(call: Call) -> Answer:
    row = call.tables.get("users", call.params["user"])
    if row is None:
        raise not_found("User", call.params["user"])
    return ok(user=people.shown_user(row))


def invite(call: Call) -> Answer:
    body = call.body()
    check(schema.INVITATION, body)
    return ok(user=people.shown_user(people.invite(call.organisation, body["invitee"], call.by)))


def change_user(call: Call) -> Answer:
    body = call.body()
    check(schema.USER_CHANGE, body)
    return ok(user=people.shown_user(people.change_user(call.organisation, call.params["user"], body, call.by)))


def delete_user(call: Call) -> Answer:
    people.delete_user(call.organisation, call.params["user"], call.by)
    return ok()


def _team(call: Call, row: Row) -> Answer:
    return ok(team=people.shown_team(call.organisation, row))
