"""The inputs that a pipeline declares in the header of its file (`spec: inputs`).

Source: GitLab docs, "CI/CD inputs" and "CI/CD YAML syntax reference", `spec:inputs`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

STRING = "string"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


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
        documents = list(yaml.load_all(text, _Loader))
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    header = documents[0] if len(documents) > 1 else None
    spec = header.get("spec") if isinstance(header, Mapping) else None
    inputs = spec.get("inputs") if isinstance(spec, Mapping) else None
    if not isinstance(inputs, Mapping):
        return None
    return {str(name): _input(str(name), body if isinstance(body, Mapping) else {}) for name, body in inputs.items()}


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


class _Loader(yaml.SafeLoader):
    """YAML in which tags of GitLab (`!reference`) are only passed over."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


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


def _matches(pattern: str, value: str) -> bool:
    """Whether RE2, which GitLab uses, would find it; what Python cannot read is taken to match."""
    try:
        return re.search(pattern.replace(r"\z", r"\Z"), value) is not None
    except re.error:
        return True
