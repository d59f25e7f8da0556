"""Scripts as words. Source: ECMA-262, edition 5.1, chapter 7."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class Sort(Enum):
    NAME = "name"
    KEYWORD = "keyword"
    NUMBER = "number"
    TEXT = "text"
    PATTERN = "regular expression"
    SIGN = "sign"
    END = "end"


@dataclass(frozen=True, slots=True)
class Word:
    """`fresh`: it is the first one on its line, so that a statement may have ended before it."""

    sort: Sort
    text: str
    line: int
    fresh: bool


class NotEs5(Exception):
    """The script is no ECMAScript 5, at `line` (from 1)."""

    def __init__(self, text: str, line: int) -> None:
        super().__init__(text)
        self.text = text
        self.line = line


def _spaced(text: str) -> tuple[str, ...]:
    """The words of a list that is easier to read without quotes."""
    return tuple(text.split())


def listed(text: str) -> frozenset[str]:
    return frozenset(_spaced(text))


KEYWORDS = listed(
    "break case catch continue debugger default delete do else finally for function if in instanceof new "
    "return switch this throw try typeof var void while with null true false"
)
LATER = {
    "const": "`const` came after ES5: use `var`",
    "class": "`class` came after ES5: use a function and its prototype",
    "import": "`import` came after ES5",
    "export": "`export` came after ES5",
    "super": "`super` came after ES5",
    "enum": "`enum` is a reserved word",
    "=>": "arrow functions came after ES5: write `function`",
    "`": "template texts came after ES5: join texts with `+`",
    "...": "`...` came after ES5",
    "**": "`**` came after ES5: use Math.pow",
    "?.": "`?.` came after ES5",
    "??": "`??` came after ES5",
}
_SIGNS = _spaced(
    ">>>= === !== >>> <<= >>= => ... ** ?. ?? <= >= == != ++ -- && || += -= *= /= %= &= |= ^= << >> "
    "{ } ( ) [ ] . ; , < > + - * / % & | ^ ! ~ ? : ="
)
_BLANK = re.compile(r"(?:[^\S\n]+|//[^\n]*)")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_NUMBER = re.compile(r"0[xX][0-9A-Fa-f]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_TEXT = re.compile(r"'(?:[^'\\\n]|\\.)*+'|\"(?:[^\"\\\n]|\\.)*+\"", re.DOTALL)
_PATTERN = re.compile(r"/(?![*/])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*+\])++/[A-Za-z]*")
_ENDING = frozenset({")", "]", "}", "++", "--"})
"""Signs after which a slash divides."""


def words(source: str) -> Iterator[Word]:
    """The words of a script, then an END. Raises NotEs5."""
    at, line, fresh = 0, 1, True
    previous: Word | None = None
    while at < len(source):
        if source[at] == "\n":
            at, line, fresh = at + 1, line + 1, True
            continue
        blank = _BLANK.match(source, at)
        comment = None if blank else _COMMENT.match(source, at)
        skipped = blank or comment
        if skipped:
            count = skipped[0].count("\n")
            at, line, fresh = skipped.end(), line + count, fresh or count > 0
            continue
        word = _word(source, at, line, fresh, previous)
        yield word
        at, line, fresh, previous = at + len(word.text), line + word.text.count("\n"), False, word
    yield Word(Sort.END, "", line, True)


def _word(source: str, at: int, line: int, fresh: bool, previous: Word | None) -> Word:
    name = _NAME.match(source, at)
    if name:
        sort = Sort.KEYWORD if name[0] in KEYWORDS or name[0] in LATER else Sort.NAME
        return Word(sort, name[0], line, fresh)
    number = _NUMBER.match(source, at)
    if number:
        return Word(Sort.NUMBER, number[0], line, fresh)
    if source[at] in "'\"":
        text = _TEXT.match(source, at)
        if text is None:
            raise NotEs5("a text does not end on its line", line)
        return Word(Sort.TEXT, text[0], line, fresh)
    if source[at] == "/" and _pattern_may_stand(previous):
        pattern = _PATTERN.match(source, at)
        if pattern:
            return Word(Sort.PATTERN, pattern[0], line, fresh)
        if not source.startswith(("//", "/*"), at):
            raise NotEs5("a regular expression does not end on its line", line)
    if source.startswith("/*", at):
        raise NotEs5("a comment does not end", line)
    for sign in _SIGNS:
        if source.startswith(sign, at):
            if sign in LATER and not (sign == "?." and source[at + 2 : at + 3].isdigit()):
                raise NotEs5(LATER[sign], line)
            return Word(Sort.SIGN, sign if sign != "?." else "?", line, fresh)
    raise NotEs5(LATER.get(source[at], f"{source[at]!r} cannot stand here"), line)


def _pattern_may_stand(previous: Word | None) -> bool:
    """Whether a slash begins a regular expression: after a value it divides."""
    if previous is None or previous.sort is Sort.SIGN:
        return previous is None or previous.text not in _ENDING
    return previous.sort is Sort.KEYWORD and previous.text not in ("this", "null", "true", "false")
