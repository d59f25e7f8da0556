"""The inputs of a CI/CD file: declared in its header, used in its body as `$[[ inputs.name ]]`.

Source: GitLab docs, "CI/CD inputs" and "CI/CD YAML syntax reference", `spec:inputs`.
"""

from __future__ import annotations

import json
import pathlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from portctl.providers.confined import Confined
from portctl.providers.gitlab.ci import CiFile, NotYaml, parse
from portctl.source import Path

STRING = "string"
STAND_IN = "portctl-input"
"""A text for an input that has none, where a file is checked without any."""

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_BLOCK = re.compile(r"\$\[\[\s*inputs\.([^\s|.\]]++)(?:(?!\$\[\[)[^\n])*?\]\]")
_UNSURE = re.compile(r"\(\?[a-zA-Z]*m|\\Q")
_FLAGS = re.compile(r"\(\?[is]+\)")
_STAND_INS: Mapping[str, Any] = {"boolean": False, "number": 1, "string": STAND_IN}


@dataclass(frozen=True, slots=True)
class Input:
    """One input. `options` is empty and `regex` is "" where it has none; the type is `string` where none is said."""

    name: str
    type: str
    default: Any
    has_default: bool
    options: tuple[Any, ...]
    regex: str


def declared_inputs(text: str) -> Mapping[str, Input] | None:
    """The inputs of a pipeline file by name; None where it has no header with inputs, or is no YAML."""
    try:
        file = parse(text)
    except NotYaml:
        return None
    spec = file.header.get("spec") if isinstance(file.header, Mapping) else None
    if not isinstance(spec, Mapping) or not isinstance(spec.get("inputs"), Mapping):
        return None
    return {name: _input(name, about) for name, about in declared(file).items()}


def declared(file: CiFile) -> dict[str, Mapping[str, Any]]:
    """The inputs of the header and what it says about each; empty without a header."""
    spec = file.header.get("spec") if isinstance(file.header, Mapping) else None
    inputs = spec.get("inputs") if isinstance(spec, Mapping) else None
    if not isinstance(inputs, Mapping):
        return {}
    return {str(name): about if isinstance(about, Mapping) else {} for name, about in inputs.items()}


def used(file: CiFile) -> Iterator[tuple[Path, str]]:
    """Where an input is filled in, and its name."""
    yield from _used(file.body, ())


def holds_input(value: Any) -> bool:
    """Whether `value` is a text that only the inputs make complete."""
    return isinstance(value, str) and "$[[" in value


def is_bound(about: Mapping[str, Any]) -> bool:
    """Whether every value of an input is one of a few, or fits a pattern as a whole."""
    if about.get("type", "string") in ("number", "boolean") or about.get("options"):
        return True
    regex = about.get("regex")
    return isinstance(regex, str) and _is_anchored(regex)


def completed(text: str, file: CiFile) -> str | None:
    """`text` with a default for every input that has none, as CI lint can say no inputs.

    None where a list is needed: what it would have to hold is not to be guessed.
    """
    missing = {name: about for name, about in declared(file).items() if "default" not in about}
    if not missing:
        return text
    if any(about.get("type") == "array" for about in missing.values()):
        return None
    inputs = {**file.header["spec"]["inputs"], **{name: _completed(about) for name, about in missing.items()}}
    header = {**file.header, "spec": {**file.header["spec"], "inputs": inputs}}
    return f"{yaml.safe_dump(header, sort_keys=False, allow_unicode=True)}---\n{text[file.start :]}"


def misfit(declared: Input, value: Any) -> str:
    """Why GitLab would refuse `value` for an input, "" when it would not. Numbers and booleans may come as text."""
    if not _is_of(declared.type, value):
        return f"it is of type {declared.type}"
    shown = value if isinstance(value, str) else json.dumps(value, default=str)
    if declared.options and shown not in {_shown(option) for option in declared.options}:
        return f"it is one of {', '.join(_shown(option) for option in declared.options)}"
    if declared.regex and isinstance(value, str) and not _matches(declared.regex, value):
        return f"it has the form {declared.regex}"
    return ""


def _input(name: str, body: Mapping[str, Any]) -> Input:
    options = body.get("options")
    return Input(
        name=name,
        type=str(body.get("type") or STRING),
        default=body.get("default"),
        has_default="default" in body or "rules" in body,  # rules may give one, by the values of other inputs
        options=tuple(options) if isinstance(options, list) else (),
        regex=str(body.get("regex") or ""),
    )


def _is_of(kind: str, value: Any) -> bool:
    if kind == STRING:
        return isinstance(value, str)
    if kind == "number":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number or (isinstance(value, str) and _NUMBER.fullmatch(value) is not None)
    if kind == "boolean":
        return isinstance(value, bool) or value in ("true", "false")
    return kind != "array" or isinstance(value, list | tuple | str)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


_SEARCH = Confined(pathlib.Path(__file__).with_name("pattern_child.py"))


@lru_cache(maxsize=256)
def _matches(pattern: str, value: str) -> bool:
    """Whether RE2, which GitLab uses, would find it; what Python cannot read, or not in time, is taken to match."""
    return _SEARCH.ask([pattern, value]) is not False


def _completed(about: Mapping[str, Any]) -> dict[str, Any]:
    options = about.get("options")
    kept = {key: value for key, value in about.items() if key != "regex"}
    if isinstance(options, list) and options:
        return {**kept, "default": options[0]}
    return {**kept, "default": _STAND_INS.get(str(about.get("type", "string")), STAND_IN)}


def _used(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            place = (*path, str(key))
            yield from ((place, name) for name in _BLOCK.findall(str(key)))
            yield from _used(inner, place)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _used(inner, (*path, index))
    elif isinstance(value, str):
        yield from ((path, name) for name in _BLOCK.findall(value))


def _is_anchored(regex: str) -> bool:
    """Begins and ends with the ends of the text, in every one of its alternatives; RE2 takes `^` and `$` for them."""
    flags = _FLAGS.match(regex)
    body = regex[flags.end() :] if flags else regex
    begins = body.startswith(("^", r"\A")) and not _UNSURE.search(body)
    ends = re.search(r"(?<!\\)(?:\\\\)*(?:\$|\\z)\Z", body) is not None
    return begins and ends and not _splits(body)


def _splits(body: str) -> bool:
    """Whether an alternative begins outside of every group."""
    depth, in_class, escaped = 0, False, False
    for character in body:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "|" and depth == 0:
            return True
    return False
