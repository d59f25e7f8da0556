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


_OPTIONAL = ("direction", "required")

_VALUES: tuple[Schema, ...] = ({"type": "null"}, *_SCALARS, *(list_of(each) for each in _SCALARS), _CONTEXT)
_JQ = object_of({"jqQuery": text()}, required=("jqQuery",))


def _rules(*computed: Schema) -> list[Schema]:
    """The kinds of rules; `computed`: what may stand in the place of a value."""
    return [
        _rule(("between", "notBetween", "="), property=_PROPERTY, value=_PERIOD),
        _rule(("isEmpty", "isNotEmpty", "isExpired", "isNotExpired"), property=text()),
        _rule(
            (">", ">=", "<", "<="),
            property=_PROPERTY,
            value={"anyOf": [{"type": "number"}, text(format="date-time"), _CONTEXT, *computed]},
        ),
        _rule(_COMPARISONS, property=_PROPERTY, value={"anyOf": [*_VALUES, *computed]}),
        _rule(
            ("relatedTo",),
            blueprint=text(),
            value={"anyOf": [text(), _STRINGS, *computed]},
            direction=one_of("upstream", "downstream"),
            required={"type": "boolean"},
        ),
        object_of(
            {
                "operator": one_of("=", "!=", "contains"),
                "propertySchema": _PROPERTY_SCHEMA,
                "value": {"anyOf": [{"type": "null"}, *_SCALARS, *computed]},
            },
            required=("operator", "propertySchema"),
        ),
        _rule(("matchAny",), property={"anyOf": [_PATH, _PROPERTY]}, value={"anyOf": [_STRINGS, _PROPERTY]}),
    ]


def _query(name: str, rules: list[Schema], **extra: Schema) -> Schema:
    nested: Schema = {"$ref": f"#/$defs/{name}"}
    return object_of(
        {"combinator": one_of("and", "or"), "rules": list_of({"anyOf": [*rules, nested]}), **extra},
        required=("combinator", "rules", *extra),
    )


DEFINITIONS: Schema = {
    "query": _query("query", _rules()),
    "dataset": _query("dataset", _rules(_JQ)),
    "finder": _query(
        "finder",
        [
            _rule(("=",), property=text(), value={"anyOf": [text(), {"type": "number"}, {"type": "null"}]}),
            _rule(("in", "containsAny"), property=text(), value=_STRINGS),
            _rule(("contains",), property=text(), value={"anyOf": [text(), _STRINGS, {"type": "null"}]}),
        ],
    ),
}
"""What a schema must carry as `$defs` to use the references below."""

QUERY: Schema = {"$ref": "#/$defs/query"}
DATASET: Schema = {"$ref": "#/$defs/dataset"}
"""A query whose values may be jq."""
FINDER: Schema = {"$ref": "#/$defs/finder"}
"""A query that stands for the entities it finds."""

CONDITION = _query("query", _rules(), type=one_of("SEARCH"))
"""Which entities offer an action."""
