"""Find the edits that separate two canonical objects. The only user of deepdiff."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from portctl.compare.canonical import canonical_bytes, same
from portctl.compare.paths import value_at
from portctl.model.value import MISSING, Canonical, Value
from portctl.source import ItemKey, Path


@dataclass(frozen=True, slots=True)
class Difference:
    """One path that differs; `MISSING` where nothing stands."""

    path: Path
    before: Value
    after: Value


def differences(before: Canonical, after: Canonical, aligned: Sequence[str] = ()) -> tuple[Difference, ...]:
    """What must change in `before` to get `after`, sorted by path; empty exactly when they are the same.

    Arrays of objects that carry one of the `aligned` keys are compared item by item, all others as a whole.
    """
    if same(before, after):
        return ()
    left, right = _keyed(before, after, tuple(aligned))
    found = [
        Difference(path, value_at(before, path), value_at(after, path))
        for path in sorted(set(_changed_paths(left, right)), key=_sort_key)
    ]
    return tuple(found)


def _changed_paths(left: Value, right: Value) -> Iterator[Path]:
    from deepdiff import DeepDiff

    tree = DeepDiff(
        left, right, view="tree", verbose_level=0, threshold_to_diff_deeper=0, ignore_private_variables=False
    )
    for group in tree.values():
        for level in group:
            yield tuple(level.path(output_format="list"))


def _keyed(left: Value, right: Value, aligned: tuple[str, ...]) -> tuple[Value, Value]:
    """Both sides as nested mappings whose leaves are opaque text, ready for deepdiff."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        out: tuple[dict[str, Value], dict[str, Value]] = ({}, {})
        for key in {**left, **right}:
            one, other = left.get(key, MISSING), right.get(key, MISSING)
            pair = _keyed(one, other, aligned)
            for side, original, text in zip(out, (one, other), pair, strict=True):
                if original is not MISSING:
                    side[key] = text
        return out
    if isinstance(left, tuple | list) and isinstance(right, tuple | list) and not same(left, right):
        for name in aligned:
            one_side, other_side = _by_key(left, name), _by_key(right, name)
            if one_side and other_side and not _only_order_differs(one_side, other_side):
                return _keyed(one_side, other_side, aligned)
    return _text(left), _text(right)


def _by_key(items: Sequence[Value], name: str) -> dict[str, Value] | None:
    keyed: dict[str, Value] = {}
    for item in items:
        if not isinstance(item, Mapping) or not isinstance(item.get(name), str):
            return None
        key = ItemKey(f"{name}={item[name]}")
        if key in keyed:
            return None
        keyed[key] = item
    return keyed


def _only_order_differs(left: Mapping[str, Value], right: Mapping[str, Value]) -> bool:
    common = [key for key in left if key in right]
    return common != [key for key in right if key in left]


def _text(value: Value) -> str:
    return "" if value is MISSING else canonical_bytes(value).decode()


def _sort_key(path: Path) -> tuple[tuple[int, str], ...]:
    return tuple((0, str(part)) for part in path)
