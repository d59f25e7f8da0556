"""What the Table API makes of the values that a client sends: text, or nothing at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.store import access, dates
from portctl.sandbox.servicenow.store.instance import Actor, Instance
from portctl.sandbox.servicenow.store.model import GRAPH
from portctl.sandbox.servicenow.store.schema import DATES, Column, choice_labels

_SYS_ID = re.compile(r"[0-9a-f]{32}")
_CLIENT_STAMPS = ("sys_scope", "sys_policy")


@dataclass(frozen=True, slots=True)
class Intake:
    """The values to store, and the names that were dropped."""

    values: Row
    ignored: tuple[str, ...]


def take(
    instance: Instance,
    actor: Actor,
    table: str,
    body: Mapping[str, Any],
    *,
    display: bool = False,
    creating: bool = False,
) -> Intake:
    """`display`: values are labels, names and local times."""
    columns = instance.columns(table)
    values: Row = {}
    ignored: list[str] = []
    for name, value in body.items():
        column = columns.get(name)
        text = None
        allowed = access.may_write_column(instance, actor, table, name)
        if column is not None and allowed and _writable(column, creating=creating):
            text = _text(instance, actor, table, column, value, display=display)
        if text is None:
            ignored.append(name)
        else:
            values[name] = text
    return Intake(values, tuple(ignored))


def is_sys_id(text: str) -> bool:
    return _SYS_ID.fullmatch(text) is not None


def _writable(column: Column, *, creating: bool) -> bool:
    if column.element == "sys_id":
        return creating
    if column.element in _CLIENT_STAMPS:
        return True
    return not column.read_only and not column.element.startswith("sys_")


def _text(instance: Instance, actor: Actor, table: str, column: Column, value: Any, *, display: bool) -> str | None:
    """The text to store, or None where the value is dropped."""
    if value is None:
        return None if instance.strict("null-write") else ""
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, (int, float)):
        value = str(int(value)) if float(value).is_integer() else str(value)
    if not isinstance(value, str):
        return None
    if column.element == "sys_id":
        return value if is_sys_id(value) else None
    if column.is_reference:
        return _reference(instance, column, value, display=display)
    if column.has_choices:
        value = _choice(instance, table, column, value, display=display)
    return None if value is None else _typed(actor, column, value, display=display)


def _typed(actor: Actor, column: Column, value: str, *, display: bool) -> str | None:
    if value == "":
        return ""
    if column.type == "boolean":
        return "true" if value.lower() in ("true", "1", "yes") else "false"
    if column.type == "integer":
        return _whole(value)
    if column.type in DATES:
        if display:
            return dates.from_display(value, column.type, actor)
        return value if dates.is_stored_form(value, column.type) else ""
    return value[: column.length] if column.length else value


def _whole(value: str) -> str | None:
    try:
        return str(int(float(value)))
    except (ValueError, OverflowError):
        return None


def _reference(instance: Instance, column: Column, value: str, *, display: bool) -> str:
    if value == "" or is_sys_id(value) or column.reference == "sys_scope":
        return value
    if column.reference == "chg_model":
        return _model(instance, value, display=display)
    if display:
        element = instance.schema.display_column(column.reference)
        rows = instance.where(column.reference, **{element: value}) if element else []
        return str(rows[0]["sys_id"]) if rows else ""
    return "" if instance.strict("raw-reference") else value


def _model(instance: Instance, value: str, *, display: bool) -> str:
    """Models that are called as types are known by these names; for others it depends (a switch)."""
    is_type = value.lower() in GRAPH
    if not is_type and not display and instance.strict("model-name"):
        return ""
    model = instance.one("chg_model", name=value.capitalize() if is_type else value)
    return str(model["sys_id"]) if model else ""


def _choice(instance: Instance, table: str, column: Column, value: str, *, display: bool) -> str | None:
    labels = choice_labels(instance.state, instance.schema.lineage(table), column.element)
    if display:
        return next((each for each, label in labels.items() if label == value), value)
    if value and labels and value not in labels and not instance.strict("off-list-choice"):
        return None
    return value
