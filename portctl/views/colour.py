"""Colour, by meaning. Nothing that a view says depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """What a piece of text is; the value is its ANSI style."""

    PLAIN = ""
    STRONG = "1"
    QUIET = "2"
    ADDED = "32"
    REMOVED = "31"
    CHANGED = "33"
    KEPT = "36"
    WARNING = "1;33"
    ERROR = "1;31"


@dataclass(frozen=True, slots=True)
class Palette:
    """Paints text, or leaves it as it is."""

    on: bool = False

    def paint(self, tone: Tone, text: str) -> str:
        if not self.on or not tone or not text:
            return text
        return f"\x1b[{tone}m{text}\x1b[0m"


PLAIN = Palette()
