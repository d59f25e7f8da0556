"""Bodies of the entity routes."""

from __future__ import annotations

from dataclasses import dataclass

from jsonschema import Draft202012Validator

from portctl.sandbox.port.schemas import search
from portctl.sandbox.port.schemas.check import (
    ENTITY_ID,
    PROPERTY_NAMES,
    Schema,
    compile_schema,
    list_of,
    object_of,
    text,
)

_STRINGS = list_of(text())
_FINDER = search.FINDER
_RELATIONS: Schema = {
    "type": "object",
    "additionalProperties": {
        "anyOf": [ENTITY_ID, list_of({**ENTITY_ID}), {"type": "null"}, _FINDER],
    },
}


def _compiled(schema: Schema) -> Schema:
    return {**schema, "$defs": search.DEFINITIONS}


_NULLABLE: Schema = {"type": ["string", "null"]}


def _whole(identifier: Schema, title: Schema) -> Schema:
    return object_of(
        {
            "identifier": identifier,
            "title": title,
            "icon": _NULLABLE,
            "team": {"oneOf": [text(), _STRINGS, _FINDER]},
            "properties": {"type": "object"},
            "relations": _RELATIONS,
        },
        additional=True,
    )


_PARTIAL = object_of(
    {
        "identifier": ENTITY_ID,
        "title": _NULLABLE,
        "icon": _NULLABLE,
        "team": {"oneOf": [_NULLABLE, _STRINGS, _FINDER]},
        "properties": {"type": "object", "propertyNames": {"pattern": PROPERTY_NAMES}},
        "relations": _RELATIONS,
    }
)
PARTIAL = compile_schema(_compiled(_PARTIAL))


@dataclass(frozen=True, slots=True)
class Bodies:
    """Bodies that write entities whole: the identifier of a new one may be a search, that of a known one may not."""

    new: Draft202012Validator
    replacement: Draft202012Validator
    bulk: Draft202012Validator


def _bodies(title: Schema) -> Bodies:
    new = _whole({"oneOf": [ENTITY_ID, _FINDER]}, title)
    bulk = object_of({"entities": list_of(new, minItems=1, maxItems=20)}, required=("entities",))
    return Bodies(
        new=compile_schema(_compiled(new)),
        replacement=compile_schema(_compiled(_whole(ENTITY_ID, title))),
        bulk=compile_schema(_compiled(bulk)),
    )


_BODIES = {True: _bodies(text()), False: _bodies(_NULLABLE)}


def bodies(*, strict: bool) -> Bodies:
    """`strict`: a title may be left out, and not be null."""
    return _BODIES[strict]


BULK_DELETE = compile_schema(object_of({"entities": list_of(text(), minItems=1, maxItems=100)}, required=("entities",)))
SEARCH_PAGE = compile_schema(
    _compiled(
        object_of(
            {
                "query": search.QUERY,
                "include": _STRINGS,
                "exclude": _STRINGS,
                "limit": {"type": "number", "minimum": 1, "maximum": 1000},
                "from": text(),
            }
        )
    )
)
SEARCH_ALL = compile_schema(_compiled(search.QUERY))
