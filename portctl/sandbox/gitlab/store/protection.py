"""Protected branches. Source: GitLab docs, "Protected branches API"."""

from __future__ import annotations

import fnmatch
from typing import Any

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.gitlab.errors import not_emulated, not_found, refused
from portctl.sandbox.gitlab.store import access, users
from portctl.sandbox.gitlab.store.access import Level
from portctl.sandbox.gitlab.store.instance import Instance

LEVELS = (0, 30, 40, 60)
_DESCRIPTIONS = {0: "No one", 30: "Developers + Maintainers", 40: "Maintainers", 60: "Administrators"}
_LISTS = {
    "push_access_levels": ("allowed_to_push", "push_access_level"),
    "merge_access_levels": ("allowed_to_merge", "merge_access_level"),
    "unprotect_access_levels": ("allowed_to_unprotect", "unprotect_access_level"),
}


def rows(tables: Reader, project_id: int) -> list[Row]:
    return [row for row in tables.rows("protected_branches").values() if row["project_id"] == project_id]


def find(tables: Reader, project_id: int, name: str) -> Row:
    row = tables.get("protected_branches", f"{project_id}:{name}")
    if row is None:
        raise not_found()
    return row


def protect(instance: Instance, project_id: int, values: Row) -> Row:
    """Errors: 409 when a rule with this name exists, 422 when a level names nobody."""
    key = f"{project_id}:{values['name']}"
    if instance.state.get("protected_branches", key) is not None:
        raise refused(f"Protected branch '{values['name']}' already exists", 409)
    row: Row = {
        "id": instance.next_id("protected_branch"),
        "project_id": project_id,
        "name": values["name"],
        "allow_force_push": bool(values.get("allow_force_push")),
        "code_owner_approval_required": bool(values.get("code_owner_approval_required")),
    }
    for name, (several, single) in _LISTS.items():
        row[name] = [_level(instance, each) for each in values.get(several) or []]
        level = values.get(single)
        if level is None and not row[name] and name != "unprotect_access_levels":
            level = Level.MAINTAINER.value
        if level is not None:
            row[name].insert(0, _level(instance, {"access_level": level}))
    instance.state.put("protected_branches", key, row)
    return row


def change(instance: Instance, row: Row, values: Row) -> Row:
    """The arrays are patch lists: without `id` added, with `id` changed, with `_destroy` removed."""
    changed = {**row, **{name: values[name] for name in ("allow_force_push",) if values.get(name) is not None}}
    for name, (several, _) in _LISTS.items():
        levels = {level["id"]: level for level in row[name]}
        for each in values.get(several) or []:
            known = each.get("id")
            if known is not None and known not in levels:
                raise not_found()
            if known is not None and each.get("_destroy"):
                del levels[known]
            else:
                level = _level(instance, {**levels.get(known, {}), **each})
                levels[level["id"]] = level
        changed[name] = list(levels.values())
    instance.state.put("protected_branches", f"{row['project_id']}:{row['name']}", changed)
    return changed


def unprotect(instance: Instance, row: Row) -> None:
    instance.state.drop("protected_branches", f"{row['project_id']}:{row['name']}")


def shown(row: Row) -> Row:
    return {**{name: value for name, value in row.items() if name != "project_id"}, "inherited": False}


def covering(instance: Instance, project: Row, branch: str) -> list[Row]:
    """The rules that cover a branch; a name may hold the wildcard `*`."""
    return [row for row in rows(instance.state, project["id"]) if fnmatch.fnmatchcase(branch, row["name"])]


def may_push(instance: Instance, user: Row, project: Row, branch: str) -> bool:
    return _may(instance, user, project, branch, "push_access_levels")


def may_merge(instance: Instance, user: Row, project: Row, branch: str) -> bool:
    return _may(instance, user, project, branch, "merge_access_levels")


def may_force(instance: Instance, project: Row, branch: str) -> bool:
    return all(row["allow_force_push"] for row in covering(instance, project, branch))


def _may(instance: Instance, user: Row, project: Row, branch: str, which: str) -> bool:
    level = access.project_level(instance, user, project)
    if level < Level.DEVELOPER:
        return False
    rules = covering(instance, project, branch)
    if not rules:
        if branch == project["default_branch"] and not instance.repository(project).heads():
            return level >= Level.MAINTAINER
        return True
    return any(_allows(rule, user, level) for row in rules for rule in row[which])


def _allows(rule: Row, user: Row, level: int) -> bool:
    if rule["user_id"] is not None:
        return bool(rule["user_id"] == user["id"])
    return bool(rule["access_level"]) and level >= rule["access_level"]


def _level(instance: Instance, wanted: Row) -> Row:
    user_id: Any = wanted.get("user_id")
    if wanted.get("group_id") is not None:
        raise not_emulated("groups in the rules of protected branches")
    if user_id is not None:
        name = users.find(instance, user_id)["name"]
    elif wanted.get("access_level") in LEVELS:
        name = _DESCRIPTIONS[wanted["access_level"]]
    else:
        raise refused("Push access levels access level is not included in the list", 422)
    return {
        "id": wanted.get("id") or instance.next_id("access_level"),
        "access_level": 40 if user_id is not None else wanted["access_level"],
        "access_level_description": name,
        "deploy_key_id": None,
        "user_id": user_id,
        "group_id": None,
    }
