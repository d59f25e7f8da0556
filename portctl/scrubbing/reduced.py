"""What is left of a text when only its letters and digits are kept, or only what numbers are written with.

Whatever stands between, in front or behind then says nothing any more: commas, colons, quotes, `0x`, `> ` of a reply.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from portctl.scrubbing.escapes import utf8
from portctl.scrubbing.layer import Kind, Layer, Rewritten, nothing

_CHARACTER = r"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
_CHARACTERS = re.compile(_CHARACTER)
_NO_LETTERS = re.compile(r"[^A-Za-z0-9\x80-\xff]+|[\x80-\xff]+")
_NOT_ASCII = re.compile(r"[\x80-\xff]+")
_MARKUP = re.compile(r"\]\]>(?:<!\[CDATA\[)?|<!\[CDATA\[|</?[A-Za-z][^<>]{0,200}>|\x1b\[[0-9;?]{0,20}[@-~]")
_REST = r"(?:(?!\\n0[0-9A-Fa-f]{3})[^\n])*"
_DUMP = re.compile(
    r"(?:(?<![0-9A-Za-z+])|(?<=\\n))(?![01]{8} [01]{8})0[0-9A-Fa-f]{3,15}:?[ \t]+"
    rf"(?:((?:[0-9A-Fa-f]{{2,8}}(?:[ \t]{{1,2}}|(?![^\n\\\"])))+){_REST}|({_REST}))"
)
"""A line of a dump; its numbers, where there are some, else its letters."""


def folded(layer: Layer) -> Layer:
    """With compatible characters for one another (full width, styles), and without those that have no width."""
    return layer if layer.text.isascii() else _changed(layer, Rewritten(layer, _CHARACTERS, _compatible))


def without_markup(layer: Layer) -> Layer:
    """Without tags, ends of CDATA and colours of terminals."""
    marked = "<" in layer.text or "]]>" in layer.text or "\x1b" in layer.text
    return _changed(layer, Rewritten(layer, _MARKUP, nothing)) if marked else layer


def without_columns(layer: Layer) -> Layer:
    """Dumps without their addresses and without the letters beside the numbers."""
    return Rewritten(layer, _DUMP, lambda match: match[1] or match[2]) if _DUMP.search(layer.text) else layer


def letters(layer: Layer) -> Layer:
    """Letters and digits, without accents."""
    text = layer.text if layer.text.isascii() else _NOT_ASCII.sub(_letter, layer.text)
    return Rewritten(layer, _NO_LETTERS, _letter, _only(_NOT_LETTERS, text), Kind.LETTERS)


def hexadecimal(layer: Layer) -> Layer:
    return Rewritten(layer, _NO_HEX, nothing, _only(_NOT_HEX, layer.text), Kind.HEX)


def digits(layer: Layer) -> Layer:
    return Rewritten(layer, _NO_DIGITS, nothing, _only(_NOT_DIGITS, layer.text), Kind.DIGITS)


def _changed(before: Layer, after: Layer) -> Layer:
    return before if before.text == after.text else after


def _only(deleted: bytes, text: str) -> str:
    return text.encode("latin-1").translate(None, deleted).decode("latin-1")


def _compatible(match: re.Match[str]) -> str:
    return _compatible_characters(match[0])


@lru_cache(maxsize=10_000)
def _compatible_characters(written: str) -> str:
    character = written.encode("latin-1").decode("utf-8", "ignore")
    normal = unicodedata.normalize("NFKC", character)
    return "".join(utf8(ord(each)) for each in normal if unicodedata.category(each) != "Cf") if character else written


def _letter(match: re.Match[str]) -> str:
    if match[0].isascii():
        return ""
    text = unicodedata.normalize("NFKD", match[0].encode("latin-1").decode("utf-8", "ignore")).casefold()
    return "".join(utf8(ord(each)) for each in text if each.isalnum())


_NO_HEX = re.compile(r"[^0-9A-Fa-f]+")
_NO_DIGITS = re.compile(r"[^0-9]+")
_NOT_LETTERS, _NOT_HEX, _NOT_DIGITS = (
    bytes(code for code in range(0x100) if pattern.match(chr(code)))
    for pattern in (re.compile(r"[^A-Za-z0-9\x80-\xff]"), _NO_HEX, _NO_DIGITS)
)
