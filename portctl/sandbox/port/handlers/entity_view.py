"""How entities are shown: calculated values, chosen fields, pages."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.context import Call
from portctl.sandbox.port.errors import invalid, not_emulated
from portctl.sandbox.port.store import computed
from portctl.sandbox.port.store.reading import Reading

_ALWAYS = ("identifier", "blueprint")


def shown(call: Call, row: Row, fields: Mapping[str, Any] | None = None, *, present: bool = False) -> Row:
    """An entity as it is read; `fields`: include and exclude of a search body, otherwise the query's."""
    for name in ("attach_title_to_relation", "attach_identifier_to_title_mirror_properties"):
        if call.flag(name):
            raise not_emulated(f"the parameter {name}")
    tables = call.organisation.state if present else call.tables
    blueprint = tables.get("blueprints", row["blueprint"])
    if blueprint is None:
        return row
    entity = computed.view(
        Reading(tables, call.organisation.world.clock.now()),
        blueprint,
        row,
        calculated=not call.flag("exclude_calculated_properties"),
        nulls=call.organisation.strict("unset-values"),
    )
    fields = fields or {}
    include = fields.get("include", call.request.query_list("include"))
    exclude = fields.get("exclude", call.request.query_list("exclude"))
    return _chosen(entity, include, exclude)


def found(call: Call, rows: list[Row], query: Row | None) -> list[Row]:
    """The entities that satisfy the query, or all."""
    if query is None:
        return rows
    reading = Reading(call.tables, call.organisation.world.clock.now())
    return reading.select(query, rows)


def cursor(row: Row) -> str:
    """What stands for a place in a list of entities."""
    return base64.urlsafe_b64encode(row["identifier"].encode()).decode()


def position(rows: list[Row], after: str | None) -> int:
    """The index behind the entity that a cursor stands for. Errors: 422."""
    if after is None:
        return 0
    for index, row in enumerate(rows):
        if cursor(row) == after:
            return index + 1
    raise invalid("body/from is not a cursor of this search")


def _chosen(entity: Row, include: list[str], exclude: list[str]) -> Row:
    if not include and not exclude:
        return entity

    def kept(name: str) -> bool:
        return (not include or name in include) and name not in exclude

    return {
        **{
            name: value
            for name, value in entity.items()
            if name in _ALWAYS or name in ("properties", "relations") or kept(f"${name}")
        },
        "properties": {name: value for name, value in entity["properties"].items() if kept(name)},
        "relations": {name: value for name, value in entity["relations"].items() if kept(name)},
    }
