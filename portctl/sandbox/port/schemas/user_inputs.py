"""The form of a self-service action."""

from __future__ import annotations

from typing import Any

from portctl.sandbox.port.schemas import search
from portctl.sandbox.port.schemas.blueprint import COLOURS, TYPES
from portctl.sandbox.port.schemas.check import (
    PROPERTY_NAMES,
    Schema,
    compile_schema,
    list_of,
    map_of,
    object_of,
    one_of,
    text,
)

_FORMATS = (
    *("date-time", "url", "email", "ipv4", "ipv6", "yaml", "entity", "user", "team"),
    *("proto", "markdown", "multi-line", "labeled-url"),
)
_QUERY = object_of({"jqQuery": text()}, required=("jqQuery",))
_SWITCH: Schema = {"anyOf": [{"type": "boolean"}, _QUERY]}
_ENCRYPTION: Schema = {
    "anyOf": [
        one_of("aes256-gcm"),
        object_of({"algorithm": one_of("client-side"), "key": text()}, required=("algorithm", "key")),
    ]
}
_INPUT: Schema = {
    "type": "object",
    "properties": {
        "type": one_of(*TYPES),
        "format": one_of(*_FORMATS),
        "title": text(),
        "description": text(),
        "icon": text(),
        "blueprint": text(),
        "enum": {"anyOf": [{"type": "array"}, _QUERY]},
        "enumColors": {"anyOf": [map_of(one_of(*COLOURS)), {"type": "object"}]},
        "visible": _SWITCH,
        "disabled": _SWITCH,
        "dependsOn": list_of(text()),
        "dataset": search.DATASET,
        "sort": {
            "type": "object",
            "properties": {"property": text(), "order": one_of("ASC", "DESC")},
            "required": ["property", "order"],
        },
        "items": {"type": "object"},
        "encryption": _ENCRYPTION,
        "jqQuery": {"type": "null"},
    },
    "required": ["type"],
}
_ENTITY_INPUT: Schema = {
    "if": {"properties": {"format": {"const": "entity"}}, "required": ["format"]},
    "then": {"required": ["blueprint"]},
}
_TITLES = map_of(
    {
        "type": "object",
        "properties": {
            "title": text(minLength=1, maxLength=140),
            "description": text(maxLength=1000),
            "visible": _SWITCH,
        },
    },
    names=PROPERTY_NAMES,
)
_COMMON: dict[str, Schema] = {
    "properties": map_of({**_INPUT, **_ENTITY_INPUT}, names=PROPERTY_NAMES),
    "required": {"oneOf": [_QUERY, list_of(text())]},
    "titles": _TITLES,
}
_STEPS = list_of(object_of({"title": text(), "order": list_of(text()), "visible": _SWITCH}, required=("title",)))


def _form(extra: dict[str, Schema]) -> Any:
    form = object_of({**_COMMON, **extra}, required=("properties", *extra))
    return compile_schema({**form, "$defs": search.DEFINITIONS})


FORMS = {"plain": _form({}), "order": _form({"order": list_of(text())}), "steps": _form({"steps": _STEPS})}
"""By what the form is arranged with."""
