"""Port's templates, read the way Port reads them.

Source: Port's open source template engine. `{{` opens, `}}` closes, braces inside a quoted text do not count; single
quotes become double ones where they touch a blank or an end of the program, also where no braces stand around it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_SINGLE = re.compile(r"""(?<!\S)'(?![\s"])|(?<![\s"])'(?!\S)""")
_SPREAD = re.compile(r"\s*spreadValue\s*\(\s*\)\s*")


@dataclass(frozen=True, slots=True)
class Parsed:
    """`programs`: the jq between braces; `rest`: the text around them, a blank for each; `balanced`: braces match."""

    programs: tuple[str, ...]
    rest: str
    balanced: bool

    @property
    def whole(self) -> str:
        """The program of a text that is one template and nothing else, else ""."""
        return self.programs[0] if len(self.programs) == 1 and not self.rest.strip() else ""


@lru_cache(maxsize=512)
def parse(text: str) -> Parsed:
    """Cut `text` into programs and the rest."""
    programs: list[str] = []
    rest: list[str] = []
    position = 0
    while (start := text.find("{{", position)) >= 0:
        end = _end(text, start + 2)
        if end < 0:
            return Parsed(tuple(programs), "".join(rest) + text[position:], balanced=False)
        rest.append(text[position:start] + " ")
        programs.append(double_quoted(text[start + 2 : end].strip()))
        position = end + 2
    rest.append(text[position:])
    return Parsed(tuple(programs), "".join(rest), balanced="}}" not in "".join(rest))


def double_quoted(program: str) -> str:
    """A program as Port runs it, inside of braces or not."""
    return _SINGLE.sub('"', program)


def is_spread(text: str) -> bool:
    """Whether a key spreads its value into the object around it."""
    return _SPREAD.fullmatch(parse(text).whole) is not None


def _end(text: str, start: int) -> int:
    """Where the template that was opened before `start` closes, or -1."""
    quote = ""
    position = start
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character == '"' or (character == "'" and text.find("'", position + 1) >= 0):
            quote = character
        elif text.startswith("}}", position):
            return position
        position += 1
    return -1
