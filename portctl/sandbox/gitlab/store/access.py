"""Who may do what: roles of members, inherited from the groups above, and the visibility of what there is."""

from __future__ import annotations

from enum import IntEnum

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.gitlab.store.instance import Instance


class Level(IntEnum):
    """Access levels. Source: GitLab docs, "Members API", valid access levels."""

    NONE = 0
    MINIMAL = 5
    GUEST = 10
    PLANNER = 15
    REPORTER = 20
    DEVELOPER = 30
    MAINTAINER = 40
    OWNER = 50
    ADMIN = 60


VISIBILITIES = ("private", "internal", "public")
ASSIGNABLE = (5, 10, 15, 20, 30, 40, 50)


def member_key(source: str, source_id: int, user_id: int) -> str:
    """`source` is "namespace" or "project"."""
    return f"{source}:{source_id}:{user_id}"


def chain(tables: Reader, namespace_id: int) -> list[Row]:
    """The namespace and everything above it, nearest first."""
    found: list[Row] = []
    current: int | None = namespace_id
    while current is not None:
        row = tables.get("namespaces", str(current))
        if row is None:
            break
        found.append(row)
        current = row["parent_id"]
    return found


def namespace_level(instance: Instance, user: Row | None, namespace_id: int) -> int:
    if user is None:
        return Level.NONE
    if user["is_admin"]:
        return Level.ADMIN
    rows = chain(instance.state, namespace_id)
    if any(row["kind"] == "user" and row["owner_id"] == user["id"] for row in rows):
        return Level.OWNER
    return max((_direct(instance, "namespace", row["id"], user) for row in rows), default=Level.NONE)


def project_level(instance: Instance, user: Row | None, project: Row) -> int:
    inherited = namespace_level(instance, user, project["namespace_id"])
    if user is None:
        return Level.NONE
    return max(inherited, _direct(instance, "project", project["id"], user))


def sees_project(instance: Instance, user: Row | None, project: Row) -> bool:
    return _visible(project["visibility"], user) or project_level(instance, user, project) >= Level.GUEST


def sees_namespace(instance: Instance, user: Row | None, namespace: Row) -> bool:
    """A group is also seen by those who are members of something in it."""
    if namespace["kind"] == "user":
        return user is not None
    if _visible(namespace["visibility"], user):
        return True
    if user is None:
        return False
    if namespace_level(instance, user, namespace["id"]) >= Level.MINIMAL:
        return True
    inside = instance.select("projects", lambda row: namespace in chain(instance.state, row["namespace_id"]))
    return any(_direct(instance, "project", row["id"], user) for row in inside)


def sees_code(instance: Instance, user: Row | None, project: Row) -> bool:
    """In a private project, guests do not see the repository."""
    return _visible(project["visibility"], user) or project_level(instance, user, project) >= Level.REPORTER


def _visible(visibility: str, user: Row | None) -> bool:
    return visibility == "public" or (visibility == "internal" and user is not None)


def _direct(instance: Instance, source: str, source_id: int, user: Row) -> int:
    row = instance.state.get("members", member_key(source, source_id, user["id"]))
    if row is None or (row["expires_at"] is not None and row["expires_at"] <= instance.today()):
        return Level.NONE
    level: int = row["access_level"]
    return level
