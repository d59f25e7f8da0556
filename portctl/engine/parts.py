"""Parts of an object whose names the user gives: a property, a relation, a field."""

from __future__ import annotations

from functools import lru_cache

from portctl.model.kind import Kind, matches
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
    for pattern in kind.essential:
        if matches(pattern, path):
            parts = pattern.split(".")
            return path[: len(parts) - parts[::-1].index("*")]
    return ()


@lru_cache(maxsize=256)
def _patterns(patterns: tuple[str, ...]) -> frozenset[str]:
    """Each of `patterns` up to a `*`: there the user gives the names (`fields.*`)."""
    split = [pattern.split(".") for pattern in patterns]
    return frozenset(".".join(parts[: end + 1]) for parts in split for end, part in enumerate(parts) if part == "*")
