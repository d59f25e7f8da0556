"""Walks along what leads to something else: files that include files, references to references."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

_MOST_NAMED = 3
_Place = TypeVar("_Place", bound=Hashable)


def walk(start: _Place, below: Callable[[_Place], Iterable[_Place]]) -> tuple[tuple[_Place, ...], tuple[_Place, ...]]:
    """All that `start` leads to, what is below first, and the first cycle in it."""
    ended: dict[_Place, None] = {}
    cycle: tuple[_Place, ...] = ()
    way = {start: iter(below(start))}
    while way:
        place = next(reversed(way))
        for other in way[place]:
            if other in way:
                places = list(way)
                cycle = cycle or tuple(places[places.index(other) :])
            elif other not in ended:
                way[other] = iter(below(other))
                break
        else:
            del way[place]
            ended[place] = None
    return tuple(ended), cycle


def by_way_of(names: Iterable[str]) -> str:
    """The rest of a cycle as a part of a sentence, "" where there is none."""
    between = [f"`{name}`" for name in names]
    more = len(between) - _MOST_NAMED
    named = ", ".join(between[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
    return f", by way of {named}" if named else ""
