"""Groups (and the namespaces of users). Source: GitLab docs, "Groups API"."""

from __future__ import annotations

import re

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.gitlab.errors import forbidden, invalid, not_found, refused
from portctl.sandbox.gitlab.store import access
from portctl.sandbox.gitlab.store.access import VISIBILITIES, Level
from portctl.sandbox.gitlab.store.instance import Instance

_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_DEFAULTS: Row = {
    "description": "",
    "project_creation_level": "developer",
    "subgroup_creation_level": "maintainer",
    "request_access_enabled": True,
    "lfs_enabled": True,
    "emails_enabled": True,
    "mentions_disabled": None,
    "default_branch": None,
    "shared_runners_setting": "enabled",
    "require_two_factor_authentication": False,
    "two_factor_grace_period": 48,
    "share_with_group_lock": False,
    "membership_lock": False,
}
CREATION_LEVELS = {
    "noone": 99,
    "owner": Level.OWNER,
    "maintainer": Level.MAINTAINER,
    "developer": Level.DEVELOPER,
    "administrator": Level.ADMIN,
}


def resolve(tables: Reader, reference: str, kind: str = "") -> Row | None:
    """The namespace with this id or full path (in any case of letters)."""
    if reference.isdigit():
        row = tables.get("namespaces", reference)
        return row if row is None or kind in ("", row["kind"]) else None
    wanted = reference.lower()
    rows = tables.rows("namespaces").values()
    return next((row for row in rows if row["full_path"].lower() == wanted and kind in ("", row["kind"])), None)


def find_group(instance: Instance, user: Row | None, reference: str, tables: Reader | None = None) -> Row:
    """Errors: 404, also for a group that the user may not see."""
    row = resolve(tables or instance.state, reference, "group")
    if row is None or not access.sees_namespace(instance, user, row):
        raise not_found("Group")
    return row


def create(instance: Instance, user: Row, values: Row) -> Row:
    parent = _parent(instance, user, values.get("parent_id"))
    path = values["path"]
    if not valid_path(path):
        raise refused(f"Failed to save group {{:path=>{_PATH_RULES}}}")
    full_path = f"{parent['full_path']}/{path}" if parent else path
    if taken(instance, full_path):
        raise refused('Failed to save group {:path=>["has already been taken"]}')
    namespace_id = instance.next_id("namespace")
    row: Row = {
        "id": namespace_id,
        "kind": "group",
        "full_path": full_path,
        "visibility": parent["visibility"] if parent else "private",
        "created_at": instance.now(),
        "marked_for_deletion_on": None,
        **_DEFAULTS,
        **{name: value for name, value in values.items() if value is not None},
        "parent_id": parent["id"] if parent else None,
    }
    _check_visibility(parent, row)
    instance.state.put("namespaces", str(namespace_id), row)
    member = {
        "source": "namespace",
        "source_id": namespace_id,
        "user_id": user["id"],
        "access_level": Level.OWNER.value,
        "expires_at": None,
        "created_at": instance.now(),
        "created_by": user["id"],
    }
    instance.state.put("members", access.member_key("namespace", namespace_id, user["id"]), member)
    return row


def edit(instance: Instance, group: Row, values: Row) -> Row:
    row = {**group, **values}
    if row["path"] != group["path"]:
        _check_path(instance, group, row)
    parent = instance.state.get("namespaces", str(group["parent_id"]))
    _check_visibility(parent, row)
    instance.state.put("namespaces", str(row["id"]), row)
    if row["full_path"] != group["full_path"]:
        _move_below(instance, group["full_path"], row["full_path"])
    return row


def mark_for_deletion(instance: Instance, group: Row) -> None:
    if group["marked_for_deletion_on"] is not None:
        raise refused("Group has been already marked for deletion")
    row = {**group, "marked_for_deletion_on": instance.today()}
    instance.state.put("namespaces", str(group["id"]), row)


def taken(instance: Instance, full_path: str) -> bool:
    """Whether a namespace or a project stands at this path."""
    wanted = full_path.lower()
    tables = ("namespaces", "projects")
    return any(row["full_path"].lower() == wanted for table in tables for row in instance.state.rows(table).values())


def valid_path(path: str) -> bool:
    return _PATH.fullmatch(path) is not None and not path.endswith((".git", ".atom", "."))


def shown(instance: Instance, group: Row) -> Row:
    hidden = ("kind", "owner_id")
    above = access.chain(instance.state, group["id"])
    return {
        **{name: value for name, value in group.items() if name not in hidden},
        "web_url": instance.web_url(f"groups/{group['full_path']}"),
        "full_name": " / ".join(row["name"] for row in reversed(above)),
        "avatar_url": None,
        "organization_id": 1,
        "default_branch_protection": 2,
        "default_branch_protection_defaults": {
            "allowed_to_push": [{"access_level": 40}],
            "allow_force_push": False,
            "allowed_to_merge": [{"access_level": 40}],
            "developer_can_initial_push": False,
        },
        "emails_disabled": not group["emails_enabled"],
        "auto_devops_enabled": None,
        "shared_with_groups": [],
    }


def brief(instance: Instance, namespace: Row) -> Row:
    """The namespace as it stands in a project."""
    page = namespace["full_path"] if namespace["kind"] == "user" else f"groups/{namespace['full_path']}"
    kept = ("id", "name", "path", "kind", "full_path", "parent_id")
    return {**{name: namespace[name] for name in kept}, "avatar_url": None, "web_url": instance.web_url(page)}


def _parent(instance: Instance, user: Row, parent_id: int | None) -> Row | None:
    if parent_id is None:
        if instance.strict("top-level-groups") and not user["is_admin"]:
            raise forbidden()
        return None
    parent = find_group(instance, user, str(parent_id))
    needed = CREATION_LEVELS[parent["subgroup_creation_level"]]
    if access.namespace_level(instance, user, parent["id"]) < needed:
        raise forbidden()
    return parent


def _check_path(instance: Instance, before: Row, row: Row) -> None:
    above = before["full_path"].rpartition("/")[0]
    row["full_path"] = f"{above}/{row['path']}" if above else row["path"]
    if not valid_path(row["path"]) or taken(instance, row["full_path"]):
        raise invalid(path=["has already been taken" if valid_path(row["path"]) else _PATH_RULES])


def _check_visibility(parent: Row | None, row: Row) -> None:
    if parent and VISIBILITIES.index(row["visibility"]) > VISIBILITIES.index(parent["visibility"]):
        text = f"{row['visibility']} is not allowed since the parent group has a {parent['visibility']} visibility."
        raise invalid(visibility_level=[text])


def _move_below(instance: Instance, old: str, new: str) -> None:
    for table in ("namespaces", "projects"):
        for key, row in list(instance.state.rows(table).items()):
            if row["full_path"].startswith(f"{old}/"):
                moved = f"{new}{row['full_path'].removeprefix(old)}"
                instance.state.put(table, key, {**row, "full_path": moved})
                if table == "projects":
                    instance.state.put("redirects", row["full_path"].lower(), {"project_id": row["id"]})


_PATH_RULES = (
    "can only include non-accented letters, digits, '_', '-' and '.'. It must not start with '-', '_', or '.', "
    "nor end with '-', '_', '.', '.git', or '.atom'."
)
