"""The inputs of a pipeline file: what its header declares, and the values that a pipeline is given for them.

Messages are GitLab's. Source: GitLab docs, "CI/CD inputs"; GitLab's source, `lib/ci/inputs` and `config/header`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from portctl.sandbox.gitlab.ci.patterns import BadPattern, UnreadPattern, parse_re2
from portctl.sandbox.gitlab.ci.ruby import text_of
from portctl.sandbox.gitlab.ci.shapes import NotEmulated
from portctl.sandbox.gitlab.ci.variables import Variable

TYPES = ("array", "boolean", "number", "string")
MOST_GIVEN = 20
_KEYS = ("default", "description", "options", "regex", "type")
_LATER_KEYS = ("rules",)
_LATER_PARTS = ("component", "include")
_MOST_OPTIONS = 50
_MOST_SAID = 3


class BadInputs(ValueError):
    """A header, or values, that GitLab refuses; at most three of its sentences."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__(", ".join(errors[:_MOST_SAID]))


@dataclass(frozen=True, slots=True)
class Given:
    """What a pipeline is made with. `file`: named in front of errors, where GitLab does so."""

    values: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Variable] = field(default_factory=dict)
    file: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """One declared input. `options` and `regex` are None where there are none."""

    name: str
    type: str = "string"
    options: list[Any] | None = None
    regex: str | None = None
    required: bool = True
    default: Any = None


def declared(header: Mapping[str, Any]) -> dict[str, Input]:
    """Errors: BadInputs; NotEmulated for what newer servers know."""
    errors = _unknown("header", header, ("spec",))
    spec = header["spec"] if header["spec"] is not None else {}
    if not isinstance(spec, Mapping):
        raise BadInputs([*errors, "header:spec config should be a hash"])
    for name in _LATER_PARTS:
        if name in spec:
            raise NotEmulated(f"the CI keyword spec:{name}")
    errors += _unknown("header:spec", spec, ("inputs",))
    inputs = spec.get("inputs") or {}
    if not isinstance(inputs, Mapping):
        raise BadInputs([*errors, "header:spec:inputs config should be a hash"])
    for name, details in inputs.items():
        errors += _problems(f"header:spec:inputs:{name}", details)
    if errors:
        raise BadInputs(errors)
    return {str(name): _input(str(name), details or {}) for name, details in inputs.items()}


def resolved(inputs: Mapping[str, Input], given: Mapping[str, Any]) -> dict[str, Any]:
    """The value of every input. Errors: BadInputs."""
    unknown = [name for name in given if name not in inputs]
    errors = [f"unknown input arguments: {', '.join(unknown)}"] if unknown else []
    values: dict[str, Any] = {}
    for name, each in inputs.items():
        found = _checked(each, given.get(name))
        errors += [f"`{name}` input: {problem}" for problem in found]
        if not found:
            value = given.get(name)
            values[name] = _coerced(each, each.default if value is None else value)
    if errors:
        raise BadInputs(errors)
    return values


def _unknown(place: str, config: Mapping[str, Any], known: tuple[str, ...]) -> list[str]:
    unknown = [str(key) for key in config if key not in known]
    return [f"{place} config contains unknown keys: {', '.join(unknown)}"] if unknown else []


def _problems(place: str, details: Any) -> list[str]:
    if details is None:
        return []
    if not isinstance(details, Mapping):
        return [f"{place} config should be a hash"]
    for key in _LATER_KEYS:
        if key in details:
            raise NotEmulated(f"the CI keyword spec:inputs:{key}")
    errors = _unknown(place, details, _KEYS)
    description, regex, kind, options = (details.get(key) for key in ("description", "regex", "type", "options"))
    if isinstance(description, (list, Mapping, bool)):
        errors.append(f"{place} input description must be an alphanumeric string")
    if regex is not None and not isinstance(regex, str):
        errors.append(f"{place} input regex should be a string")
    if kind is not None and kind not in TYPES:
        errors.append(f"{place} input type unknown value: {text_of(kind)}")
    if options is not None and not isinstance(options, list):
        errors.append(f"{place} input options should be a array")
    elif options is not None and len(options) > _MOST_OPTIONS:
        errors.append(f"{place} config cannot define more than {_MOST_OPTIONS} options")
    return errors


def _input(name: str, details: Mapping[str, Any]) -> Input:
    if "type" in details and details["type"] is None:
        raise BadInputs([f"unknown input specification for `{name}` (valid types: {', '.join(TYPES)})"])
    return Input(
        name,
        details.get("type", "string"),
        details.get("options"),
        details.get("regex"),
        required="default" not in details,
        default=details.get("default"),
    )


def _checked(each: Input, value: Any) -> list[str]:
    """What is wrong with the default, and with the value that is given."""
    if each.required and value is None:
        return ["required value has not been provided"]
    found = [] if each.required else _validated(each, each.default, "default")
    return found + ([] if value is None else _validated(each, value, "provided"))


def _validated(each: Input, value: Any, which: str) -> list[str]:
    value = _coerced(each, value)
    errors = []
    expected, noun = _EXPECTED[each.type]
    if not expected(value):
        errors.append(f"{which} value is not {noun}")
    if each.options is not None:
        errors += _among(each, value)
    if each.regex is not None:
        errors += _matching(each.type, each.regex, value, which)
    return errors


def _among(each: Input, value: Any) -> list[str]:
    match each.type:
        case "string" if value not in [text_of(option) for option in each.options or ()]:
            return [f"`{value}` cannot be used because it is not in the list of allowed options"]
        case "number" if value is not None and value not in (each.options or ()):
            return [f"`{text_of(value)}` cannot be used because it is not in the list of the allowed options"]
        case "string" | "number":
            return []
    return ["Options can only be used with string and number inputs"]


def _matching(kind: str, regex: str, value: Any, which: str) -> list[str]:
    """The pattern is looked for anywhere in the value: only an anchored one binds it whole."""
    if kind != "string":
        return ["RegEx validation can only be used with string inputs"]
    try:
        found = parse_re2(regex).search(value)
    except BadPattern:
        return ["invalid regular expression"]
    except UnreadPattern as error:
        raise NotEmulated(str(error)) from error
    return [] if found else [f"{which} value does not match required RegEx pattern"]


def _coerced(each: Input, value: Any) -> Any:
    """A text stays as it is; for every other type a text is read as JSON, where it is JSON."""
    if each.type == "string":
        return text_of(value)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return value


def _no_number(word: str) -> None:
    """`NaN` and its like are Python's, not JSON's."""
    raise ValueError(word)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_EXPECTED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "array": (lambda value: isinstance(value, list), "an array"),
    "boolean": (lambda value: isinstance(value, bool), "a boolean"),
    "number": (_is_number, "a number"),
    "string": (lambda value: isinstance(value, str), "a string"),
}
