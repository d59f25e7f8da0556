"""Bodies of the blueprint routes."""

from __future__ import annotations

from typing import Any

from portctl.sandbox.port.schemas import search
from portctl.sandbox.port.schemas.check import (
    BLUEPRINT_ID,
    PROPERTY_NAMES,
    Schema,
    compile_schema,
    list_of,
    map_of,
    object_of,
    one_of,
    text,
)

TYPES = ("string", "number", "boolean", "object", "array")
STRING_FORMATS = (
    *("date-time", "url", "email", "idn-email", "ipv4", "ipv6", "markdown", "yaml"),
    *("user", "team", "timer", "proto", "blueprints"),
)
COLOURS = (
    *("blue", "turquoise", "orange", "purple", "pink", "yellow", "green", "red", "gold", "silver"),
    *("paleBlue", "darkGray", "lightGray", "bronze", "lime", "olive", "brown"),
)
_TITLE = text(maxLength=100)
_SPEC = one_of("open-api", "embedded-url", "async-api")
_SPEC_AUTHENTICATION = object_of(
    {
        "clientId": text(),
        "authorizationUrl": text(format="url"),
        "tokenUrl": text(format="url"),
        "authorizationScope": list_of(text()),
    },
    required=("clientId", "authorizationUrl", "tokenUrl"),
)
_COUNT = {"type": "integer", "minimum": 0}
_PROPERTY: Schema = object_of(
    {
        "title": _TITLE,
        "description": text(),
        "icon": text(),
        "type": one_of(*TYPES),
        "format": one_of(*STRING_FORMATS, "labeled-url"),
        "spec": _SPEC,
        "specAuthentication": _SPEC_AUTHENTICATION,
        "enum": {"type": "array", "minItems": 1, "uniqueItems": True},
        "enumColors": map_of(one_of(*COLOURS)),
        "minLength": _COUNT,
        "maxLength": _COUNT,
        "minItems": _COUNT,
        "maxItems": _COUNT,
        "minimum": {"type": "number"},
        "maximum": {"type": "number"},
        "exclusiveMinimum": {"type": "number"},
        "exclusiveMaximum": {"type": "number"},
        "uniqueItems": {"type": "boolean"},
        "pattern": text(),
        "items": {"type": "object", "properties": {"type": one_of(*TYPES)}},
        "properties": {"type": "object"},
        "patternProperties": {"type": "object"},
    },
    required=("type",),
    additional=True,
)
_CALCULATION = object_of(
    {
        "title": _TITLE,
        "description": text(),
        "icon": text(),
        "calculation": text(),
        "type": one_of(*TYPES),
        "format": one_of(*(name for name in STRING_FORMATS if name not in ("timer", "blueprints")), "labeled-url"),
        "spec": _SPEC,
        "specAuthentication": _SPEC_AUTHENTICATION,
        "colorized": {"type": "boolean"},
        "colors": map_of(one_of(*COLOURS)),
        "items": {
            "type": "object",
            "properties": {
                "type": one_of(*TYPES),
                "format": one_of(
                    *(name for name in STRING_FORMATS if name not in ("idn-email", "blueprints")), "labeled-url"
                ),
            },
        },
    },
    required=("calculation", "type"),
)
_MIRROR = object_of(
    {"path": text(pattern=r"^(?:[A-Za-z0-9@_=\-$]+\.)+?(\w|\$|@|-)*?[^\.]+\Z"), "title": _TITLE}, required=("path",)
)
_PERIODS = one_of("hour", "day", "week", "month", "total")
_AGGREGATION_SPEC: Schema = {
    "type": "object",
    "oneOf": [
        object_of({"calculationBy": one_of("entities"), "func": one_of("count")}, required=("calculationBy", "func")),
        object_of(
            {
                "calculationBy": one_of("entities"),
                "func": one_of("average"),
                "averageOf": _PERIODS,
                "measureTimeBy": text(),
            },
            required=("calculationBy", "func", "averageOf"),
        ),
        object_of(
            {
                "calculationBy": one_of("property"),
                "func": one_of("sum", "min", "max", "median"),
                "property": text(),
            },
            required=("calculationBy", "func", "property"),
        ),
        object_of(
            {
                "calculationBy": one_of("property"),
                "func": one_of("average"),
                "averageOf": _PERIODS,
                "property": text(),
                "measureTimeBy": text(),
            },
            required=("calculationBy", "func", "property", "averageOf"),
        ),
    ],
}
_PATH_FILTER = list_of(
    object_of({"path": list_of(text(), minItems=1), "fromBlueprint": text()}, required=("path",)), maxItems=1
)
_AGGREGATION = object_of(
    {
        "title": _TITLE,
        "description": text(),
        "icon": text(),
        "type": one_of("number"),
        "target": text(),
        "calculationSpec": _AGGREGATION_SPEC,
        "query": search.QUERY,
        "pathFilter": {**_PATH_FILTER, "type": ["array", "null"]},
    },
    required=("title", "target", "calculationSpec"),
)
_OWNERSHIP: Schema = {
    "anyOf": [
        object_of({"type": one_of("Inherited"), "path": text(), "title": _TITLE}, required=("type", "path")),
        object_of({"type": one_of("Direct"), "title": _TITLE}, required=("type",)),
    ]
}
_CHANGELOG: Schema = {
    "oneOf": [
        object_of(
            {"type": one_of("WEBHOOK"), "url": text(format="uri"), "agent": {"type": "boolean"}},
            required=("type", "url"),
        ),
        object_of({"type": one_of("KAFKA")}, required=("type",)),
    ]
}


def _relation(required: tuple[str, ...]) -> Schema:
    return object_of(
        {
            "title": _TITLE,
            "description": text(),
            "target": text(),
            "required": {"type": "boolean"},
            "many": {"type": "boolean"},
            "type": text(),
        },
        required=required,
    )


def _named(values: Schema) -> Schema:
    return map_of(values, names=PROPERTY_NAMES, longest=100)


def _body(required: tuple[str, ...], relation: Schema) -> Any:
    body = object_of(
        {
            "identifier": BLUEPRINT_ID,
            "title": text(minLength=1, maxLength=100),
            "description": text(maxLength=200),
            "icon": text(),
            "ownership": _OWNERSHIP,
            "schema": object_of(
                {"properties": _named(_PROPERTY), "required": list_of(text())}, required=("properties",)
            ),
            "calculationProperties": _named(_CALCULATION),
            "mirrorProperties": _named(_MIRROR),
            "aggregationProperties": _named(_AGGREGATION),
            "relations": _named(relation),
            "changelogDestination": _CHANGELOG,
        },
        required=required,
        additional=True,
    )
    return compile_schema({**body, "$defs": search.DEFINITIONS})


_REQUIRED = {"create": ("identifier", "title", "schema"), "replace": ("title", "schema"), "merge": ()}
_BODIES = {
    (verb, strict): _body(required, _relation(("target", "required", "many") if strict else ("target",)))
    for verb, required in _REQUIRED.items()
    for strict in (True, False)
}


def body(verb: str, *, strict: bool) -> Any:
    """The validator of a create, replace or merge body; `strict`: relations must say `required` and `many`."""
    return _BODIES[(verb, strict)]


def rename(key: str) -> Any:
    """The body of a rename, whose only key is `key`."""
    return compile_schema(object_of({key: text(pattern=PROPERTY_NAMES, maxLength=100)}, required=(key,)))
