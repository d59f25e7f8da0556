"""Routes of teams and users. Source: Port API reference, "Teams" and "Users"."""

from __future__ import annotations

from typing import Any

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.port.context import Call, ok
from portctl.sandbox.port.errors import not_found
from portctl.sandbox.port.schemas import administration as schema
from portctl.sandbox.port.schemas.check import check
from portctl.sandbox.port.store import people


def list_teams(call: Call) -> Answer:
    rows = call.tables.rows("teams").values()
    return ok(teams=[_chosen(call, people.shown_team(call.organisation, row)) for row in rows])


def read_team(call: Call) -> Answer:
    row = call.tables.get("teams", call.params["team"])
    if row is None:
        raise not_found("Team", call.params["team"])
    return ok(team=_chosen(call, people.shown_team(call.organisation, row)))


def create_team(call: Call) -> Answer:
    body = call.body()
    check(schema.TEAM, body)
    return _written(people.create_team(call.organisation, body, call.by))


def replace_team(call: Call) -> Answer:
    body = call.body()
    check(schema.TEAM_REPLACEMENT, body)
    return _written(people.change_team(call.organisation, call.params["team"], body, call.by, whole=True))


def change_team(call: Call) -> Answer:
    body = call.body()
    check(schema.TEAM_CHANGE, body)
    return _written(people.change_team(call.organisation, call.params["team"], body, call.by, whole=False))


def delete_team(call: Call) -> Answer:
    people.delete_team(call.organisation, call.params["team"], call.by)
    return ok()


def list_users(call: Call) -> Answer:
    return ok(users=[_chosen(call, people.shown_user(row)) for row in call.tables.rows("users").values()])


def read_user(call: Call) -> Answer:
    row = call.tables.get("users", call.params["user"])
    if row is None:
        raise not_found("User", call.params["user"])
    return ok(user=_chosen(call, people.shown_user(row)))


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


def _written(row: Row) -> Answer:
    return ok(team=people.written_team(row))


def _chosen(call: Call, row: Row) -> Row:
    """The parts of a team or user that the parameter `fields` names (`users.email`: of each of its users), or all."""
    fields = [tuple(name.split(".", 1)) for name in call.request.query_list("fields")]
    if not fields:
        return row
    return {
        name: _part(value, [each[1:] for each in fields if each[0] == name])
        for name, value in row.items()
        if any(each[0] == name for each in fields)
    }


def _part(value: Any, below: list[tuple[str, ...]]) -> Any:
    """The value, or of each of its objects what is named; `()` names it whole.

    The teams of users are texts (Port's Terraform provider reads them so), which have no parts: they stay whole.
    """
    if () in below or not isinstance(value, list):
        return value
    wanted = {name for each in below for name in each}
    return [
        {key: part for key, part in each.items() if key in wanted} if isinstance(each, dict) else each for each in value
    ]
