"""Which fields of its input a jq program reads, as far as that is beyond doubt.

`.a.b` at the top reads `a.b` of the input; behind a pipe, in an argument of a function or inside of `reduce`, the
input is something else, and what is read there is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TEXT = r'"(?:[^"\\]|\\.){0,200}+"'
"""No name of a field is longer."""
_NAME = rf"(?:[A-Za-z_]\w*|{_TEXT})"
_TOKEN = re.compile(
    rf"""(?P<comment>\#[^\n]*)
    |(?P<text>")
    |(?P<path>\.{_NAME}(?:\??(?:\.{_NAME}|\.?\[\s*{_TEXT}\s*\]))*)
    |(?P<call>(?!(?:and|or|if|then|elif|else|end)\b)[A-Za-z_]\w*\s*\()
    |(?P<word>[@$]?[A-Za-z_]\w*)
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<alternative>//=?)
    |(?P<pipe>\|=?)
    |(?P<open>[(\[{{])
    |(?P<close>[)\]}}])
    |(?P<blank>\s+)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_PART = re.compile(rf"\.?({_NAME})|\.?\[\s*({_TEXT})\s*\]")
_LOST = ("reduce", "foreach", "def", "label", "as", "try", "limit", "import", "include")
_BRANCHES = ("then", "elif", "else")
_AFTER_VALUE = (".", ")", "]", "}", '"', "?")


@dataclass(slots=True)
class _Reader:
    """Whether the input is another one by now, and what that was before each bracket that is open and right in it."""

    now: bool = False
    outside: list[tuple[bool, bool]] = field(default_factory=list)

    def enter(self, *, changed: bool) -> None:
        self.outside.append((self.now, self.now or changed))
        self.now = self.outside[-1][1]

    def leave(self) -> None:
        if self.outside:
            self.now = self.outside.pop()[0]

    def branch(self) -> None:
        """Every branch of an `if`, and every argument, starts with the same input."""
        self.now = self.outside[-1][1] if self.outside else False


def paths_of(program: str) -> Iterator[tuple[str, ...]]:
    """The fields of the input that `program` reads; none where a program is too involved to say."""
    tokens = list(_tokens(program))
    if any(kind in ("word", "call") and text.rstrip("( \n") in _LOST for kind, text, _ in tokens):
        return
    reader = _Reader()
    for kind, text, before in tokens:
        if kind == "path" and not reader.now and not _continues(before):
            yield _parts(text)
        elif kind == "pipe":
            reader.now = True
        elif kind in ("open", "call") or text == "if":
            reader.enter(changed=kind == "call" or (kind == "open" and before.endswith(_AFTER_VALUE)))
        elif kind == "close" or text == "end":
            reader.leave()
        elif (kind == "word" and text in _BRANCHES) or (kind == "other" and text == ";"):
            reader.branch()


def _tokens(program: str) -> Iterator[tuple[str, str, str]]:
    """(kind, text, what stands right before), texts left out."""
    position, before = 0, ""
    while position < len(program):
        match = _TOKEN.match(program, position)
        if match is None:
            return
        position = match.end()
        kind = str(match.lastgroup)
        if kind == "text":
            position = _end_of_text(program, position)
            before = '"'
        elif kind == "blank":
            before = before if before.endswith("|") else ""
        elif kind != "comment":
            yield kind, match[0], before
            before = match[0]


def _end_of_text(program: str, position: int) -> int:
    """Behind the text that was opened before `position`; what is interpolated in it is left out."""
    depth = 0
    while position < len(program):
        if program.startswith("\\(", position):
            depth, position = depth + 1, position + 1
        elif program[position] == "\\":
            position += 1
        elif depth and program[position] in "()":
            depth += 1 if program[position] == "(" else -1
        elif program[position] == '"' and not depth:
            return position + 1
        position += 1
    return position


def _continues(before: str) -> bool:
    """Whether a path goes on from a value: `$x.a`, `f(1).a`, `.[0].a`."""
    return bool(before) and (before[-1].isalnum() or before[-1] in '_)]}"?.')


def _parts(path: str) -> tuple[str, ...]:
    return tuple((plain or quoted).strip('"') for plain, quoted in _PART.findall(path))
