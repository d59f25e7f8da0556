"""What to look for where a value may be: itself, what other encodings of text make of it, and long parts of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from portctl.scrubbing.layer import Kind
from portctl.scrubbing.layers import carried, forms, letters
from portctl.scrubbing.spellings import base85_texts, number_texts

SHORTEST = 6
"""Of values and of what is left of them in their bare form: shorter ones stand in any text by chance."""
PART = 16
"""Characters of a value that are found also where the rest of it was cut off."""
FEWEST_LETTERS = 12
"""Of a value that is found by its letters and digits, whatever stands between them: fewer may stand in sentences."""

_STEP = 8
_MOST_PARTS = 256
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://.*/", re.IGNORECASE | re.DOTALL)
_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/@]*?:([^/]+)@", re.IGNORECASE)
_LEAST_DIFFERENT = 6


@dataclass(frozen=True, slots=True)
class Needle:
    """A text to look for in every layer of its kind, in lower case: services write names of headers as they like.

    `parts`: places in it whose next PART characters give it away. `apart`: it is so short that it counts only where it
    is a list of characters. `before`, `behind`: how many characters around it are mixed with its own, if they are among
    `edges`.
    """

    name: str
    text: str
    kind: Kind = Kind.TEXT
    parts: tuple[int, ...] = ()
    apart: bool = False
    before: int = 0
    behind: int = 0
    edges: str = ""


def needles(name: str, value: str) -> Iterator[Needle]:
    """Everything to look for, the password of an address by itself, too; nothing for a value that is too short."""
    if len(value) < SHORTEST:
        return
    password = _PASSWORD.match(value)
    if password:
        yield from needles(name, unquote(password[1]))
    whole = next(forms(carried(value))).lower()
    for text in _bare(_texts(value)):
        yield Needle(name, text, parts=_parts(text) if text == whole else ())
    yield from _letters(name, value)
    for text in number_texts(value, Kind.HEX):
        yield Needle(name, text, Kind.HEX)
    for text in number_texts(value, Kind.DIGITS):
        yield Needle(name, text, Kind.DIGITS)
    for text, before, behind, edges in base85_texts(carried(value).encode("latin-1")):
        for bare in _bare([text]):
            yield Needle(name, bare, before=before, behind=behind, edges=edges)


def _bare(spellings: Iterable[str]) -> Iterator[str]:
    texts = dict.fromkeys(text.lower() for spelling in spellings for text in forms(spelling))
    return (text for text in texts if len(text) >= SHORTEST)


def _letters(name: str, value: str) -> Iterator[Needle]:
    """Its letters and digits alone, from either end."""
    address = _ADDRESS.match(value)
    for turned in (value, value[::-1]):
        for kept in dict.fromkeys(letters(carried(turned))):
            text = kept.lower()
            count = len(kept.encode("latin-1").decode("utf-8", "ignore"))
            if count >= FEWEST_LETTERS:
                yield Needle(name, text, Kind.LETTERS, () if address else _parts(text))
            elif count >= SHORTEST and text.isascii():
                yield Needle(name, text, Kind.LETTERS, apart=True)


def _texts(value: str) -> Iterator[str]:
    """The bytes of the value, and of what others have who took them for another encoding, or could not take all."""
    yield carried(value)
    yield carried(value[::-1])
    if value.isascii():
        return
    for way in (str.lower, str.upper, str.title):
        yield carried(way(value))
    for form in ("NFC", "NFD"):
        yield carried(unicodedata.normalize(form, value))
    yield "".join(character if ord(character) <= 0xFF else carried(character) for character in value)
    yield carried(carried(value))
    yield carried(carried(value).encode("latin-1").decode("cp1252", "replace"))
    for mark in ("", "?", carried("\ufffd")):
        for width in (lambda _: 1, _units, lambda character: len(carried(character))):
            yield "".join(character if character.isascii() else mark * width(character) for character in value)


def _units(character: str) -> int:
    """How many units of UTF-16 a character takes, which is what Java and JavaScript count."""
    return 1 + (ord(character) > 0xFFFF)


def _parts(text: str) -> tuple[int, ...]:
    """Where parts of `text` begin. The beginning of an address is no part: others have the same."""
    if len(text) < PART + _STEP:
        return ()
    address = _ADDRESS.match(text)
    begin = address.end() if address else 0
    step = max(_STEP, len(text) // _MOST_PARTS)
    places = [*range(begin, len(text) - PART, step), len(text) - PART]
    return tuple(at for at in places if at >= begin and len({*text[at : at + PART]}) >= _LEAST_DIFFERENT)
