"""Values of an entity against its blueprint: what is refused, ignored and converted on the way in."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from portctl.sandbox.core.clock import format_instant
from portctl.sandbox.core.state import Row
from portctl.sandbox.port.errors import PortError, mismatch, not_found
from portctl.sandbox.port.schemas.check import compile_schema, first_error
from portctl.sandbox.port.schemas.formats import parse_date_time
from portctl.sandbox.port.store.organisation import Organisation

_VALIDATORS = (
    *("enum", "minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("minItems", "maxItems", "uniqueItems", "properties", "patternProperties", "additionalProperties"),
)
_CHECKED_FORMATS = ("date-time", "url", "email", "idn-email", "ipv4", "ipv6")
_CALCULATED = ("calculationProperties", "mirrorProperties", "aggregationProperties")
_LABELED_URL = {
    "properties": {"url": {"type": "string", "format": "url"}, "displayText": {"type": "string"}},
    "required": ["url"],
    "additionalProperties": False,
}


def accepted(organisation: Organisation, blueprint: Row, properties: Row) -> Row:
    """The property values to store. Errors: 422 blueprint_schema_mismatch.

    Values of calculated properties are ignored; null is kept as null; dates are turned into UTC.
    """
    declared = blueprint["schema"]["properties"]
    strict_dates = organisation.strict("date-time")
    kept: Row = {}
    for name, value in properties.items():
        if name in declared:
            kept[name] = None if value is None else _checked(name, value, declared[name], strict_dates)
        elif all(name not in blueprint[group] for group in _CALCULATED):
            raise mismatch(f'The blueprint "{blueprint["identifier"]}" has no property "{name}"')
    return kept


def require(blueprint: Row, properties: Row, relations: Row) -> None:
    """Refuse an entity that lacks something required. Errors: 422."""
    for name in blueprint["schema"]["required"]:
        if properties.get(name) is None:
            raise mismatch(f'must have required property "{name}"')
    for name, relation in blueprint["relations"].items():
        if relation["required"] and relations.get(name) in (None, []):
            raise PortError(422, "required_relation", f'The relation "{name}" is required')


def relation_names(blueprint: Row, relations: Row) -> None:
    """Errors: 404 for a relation that the blueprint does not have."""
    for name in relations:
        if name not in blueprint["relations"]:
            raise not_found("Relation", name)


def _checked(name: str, value: Any, declared: Row, strict_dates: bool) -> Any:
    schema = _schema(declared, strict_dates)
    message = first_error(compile_schema(schema), value, f"properties/{name}")
    if message is not None:
        raise mismatch(message)
    return _in_utc(value, declared)


def _schema(declared: Row, strict_dates: bool) -> Row:
    schema: Row = {"type": declared["type"]} if "type" in declared else {}
    schema |= {key: declared[key] for key in _VALIDATORS if key in declared}
    shape = declared.get("format")
    if shape == "labeled-url":
        schema |= _LABELED_URL
    elif shape in _CHECKED_FORMATS:
        schema["format"] = "loose-date-time" if shape == "date-time" and not strict_dates else shape
    if isinstance(declared.get("items"), dict):
        schema["items"] = _schema(declared["items"], strict_dates)
    return schema


def _in_utc(value: Any, declared: Row) -> Any:
    if isinstance(value, list) and isinstance(declared.get("items"), dict):
        return [_in_utc(each, declared["items"]) for each in value]
    if declared.get("format") != "date-time" or not isinstance(value, str):
        return value
    moment = parse_date_time(value)
    if moment is None:
        return value
    return format_instant(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
