"""How stored text is shown: the four display modes of the Table API."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.servicenow.store import dates
from portctl.sandbox.servicenow.store.instance import Actor, Instance
from portctl.sandbox.servicenow.store.query import Matcher
from portctl.sandbox.servicenow.store.schema import DATES, JOURNALS, MASKED, Column, choice_labels

MASK = "********"


class Display(StrEnum):
    """`sysparm_display_value`."""

    FALSE = "false"
    TRUE = "true"
    ALL = "all"


class View:
    """Renders rows for one user. `fields` empty: every column."""

    def __init__(
        self,
        instance: Instance,
        actor: Actor,
        *,
        display: Display = Display.FALSE,
        links: bool = True,
        fields: tuple[str, ...] = (),
        reader: Reader | None = None,
    ) -> None:
        self._instance = instance
        self._actor = actor
        self._display = display
        self._links = links
        self._fields = fields
        self._reader = reader
        self._labels: dict[tuple[str, str], dict[str, str]] = {}

    def row(self, row: Row) -> dict[str, Any]:
        table = str(row["_table"])
        columns = self._instance.columns(table)
        if not self._fields:
            return {name: self._shape(table, column, self.stored(row, column)) for name, column in columns.items()}
        matcher = Matcher(self._instance, self._actor, table, self._reader)
        shown: dict[str, Any] = {}
        for path in self._fields:
            found = matcher.column(path)
            if found is not None:
                text = self.stored(row, found) if "." not in path else _masked(found, matcher.value(row, path))
                shown[path] = self._shape(table, found, text)
        return shown

    def stored(self, row: Row, column: Column) -> str:
        """The value as the database has it, with secrets masked and journals empty."""
        text = str(row.get(column.element, ""))
        if column.element == "sys_class_name" and not text:
            return str(row["_table"])
        if row["_table"] == "sys_properties" and column.element == "value" and row.get("type") == "password2":
            return MASK if text else ""
        return _masked(column, text)

    def label(self, table: str, column: Column, text: str) -> str:
        """What a person sees in place of the value."""
        if not text:
            return ""
        if column.is_reference:
            return self._name(column.reference, text)
        if column.type in DATES:
            return dates.to_display(text, column.type, self._actor)
        if column.has_choices:
            return self._choices(table, column.element).get(text, text)
        if column.type == "glide_list" and column.reference:
            return ", ".join(self._name(column.reference, each) for each in text.split(","))
        return text

    def _shape(self, table: str, column: Column, text: str) -> Any:
        label = text if self._display is Display.FALSE else self.label(table, column, text)
        if column.is_reference and text and self._links:
            link = {"link": f"{self._instance.url}/api/now/table/{column.reference}/{text}"}
            if self._display is Display.FALSE:
                return {**link, "value": text}
            value = {"value": text} if self._display is Display.ALL else {}
            return {"display_value": label, **link, **value}
        if self._display is Display.ALL:
            return {"display_value": label, "value": text}
        return label

    def _choices(self, table: str, element: str) -> dict[str, str]:
        key = (table, element)
        if key not in self._labels:
            self._labels[key] = choice_labels(self._instance.state, self._instance.schema.lineage(table), element)
        return self._labels[key]

    def _name(self, table: str, sys_id: str) -> str:
        row = self._instance.get(table, sys_id, self._reader)
        element = self._instance.schema.display_column(str(row["_table"])) if row else None
        if row is None or element is None:
            return ""
        column = self._instance.columns(str(row["_table"]))[element]
        return self.label(str(row["_table"]), column, str(row.get(element, "")))


def _masked(column: Column, text: str) -> str:
    if column.type in JOURNALS:
        return ""
    return MASK if column.type in MASKED and text else text
