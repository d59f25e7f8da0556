"""Escapes of JSON, programming languages, shells, forms, pages and mail, taken off, whichever of them was meant."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

from portctl.scrubbing.layer import Layer, Rewritten

_ROUNDS = 6
_HEX = "[0-9A-Fa-f]"
_ESCAPES = re.compile(
    rf"\\+u([Dd][89ABab]{_HEX}{{2}})\\+u([Dd][C-Fc-f]{_HEX}{{2}})"
    rf"|\\+(?:[ux]\{{({_HEX}{{1,6}})\}}|u({_HEX}{{4}})|U({_HEX}{{8}})|x({_HEX}{{2}})|([0-3]?[0-7]{{2}})|[abefnrtv]|0(?![0-7]))"
    rf"|\\+"
    rf"|%(?:25)*(?:u({_HEX}{{4}})|({_HEX}{{2}}))"
    rf"|&(?:amp;)*(?:#([0-9]{{1,7}});?|#[xX](?:({_HEX}{{1,6}});|([2-7]{_HEX}))|([A-Za-z][A-Za-z0-9]{{1,30}});|(quot|apos|amp|lt|gt))"
)
_JSON_ESCAPES = re.compile(rf"\\(?:([\"\\/])|[bfnrt]|u({_HEX}{{4}}))")
_QUOTED_PRINTABLE = re.compile(rf"=(?:({_HEX}{{2}})|[ \t]*\r?\n)|(_)")
_WORDS = re.compile(r"=\?[^?\s]{1,40}\?([bBqQ])\?([^?]*)\?=(?:(?:\s|\\[rnt])+(?==\?))?")
"""Of headers; between two of them blanks mean nothing."""
_OPEN_ENTITIES = re.compile(
    rf"&(?:amp;)*(?:#[xX]([2-7]{_HEX})|#(1[01][0-9]|12[0-6]|3[2-9]|[4-9][0-9])|(quot|apos|amp(?!;)|lt|gt))"
)
"""Without the semicolon that ends them: `&quot9;` is a quote and `9;`, and no character of that name."""
_MARKS = ("\\", "%", "&")
_WIDE = re.compile(r"[^\x00-\x7f]")


def as_bytes(layer: Layer) -> Layer:
    """One byte a character."""
    return layer if layer.text.isascii() else Rewritten(layer, _WIDE, lambda match: utf8(ord(match[0])))


def escapes_off(layer: Layer) -> Layer:
    """All of them, and what they escaped in turn."""
    return _again_and_again(layer, _ESCAPES, _meant) if any(mark in layer.text for mark in _MARKS) else layer


def json_escapes_off(layer: Layer) -> Layer:
    """Once, and no others."""
    return Rewritten(layer, _JSON_ESCAPES, _meant_in_json)


def open_entities_off(layer: Layer) -> Layer:
    """Those of HTML, as if none had a semicolon, and what they escaped in turn."""
    return _again_and_again(layer, _OPEN_ENTITIES, _meant_by_entity)


def mail_escapes_off(layer: Layer) -> tuple[Layer, ...]:
    """By the rules of texts, by those of headers, and word by word."""
    rules = (_QUOTED_PRINTABLE, _meant_in_mail), (_QUOTED_PRINTABLE, _meant_in_header), (_WORDS, _meant_in_word)
    return tuple(Rewritten(layer, *rule) for rule in (rules if "=?" in layer.text else rules[:2]))


def _again_and_again(layer: Layer, pattern: re.Pattern[str], put: Callable[[re.Match[str]], str]) -> Layer:
    for _ in range(_ROUNDS):
        after = Rewritten(layer, pattern, put)
        if after.text == layer.text:
            break
        layer = after
    return layer


def _meant(match: re.Match[str]) -> str:
    """What an escape stands for, as bytes; "" for those that stand for blanks, line breaks and the like."""
    high, low, braced, short, long, byte, octal, percent_wide, percent, decimal, *hexadecimal, name, common = (
        match.groups()
    )
    if high:
        return utf8(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF))
    number = braced or short or long or percent_wide or hexadecimal[0] or hexadecimal[1]
    if number or decimal:
        code = int(number, 16) if number else int(decimal)
        return utf8(code) if code <= 0x10FFFF else ""
    if byte or percent:
        return chr(int(byte or percent, 16))
    if octal:
        return chr(int(octal, 8))
    if match[0][-1] == "e" and match[0][0] == "\\":
        return "\x1b"
    return _named(match[0], name or common) if name or common else ""


def _meant_in_json(match: re.Match[str]) -> str:
    """By the letter: where a value has backslashes itself, it matters which of them escape."""
    kept, code = match.groups()
    return kept or (utf8(int(code, 16)) if code else "")


def _meant_by_entity(match: re.Match[str]) -> str:
    hexadecimal, decimal, name = match.groups()
    return _named(match[0], name) if name else chr(int(hexadecimal or decimal, 16 if hexadecimal else 10))


def _meant_in_mail(match: re.Match[str]) -> str:
    code, underscore = match.groups()
    return chr(int(code, 16)) if code else underscore or ""


def _meant_in_header(match: re.Match[str]) -> str:
    """There an underscore is a blank."""
    return chr(int(match[1], 16)) if match[1] else ""


def _meant_in_word(match: re.Match[str]) -> str:
    way, text = match.groups()
    if way in "qQ":
        return _QUOTED_PRINTABLE.sub(_meant_in_header, text)
    try:
        return base64.b64decode(text).decode("latin-1")
    except (binascii.Error, ValueError):
        return match[0]


def _named(written: str, name: str) -> str:
    from html.entities import html5

    meant = html5.get(f"{name};")
    return written if meant is None else "".join(utf8(ord(character)) for character in meant)


def utf8(code: int) -> str:
    """The bytes of a character."""
    if 0xDC80 <= code <= 0xDCFF:  # a byte that Python could not decode
        return chr(code - 0xDC00)
    return chr(code).encode("utf-8", "surrogatepass").decode("latin-1")
