"""What happens when tables, columns and labels are created through their records."""

from __future__ import annotations

import re

from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.errors import aborted, duplicate, not_emulated
from portctl.sandbox.servicenow.seed.tables import STAMPS
from portctl.sandbox.servicenow.store.change import Behaviour, Change, Operation
from portctl.sandbox.servicenow.store.instance import SYSTEM, Instance

PREFIX = "u_"
_NAME_LENGTH = 80
_IMMUTABLE = ("name", "element")
_SPEC = re.compile(r"(?P<element>\w+) (?P<type>\w+)(?:\((?P<reference>\w+)\))?(?P<rest>.*)", re.DOTALL)


def declare(instance: Instance, table: str, specification: str) -> None:
    """Create columns from their short form (see `seed/tables.py`), ready at once."""
    rows: list[Row] = []
    for text in filter(None, (piece.strip() for piece in specification.split(";"))):
        match = _SPEC.fullmatch(text)
        if match is None:
            raise ValueError(f"no column specification: {text}")
        words = match["rest"].split()
        default = next((word.removeprefix("=").replace("~", " ") for word in words if word.startswith("=")), "")
        row: Row = {
            "name": table,
            "element": match["element"],
            "column_label": match["element"].replace("_", " ").strip().capitalize(),
            "internal_type": match["type"],
            "reference": match["reference"] or "",
            "max_length": next((word for word in words if word.isdigit()), ""),
            "default_value": default,
            "choice": "1" if "choice" in words else "",
            "read_only": _truth("readonly" in words),
            "unique": _truth("unique" in words),
            "display": _truth("display" in words),
            "active": "true",
            "mandatory": "false",
        }
        rows.append(seeded(instance, "sys_dictionary", f"{table}.{match['element']}", row))
        rows.append(_documentation(instance, row, instance.stable_id(f"label:{table}.{match['element']}")))
    for row in rows:
        instance.put(row)


def seeded(instance: Instance, table: str, key: str, values: Row) -> Row:
    """A row of the product itself, with a sys_id that depends on its key alone."""
    now = instance.now()
    stamps = {"sys_created_on": now, "sys_created_by": SYSTEM, "sys_updated_on": now, "sys_updated_by": SYSTEM}
    filled = {name: column.default for name, column in instance.columns(table).items()}
    row = {**filled, "_table": table, "sys_id": instance.stable_id(f"{table}:{key}"), **stamps, "sys_mod_count": "0"}
    if "sys_class_name" in filled or table in ("sys_dictionary", "sys_db_object", "sys_documentation"):
        row["sys_class_name"] = table
    return {**_BLANK.get(table, {}), **row, **values}


def prepare_column(change: Change) -> None:
    if change.operation is Operation.DELETE:
        return
    row = change.row
    if change.before is not None:
        row.update({name: change.before[name] for name in _IMMUTABLE})
        return
    instance = change.instance
    if instance.schema.table(row["name"]) is None:
        raise aborted("sys_dictionary", "Validate table name", instance.stable_id("Validate table name"))
    row["element"] = _element(change.value("element"), change.value("column_label"))
    row["column_label"] = row["column_label"] or row["element"].removeprefix(PREFIX).replace("_", " ").capitalize()
    if row["internal_type"] == "string" and not row["max_length"]:
        row["max_length"] = "40"
    if row["element"] in instance.schema.columns(row["name"], float("inf")):
        raise duplicate("sys_dictionary", "element")
    row["_ready_at"] = instance.world.clock.seconds() + instance.world.lag_seconds


def follow_column(change: Change) -> None:
    instance, row = change.instance, change.row
    label = instance.one("sys_documentation", name=row["name"], element=row["element"], language="en")
    if change.operation is Operation.DELETE:
        _drop_values(instance, row)
        for each in instance.where("sys_documentation", name=row["name"], element=row["element"]):
            instance.drop(each)
    elif label is None:
        instance.put(_documentation(instance, row, instance.new_id()))
    elif label["label"] != row["column_label"]:
        instance.put({**label, "label": row["column_label"]})


def follow_label(change: Change) -> None:
    """The English label is the column's."""
    if change.operation is Operation.DELETE or change.value("language") != "en":
        return
    column = change.instance.one("sys_dictionary", name=change.value("name"), element=change.value("element"))
    if column is not None:
        change.instance.put({**column, "column_label": change.value("label")})


def prepare_table(change: Change) -> None:
    if change.operation is Operation.DELETE:
        raise not_emulated("the deletion of a table")
    if change.before is not None:
        change.row["name"] = change.before["name"]
        return
    change.row["name"] = _element(change.value("name"), change.value("label"))
    change.row["label"] = change.value("label") or change.row["name"]


def follow_table(change: Change) -> None:
    if change.operation is Operation.INSERT and not change.value("super_class"):
        declare(change.instance, change.row["name"], STAMPS)


def _element(element: str, label: str) -> str:
    """The name that the server gives: as asked where it begins with `u_`, else derived from the label."""
    chosen = element if element.startswith(PREFIX) else PREFIX + (label or element)
    snake = re.sub(r"_+", "_", re.sub(r"[^a-z0-9]+", "_", chosen.lower()))
    return snake.rstrip("_")[:_NAME_LENGTH]


def _documentation(instance: Instance, column: Row, sys_id: str) -> Row:
    values = {
        "name": column["name"],
        "element": column["element"],
        "language": "en",
        "label": column["column_label"],
        "plural": f"{column['column_label']}s",
    }
    return {**seeded(instance, "sys_documentation", sys_id, values), "sys_id": sys_id}


def _drop_values(instance: Instance, column: Row) -> None:
    for row in instance.rows(column["name"]):
        if column["element"] in row:
            instance.put({name: value for name, value in row.items() if name != column["element"]})


def _truth(value: bool) -> str:
    return "true" if value else "false"


_BLANK: dict[str, Row] = {
    "sys_db_object": {"super_class": "", "label": ""},
    "sys_dictionary": {"reference": "", "max_length": "", "default_value": "", "choice": "", "comments": ""},
}
"""Columns that the dictionary itself needs before it is complete."""

COLUMN = Behaviour(prepare_column, follow_column)
LABEL = Behaviour(follow=follow_label)
TABLE = Behaviour(prepare_table, follow_table)
