"""The body of a blueprint.

Source: docs.port.io, API reference, "Create a blueprint". Unknown keys at the top and in a property pass, as they do
at Port.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.providers.port.schemas.common import (
    COLORS,
    FLAG,
    JSON_TYPES,
    TEXT,
    TEXTS,
    TITLE,
    Schema,
    by,
    closed,
    identifier,
    one_of,
    opened,
    parts,
)
from portctl.providers.port.schemas.query import query_definitions

_PLAIN_FORMATS = (
    *("date-time", "url", "email", "ipv4", "ipv6", "markdown", "yaml"),
    *("user", "team", "proto", "labeled-url"),
)
_PROPERTY_FORMATS = (*_PLAIN_FORMATS, "idn-email", "blueprints", "timer")
_SPECS = one_of("open-api", "embedded-url", "async-api")
_COLOR_MAP: Schema = {"type": "object", "additionalProperties": one_of(*COLORS)}
_PERIODS = one_of("hour", "day", "week", "month", "total")
_AUTHENTICATION = closed(
    ["clientId", "authorizationUrl", "tokenUrl"],
    clientId=TEXT,
    authorizationUrl=TEXT,
    tokenUrl=TEXT,
    authorizationScope=TEXTS,
)


def blueprint() -> Mapping[str, Any]:
    """The schema of port/Blueprint."""
    return {
        **opened(
            ["identifier", "title", "schema"],
            identifier=identifier("@_.+:\\/-", 100),
            title={**TITLE, "minLength": 1},
            description={"type": "string", "maxLength": 200},
            icon=TEXT,
            ownership=_ownership(),
            schema=closed(["properties"], properties=parts(_property()), required=TEXTS),
            calculationProperties=parts(_calculation()),
            mirrorProperties=parts(_mirror()),
            aggregationProperties=parts(_aggregation()),
            relations=parts(_relation()),
            changelogDestination=_changelog(),
        ),
        "$defs": query_definitions(),
    }


def _ownership() -> Schema:
    return {
        "type": "object",
        **by(
            "type",
            {
                "Direct": closed((), type={}, title=TITLE),
                "Inherited": closed(["path"], type={}, path=TEXT, title=TITLE),
            },
        ),
    }


def _property() -> Schema:
    return opened(
        ["type"],
        title=TITLE,
        description=TEXT,
        icon=TEXT,
        type=one_of(*JSON_TYPES),
        format=one_of(*_PROPERTY_FORMATS),
        spec=_SPECS,
        specAuthentication=_AUTHENTICATION,
        enum={"minItems": 1},
        enumColors=_COLOR_MAP,
    )


def _calculation() -> Schema:
    items = opened((), type=one_of(*JSON_TYPES), format=one_of(*_PLAIN_FORMATS, "idn-format", "timer"))
    return closed(
        ["calculation", "type"],
        title=TITLE,
        description=TEXT,
        icon=TEXT,
        calculation=TEXT,
        type=one_of(*JSON_TYPES),
        format=one_of(*_PLAIN_FORMATS, "idn-email"),
        spec=_SPECS,
        specAuthentication=_AUTHENTICATION,
        colorized=FLAG,
        colors=_COLOR_MAP,
        items=items,
    )


def _mirror() -> Schema:
    path = {
        "type": "string",
        "pattern": r"^(?:[A-Za-z0-9@_=\-$]+\.)+[^.]+$",
        "description": "relations and then a property, joined by dots, as in owner.$title",
    }
    return closed(["path"], path=path, title=TITLE)


def _aggregation() -> Schema:
    path = {"type": "array", "items": TEXT, "minItems": 1}
    path_filter = {"type": ["array", "null"], "maxItems": 1, "items": closed(["path"], path=path, fromBlueprint=TEXT)}
    return closed(
        ["title", "target", "calculationSpec"],
        title=TITLE,
        description=TEXT,
        icon=TEXT,
        type=one_of("number"),
        target=TEXT,
        calculationSpec={
            "type": "object",
            **by("calculationBy", {"entities": _by_entities(), "property": _by_property()}),
        },
        query={"$ref": "#/$defs/query"},
        pathFilter=path_filter,
    )


def _by_entities() -> Schema:
    return by(
        "func",
        {
            "count": closed((), func={}, calculationBy={}),
            "average": closed(["averageOf"], func={}, calculationBy={}, averageOf=_PERIODS, measureTimeBy=TEXT),
        },
    )


def _by_property() -> Schema:
    plain = closed(["property"], func={}, calculationBy={}, property=TEXT)
    average = closed(
        ["property", "averageOf"], func={}, calculationBy={}, property=TEXT, averageOf=_PERIODS, measureTimeBy=TEXT
    )
    return by("func", {**dict.fromkeys(("sum", "min", "max", "median"), plain), "average": average})


def _relation() -> Schema:
    return {
        **closed(
            ["target", "required", "many"],
            title=TITLE,
            target=TEXT,
            required=FLAG,
            many=FLAG,
            description=TEXT,
            type=TEXT,
        ),
        "if": {"required": ["required"], "properties": {"required": {"const": True}}},
        "then": {"properties": {"many": {"const": False, "description": "false, because the relation is required"}}},
    }


def _changelog() -> Schema:
    webhook = closed(["url"], type={}, url=TEXT, agent=FLAG)
    return {"type": "object", **by("type", {"WEBHOOK": webhook, "KAFKA": closed((), type={})})}
