"""Parts of an object whose names the user gives: a property, a relation, a field."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from portctl.model.kind import Kind, matches, pattern_parts
from portctl.model.value import MISSING, Canonical, get
from portctl.source import Path


def parts_around(kind: Kind, path: Path) -> tuple[Path, ...]:
    """The named parts that `path` is or lies in, outermost first."""
    named = _patterns(
        (
            *kind.defaults,
            *kind.empty,
            *kind.sets,
            *kind.text,
            *(hazard.at for hazard in kind.hazards),
            *(rename.at for rename in kind.renames),
            *(reference.at for reference in kind.references),
        )
    )
    ends = (path[:end] for end in range(1, len(path) + 1))
    return tuple(end for end in ends if any(matches(pattern, end) for pattern in named))


def essential_part(kind: Kind, path: Path) -> Path:
    """The named part that cannot be without `path`, () when there is none."""
    return next((named_part(pattern, path) for pattern in kind.essential if matches(pattern, path)), ())


def in_the_way(kind: Kind, before: Canonical, changed: Iterable[Path]) -> tuple[Path, ...]:
    """The parts that have to go before `changed` can be written to `before`."""
    return tuple(
        named_part(retype.at, path)
        for path in changed
        for retype in kind.retyped
        if matches(retype.at, path) and get(before, path) is not MISSING
    )


def named_part(pattern: str, path: Path) -> Path:
    """`path`, described by `pattern`, up to the last name that the user gave."""
    parts = pattern_parts(pattern)
    return path[: len(parts) - parts[::-1].index("*")]


@lru_cache(maxsize=256)
def _patterns(patterns: tuple[str, ...]) -> frozenset[str]:
    """Each of `patterns` up to a `*`: there the user gives the names (`fields.*`)."""
    split = [pattern.split(".") for pattern in patterns]
    return frozenset(".".join(parts[: end + 1]) for parts in split for end, part in enumerate(parts) if part == "*")
