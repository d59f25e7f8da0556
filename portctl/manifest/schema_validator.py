"""JSON Schema 2020-12 as kinds use it: one schema chosen by a field, placeholders where values are not known yet.

A schema may carry `discriminator: {propertyName, mapping, hints}`; the text at `propertyName` (a dotted path) picks the
schema that applies, so no error ever lists alternatives. Text that waits for a secret or an output satisfies any
schema of a string; one output standing alone may turn out to be any scalar. Patterns mean what they mean in
JavaScript, where `$` is the end and never the line end before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from portctl.model.value import MISSING, Awaited, OutputRef, Pending, get

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

Check = Callable[[Any, Any, Any, Any], "Iterator[ValidationError] | None"]

_SEE_HOLES = frozenset({"$ref", "allOf", "anyOf", "if", "type"})
"""Keywords that are asked about a placeholder too; every other one waits until the value is known."""


def find_errors(schema: Mapping[str, Any], instance: Any) -> Iterator[ValidationError]:
    """What is wrong with `instance` (dicts, lists, scalars and placeholders).

    Shapes: an error about a field, present or not, has that field as the last part of its path.
    """
    errors: Iterator[ValidationError] = _dialect()(schema).iter_errors(instance)
    return errors


@lru_cache(maxsize=1)
def _dialect() -> Any:
    from jsonschema import Draft202012Validator, validators

    stock = Draft202012Validator
    keywords: dict[str, Any] = {
        name: check if name in _SEE_HOLES else _past_placeholders(check) for name, check in stock.VALIDATORS.items()
    }
    for name, check in _OWN.items():
        keywords[name] = _past_placeholders(check)
    types = stock.TYPE_CHECKER
    checker = types.redefine("string", lambda _, value: isinstance(value, str | Pending))
    for name in ("number", "integer", "boolean", "null"):
        checker = checker.redefine(name, _or_lone_output(types, name))
    extend: Any = validators.extend
    return extend(stock, keywords, type_checker=checker)


def _or_lone_output(types: Any, name: str) -> Callable[[Any, Any], bool]:
    def check(_: Any, value: Any) -> bool:
        if isinstance(value, Awaited):
            return len(value.parts) == 1 and isinstance(value.parts[0], OutputRef)
        return bool(types.is_type(value, name))

    return check


def _past_placeholders(check: Any) -> Check:
    def checked(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if not isinstance(instance, Pending):
            yield from check(validator, value, instance, schema) or ()

    return checked


def _error(keyword: str, *path: str | int, instance: Any = MISSING, wanted: Any = None) -> ValidationError:
    from jsonschema.exceptions import ValidationError

    return ValidationError("", validator=keyword, path=path, instance=instance, validator_value=wanted)


def _discriminator(validator: Any, rule: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, Mapping):
        return
    path = tuple(rule["propertyName"].split("."))
    found = get(instance, path)
    if found is MISSING:
        yield _error("required", *path, wanted=tuple(rule["mapping"]))
    elif isinstance(found, str) and found in rule["mapping"]:
        yield from validator.descend(instance, rule["mapping"][found], schema_path=found)
    else:
        yield _error("discriminator", *path, instance=found, wanted=rule)


def _required(_: Any, names: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, Mapping):
        properties = schema.get("properties", {})
        for name in names:
            if name not in instance:
                shape = properties.get(name)
                yield _error("required", name, wanted=shape.get("enum") if isinstance(shape, Mapping) else None)


def _additional(validator: Any, rule: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, Mapping):
        return
    known = schema.get("properties", {})
    for name in instance:
        if name not in known:
            if rule is False:
                yield _error("additionalProperties", name, instance=instance[name], wanted=tuple(known))
            else:
                yield from validator.descend(instance[name], rule, path=name, schema_path=name)


def _dependent(_: Any, rule: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, Mapping):
        for cause, names in rule.items():
            for name in names:
                if cause in instance and name not in instance:
                    yield _error("dependentRequired", name, wanted=cause)


def _excluding(_: Any, rule: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    """`dependentSchemas`, which kinds use for one thing only: fields that exclude each other."""
    if isinstance(instance, Mapping):
        for cause, shape in rule.items():
            for name, allowed in shape["properties"].items():
                if cause in instance and name in instance and allowed is False:
                    yield _error("excluded", name, wanted=cause)


def _names(validator: Any, rule: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    if isinstance(instance, Mapping):
        for name in instance:
            for error in validator.descend(instance=name, schema=rule):
                error.relative_path.appendleft(name)
                yield error


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield _error("pattern", instance=instance, wanted=pattern)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\$(?=\)|\Z)", r"\\Z", pattern))


_OWN: dict[str, Any] = {
    "discriminator": _discriminator,
    "required": _required,
    "additionalProperties": _additional,
    "dependentRequired": _dependent,
    "dependentSchemas": _excluding,
    "propertyNames": _names,
    "pattern": _pattern,
}
