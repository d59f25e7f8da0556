"""Inputs of a run against the form of its action. Source: port.md 5.2."""

from __future__ import annotations

from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.errors import invalid, not_emulated
from portctl.sandbox.port.schemas.check import Schema, check, compile_schema
from portctl.sandbox.port.store.organisation import Organisation

_VALIDATORS = ("enum", "minLength", "maxLength", "pattern", "minimum", "maximum", "minItems", "maxItems")
_FORMATS = ("date-time", "url", "email", "ipv4", "ipv6")


def accepted(organisation: Organisation, form: Row, properties: Row) -> Row:
    """The inputs of the run. What the form does not declare is taken as it is. Errors: 422.

    Bounds that are given by jq are evaluated by Port's user interface only.
    """
    declared = form.get("properties", {})
    values = dict(properties)
    if not organisation.strict("input-defaults"):
        values = {**_defaults(declared), **values}
    required = form.get("required", [])
    for name in required if isinstance(required, list) else []:
        if values.get(name) is None:
            raise invalid(f"body/properties must have required property '{name}'")
    for name, value in values.items():
        if name in declared and value is not None:
            if "encryption" in declared[name]:
                raise not_emulated("encrypted inputs")
            check(compile_schema(_schema(declared[name])), value, f"body/properties/{name}")
    return values


def as_templates_see(organisation: Organisation, form: Row, values: Row) -> Row:
    """The inputs with entities as the user interface gives them, where the switch says so."""
    if organisation.strict("entity-inputs"):
        return values
    return {name: _entity(organisation, form["properties"].get(name, {}), value) for name, value in values.items()}


def _entity(organisation: Organisation, declared: Row, value: Any) -> Any:
    if isinstance(value, list) and isinstance(declared.get("items"), dict):
        return [_entity(organisation, declared["items"], each) for each in value]
    if declared.get("format") != "entity" or not isinstance(value, str):
        return value
    row = organisation.state.get(f"entities:{declared['blueprint']}", value)
    return {"identifier": value, "title": row["title"] if row else None}


def _defaults(declared: Row) -> Row:
    literal = {name: each["default"] for name, each in declared.items() if "default" in each}
    return {name: value for name, value in literal.items() if not _is_query(value)}


def _schema(declared: Row) -> Schema:
    schema: Schema = {"type": declared["type"]} if "type" in declared else {}
    schema |= {name: declared[name] for name in _VALIDATORS if name in declared and not _is_query(declared[name])}
    if declared.get("format") in _FORMATS:
        schema["format"] = declared["format"]
    if isinstance(declared.get("items"), dict):
        schema["items"] = _schema(declared["items"])
    return schema


def _is_query(value: Any) -> bool:
    return isinstance(value, dict) and "jqQuery" in value
