"""What a schema's refusal says to the user: the field, what it may be, what it is, what may have been meant."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portctl.credentials import without_credentials
from portctl.findings import did_you_mean
from portctl.model.value import MISSING, Pending
from portctl.source import Path, path_text

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Words:
    """The text of one finding."""

    summary: str
    detail: str
    hint: str = ""


def words(error: ValidationError, path: Path, *, secret: bool) -> Words:
    """`error` in words. With `secret`, the value that stands there is not shown."""
    while error.validator == "anyOf" and (meant := _meant(error)) is not None:
        error = meant
    say = _SAY.get(str(error.validator), _other)
    field = _field(path)
    found = "a value that is not shown" if secret else _shown(error.instance)
    if "propertyNames" in error.relative_schema_path:
        told = say(error, "name", found)
        return Words("Malformed name", told.detail, told.hint)
    return say(error, field, found)


def _meant(error: ValidationError) -> ValidationError | None:
    """What is wrong with the one alternative that has the value's type."""
    return next((inner for inner in error.context or () if inner.validator != "type"), None)


def kind_of_value(value: Any) -> str:
    """The JSON type of `value` as people call it."""
    if isinstance(value, Pending):
        return "text that is completed later"
    if value is None:
        return "null"
    for types, name in _TYPE_NAMES:
        if isinstance(value, types):
            return name
    return type(value).__name__


_TYPE_NAMES: tuple[tuple[Any, str], ...] = (
    (bool, "boolean"),
    (int | float, "number"),
    (str, "string"),
    (Mapping, "object"),
    (list | tuple, "array"),
)


def _suggestion(found: Any, choices: Iterable[Any]) -> str:
    if not isinstance(found, str):
        return ""
    return did_you_mean(found, (choice for choice in choices if isinstance(choice, str))).strip()


def _field(path: Path) -> str:
    """The last two names of `path` with the indexes after them: enough to find the field in a small file."""
    names = [index for index, part in enumerate(path) if isinstance(part, str)]
    start = names[-2] if len(names) > 1 else 0
    return path_text(path[start:]) if path else "the document"


def _shown(value: Any) -> str:
    if value is MISSING:
        return "nothing"
    if isinstance(value, Mapping | list | tuple | Pending):
        return kind_of_value(value)
    text = without_credentials(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + '..."'


def _list(choices: Iterable[Any]) -> str:
    return ", ".join(json.dumps(choice, ensure_ascii=False) for choice in choices)


def _missing(error: ValidationError, field: str, _: str) -> Words:
    wanted: Any = error.validator_value
    detail = f"{field} is required: one of {_list(wanted)}" if wanted else f"{field} is required"
    return Words("Missing field", detail)


def _dependent(error: ValidationError, field: str, _: str) -> Words:
    return Words("Missing field", f"{field} is required beside {error.validator_value}")


def _unknown(error: ValidationError, field: str, _: str) -> Words:
    known: Any = error.validator_value
    name = str(error.relative_path[-1])
    hint = _suggestion(name, known)
    allowed = ", ".join(known) if known else "none"
    return Words("Unknown field", f"{field} is not accepted here; the fields are: {allowed}", hint)


def _excluded(error: ValidationError, field: str, _: str) -> Words:
    return Words("Field not accepted", f"{field} cannot stand beside {error.validator_value}", "Remove one of the two.")


def _discriminated(error: ValidationError, field: str, found: str) -> Words:
    rule: Any = error.validator_value
    choices = tuple(rule["mapping"])
    instance: Any = error.instance
    hint = rule["hints"].get(instance, "") if isinstance(instance, str) else ""
    return Words(
        "Value not accepted",
        f"{field}: expected {'one of ' if len(choices) > 1 else ''}{_list(choices)}, found {found}",
        hint or _suggestion(instance, choices),
    )


def _enum(error: ValidationError, field: str, found: str) -> Words:
    choices: Any = error.validator_value
    some = "one of " if len(choices) > 1 else ""
    return Words(
        "Value not accepted",
        f"{field}: expected {some}{_list(choices)}, found {found}",
        _suggestion(error.instance, choices),
    )


def _const(error: ValidationError, field: str, found: str) -> Words:
    schema: Any = error.schema
    expected = schema.get("description") or json.dumps(error.validator_value)
    return Words("Value not accepted", f"{field}: expected {expected}, found {found}")


def _type(error: ValidationError, field: str, _: str) -> Words:
    types: Any = error.validator_value
    expected = types if isinstance(types, str) else " or ".join(types)
    meant_as_text = "string" in expected and isinstance(error.instance, bool | int | float)
    hint = "Quote it if it is meant as text." if meant_as_text else ""
    return Words("Wrong type", f"{field}: expected {expected}, found {kind_of_value(error.instance)}", hint)


def _pattern(error: ValidationError, field: str, found: str) -> Words:
    schema: Any = error.schema
    expected = schema.get("description") or f"text that matches {error.validator_value}"
    return Words("Malformed value", f"{field}: expected {expected}; found {found}")


def _bounded(what: str, unit: str) -> Callable[[ValidationError, str, str], Words]:
    def say(error: ValidationError, field: str, _: str) -> Words:
        return Words("Out of bounds", f"{field}: expected {what} {error.validator_value}{unit}")

    return say


def _other(error: ValidationError, field: str, _: str) -> Words:
    return Words("Not accepted", f"{field} does not satisfy the rule {error.validator}")


_SAY: dict[str, Callable[[ValidationError, str, str], Words]] = {
    "required": _missing,
    "dependentRequired": _dependent,
    "additionalProperties": _unknown,
    "excluded": _excluded,
    "discriminator": _discriminated,
    "enum": _enum,
    "const": _const,
    "type": _type,
    "pattern": _pattern,
    "maxLength": _bounded("at most", " characters"),
    "minLength": _bounded("at least", " characters"),
    "maxItems": _bounded("at most", " items"),
    "minItems": _bounded("at least", " items"),
    "minProperties": _bounded("at least", " entries"),
    "maximum": _bounded("at most", ""),
    "minimum": _bounded("at least", ""),
}
