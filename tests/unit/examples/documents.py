"""Strategies: JSON of any shape, kinds of any patterns, and every way to change one leaf."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from portctl.model.kind import Kind
from portctl.model.value import freeze
from portctl.source import Path

MANY = settings(max_examples=100, deadline=None)
FEW = settings(max_examples=20, deadline=None)
"""For properties that look at every leaf of every example."""

NAMES = st.sampled_from(["a", "b", "c", "id", "name", "__x", "a.b", "[0]", "'", "", "\x00", "é"])
TEXTS = st.sampled_from(["", "x", "1", "true", "null", "0", "x\ny", "\x00", "id"]) | st.text(max_size=3)
SCALARS = (
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(allow_nan=False, allow_infinity=False, width=16) | TEXTS
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
DOCUMENTS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(NAMES, VALUES, max_size=4)
PATTERNS = st.lists(st.sampled_from(["a", "b", "c", "id", "*", "**"]), min_size=1, max_size=3).map(".".join)
_FEW = st.lists(PATTERNS, max_size=2).map(tuple)


def _kind(parts: Mapping[str, Any]) -> Kind:
    return Kind(
        provider="any", name="Kind", source="", summary="", identity=("id",), collection="/any", schema=dict, **parts
    )


KINDS: st.SearchStrategy[Kind] = st.fixed_dictionaries(
    {
        "server_owned": _FEW,
        "defaults": st.dictionaries(PATTERNS, VALUES.map(freeze), max_size=2),
        "empty": _FEW,
        "sets": _FEW,
        "sensitive": _FEW,
        "write_only": _FEW,
        "excluded": st.dictionaries(PATTERNS, st.just("not ours"), max_size=1),
    }
).map(_kind)
PLAIN = _kind({})

OTHERS: tuple[Any, ...] = (
    *(None, "", (), {}, True, False, 0, 1, 1.5),
    *("1", "0", "true", "false", "null", "other", (1,), {"k": 1}),
)


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every path in a value, mappings and arrays included."""
    if path:
        yield path
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, tuple) else ()
    for part, item in items:
        yield from places(item, (*path, part))


def replaced(value: Any, path: Path, leaf: Any) -> Any:
    """`value` with `leaf` at `path`."""
    if not path:
        return leaf
    if isinstance(value, Mapping):
        return {**value, path[0]: replaced(value.get(path[0]), path[1:], leaf)}
    return tuple(replaced(item, path[1:], leaf) if at == path[0] else item for at, item in enumerate(value))


def without(value: Any, path: Path) -> Any:
    """`value` with nothing at `path`."""
    if len(path) > 1:
        return replaced(value, path[:1], without(value[path[0]], path[1:]))
    if isinstance(value, Mapping):
        return {key: item for key, item in value.items() if key != path[0]}
    return tuple(item for at, item in enumerate(value) if at != path[0])
