"""Checking a body against a schema, and wording the first refusal as AJV words it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from portctl.sandbox.port.errors import invalid
from portctl.sandbox.port.schemas import formats

Schema = dict[str, Any]

_CHECKER = FormatChecker(formats=())
for _name, _test in formats.TESTS.items():
    _CHECKER.checks(_name)(_test)


def compile_schema(schema: Schema) -> Draft202012Validator:
    return Draft202012Validator(schema, format_checker=_CHECKER)


def check(validator: Draft202012Validator, document: Any, at: str = "body") -> None:
    """Refuse a document that does not match, naming the first place. Errors: 422 invalid_request."""
    message = first_error(validator, document, at)
    if message is not None:
        raise invalid(message)


def first_error(validator: Draft202012Validator, document: Any, at: str) -> str | None:
    error = next(iter(validator.iter_errors(document)), None)
    return None if error is None else word(error, at)


def word(error: ValidationError, at: str) -> str:
    """`body/schema/properties must be object`, and so on."""
    place = "/".join([at, *(str(part) for part in error.absolute_path)])
    if "propertyNames" in error.absolute_schema_path:
        return f"{place} property name must be valid"
    wording = _WORDINGS.get(str(error.validator))
    return f"{place} {wording(error) if wording else 'must match the schema'}"


def object_of(properties: Mapping[str, Schema], *, required: tuple[str, ...] = (), additional: bool = False) -> Schema:
    """The schema of an object; closed unless `additional`."""
    schema: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": additional}
    return {**schema, "required": list(required)} if required else schema


def list_of(items: Schema, **bounds: int) -> Schema:
    return {"type": "array", "items": items, **bounds}


def map_of(values: Schema, *, names: str | None = None, longest: int | None = None) -> Schema:
    """An object used as a map; `names`: pattern of its keys."""
    key: Schema = {**({"pattern": names} if names else {}), **({"maxLength": longest} if longest else {})}
    return {"type": "object", "additionalProperties": values, **({"propertyNames": key} if key else {})}


def one_of(*values: Any) -> Schema:
    return {"enum": list(values)}


def text(**bounds: Any) -> Schema:
    return {"type": "string", **bounds}


def _types(error: ValidationError) -> str:
    wanted: Any = error.validator_value
    return f"must be {wanted if isinstance(wanted, str) else ','.join(wanted)}"


def _missing(error: ValidationError) -> str:
    names: Any = error.validator_value
    present: Any = error.instance
    missing = next(name for name in names if name not in present)
    return f"must have required property '{missing}'"


def _pattern(error: ValidationError) -> str:
    schema: Any = error.schema
    printed = schema.get("x-pattern") or str(error.validator_value).replace(r"\Z", "$")
    return f'must match pattern "{printed}"'


_WORDINGS: dict[str, Callable[[ValidationError], str]] = {
    "type": _types,
    "required": _missing,
    "pattern": _pattern,
    "additionalProperties": lambda _: "must NOT have additional properties",
    "enum": lambda _: "must be equal to one of the allowed values",
    "const": lambda _: "must be equal to constant",
    "maxLength": lambda error: f"must NOT have more than {error.validator_value} characters",
    "minLength": lambda error: f"must NOT have fewer than {error.validator_value} characters",
    "maxItems": lambda error: f"must NOT have more than {error.validator_value} items",
    "minItems": lambda error: f"must NOT have fewer than {error.validator_value} items",
    "minProperties": lambda error: f"must NOT have fewer than {error.validator_value} properties",
    "uniqueItems": lambda _: "must NOT have duplicate items",
    "minimum": lambda error: f"must be >= {json.dumps(error.validator_value)}",
    "maximum": lambda error: f"must be <= {json.dumps(error.validator_value)}",
    "exclusiveMinimum": lambda error: f"must be > {json.dumps(error.validator_value)}",
    "exclusiveMaximum": lambda error: f"must be < {json.dumps(error.validator_value)}",
    "format": lambda error: f'must match format "{error.validator_value}"',
    "oneOf": lambda _: "must match exactly one schema in oneOf",
    "anyOf": lambda _: "must match a schema in anyOf",
    "not": lambda _: "must NOT be valid",
}


def identifier(others: str, *, longest: int | None = None) -> Schema:
    r"""The schema of an identifier made of letters of any script and the characters of the class `others`.

    Python has no `\p{L}`, so the pattern that is applied and the one that is printed differ.
    """
    schema: Schema = {
        "type": "string",
        "pattern": rf"^(?!\.{{1,2}}\Z)(?:[^\W\d_]|[{others}])+\Z",
        "x-pattern": rf"^(?!\.{{1,2}}$)[\p{{L}}{others}]+$",
    }
    return schema if longest is None else {**schema, "maxLength": longest}


BLUEPRINT_ID = identifier(r"0-9@_.+:\\/-", longest=100)
ENTITY_ID = identifier(r"0-9@_.+:\\/=-", longest=1000)
ACTION_ID = identifier(r"0-9@_.+:=-")
PROPERTY_NAMES = r"^[A-Za-z0-9@_=\\-]+\Z"


def compiles_as_regex(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
