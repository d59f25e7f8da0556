"""Takes values out of text, in whatever form they stand there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from portctl.scrubbing.layer import Kind, Layer
from portctl.scrubbing.layers import layers
from portctl.scrubbing.needles import PART, Needle, needles

_LONG = 4096
_STAND_IN = 0xF0000
"""Private characters stand where a value stood until all are found: a label may have a value in it."""


class Scrubber:
    """Knows values by name. Safe to use from several threads as long as one at a time learns."""

    __slots__ = ("_index", "_known", "_labels", "_needles", "_shortest")

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._needles: dict[tuple[Kind, str], Needle] = {}
        self._index: tuple[int, dict[Kind, dict[str, list[Needle]]]] = (PART, {})
        self._labels: dict[str, str] = {}
        self._shortest = PART

    def learn(self, name: str, value: str) -> None:
        """Take `value` out of every text from now on, and say `name` in its place."""
        if value in self._known:
            return
        self._known.add(value)
        found = dict(self._needles)
        for needle in needles(name, value):
            found.setdefault((needle.kind, needle.text), needle)
        self._labels.setdefault(name, chr(_STAND_IN + len(self._labels)))
        self._shortest = min((self._shortest, *(len(text) for _, text in found)))
        self._needles = found
        self._index = self._shortest, _indexed(found.values(), self._shortest)

    def scrub(self, text: str) -> str:
        """`text` with `(secret NAME)` where a value stood in any form."""
        if len(text) < self._shortest:
            return text
        while spans := self._spans(text):
            for start, end, name in reversed(spans):
                text = f"{text[:start]}{self._labels[name]}{text[end:]}"
        for name, stand_in in self._labels.items():
            text = text.replace(stand_in, f"(secret {name})")
        return text

    def _spans(self, text: str) -> list[tuple[int, int, str]]:
        """What to take out, in order; where values overlap, all of it, in the name of the longest."""
        if not self._needles:
            return []
        found = sorted(
            {hit for layer in layers(text, self._shortest) for hit in self._hits(layer)},
            key=lambda hit: (hit[0], -hit[1]),
        )
        joined: list[tuple[int, int, str]] = []
        longest = 0
        for start, end, name in found:
            if not joined or start >= joined[-1][1]:
                joined.append((start, end, name))
                longest = end - start
                continue
            before = joined.pop()
            if end - start > longest:
                before, longest = (before[0], before[1], name), end - start
            joined.append((before[0], max(before[1], end), before[2]))
        return joined

    def _candidates(self, layer: Layer) -> Iterable[Needle]:
        """The needles that may be in `layer`. In a long text it takes less time to look for each of them."""
        width, kinds = self._index
        text, index = layer.folded, kinds.get(layer.kind, {})
        if len(text) > _LONG:
            return {id(needle): needle for several in index.values() for needle in several}.values()
        windows = {text[at : at + width] for at in range(len(text) - width + 1)}
        return {id(needle): needle for begin in windows & index.keys() for needle in index[begin]}.values()

    def _hits(self, layer: Layer) -> Iterator[tuple[int, int, str]]:
        for needle in self._candidates(layer):
            for start, end in _found(layer.folded, needle):
                if not needle.apart or layer.apart(start, end):
                    yield (*layer.span(*_with_edges(layer.text, start, end, needle)), needle.name)


def _indexed(found: Iterable[Needle], width: int) -> dict[Kind, dict[str, list[Needle]]]:
    """Needles of each kind by the first `width` characters of what gives them away."""
    index: dict[Kind, dict[str, list[Needle]]] = {}
    for needle in found:
        for begin in {needle.text[at : at + width] for at in (0, *needle.parts)}:
            index.setdefault(needle.kind, {}).setdefault(begin, []).append(needle)
    return index


def _found(text: str, needle: Needle) -> list[tuple[int, int]]:
    """Where the whole of it stands, and what agrees with it around each of its parts that stands elsewhere."""
    found = [(start, start + len(needle.text)) for start in _places(text, needle.text)]
    for part in needle.parts:
        for place in _places(text, needle.text[part : part + PART]):
            if not any(start <= place < end for start, end in found):
                found.append(_grown(text, needle.text, place, part))
    return found


def _with_edges(text: str, start: int, end: int, needle: Needle) -> tuple[int, int]:
    first, last = max(0, start - needle.before), end + needle.behind
    while start > first and text[start - 1] in needle.edges:
        start -= 1
    while end < min(last, len(text)) and text[end] in needle.edges:
        end += 1
    return start, end


def _places(text: str, wanted: str) -> Iterator[int]:
    place = text.find(wanted)
    while place >= 0:
        yield place
        place = text.find(wanted, place + len(wanted))


def _grown(text: str, value: str, place: int, part: int) -> tuple[int, int]:
    """The whole of what agrees with `value` around a part of it that begins at `place`."""
    start, end, last = place, place + PART, part + PART
    while start and part and text[start - 1] == value[part - 1]:
        start, part = start - 1, part - 1
    while end < len(text) and last < len(value) and text[end] == value[last]:
        end, last = end + 1, last + 1
    return start, end
