"""Records as the Change Management API shows them: value and display value, the value typed."""

from __future__ import annotations

from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.store import dates
from portctl.sandbox.servicenow.store.instance import Actor, Instance
from portctl.sandbox.servicenow.store.schema import DATES, Column
from portctl.sandbox.servicenow.store.values import View


def typed_row(instance: Instance, actor: Actor, row: Row) -> dict[str, dict[str, Any]]:
    table = str(row["_table"])
    view = View(instance, actor)
    shown: dict[str, dict[str, Any]] = {}
    for name, column in instance.columns(table).items():
        text = view.stored(row, column)
        field: dict[str, Any] = {
            "display_value": view.label(table, column, text),
            "value": _typed(column, text, fraction=instance.strict("typed-values")),
        }
        if column.type in DATES:
            field["display_value_internal"] = dates.internal(text, actor) if column.type == "glide_date_time" else text
        shown[name] = field
    return shown


def _typed(column: Column, text: str, *, fraction: bool) -> Any:
    if column.type == "boolean":
        return text == "true"
    if column.type == "integer" and text:
        return float(text) if fraction else int(text)
    return text
