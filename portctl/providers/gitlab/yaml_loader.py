"""GitLab's YAML, within limits: read by PyYAML's C parser where it is there, and never built before it was counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

MAX_DEPTH = 100
MAX_VALUES = 100_000
_LONGEST_NUMBER = 1000
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Reference:
    """`!reference [job, key]`: something that stands elsewhere."""

    path: tuple[str, ...]


class TooMuch(Exception):
    """A limit that a file does not keep, and the line where."""

    def __init__(self, text: str, line: int) -> None:
        super().__init__(text)
        self.line = line


class Loader(_PARSER):  # type: ignore[misc]
    """Knows the one tag of its own that GitLab has. Dates stay text, as GitLab wants them in variables."""


def _reference(loader: Any, node: Any) -> Reference:
    return Reference(tuple(str(part) for part in loader.construct_sequence(node)))


def _number(make: Any) -> Any:
    def number(loader: Any, node: Any) -> Any:
        if len(node.value) > _LONGEST_NUMBER:
            raise TooMuch(f"a number has more than {_LONGEST_NUMBER:,} characters", node.start_mark.line + 1)
        return make(loader, node)

    return number


Loader.add_constructor("!reference", _reference)
Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)
for _kind in ("int", "float"):
    _made = getattr(yaml.SafeLoader, f"construct_yaml_{_kind}")
    Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _number(_made))


def count(text: str) -> None:
    """Raise TooMuch for what would be too deep or too large once its aliases are written out, or has no end."""
    counts: dict[str, int] = {}
    open_: list[tuple[str | None, int]] = []
    total = 0
    for event in _events(text):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            counts.clear()
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor in (anchor for anchor, _ in open_):
                raise TooMuch(f"*{event.anchor} stands inside &{event.anchor}: it has no end", line)
            total += counts.get(str(event.anchor), 1)
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            if event.anchor:
                counts[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            open_.append((event.anchor, total))
            total += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_.pop()
            if anchor:
                counts[anchor] = total - before
        if len(open_) > MAX_DEPTH:
            raise TooMuch(f"it is nested more than {MAX_DEPTH} deep", line)
        if total > MAX_VALUES:
            raise TooMuch(f"it has more than {MAX_VALUES:,} values once aliases are written out", line)


def _events(text: str) -> Iterator[Any]:
    return yaml.parse(text, Loader=_PARSER)
