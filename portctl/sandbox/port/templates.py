"""Port's templates: `{{ jq }}` in strings and keys of any depth.

Semantics of Port's open-source templating engine (@port-labs/jq-node-bindings), errors in its words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from portctl.sandbox.port.jq_program import UNDEFINED, first

_SPREAD = re.compile(r"\{\{\s*spreadValue\(\s*\)\s*\}\}")


class TemplateError(ValueError):
    """A template that cannot be evaluated at all: braces that do not match, a key or spread of the wrong type."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Where a program stands in a text, without its braces."""

    start: int
    end: int


def render(template: Any, data: Any) -> Any:
    """The template with every program replaced by its result on `data`, as JSON. Errors: TemplateError.

    A whole value that yields nothing is UNDEFINED; inside objects such keys are gone, inside lists they are null.
    """
    return _plain(_render(template, data))


def placeholders(text: str) -> list[Placeholder]:
    """The programs of a text. Braces within quotes of a program do not count. Errors: TemplateError."""
    found: list[Placeholder] = []
    start: int | None = None
    quote = ""
    at = 0
    while at < len(text):
        here, pair = text[at], text[max(0, at - 1) : at + 1]
        if start is not None and here == "\\":
            at += 1
        elif start is not None and here in "\"'":
            quote = here if not quote else "" if quote == here else quote
        elif not quote and pair == "{{":
            if start is not None:
                raise TemplateError(f"Found double braces in index {at - 1} inside other one in index {start - 2}")
            start = at + 1
            at += text[at + 1 : at + 2] == "{"
        elif not quote and pair == "}}":
            if start is None:
                raise TemplateError(f"Found closing double braces in index {at - 1} without opening double braces")
            found.append(Placeholder(start, at - 1))
            start = None
            at += text[at + 1 : at + 2] == "}"
        at += 1
    if start is not None:
        raise TemplateError(f"Found opening double braces in index {start - 2} without closing double braces")
    return found


def run(program: str, data: Any) -> Any:
    """A program as it stands between braces: strings may be in single quotes."""
    return first(program, data)


def _render(template: Any, data: Any) -> Any:
    if isinstance(template, str):
        return _text(template, data)
    if isinstance(template, list):
        return [_render(each, data) for each in template]
    if isinstance(template, dict):
        return dict(pair for key, value in template.items() for pair in _entries(key, value, data))
    return template


def _text(text: str, data: Any) -> Any:
    found = placeholders(text)
    if not found:
        return text
    stripped = text.strip()
    if len(found) == 1 and stripped.startswith("{{") and stripped.endswith("}}"):
        return run(text[found[0].start : found[0].end], data)
    parts: list[str] = []
    end = 0
    for placeholder in found:
        parts += [text[end : placeholder.start - 2], printed(run(text[placeholder.start : placeholder.end], data))]
        end = placeholder.end + 2
    return "".join([*parts, text[end:]])


def _entries(key: str, value: Any, data: Any) -> Iterator[tuple[str, Any]]:
    """What one key of an object amounts to: itself, nothing, or what it spreads."""
    if _SPREAD.fullmatch(key.strip()):
        yield from _spread(key, value, _render(value, data))
        return
    name = _text(key, data)
    if name not in (UNDEFINED, None) and not isinstance(name, str):
        raise TemplateError(
            "Evaluated object key should be undefined, null or string. "
            f"Original key: {key}, evaluated to: {printed(name)}"
        )
    if isinstance(name, str) and name:
        yield name, _render(value, data)


def _spread(key: str, value: Any, result: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(result, dict):
        yield from result.items()
    elif isinstance(result, list):
        yield from ((str(index), each) for index, each in enumerate(result))
    else:
        raise TemplateError(
            f"Evaluated value should be an object if the key is {key}. "
            f"Original value: {printed(value, quoted=False)}, evaluated to: {printed(result, quoted=True)}"
        )


def printed(value: Any, *, quoted: bool = False) -> str:
    """A value inside a text: strings as they are (unless `quoted`), everything else as JSON."""
    if value is UNDEFINED:
        return "undefined"
    if isinstance(value, str) and not quoted:
        return value
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """The value as JSON can hold it; UNDEFINED itself is left to the caller."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if each is not UNDEFINED}
    if isinstance(value, list):
        return [None if each is UNDEFINED else _plain(each) for each in value]
    return value
