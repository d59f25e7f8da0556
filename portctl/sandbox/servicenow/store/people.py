"""Users, groups and roles. Contained roles and the roles of groups appear as inherited rows."""

from __future__ import annotations

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.servicenow.errors import aborted, denied, duplicate
from portctl.sandbox.servicenow.store.change import Behaviour, Change, Operation
from portctl.sandbox.servicenow.store.dictionary import seeded
from portctl.sandbox.servicenow.store.instance import Actor, Instance

HIGH_ROLES = frozenset({"admin", "security_admin", "maint", "impersonator"})


def actor_of(user: Row, reader: Reader) -> Actor:
    """The user as an actor. `reader`: as old as the instance's cache of roles."""
    names = {row["sys_id"]: row["name"] for row in reader.rows("sys_user_role").values()}
    granted = (row["role"] for row in reader.rows("sys_user_has_role").values() if row["user"] == user["sys_id"])
    roles = frozenset(names[role] for role in granted if role in names)
    forms = {name: str(user.get(name, "")) for name in ("time_zone", "date_format", "time_format")}
    return Actor(str(user["sys_id"]), str(user["user_name"]), roles, **forms)


def members(instance: Instance, group: str) -> list[str]:
    """The sys_ids of the group's active users."""
    users = (instance.get("sys_user", str(row["user"])) for row in instance.where("sys_user_grmember", group=group))
    return [str(user["sys_id"]) for user in users if user is not None and user["active"] == "true"]


def inherit(instance: Instance, user: str) -> None:
    """Bring the inherited rows of a user in line with what its grants and groups give."""
    rows = instance.where("sys_user_has_role", user=user)
    direct = {row["role"] for row in rows if row["inherited"] != "true"}
    given = {
        row["role"]
        for membership in instance.where("sys_user_grmember", user=user)
        for row in instance.where("sys_group_has_role", group=str(membership["group"]))
    }
    wanted = _closure(instance, direct | given) - direct
    present = {row["role"]: row for row in rows if row["inherited"] == "true"}
    for role in sorted(wanted - present.keys()):
        values = {"user": user, "role": role, "inherited": "true", "state": "active"}
        instance.put(seeded(instance, "sys_user_has_role", f"{user}:{role}:inherited", values))
    for role in present.keys() - wanted:
        instance.drop(present[role])


def _closure(instance: Instance, roles: set[str]) -> set[str]:
    contained: dict[str, set[str]] = {}
    for row in instance.rows("sys_user_role_contains"):
        contained.setdefault(row["role"], set()).add(row["contains"])
    found = set(roles)
    waiting = list(roles)
    while waiting:
        for role in contained.get(waiting.pop(), set()) - found:
            found.add(role)
            waiting.append(role)
    return found


def prepare_user(change: Change) -> None:
    if change.operation is not Operation.DELETE:
        change.row["name"] = f"{change.value('first_name')} {change.value('last_name')}".strip()


def prepare_grant(change: Change) -> None:
    role = change.instance.get("sys_user_role", change.value("role"))
    if role is not None and role["name"] in HIGH_ROLES and not change.actor.is_admin:
        raise denied({"insert": "Insert", "update": "Update", "delete": "Delete"}[change.operation])
    if change.operation is Operation.DELETE and change.value("inherited") == "true":
        rule = "Prevent deletion of inherited roles"
        raise aborted(change.table, rule, change.instance.stable_id(rule))
    if change.operation is Operation.INSERT:
        change.row["inherited"] = "false"
        _refuse_second(change, "user", "role", inherited="false")


def prepare_membership(change: Change) -> None:
    if change.operation is Operation.INSERT:
        _refuse_second(change, "user", "group")


def follow_user(change: Change) -> None:
    inherit(change.instance, change.value("user"))


def follow_everybody(change: Change) -> None:
    for user in list(change.instance.rows("sys_user")):
        inherit(change.instance, user["sys_id"])


def _refuse_second(change: Change, *columns: str, **fixed: str) -> None:
    values = {name: change.value(name) for name in columns}
    if change.instance.where(change.table, **values, **fixed):
        raise duplicate(change.table, ",".join(columns))


USER = Behaviour(prepare=prepare_user)
GRANT = Behaviour(prepare_grant, follow_user)
MEMBERSHIP = Behaviour(prepare_membership, follow_user)
GROUP_ROLE = Behaviour(follow=follow_everybody)
CONTAINS = Behaviour(follow=follow_everybody)
