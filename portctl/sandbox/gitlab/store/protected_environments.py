"""Protected environments: who may deploy there, and whose approval it takes.

Source: GitLab docs, "Protected environments API"; GitLab, `ProtectedEnvironments::BaseService`, `Authorizable`.
"""

from __future__ import annotations

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.gitlab.errors import GitLabError, bad_parameters, not_found, refused
from portctl.sandbox.gitlab.store import access, users
from portctl.sandbox.gitlab.store.access import Level
from portctl.sandbox.gitlab.store.instance import Instance

TABLE = "protected_environments"
LEVELS = (20, 30, 40, 60)
LISTS = ("deploy_access_levels", "approval_rules")
_DESCRIPTIONS = {30: "Developers + Maintainers", 40: "Maintainers"}
_WHO = ("access_level", "user_id", "group_id")
_MOST_APPROVALS = 5
_DEPRECATED = (
    "Parameter 'required_approval_count' is deprecated and shouldn't be used. "
    "See https://gitlab.com/groups/gitlab-org/-/epics/9662"
)


def is_licensed(instance: Instance) -> bool:
    return instance.strict("protected-environments")


def rows(tables: Reader, project_id: int) -> list[Row]:
    found = (row for row in tables.rows(TABLE).values() if row["project_id"] == project_id)
    return sorted(found, key=lambda row: str(row["name"]))


def find(tables: Reader, project_id: int, name: str) -> Row:
    row = tables.get(TABLE, f"{project_id}:{name}")
    if row is None:
        raise not_found()
    return row


def covering(instance: Instance, project_id: int, name: str | None) -> Row | None:
    """The protection of an environment, whether there is one of that name or not."""
    return instance.state.get(TABLE, f"{project_id}:{name}") if name and is_licensed(instance) else None


def protect(instance: Instance, project: Row, values: Row) -> Row:
    """Errors: 409 when it is protected already, 422 when nobody may deploy."""
    _refuse_deprecated(values)
    name = values["name"]
    if instance.state.get(TABLE, f"{project['id']}:{name}") is not None:
        raise refused(f"Environment '{name}' is already protected", 409)
    row: Row = {"project_id": project["id"], "name": name, **{which: [] for which in LISTS}}
    return _changed(instance, project, row, values)


def change(instance: Instance, project: Row, row: Row, values: Row) -> Row:
    """The arrays are patch lists: without `id` added, with `id` changed, with `_destroy` removed. Errors: 404, 422."""
    _refuse_deprecated(values)
    return _changed(instance, project, row, values)


def unprotect(instance: Instance, row: Row) -> None:
    instance.state.drop(TABLE, f"{row['project_id']}:{row['name']}")


def bars(instance: Instance, project: Row, name: str | None, user: Row) -> bool:
    """Whether an environment is protected from somebody."""
    row = covering(instance, project["id"], name)
    return row is not None and not any(fits(instance, project, level, user) for level in row["deploy_access_levels"])


def fits(instance: Instance, project: Row, rule: Row, user: Row) -> bool:
    """Whether a level or rule means somebody; administrators are always meant."""
    if user["is_admin"] or rule["user_id"] is not None:
        return bool(user["is_admin"] or rule["user_id"] == user["id"])
    level: int = rule["access_level"]
    return access.project_level(instance, user, project) >= level


def shown(instance: Instance, row: Row) -> Row:
    return {
        "name": row["name"],
        "deploy_access_levels": [
            {**described(instance, level), "deploy_key_id": None} for level in row["deploy_access_levels"]
        ],
        "required_approval_count": 0,
        "approval_rules": [shown_rule(instance, rule) for rule in row["approval_rules"]],
    }


def shown_rule(instance: Instance, rule: Row) -> Row:
    return {**described(instance, rule), "required_approvals": rule["required_approvals"]}


def described(instance: Instance, rule: Row) -> Row:
    kept = ("id", "access_level", "user_id", "group_id", "group_inheritance_type")
    return {**{name: rule[name] for name in kept}, "access_level_description": said(instance, rule)}


def said(instance: Instance, rule: Row) -> str | None:
    """Whom it means, in words."""
    if rule["user_id"] is not None:
        return str(users.find(instance, rule["user_id"])["name"])
    return _DESCRIPTIONS.get(rule["access_level"])


def _changed(instance: Instance, project: Row, row: Row, values: Row) -> Row:
    changed = {**row, **{which: _patched(instance, project, row[which], values.get(which), which) for which in LISTS}}
    problems = [
        f"Approval rules required approvals must be less than or equal to {_MOST_APPROVALS}"
        if rule["required_approvals"] > _MOST_APPROVALS
        else "Approval rules required approvals must be greater than or equal to 1"
        for rule in changed["approval_rules"]
        if not 1 <= rule["required_approvals"] <= _MOST_APPROVALS
    ]
    if not changed["deploy_access_levels"]:
        problems.insert(0, "Deploy access levels is too short (minimum is 1 character)")
    if problems:
        raise GitLabError(422, {"message": problems})
    instance.state.put(TABLE, f"{row['project_id']}:{row['name']}", changed)
    return changed


def _patched(instance: Instance, project: Row, before: list[Row], wanted: list[Row] | None, which: str) -> list[Row]:
    found = {rule["id"]: rule for rule in before}
    for number, each in enumerate(wanted or []):
        named = [name for name in _WHO if name in each]
        if not named and which == "approval_rules" and (not each.get("_destroy") or instance.strict("bare-destroy")):
            names = ", ".join(f"approval_rules[{number}][{name}]" for name in _WHO)
            raise bad_parameters(f"{names} are missing, at least one parameter must be provided")
        if not _is_valid(instance, project, each, named):
            continue
        known = each.get("id")
        if known is not None and known not in found:
            raise not_found()
        if known is not None and each.get("_destroy"):
            del found[known]
        elif not each.get("_destroy"):
            rule = _rule(instance, found.get(known or 0), each, which)
            found[rule["id"]] = rule
    return list(found.values())


def _is_valid(instance: Instance, project: Row, each: Row, named: list[str]) -> bool:
    """What is not is dropped without a word: nobody or several named, users who are no developers, foreign groups."""
    if each.get("_destroy") and not instance.strict("bare-destroy"):
        return True
    if len(named) != 1:
        return False
    if each.get("_destroy") or each.get("access_level") is not None:
        return True
    user = instance.state.get("users", str(each.get("user_id")))
    if user is None:
        return False
    return access.project_level(instance, {**user, "is_admin": False}, project) >= Level.DEVELOPER


def _rule(instance: Instance, before: Row | None, each: Row, which: str) -> Row:
    blank: Row = {"id": None, "access_level": None, "user_id": None, "group_id": None, "group_inheritance_type": 0}
    blank |= {"required_approvals": 1} if which == "approval_rules" else {}
    kept = {name: each[name] for name in blank if each.get(name) is not None}
    rule = {**(before or blank), **kept}
    return {**rule, "id": rule["id"] or instance.next_id("protected_environment_rule")}


def _refuse_deprecated(values: Row) -> None:
    if (values.get("required_approval_count") or 0) > 0:
        raise refused(_DEPRECATED, 422)
