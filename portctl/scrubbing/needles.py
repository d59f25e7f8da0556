"""What to look for where a value may be: itself, what other encodings of text make of it, and long parts of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from portctl.scrubbing.layers import carried, forms

SHORTEST = 6
"""Of values and of what is left of them in their bare form: shorter ones stand in any text by chance."""
PART = 16
"""Characters of a value that are found also where the rest of it was cut off."""

_STEP = 8
_MOST_PARTS = 256
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://.*/", re.IGNORECASE | re.DOTALL)
_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/@]*?:([^/]+)@", re.IGNORECASE)
_LEAST_DIFFERENT = 6


@dataclass(frozen=True, slots=True)
class Needle:
    """A text to look for in every layer, in lower case: services write names of headers and numbers as they like.

    `parts`: places in it whose next PART characters give it away.
    """

    name: str
    text: str
    parts: tuple[int, ...] = ()


def needles(name: str, value: str) -> Iterator[Needle]:
    """Everything to look for, the password of an address by itself, too; nothing for a value that is too short."""
    if len(value) < SHORTEST:
        return
    password = _PASSWORD.match(value)
    if password:
        yield from needles(name, unquote(password[1]))
    seen: set[str] = set()
    whole = next(forms(carried(value))).lower()
    for spelling in (*_texts(value), *_numbers(value)):
        for text in map(str.lower, forms(spelling)):
            if len(text) >= SHORTEST and text not in seen:
                seen.add(text)
                yield Needle(name, text, _parts(text) if text == whole else ())


def _texts(value: str) -> Iterator[str]:
    """The bytes of the value, and of what others have who took them for another encoding, or could not take all."""
    yield carried(value)
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


def _numbers(value: str) -> Iterator[str]:
    encoded = carried(value).encode("latin-1")
    yield encoded.hex()
    yield ",".join(map(str, encoded))


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
