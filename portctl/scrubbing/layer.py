"""A text and how it came about: every place in it is known in the text that everything began with."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable
from enum import Enum, auto
from functools import cached_property

_NEIGHBOURS = re.compile(r"[A-Za-z0-9]{2}")


class Kind(Enum):
    """What a layer consists of; only what consists of the same is looked for in it."""

    TEXT = auto()
    LETTERS = auto()
    HEX = auto()
    DIGITS = auto()


class Layer:
    """One text and how it came about."""

    kind = Kind.TEXT

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def folded(self) -> str:
        return self.text.lower()

    def apart(self, _start: int, _end: int) -> bool:
        """Whether they are letters and digits between which something stood."""
        return False

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters from `start` to before `end` stand in the text that everything began with."""
        return start, end


class Rewritten(Layer):
    """The layer below with every match of a pattern replaced."""

    def __init__(
        self,
        below: Layer,
        pattern: re.Pattern[str],
        put: Callable[[re.Match[str]], str],
        text: str | None = None,
        kind: Kind = Kind.TEXT,
    ) -> None:
        """`text`: what comes of it, where that is known by a faster way."""
        super().__init__(pattern.sub(put, below.text) if text is None else text)
        self.kind = kind
        self._below = below
        self._pattern = pattern
        self._put = put

    @cached_property
    def _edits(self) -> tuple[list[int], list[tuple[int, int, int]]]:
        """Where replacements begin, and for each its end here, and its begin and end below."""
        starts, rest, shift = [], [], 0
        for match in self._pattern.finditer(self._below.text):
            length = len(self._put(match))
            start = match.start() + shift
            starts.append(start)
            rest.append((start + length, match.start(), match.end()))
            shift += length - (match.end() - match.start())
        return starts, rest

    def span(self, start: int, end: int) -> tuple[int, int]:
        return self._below.span(self._down(start)[0], self._down(end - 1)[1])

    def apart(self, _start: int, _end: int) -> bool:
        return not _NEIGHBOURS.search(self._below.text, self._down(_start)[0], self._down(_end - 1)[1])

    def _down(self, place: int) -> tuple[int, int]:
        starts, rest = self._edits
        last = bisect.bisect_right(starts, place) - 1
        if last < 0:
            return place, place + 1
        end, below_start, below_end = rest[last]
        if place < end:
            return below_start, below_end
        return below_end + place - end, below_end + place - end + 1


def nothing(_: re.Match[str]) -> str:
    """What takes something out puts in its place."""
    return ""
