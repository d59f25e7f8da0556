"""Search rules: `{combinator, rules}`, nested at will."""

from __future__ import annotations

from collections.abc import Iterable

from portctl.sandbox.port.schemas.check import Schema, list_of, object_of, one_of, text

_CONTEXT = {
    "type": "object",
    "properties": {"property": text(), "context": one_of("user", "userTeams")},
    "required": ["property", "context"],
}
_PROPERTY = {"oneOf": [text(), _CONTEXT]}
_SCALARS = (text(), {"type": "number"}, {"type": "boolean"})
_STRINGS = list_of(text())
_PRESETS = (
    *("today", "tomorrow", "yesterday", "lastDay", "lastWeek", "last2Weeks"),
    *("lastMonth", "last3Months", "last6Months", "last12Months"),
)
_PERIOD = {
    "type": "object",
    "oneOf": [
        {
            "properties": {"from": text(format="date-time"), "to": text(format="date-time")},
            "required": ["from", "to"],
        },
        {"properties": {"preset": one_of(*_PRESETS)}, "required": ["preset"]},
        {"required": ["property", "context"], "properties": _CONTEXT["properties"]},
    ],
}
_HOP = {
    "anyOf": [
        text(),
        {
            "type": "object",
            "properties": {"relation": text(), "maxHops": {"type": "number", "minimum": 1, "maximum": 15}},
        },
    ]
}
_PATH = object_of({"path": list_of(_HOP), "fromBlueprint": text()}, required=("path",))
_PROPERTY_SCHEMA = object_of(
    {
        "type": text(),
        "format": text(),
        "items": {
            "type": "object",
            "properties": {"type": text(), "format": text()},
            "required": ["type"],
        },
    },
    required=("type",),
)
_COMPARISONS = (
    *("=", "!=", "containsAny", "contains", "doesNotContains", "in", "notIn"),
    *("beginsWith", "doesNotBeginsWith", "endsWith", "doesNotEndsWith"),
)


def _rule(operators: Iterable[str], **properties: Schema) -> Schema:
    required = tuple(name for name in properties if name not in _OPTIONAL)
    return object_of({"operator": one_of(*operators), **properties}, required=("operator", *required))


_OPTIONAL = ("direction", "required", "value?")

_VALUE = {"anyOf": [{"type": "null"}, *_SCALARS, *(list_of(each) for each in _SCALARS), _CONTEXT]}

RULES: tuple[Schema, ...] = (
    _rule(["between", "notBetween", "="], property=_PROPERTY, value=_PERIOD),
    _rule(["isEmpty", "isNotEmpty", "isExpired", "isNotExpired"], property=text()),
    _rule(
        [">", ">=", "<", "<="],
        property=_PROPERTY,
        value={"anyOf": [{"type": "number"}, text(format="date-time"), _CONTEXT]},
    ),
    _rule(_COMPARISONS, property=_PROPERTY, value=_VALUE),
    _rule(
        ["relatedTo"],
        blueprint=text(),
        value={"anyOf": [text(), _STRINGS]},
        direction=one_of("upstream", "downstream"),
        required={"type": "boolean"},
    ),
    object_of(
        {
            "operator": one_of("=", "!=", "contains"),
            "propertySchema": _PROPERTY_SCHEMA,
            "value": {"anyOf": [{"type": "null"}, *_SCALARS]},
        },
        required=("operator", "propertySchema"),
    ),
    _rule(
        ["matchAny"],
        property={"anyOf": [_PATH, _PROPERTY]},
        value={"anyOf": [_STRINGS, _PROPERTY]},
    ),
)


def query(**extra: Schema) -> Schema:
    """A query, with `extra` keys beside the two that every query has."""
    nested: Schema = {"$ref": "#/$defs/query"}
    plain = object_of(
        {"combinator": one_of("and", "or"), "rules": list_of({"anyOf": [*RULES, nested]})},
        required=("combinator", "rules"),
    )
    return {
        **object_of(
            {**plain["properties"], **extra},
            required=("combinator", "rules", *(name for name in extra if name == "type")),
        ),
        "$defs": {"query": plain},
    }


DEFINITIONS: Schema = query()["$defs"]
NESTED: Schema = {"$ref": "#/$defs/query"}
"""A query inside another schema, which must carry `$defs`: DEFINITIONS."""
