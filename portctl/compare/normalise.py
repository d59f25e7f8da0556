"""The one normaliser: both sides of every comparison pass through here, and nothing else does what it does.

Total and idempotent. Driven by the kind: what differs between kinds is data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from portctl.compare.canonical import managed_leaves, same
from portctl.compare.masks import as_set, is_set, mask_like, with_write_only
from portctl.model.kind import Kind, matches, one_matches, one_within
from portctl.model.value import (
    Attributes,
    Awaited,
    Canonical,
    Masked,
    Pending,
    Sealed,
    Unknown,
    Value,
)
from portctl.source import Path

_EMPTY: tuple[Value, ...] = (None, "", (), {})


def normalise(
    kind: Kind, attributes: Attributes, *, like: Canonical | None = None, hidden: Iterable[Path] = ()
) -> Canonical:
    """The canonical form of a manifest's or a live object's attributes.

    `like` is the desired side when `attributes` are live: where it holds a mask, the live value is masked before
    anything can compare or keep it, and a write-only field that it has is taken to be there. `hidden` are further
    paths that held a secret when they were last written.
    """
    shaped = _shape(kind, kind.canonical(attributes) if kind.canonical else attributes, ())
    if like is not None:
        shaped = with_write_only(kind, shaped, like)
    masked: Attributes = mask_like(kind, shaped, {} if like is None else like, frozenset(hidden))
    return Canonical(masked)


def declared_paths(kind: Kind, attributes: Attributes) -> dict[Path, Value]:
    """Every path that a manifest speaks about with what it says, values that equal absence included."""
    plain = kind.canonical(attributes) if kind.canonical else attributes
    return {path: value for path, value in managed_leaves(plain).items() if not _ignored(kind, path)}


def _shape(kind: Kind, value: Value, path: Path) -> Value:
    if path and _is_masked(kind, path, value):
        return value if isinstance(value, Masked) else Masked(value.label() if isinstance(value, Pending) else "")
    if isinstance(value, Awaited):
        return Unknown(value.label())
    if isinstance(value, Mapping):
        shaped: dict[str, Value] = {}
        for key, item in value.items():
            below = (*path, key)
            if _ignored(kind, below):
                continue
            part = _shape(kind, item, below)
            if not _equals_absence(kind, below, part):
                shaped[key] = part
        return shaped
    if isinstance(value, tuple | list):
        items = tuple(_shape(kind, item, (*path, index)) for index, item in enumerate(value))
        return as_set(items) if is_set(kind, path) else items
    return value


def _is_masked(kind: Kind, path: Path, value: Value) -> bool:
    if isinstance(value, Sealed | Masked):
        return True
    hidden = one_matches(kind.sensitive, path) or one_matches(kind.write_only, path)
    if isinstance(value, Awaited | Unknown):
        return hidden
    return hidden and value not in (None, "")


def _ignored(kind: Kind, path: Path) -> bool:
    return one_within(kind.server_owned, path) or one_within(tuple(kind.excluded), path)


def _equals_absence(kind: Kind, path: Path, value: Value) -> bool:
    for pattern, default in kind.defaults.items():
        if matches(pattern, path) and same(value, default):
            return True
    if isinstance(value, Masked | Unknown) or not one_matches(kind.empty, path):
        return False
    return not value and any(same(value, empty) for empty in _EMPTY)


def project_of(kind: Kind, live: Canonical, paths: Collection[Path]) -> Canonical:
    """As `project`, without what is left empty by it and equals absence."""
    return Canonical(_shape(kind, project(live, paths), ()))


def project(live: Canonical, paths: Collection[Path]) -> Canonical:
    """The part of `live` that `paths` speak about: what stands at, or below, each of them, in the order of `live`."""
    wanted = frozenset(paths)
    above = frozenset(path[:end] for path in wanted for end in range(len(path)))
    return Canonical(_projected(live, (), wanted, above))


def _projected(value: Value, path: Path, wanted: frozenset[Path], above: frozenset[Path]) -> Value:
    if path in wanted or not isinstance(value, Mapping):
        return value
    return {
        key: _projected(item, (*path, key), wanted, above)
        for key, item in value.items()
        if (*path, key) in wanted or ((*path, key) in above and isinstance(item, Mapping))
    }
