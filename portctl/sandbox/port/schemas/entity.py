"""Bodies of the entity routes."""

from __future__ import annotations

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


_WHOLE = object_of(
    {
        "identifier": ENTITY_ID,
        "title": text(),
        "icon": text(),
        "team": {"oneOf": [text(), _STRINGS]},
        "properties": {"type": "object"},
        "relations": _RELATIONS,
    },
    additional=True,
)
_PARTIAL = object_of(
    {
        "identifier": ENTITY_ID,
        "title": {"type": ["string", "null"]},
        "icon": {"type": ["string", "null"]},
        "team": {"oneOf": [{"type": ["string", "null"]}, _STRINGS]},
        "properties": {"type": "object", "propertyNames": {"pattern": PROPERTY_NAMES}},
        "relations": _RELATIONS,
    }
)
WHOLE = compile_schema(_compiled(_WHOLE))
PARTIAL = compile_schema(_compiled(_PARTIAL))
BULK = compile_schema(
    _compiled(object_of({"entities": list_of(_WHOLE, minItems=1, maxItems=20)}, required=("entities",)))
)
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
