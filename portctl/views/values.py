"""One value of a JSON document as lines of YAML, each with the path it shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from portctl.model.value import Masked, Unknown, Value
from portctl.source import Path
from portctl.views.escape import is_plain, quote

MASKED = "$masked"
UNKNOWN = "$unknown"
LITERAL = "$literal"

_PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")
_YAML_WORDS = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])


def value_document(value: Value) -> Any:
    """Attributes as plain JSON: a masked leaf is `{"$masked": label}`, an unknown one `{"$unknown": label}`.

    An object that happens to look like one of these is wrapped as `{"$literal": object}`.
    """
    if isinstance(value, Masked):
        return {MASKED: value.label}
    if isinstance(value, Unknown):
        return {UNKNOWN: value.label}
    if isinstance(value, Mapping):
        plain = {key: value_document(item) for key, item in value.items()}
        return {LITERAL: plain} if len(plain) == 1 and {*plain} & {MASKED, UNKNOWN, LITERAL} else plain
    if isinstance(value, tuple | list):
        return [value_document(item) for item in value]
    return value


def is_nested(value: Any) -> bool:
    """Whether `value` takes more than one line whatever stands in it."""
    return bool(value) and isinstance(value, dict | list) and not _is_hole(value)


def is_long_text(value: Any) -> bool:
    """Whether `value` is text of several lines."""
    return isinstance(value, str) and "\n" in value


def scalar(value: Any) -> str:
    """A value that fits one line."""
    if isinstance(value, dict) and MASKED in value:
        return str(Masked(_one_line(value[MASKED])))
    if isinstance(value, dict) and UNKNOWN in value:
        return str(Unknown(_one_line(value[UNKNOWN])))
    if isinstance(value, str):
        return quote(value)
    return json.dumps(value)


def key_text(key: str) -> str:
    """A key, quoted where YAML would read it as something else."""
    return key if _PLAIN_KEY.fullmatch(key) and key.lower() not in _YAML_WORDS else quote(key)


def block(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """`value` as lines of YAML. Text is quoted, or a literal block when it has several lines and nothing to hide."""
    if isinstance(value, dict) and is_nested(value):
        fields = value[LITERAL] if set(value) == {LITERAL} else value
        for key, item in fields.items():
            yield from entry(key_text(key), item, (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _item(item, (*path, index))
    else:
        yield path, scalar(value)


def entry(name: str, value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """`name: value`, the value below when it does not fit one line."""
    if is_nested(value):
        yield path, f"{name}:"
        yield from ((at, f"  {line}") for at, line in block(value, path))
    else:
        yield from _leaf(f"{name}: ", value, path)


def _item(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if is_nested(value):
        for number, (at, line) in enumerate(block(value, path)):
            yield at, f"  {line}" if number else f"- {line}"
    else:
        yield from _leaf("- ", value, path)


def _leaf(head: str, value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if is_long_text(value) and _fits_literal_block(value):
        yield path, f"{head}|{_chomping(value)}"
        for line in value.removesuffix("\n").split("\n"):
            yield path, f"  {line}" if line else ""
    else:
        yield path, f"{head}{scalar(value)}"


def _fits_literal_block(text: str) -> bool:
    """YAML guesses the indentation from the first line; a tab inside a line is harmless."""
    lines = text.split("\n")
    readable = all(is_plain(line.replace("\t", "")) and not line.endswith((" ", "\t")) for line in lines)
    return readable and not text.startswith((" ", "\t", "\n"))


def _chomping(text: str) -> str:
    if not text.endswith("\n"):
        return "-"
    return "+" if text.endswith("\n\n") else ""


def _is_hole(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and (MASKED in value or UNKNOWN in value)


def _one_line(label: Any) -> str:
    return quote(str(label))[1:-1]
