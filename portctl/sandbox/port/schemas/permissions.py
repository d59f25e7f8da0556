"""Bodies of the permissions routes."""

from __future__ import annotations

from portctl.sandbox.port.schemas import search
from portctl.sandbox.port.schemas.check import Schema, compile_schema, list_of, map_of, object_of, text

_STRINGS = list_of(text())
_WHO: dict[str, Schema] = {"users": _STRINGS, "roles": _STRINGS, "teams": _STRINGS}
_POLICY: Schema = {
    **object_of(
        {
            "queries": {**map_of(search.QUERY), "minProperties": 1},
            "conditions": list_of(text(minLength=1), minItems=1),
        },
        required=("queries", "conditions"),
    ),
    "type": ["object", "null"],
}
ACTION = compile_schema(
    {
        **object_of(
            {
                "execute": object_of({**_WHO, "ownedByTeam": {"type": "boolean"}, "policy": _POLICY}),
                "approve": object_of({**_WHO, "policy": _POLICY}),
            }
        ),
        "$defs": search.DEFINITIONS,
    }
)
_LEAF = object_of({**_WHO, "ownedByTeam": {"type": "boolean"}})
_VERB = object_of({**_WHO, "ownedByTeam": {"type": "boolean"}, "policy": {"anyOf": [search.QUERY, {"type": "null"}]}})
BLUEPRINT = compile_schema(
    {
        **object_of(
            {
                "entities": object_of(
                    {
                        "read": _VERB,
                        "register": _VERB,
                        "update": _VERB,
                        "unregister": _VERB,
                        "readProperties": map_of(_LEAF),
                        "updateProperties": map_of(_LEAF),
                        "updateRelations": map_of(_LEAF),
                    }
                )
            }
        ),
        "$defs": search.DEFINITIONS,
    }
)
