"""Port's search language: groups of rules, joined by and / or.

Source: docs.port.io, "Search & query". The same language in three flavours: `query` (permissions, aggregations,
conditions of actions), `dataset` (entity inputs; a value may be a jq query) and `lookup` (a relation or team found
by search when an entity is written).
"""

from __future__ import annotations

from typing import Any

from portctl.providers.port.schemas.common import FLAG, JQ, TEXT, TEXTS, Schema, by, closed, one_of, opened

_PRESETS = (
    *("today", "tomorrow", "yesterday", "lastDay", "lastWeek", "last2Weeks"),
    *("lastMonth", "last3Months", "last6Months", "last12Months"),
)
_TEXT_OPERATORS = (
    *("!=", "containsAny", "contains", "doesNotContains", "beginsWith", "doesNotBeginsWith"),
    *("endsWith", "doesNotEndsWith", "in", "notIn"),
)
_OPERATOR: Schema = {}
"""The discriminator has checked it already."""

_SCALARS = ("null", "string", "number", "boolean")
_CONTEXT = opened(["property", "context"], property=TEXT, context=one_of("user", "userTeams"))
_NAMED: Schema = {**_CONTEXT, "type": ["string", "object"]}
_SPAN: Schema = {
    "if": {"required": ["preset"]},
    "then": {"properties": {"preset": one_of(*_PRESETS)}, "dependentSchemas": {"from": {"properties": {"to": False}}}},
    "else": opened(["from", "to"], **{"from": TEXT, "to": TEXT}),
}
_ALIKE: Schema = {
    "if": {"type": "array", "minItems": 1, "prefixItems": [{"type": "number"}]},
    "then": {"items": {"type": "number"}},
    "else": {
        "if": {"type": "array", "minItems": 1, "prefixItems": [FLAG]},
        "then": {"items": FLAG},
        "else": {"items": TEXT},
    },
}
_HOP: Schema = {
    "type": ["string", "object"],
    "properties": {"relation": TEXT, "maxHops": {"type": "number", "minimum": 1, "maximum": 15}},
}
_PATH = closed(["path"], path={"type": "array", "items": _HOP}, fromBlueprint=TEXT)
_PROPERTY_SCHEMA = closed(["type"], type=TEXT, format=TEXT, items=opened(["type"], type=TEXT, format=TEXT))


def query_definitions() -> dict[str, Any]:
    """`$defs` for a schema that refers to `#/$defs/query`."""
    return _searches("query", jq=False)


def dataset_definitions() -> dict[str, Any]:
    """`$defs` for a schema that refers to `#/$defs/dataset`."""
    return _searches("dataset", jq=True)


def lookup_definitions() -> dict[str, Any]:
    """`$defs` for a schema that refers to `#/$defs/lookup`."""
    one = {"type": ["string", "number", "null"]}
    some = {"type": ["string", "array", "null"], "items": TEXT}
    values = {"=": one, "contains": some, "in": TEXTS, "containsAny": TEXTS}
    rules = {
        operator: closed(["property", "value"], property=TEXT, operator=_OPERATOR, value=value)
        for operator, value in values.items()
    }
    return _groups("lookup", by("operator", rules))


def _searches(name: str, *, jq: bool) -> dict[str, Any]:
    rule = {
        "if": {"required": ["propertySchema"]},
        "then": by("operator", _rules_about_schemas(jq=jq)),
        "else": by("operator", _rules_about_properties(jq=jq)),
    }
    return _groups(name, rule)


def _groups(name: str, rule: dict[str, Any]) -> dict[str, Any]:
    item = {
        "type": "object",
        "if": {"anyOf": [{"required": ["rules"]}, {"required": ["combinator"]}]},
        "then": {"$ref": f"#/$defs/{name}"},
        "else": {"$ref": f"#/$defs/{name}Rule"},
    }
    rules = {"type": "array", "items": {"$ref": f"#/$defs/{name}Item"}}
    group = closed(["combinator", "rules"], combinator=one_of("and", "or"), rules=rules)
    return {name: group, f"{name}Rule": rule, f"{name}Item": item}


def _rules_about_properties(*, jq: bool) -> dict[str, Any]:
    """By operator. A value that is an object names something of the user, or is a jq query, or a span of time."""
    other = JQ if jq else _CONTEXT
    equal = {"if": {"required": ["jqQuery"]}, "then": JQ, "else": _SPAN} if jq else _SPAN
    text = _comparison(_value(*_SCALARS, "array", objects=other))
    return {
        "=": _comparison(_value(*_SCALARS, "array", objects=equal)),
        **dict.fromkeys(_TEXT_OPERATORS, text),
        **dict.fromkeys((">", ">=", "<", "<="), _comparison(_value("number", "string", objects=other))),
        **dict.fromkeys(("between", "notBetween"), _comparison(_value(objects=_SPAN))),
        **dict.fromkeys(
            ("isEmpty", "isNotEmpty", "isExpired", "isNotExpired"),
            closed(["property"], property=TEXT, operator=_OPERATOR),
        ),
        "relatedTo": closed(
            ["value", "blueprint"],
            operator=_OPERATOR,
            blueprint=TEXT,
            value=_texts_or_jq("string", "array", jq=jq),
            direction=one_of("upstream", "downstream"),
            required=FLAG,
        ),
        "matchAny": closed(
            ["property", "value"],
            property={"type": ["string", "object"], "if": {"type": "object"}, "then": _context_or(_PATH)},
            operator=_OPERATOR,
            value=_value("string", "array", objects=_CONTEXT) | {"items": TEXT},
        ),
    }


def _rules_about_schemas(*, jq: bool) -> dict[str, Any]:
    """By operator: rules about every property of some schema."""
    value = _texts_or_jq(*_SCALARS, jq=jq)
    rule = closed((), propertySchema=_PROPERTY_SCHEMA, operator=_OPERATOR, value=value)
    return dict.fromkeys(("=", "!=", "contains"), rule)


def _comparison(value: Schema) -> dict[str, Any]:
    return closed(["property", "value"], property=_NAMED, operator=_OPERATOR, value=value)


def _value(*types: str, objects: Schema) -> dict[str, Any]:
    objects_too = {"if": {"type": "object"}, "then": _context_or(objects)}
    return {"type": [*types, "object"], "allOf": [objects_too, _ALIKE]}


def _context_or(other: Schema) -> dict[str, Any]:
    return {"if": {"required": ["context"]}, "then": _CONTEXT, "else": other}


def _texts_or_jq(*types: str, jq: bool) -> dict[str, Any]:
    if not jq:
        return {"type": list(types), "items": TEXT}
    return {**JQ, "type": [*types, "object"], "items": TEXT}
