"""A JSON reader that knows where every value stood and refuses duplicate keys. Source: RFC 8259."""

from __future__ import annotations

import bisect
import json
import re

from portctl.errors import InvalidInput
from portctl.findings import Findings
from portctl.model.value import Value
from portctl.source import Path, Source
from portctl.yaml.document import Document, Reading

_BLANK = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORD = re.compile(r"[A-Za-z_]+")
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None}


def read_json(text: str, file: str, findings: Findings) -> tuple[Document, ...]:
    """The one document of a JSON file, or none when the file is empty."""
    reader = _Reader(text, file, findings)
    document = reader.document()
    return () if document is None else (document,)


class _Reader:
    def __init__(self, text: str, file: str, findings: Findings) -> None:
        self._text = text
        self._at = 0
        self._reading = Reading(file, findings)
        self._lines = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]

    def document(self) -> Document | None:
        self._blank()
        if self._at == len(self._text):
            return None
        place = self._place()
        self._reading.size(len(self._text.encode()), place)
        value = self._value((), 0)
        self._blank()
        if self._at < len(self._text):
            raise self._broken("Nothing may follow the value")
        return self._reading.document(value, place)

    def _place(self) -> Source:
        line = bisect.bisect_right(self._lines, self._at)
        return Source(self._reading.file, line, self._at - self._lines[line - 1] + 1)

    def _broken(self, detail: str, hint: str = "") -> InvalidInput:
        return self._reading.fatal("Broken JSON", self._place(), f"{detail}.", hint)

    def _blank(self) -> None:
        match = _BLANK.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _take(self, character: str) -> bool:
        """Whether `character` comes next, after blanks; it is consumed if so."""
        self._blank()
        if not self._text.startswith(character, self._at):
            return False
        self._at += 1
        return True

    def _value(self, path: Path, depth: int) -> Value:
        self._blank()
        place = self._place()
        self._reading.places.setdefault(path, place)
        self._reading.count(1, place)
        if self._text.startswith(("{", "["), self._at):
            self._reading.deepen(depth + 1, place)
            read = self._object if self._text[self._at] == "{" else self._array
            self._at += 1
            return read(path, depth + 1)
        if self._text.startswith('"', self._at):
            return self._string()
        if number := _NUMBER.match(self._text, self._at):
            self._at = number.end()
            return self._reading.number(number.group(), place)
        word = _WORD.match(self._text, self._at)
        if word is None or word.group() not in _WORDS:
            raise self._broken(f"A value is expected here, not {self._next_word()}")
        self._at = word.end()
        return _WORDS[word.group()]

    def _next_word(self) -> str:
        word = _WORD.match(self._text, self._at)
        if word:
            return f"`{word.group()[:40]}`"
        return f"`{self._text[self._at]}`" if self._at < len(self._text) else "the end of the file"

    def _array(self, path: Path, depth: int) -> Value:
        items: list[Value] = []
        if self._take("]"):
            return ()
        while True:
            items.append(self._value((*path, len(items)), depth))
            if self._take("]"):
                return tuple(items)
            if not self._take(","):
                raise self._broken(f"`,` or `]` is expected here, not {self._next_word()}")

    def _object(self, path: Path, depth: int) -> Value:
        entries: dict[str, Value] = {}
        if self._take("}"):
            return entries
        while True:
            self._blank()
            place = self._place()
            if not self._text.startswith('"', self._at):
                raise self._broken(f"A key in double quotes is expected here, not {self._next_word()}")
            key = self._string()
            if not self._take(":"):
                raise self._broken(f"`:` is expected here, not {self._next_word()}")
            below = self._reading.enter_key((*path, key), place)
            entries.setdefault(key, self._value(below, depth))
            if self._take("}"):
                return entries
            if not self._take(","):
                raise self._broken(f"`,` or `}}` is expected here, not {self._next_word()}")

    def _string(self) -> str:
        match = _STRING.match(self._text, self._at)
        if match is None:
            raise self._broken("The text that starts here does not end, or holds a bad escape or a control character")
        text: str = json.loads(match.group())
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise self._broken("The text that starts here holds half a surrogate pair")
        self._at = match.end()
        return text
