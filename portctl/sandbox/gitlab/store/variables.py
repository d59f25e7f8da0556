"""CI/CD variables of projects and groups. Source: GitLab docs, "Project-level CI/CD variables API", masking rules."""

from __future__ import annotations

import re

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.gitlab.errors import invalid, not_found, refused
from portctl.sandbox.gitlab.store.instance import Instance

_KEY = re.compile(r"[A-Za-z0-9_]+")
_MASKABLE = re.compile(r"[a-zA-Z0-9_+=/@:.~-]{8,}")
_MASKABLE_RAW = re.compile(r"\S{8,}")
_LONGEST_VALUE = 10_000
_LONGEST_TEXT = 255
_DEFAULTS: Row = {
    "variable_type": "env_var",
    "protected": False,
    "masked": False,
    "raw": False,
    "environment_scope": "*",
    "description": None,
    "hidden": False,
}
_SHOWN = (
    "variable_type",
    "key",
    "value",
    "hidden",
    "protected",
    "masked",
    "raw",
    "environment_scope",
    "description",
)
_AMBIGUOUS = "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'"


def rows(tables: Reader, source: str) -> list[Row]:
    """The variables of "project:7" or "namespace:7", in the order of their creation."""
    return [row for row in tables.rows("variables").values() if row["source"] == source]


def find(tables: Reader, source: str, key: str, scope: str | None) -> Row:
    """Errors: 404, and 409 when the key stands in several scopes and none is given."""
    found = [row for row in rows(tables, source) if row["key"] == key and scope in (None, row["environment_scope"])]
    if not found:
        raise not_found("Variable")
    if len(found) > 1:
        raise refused(_AMBIGUOUS, 409)
    return found[0]


def create(instance: Instance, source: str, values: Row) -> Row:
    sent = {name: value for name, value in values.items() if value is not None}
    if sent.pop("masked_and_hidden", False):
        sent |= {"masked": True, "hidden": True}
    row = {"id": instance.next_id("variable"), "source": source, **_DEFAULTS, **sent}
    _check(instance, row)
    instance.state.put("variables", str(row["id"]), row)
    return row


def change(instance: Instance, before: Row, values: Row) -> Row:
    kept = {name: value for name, value in values.items() if value is not None or name == "description"}
    row = {**before, **kept}
    if before["hidden"] and not row["masked"]:
        text = "Updating masked attribute of a hidden variable to false is not allowed."
        raise invalid(base=[f"The visibility setting cannot be changed for hidden variables. {text}"])
    _check(instance, row)
    instance.state.put("variables", str(row["id"]), row)
    return row


def delete(instance: Instance, row: Row) -> None:
    instance.state.drop("variables", str(row["id"]))


def shown(row: Row) -> Row:
    """The value of a hidden variable is never read back."""
    return {name: None if name == "value" and row["hidden"] else row[name] for name in _SHOWN}


def _check(instance: Instance, row: Row) -> None:
    problems: dict[str, list[str]] = {}
    if not _KEY.fullmatch(row["key"]):
        problems["key"] = ["can contain only letters, digits and '_'."]
    for name in ("key", "environment_scope", "description"):
        if len(row[name] or "") > _LONGEST_TEXT:
            problems.setdefault(name, []).append(f"is too long (maximum is {_LONGEST_TEXT} characters)")
    if len(row["value"]) > _LONGEST_VALUE:
        problems["value"] = [f"The value of the provided variable exceeds the {_LONGEST_VALUE} character limit"]
    beside = [each for each in rows(instance.state, row["source"]) if each["id"] != row["id"]]
    if any(each["key"] == row["key"] and each["environment_scope"] == row["environment_scope"] for each in beside):
        problems.setdefault("key", []).append(f"({row['key']}) has already been taken")
    if row["masked"] and not _maskable(instance, row, beside):
        problems.setdefault("value", []).append("is invalid")
    if problems:
        raise invalid(**problems)


def _maskable(instance: Instance, row: Row, beside: list[Row]) -> bool:
    pattern = _MASKABLE_RAW if row["raw"] else _MASKABLE
    if instance.strict("masked-value-names") and any(each["key"] == row["value"] for each in beside):
        return False
    return pattern.fullmatch(row["value"]) is not None
