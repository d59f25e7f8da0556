"""Every way in which one leaf of a JSON value can change, as far as the laws try it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portctl.source import Path


def mutations(value: Any) -> Iterator[tuple[Path, str, Any]]:
    """Path, what was done there, and the whole value with that done: every leaf changed, removed, and added to."""
    for at, what, changed in _local(value):
        yield at, what, changed
    if isinstance(value, Mapping):
        for key, item in value.items():
            for at, what, changed in mutations(item):
                yield (key, *at), what, {**value, key: changed}
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            for at, what, changed in mutations(item):
                yield (index, *at), what, (*value[:index], changed, *value[index + 1 :])


def _local(value: Any) -> Iterator[tuple[Path, str, Any]]:
    if isinstance(value, Mapping):
        for key in value:
            yield (key,), "removed", {other: item for other, item in value.items() if other != key}
        yield ("added",), "added", {**value, "added": "mutant"}
    elif isinstance(value, tuple | list):
        for index in range(len(value)):
            yield (index,), "removed", (*value[:index], *value[index + 1 :])
        if len(value) > 1:
            yield (), "reversed", tuple(reversed(value))
        yield (len(value),), "added", (*value, "mutant")
    else:
        for what, other in _others(value):
            yield (), what, other


def _others(leaf: Any) -> Iterator[tuple[str, Any]]:
    """Leaves that are easily taken for `leaf`."""
    if isinstance(leaf, bool):
        yield "negated", not leaf
        yield "as number", int(leaf)
        yield "as text", str(leaf).lower()
    elif isinstance(leaf, int | float):
        yield "as text", str(leaf)
        yield "plus one", leaf + 1
        if leaf in (0, 1):
            yield "as boolean", bool(leaf)
    elif isinstance(leaf, str):
        yield "changed", leaf + "x"
        if leaf:
            yield "emptied", ""
        if leaf.isdigit():
            yield "as number", int(leaf)
    if leaf is not None:
        yield "null", None
    else:
        yield "text", "mutant"
