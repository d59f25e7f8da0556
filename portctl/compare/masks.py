"""Mask the live side of a comparison where the desired side has secrets, also when somebody moved things around."""

from __future__ import annotations

from collections.abc import Sequence

from portctl.compare.canonical import canonical_bytes, same
from portctl.model.kind import Kind, matches
from portctl.model.value import MISSING, Masked, Value, leaves
from portctl.source import Path

_ANY = "*"


def is_set(kind: Kind, path: Path) -> bool:
    """Whether the order of the array at `path` means nothing."""
    return any(matches(pattern, path) for pattern in kind.sets)


def as_set(items: Sequence[Value]) -> tuple[Value, ...]:
    """`items` in their canonical order, each once."""
    return tuple({canonical_bytes(item): item for item in sorted(items, key=canonical_bytes)}.values())


def mask_like(kind: Kind, live: Value, like: Value, hidden: frozenset[Path], path: Path = ()) -> Value:
    """`live` with a mask wherever `like` has one and at the paths `hidden`.

    An item of an array is recognised by what is not secret in it. Where that fails, everything in the array is masked
    that is masked in any item: the secret may stand in another one now.
    """
    if isinstance(like, Masked) or path in hidden:
        return live if isinstance(live, Masked) else Masked("")
    if isinstance(live, dict):
        wanted = like if isinstance(like, dict) else {}
        return {
            key: mask_like(kind, item, wanted.get(key, MISSING), hidden, (*path, key)) for key, item in live.items()
        }
    if not isinstance(live, tuple):
        return live
    spots = {below for below, leaf in leaves(like) if isinstance(leaf, Masked)} if isinstance(like, tuple) else set()
    former = {other[len(path) :] for other in hidden if other[: len(path)] == path}
    if not spots and not former:
        return live
    wide, wide_former = {_anywhere(spot[1:]) for spot in spots}, {_anywhere(spot[1:]) for spot in former}
    recognised = _recognised(kind, live, like, path) if isinstance(like, tuple) and wide_former <= wide else None
    if recognised is not None:
        return recognised
    items = tuple(_cover(item, wide | wide_former) for item in live)
    return as_set(items) if is_set(kind, path) else items


def _recognised(kind: Kind, live: tuple[Value, ...], like: tuple[Value, ...], path: Path) -> tuple[Value, ...] | None:
    """The items of `like` when each of them is an item of `live` but for what it masks, else None."""
    if len(live) != len(like):
        return None
    left = list(live)
    for item in like:
        candidates = left if is_set(kind, path) else left[:1]
        found = next((at for at, other in enumerate(candidates) if _is(kind, other, item, path)), None)
        if found is None:
            return None
        del left[found]
    return like


def _is(kind: Kind, live: Value, like: Value, path: Path) -> bool:
    return same(mask_like(kind, live, like, frozenset(), (*path, _ANY)), like)


def _anywhere(path: Path) -> Path:
    return tuple(_ANY if isinstance(part, int) else part for part in path)


def _cover(value: Value, spots: set[Path], path: Path = ()) -> Value:
    if path in spots:
        return value if isinstance(value, Masked) else Masked("")
    if isinstance(value, dict):
        return {key: _cover(item, spots, (*path, key)) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(_cover(item, spots, (*path, _ANY)) for item in value)
    return value


def with_write_only(kind: Kind, live: Value, like: Value, path: Path = ()) -> Value:
    """`live` with a mask wherever `like` has a write-only value: the service never gives it back."""
    if isinstance(like, Masked) and live is MISSING:
        return like if any(matches(pattern, path) for pattern in kind.write_only) else MISSING
    if isinstance(like, dict) and (isinstance(live, dict) or live is MISSING):
        filled: dict[str, Value] = dict(live) if isinstance(live, dict) else {}
        for key, item in like.items():
            value = with_write_only(kind, filled.get(key, MISSING), item, (*path, key))
            if value is not MISSING:
                filled[key] = value
        return filled if filled or live is not MISSING else MISSING
    if isinstance(like, tuple) and isinstance(live, tuple) and len(like) == len(live):
        pairs = zip(live, like, strict=True)
        return tuple(with_write_only(kind, item, other, (*path, at)) for at, (item, other) in enumerate(pairs))
    return live
