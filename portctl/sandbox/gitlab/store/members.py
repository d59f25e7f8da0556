"""Members of projects and groups. Source: GitLab docs, "Members API"."""

from __future__ import annotations

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.gitlab.errors import forbidden, invalid, not_found, refused
from portctl.sandbox.gitlab.store import access, users
from portctl.sandbox.gitlab.store.access import Level
from portctl.sandbox.gitlab.store.instance import Instance


def direct(tables: Reader, source: str, source_id: int) -> list[Row]:
    rows = tables.rows("members").values()
    return [row for row in rows if row["source"] == source and row["source_id"] == source_id]


def effective(tables: Reader, source: str, owner: Row) -> list[Row]:
    """Direct and inherited, each user once, with their highest level."""
    rows = direct(tables, source, owner["id"]) if source == "project" else []
    start = owner["namespace_id"] if source == "project" else owner["id"]
    for namespace in access.chain(tables, start):
        rows += direct(tables, "namespace", namespace["id"])
    best: dict[int, Row] = {}
    for row in rows:
        if row["user_id"] not in best or row["access_level"] > best[row["user_id"]]["access_level"]:
            best[row["user_id"]] = row
    return list(best.values())


def of_user(rows: list[Row], user: str) -> Row:
    row = next((row for row in rows if str(row["user_id"]) == user), None)
    if row is None:
        raise not_found()
    return row


def add(instance: Instance, by: Row, source: str, owner: Row, values: Row) -> Row:
    user = _user(instance, values)
    key = access.member_key(source, owner["id"], user["id"])
    if instance.state.get("members", key) is not None:
        raise refused("Member already exists", 409)
    above = owner["namespace_id"] if source == "project" else owner["parent_id"]
    inherited = access.namespace_level(instance, {**user, "is_admin": False}, above) if above else 0
    if values["access_level"] < inherited:
        raise invalid(
            access_level=[f"should be greater than or equal to {Level(inherited).name.title()} inherited membership"]
        )
    row = {
        "source": source,
        "source_id": owner["id"],
        "user_id": user["id"],
        "access_level": values["access_level"],
        "expires_at": values.get("expires_at"),
        "created_at": instance.now(),
        "created_by": by["id"],
    }
    return _store(instance, by, row)


def change(instance: Instance, by: Row, row: Row, values: Row) -> Row:
    return _store(instance, by, {**row, **values})


def remove(instance: Instance, row: Row) -> None:
    """Errors: 403 for the last owner of a group."""
    beside = direct(instance.state, row["source"], row["source_id"])
    owners = [each for each in beside if each["access_level"] == Level.OWNER]
    if row["source"] == "namespace" and owners == [row]:
        raise forbidden()
    instance.state.drop("members", access.member_key(row["source"], row["source_id"], row["user_id"]))


def remove_all(instance: Instance, source: str, source_id: int) -> None:
    for row in direct(instance.state, source, source_id):
        instance.state.drop("members", access.member_key(source, source_id, row["user_id"]))


def shown(instance: Instance, row: Row) -> Row:
    return {
        **users.basic(instance, users.find(instance, row["user_id"])),
        "access_level": row["access_level"],
        "created_at": row["created_at"],
        "created_by": users.basic(instance, users.find(instance, row["created_by"])),
        "expires_at": row["expires_at"],
        "membership_state": "active",
    }


def _user(instance: Instance, values: Row) -> Row:
    if values.get("user_id") is not None:
        return users.find(instance, values["user_id"])
    user = users.by_username(instance, values["username"])
    if user is None:
        raise not_found("User")
    return user


def _store(instance: Instance, by: Row, row: Row) -> Row:
    """Nobody gives a higher role than their own."""
    if row["source"] == "project":
        own = access.project_level(instance, by, instance.state.rows("projects")[str(row["source_id"])])
    else:
        own = access.namespace_level(instance, by, row["source_id"])
    if row["access_level"] > own:
        raise forbidden()
    instance.state.put("members", access.member_key(row["source"], row["source_id"], row["user_id"]), row)
    return row
