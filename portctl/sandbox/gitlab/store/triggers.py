"""Pipeline trigger tokens. Source: GitLab docs, "Pipeline trigger tokens API"."""

from __future__ import annotations

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.gitlab.errors import not_found
from portctl.sandbox.gitlab.store import users
from portctl.sandbox.gitlab.store.instance import Instance

_SHORT = 4
_SECRET_LENGTH = 40
_SHOWN = ("id", "token", "description", "created_at", "updated_at", "last_used", "expires_at")


def rows(tables: Reader, project_id: int) -> list[Row]:
    return [row for row in tables.rows("triggers").values() if row["project_id"] == project_id]


def find(tables: Reader, project_id: int, trigger_id: str) -> Row:
    row = tables.get("triggers", trigger_id)
    if row is None or row["project_id"] != project_id:
        raise not_found("Trigger")
    return row


def by_token(instance: Instance, project_id: int, token: str) -> Row | None:
    """The live trigger of a project with this secret."""
    live = (row for row in rows(instance.state, project_id) if row["token"] == token)
    return next((row for row in live if row["expires_at"] is None or row["expires_at"] > instance.today()), None)


def used(instance: Instance, row: Row) -> None:
    instance.state.put("triggers", str(row["id"]), {**row, "last_used": instance.now()})


def create(instance: Instance, owner: Row, project_id: int, values: Row) -> Row:
    row: Row = {
        "id": instance.next_id("trigger"),
        "project_id": project_id,
        "owner_id": owner["id"],
        "token": f"glptt-{instance.world.ids.token(_SECRET_LENGTH)}",
        "description": values["description"],
        "created_at": instance.now(),
        "updated_at": instance.now(),
        "last_used": None,
        "expires_at": values.get("expires_at"),
    }
    instance.state.put("triggers", str(row["id"]), row)
    return row


def change(instance: Instance, row: Row, description: str) -> Row:
    row = {**row, "description": description, "updated_at": instance.now()}
    instance.state.put("triggers", str(row["id"]), row)
    return row


def delete(instance: Instance, row: Row) -> None:
    instance.state.drop("triggers", str(row["id"]))


def shown(instance: Instance, row: Row, reader: Row) -> Row:
    """The token is complete for its owner only; everybody else, administrators included, sees four characters."""
    body = {name: row[name] for name in _SHOWN}
    if row["owner_id"] != reader["id"]:
        body["token"] = row["token"][:_SHORT]
    return {**body, "owner": users.basic(instance, users.find(instance, row["owner_id"]))}
