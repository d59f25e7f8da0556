"""Paths into values: what stands there, with and without it, and the unit of ownership it lies in."""

from __future__ import annotations

from collections.abc import Mapping

from portctl.model.value import MISSING, Value, get
from portctl.source import ItemKey, Path


def value_at(value: Value, path: Path) -> Value:
    """What stands at `path`, whose parts may pick items of arrays by key, or `MISSING`."""
    for part in path:
        if isinstance(part, ItemKey) and isinstance(value, tuple | list):
            name, _, wanted = part.partition("=")
            value = next((item for item in value if item.get(name) == wanted), MISSING)
        else:
            value = get(value, (part,))
        if value is MISSING:
            return MISSING
    return value


def with_value(value: Value, path: Path, leaf: Value) -> Value:
    """`value` with `leaf` at `path`; mappings are made as needed, arrays are replaced whole."""
    if not path:
        return leaf
    base = dict(value) if isinstance(value, Mapping) else {}
    head = path[0]
    assert isinstance(head, str)
    base[head] = with_value(base.get(head, {}), path[1:], leaf)
    return base


def without(value: Value, path: Path) -> Value:
    """`value` without what stands at `path`; mappings that become empty stay."""
    if not path or not isinstance(value, Mapping) or path[0] not in value:
        return value
    rest = {key: item for key, item in value.items() if key != path[0]}
    if len(path) == 1:
        return rest
    return {key: without(item, path[1:]) if key == path[0] else item for key, item in value.items()}


def unit_of(path: Path) -> Path:
    """The unit of ownership that `path` lies in: everything up to the first array."""
    for index, part in enumerate(path):
        if isinstance(part, int | ItemKey):
            return path[:index]
    return path
