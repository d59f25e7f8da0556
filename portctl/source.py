"""Where a value stood in the user's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Path = tuple[str | int, ...]


class ItemKey(str):
    """A part of a path that picks an item of an array by one of its keys: `identifier=foo`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A place in a file; lines and columns count from 1. `file` is relative to the project."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class SourceMap:
    """The place of every value of one document, by path; a path without a place of its own has its parent's."""

    document: Source
    places: Mapping[Path, Source] = field(default_factory=dict)

    def at(self, path: Path) -> Source:
        for end in range(len(path), -1, -1):
            place = self.places.get(path[:end])
            if place is not None:
                return place
        return self.document


def path_text(path: Path) -> str:
    """`("a", 0, "b.c")` as `a[0]."b.c"`, the way every message names a path; an item found by key is `a[name=x]`."""
    text = ""
    for part in path:
        if isinstance(part, int | ItemKey):
            text += f"[{part}]"
            continue
        plain = part and all(character.isalnum() or character in "_-$@" for character in part)
        name = part if plain else '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
        text += f".{name}" if text else name
    return text or "(document)"
