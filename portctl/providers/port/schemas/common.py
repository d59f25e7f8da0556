"""Parts that the schemas of several kinds share.

Source: docs.port.io, API reference. Unions of JSON types need no alternatives: a keyword such as `properties` or
`pattern` speaks about one type only and lets the others pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
"""What a read gives as null where nothing stands."""
FLAG: Schema = {"type": "boolean"}
TEXTS: Schema = {"type": "array", "items": TEXT}
FREE: Schema = {"type": "object"}
TITLE: Schema = {"type": "string", "maxLength": 100}
JSON_TYPES = ("string", "number", "boolean", "object", "array")

COLORS = (
    *("blue", "turquoise", "orange", "purple", "pink", "yellow", "green", "red", "gold"),
    *("silver", "paleBlue", "darkGray", "lightGray", "bronze", "lime", "olive", "brown"),
)

PART_NAME: Schema = {
    "pattern": r"^[A-Za-z0-9@_=\\-]+$",
    "maxLength": 100,
    "description": r"letters, digits and @ _ = \ -",
}
"""Name of a property, relation, mirror, calculation or aggregation."""


def identifier(also: str, longest: int | None = None) -> dict[str, Any]:
    """An identifier made of letters of any script, digits and the characters of `also`; never `.` or `..`."""
    schema: dict[str, Any] = {
        "type": "string",
        "pattern": r"^(?!\.{1,2}$)(?:[^\W\d_]|[0-9" + also.replace("\\", "\\\\") + "])+$",
        "description": "letters, digits and " + " ".join(also),
    }
    return schema if longest is None else {**schema, "maxLength": longest}


def closed(needed: Sequence[str] = (), /, **properties: Any) -> dict[str, Any]:
    """An object that may have these fields and no other."""
    return {**opened(needed, **properties), "additionalProperties": False}


def opened(needed: Sequence[str] = (), /, **properties: Any) -> dict[str, Any]:
    """An object whose fields of these names have these shapes; Port lets others pass."""
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    return {**schema, "required": list(needed)} if needed else schema


def one_of(*values: str) -> dict[str, Any]:
    """One of a few words."""
    return {"enum": list(values)}


def by(name: str, branches: Mapping[str, Any], hints: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The schema that the text at `name` (a dotted path) chooses. `hints`: what to say about other texts."""
    return {"discriminator": {"propertyName": name, "mapping": dict(branches), "hints": dict(hints or {})}}


def parts(shape: Any) -> dict[str, Any]:
    """A map from the names of properties or relations to `shape`."""
    return {"type": "object", "propertyNames": PART_NAME, "additionalProperties": shape}


JQ: Schema = closed(["jqQuery"], jqQuery=TEXT)
FLAG_OR_JQ: Schema = {**JQ, "type": ["boolean", "object"]}
