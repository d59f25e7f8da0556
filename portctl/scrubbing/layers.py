"""Text with its encodings taken off, layer by layer; every place in it is still known in the text that it came from.

Nothing here knows who encoded, or how often. Escapes of JSON, Python, JavaScript, C and shells, percent-encoding and
HTML entities are all taken off wherever they stand, until nothing changes, and what is looked for is treated alike. So
it does not matter that some of what is taken off was none. From the first layer on, texts are bytes, one a character.
"""

from __future__ import annotations

import base64
import bisect
import re
from collections.abc import Callable, Iterator
from functools import cached_property

DEPTH = 3
"""How often Base64 is looked into."""

_ROUNDS = 6
_HEX = "[0-9A-Fa-f]"
_ESCAPES = re.compile(
    rf"\\+u([Dd][89ABab]{_HEX}{{2}})\\+u([Dd][C-Fc-f]{_HEX}{{2}})"
    rf"|\\+(?:u\{{({_HEX}{{1,6}})\}}|u({_HEX}{{4}})|U({_HEX}{{8}})|x({_HEX}{{2}})|([0-3][0-7]{{2}})|[abefnrtv]|0(?![0-7]))"
    rf"|\\+"
    rf"|%(?:25)*(?:u({_HEX}{{4}})|({_HEX}{{2}}))"
    rf"|&(?:amp;)*(?:#([0-9]{{1,7}})|#[xX]({_HEX}{{1,6}})|([A-Za-z][A-Za-z0-9]{{1,30}}));"
)
_JSON_ESCAPES = re.compile(rf"\\(?:([\"\\/])|[bfnrt]|u({_HEX}{{4}}))")
_QUOTED_PRINTABLE = re.compile(rf"=(?:({_HEX}{{2}})|[ \t]*\r?\n)|(_)")
_MARKS = ("\\", "%", "&")
_FILLING = re.compile(r"[\x00-\x20\x7f'\"`\\+]+")
"""What wrapping, quoting and indenting put in; in forms, a plus is a blank."""
_FILLING_BYTES = bytes(byte for byte in range(0x80) if _FILLING.match(chr(byte)))
_WRAP = re.compile(r"(?<![ \t])[ \t]*[\r\n]+[ \t]*")
_WIDE = re.compile(r"[^\x00-\x7f]")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_BASE64_WITH_BLANKS = re.compile(r"[A-Za-z0-9+/_ -]{8,}")
"""A plus in a form that was not encoded arrives as a blank."""
_LONG_WORD = re.compile(r"[^ ]{12}")
"""Among blanks that were pluses stands a word as long as this, while in sentences few do."""
_URL_SAFE = str.maketrans("-_ ", "+/+")


class Layer:
    """One text and how it came about."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def folded(self) -> str:
        return self.text.lower()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters from `start` to before `end` stand in the text that everything began with."""
        return start, end


class _Rewritten(Layer):
    """The layer below with every match of a pattern replaced."""

    def __init__(
        self, below: Layer, pattern: re.Pattern[str], put: Callable[[re.Match[str]], str], text: str | None = None
    ) -> None:
        super().__init__(pattern.sub(put, below.text) if text is None else text)
        self._below = below
        self._pattern = pattern
        self._put = put

    @cached_property
    def _edits(self) -> tuple[list[int], list[tuple[int, int, int]]]:
        """Where replacements begin, and for each its end here, and its begin and end below."""
        starts, rest, shift = [], [], 0
        for match in self._pattern.finditer(self._below.text):
            length = len(self._put(match))
            start = match.start() + shift
            starts.append(start)
            rest.append((start + length, match.start(), match.end()))
            shift += length - (match.end() - match.start())
        return starts, rest

    def span(self, start: int, end: int) -> tuple[int, int]:
        return self._below.span(self._down(start)[0], self._down(end - 1)[1])

    def _down(self, place: int) -> tuple[int, int]:
        starts, rest = self._edits
        last = bisect.bisect_right(starts, place) - 1
        if last < 0:
            return place, place + 1
        end, below_start, below_end = rest[last]
        if place < end:
            return below_start, below_end
        return below_end + place - end, below_end + place - end + 1


class _Decoded(Layer):
    """Everything in the layer below that may be Base64, decoded; from each of the four places where it may begin."""

    def __init__(self, below: Layer, pattern: re.Pattern[str], shortest: int) -> None:
        self._below = below
        self._begins: list[int] = []
        self._froms: list[int] = []
        texts: list[str] = []
        length = 0
        for run in pattern.finditer(below.text):
            if len(run[0]) * 3 < shortest * 4 or (pattern is _BASE64_WITH_BLANKS and not _among_blanks(run[0])):
                continue
            standard = run[0].translate(_URL_SAFE)
            for skipped in range(4):
                text = _decoded(standard[skipped:])
                self._begins.append(length)
                self._froms.append(run.start() + skipped)
                texts.append(text)
                length += len(text) + 1
        super().__init__("\n".join(texts))

    def span(self, start: int, end: int) -> tuple[int, int]:
        piece = bisect.bisect_right(self._begins, start) - 1
        first, last = (place - self._begins[piece] for place in (start, end - 1))
        origin = self._froms[piece]
        stop = origin + last // 3 * 4 + last % 3 + 2
        while self._below.text[stop : stop + 1] == "=":
            stop += 1
        return self._below.span(origin + first // 3 * 4 + first % 3, stop)


def _among_blanks(run: str) -> bool:
    return " " in run.strip() and _LONG_WORD.search(run) is not None


def _decoded(text: str) -> str:
    usable = len(text) - (len(text) % 4 == 1)
    return base64.b64decode(text[:usable] + "=" * (-usable % 4)).decode("latin-1")


def layers(text: str, shortest: int, depth: int = DEPTH) -> Iterator[Layer]:
    """`text` itself, its bare forms, and those of what is Base64 in it, `depth` times over.

    `shortest`: how long at least is what is looked for.
    """
    yield from _layers(_as_bytes(Layer(text)), shortest, depth)


def carried(text: str) -> str:
    """`text` as bytes, one per character."""
    return _as_bytes(Layer(text)).text


def forms(text: str) -> Iterator[str]:
    """What to look for in layers where `text`, bytes, may be: bare, without quotes and blanks alone, and as it is."""
    yield _without_filling(_escapes_off(Layer(text))).text
    yield _without_filling(Layer(text)).text
    yield text


def _layers(below: Layer, shortest: int, depth: int) -> Iterator[Layer]:
    if len(below.text) < shortest:
        return
    yield below
    plain = _escapes_off(below)
    yield _without_filling(plain)
    if "=" in below.text:
        yield _without_filling(_escapes_off(_Rewritten(below, _QUOTED_PRINTABLE, _meant_in_mail)))
        yield _without_filling(_escapes_off(_Rewritten(below, _QUOTED_PRINTABLE, _meant_in_header)))
    if "\\" in below.text:
        once = _Rewritten(below, _JSON_ESCAPES, _meant_in_json)
        for layer in (below, once, _Rewritten(once, _JSON_ESCAPES, _meant_in_json)):
            yield _without_filling(layer)
    if depth:
        whole = _Rewritten(plain, _WRAP, _nothing)
        yield from _layers(_Decoded(whole, _BASE64, shortest), shortest, depth - 1)
        yield from _layers(_Decoded(plain, _BASE64_WITH_BLANKS, shortest), shortest, 0)


def _without_filling(layer: Layer) -> Layer:
    text = layer.text.encode("latin-1").translate(None, _FILLING_BYTES).decode("latin-1")
    return _Rewritten(layer, _FILLING, _nothing, text)


def _as_bytes(layer: Layer) -> Layer:
    return layer if layer.text.isascii() else _Rewritten(layer, _WIDE, lambda match: _utf8(ord(match[0])))


def _escapes_off(layer: Layer) -> Layer:
    for _ in range(_ROUNDS):
        if not any(mark in layer.text for mark in _MARKS):
            break
        after = _Rewritten(layer, _ESCAPES, _meant)
        if after.text == layer.text:
            break
        layer = after
    return layer


def _meant(match: re.Match[str]) -> str:
    """What an escape stands for, as bytes; "" for those that stand for blanks, line breaks and the like."""
    high, low, braced, short, long, byte, octal, percent_wide, percent, decimal, hexadecimal, name = match.groups()
    if high:
        return _utf8(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF))
    number = braced or short or long or percent_wide or hexadecimal
    if number or decimal:
        code = int(number, 16) if number else int(decimal)
        return _utf8(code) if code <= 0x10FFFF else ""
    if byte or percent:
        return chr(int(byte or percent, 16))
    if octal:
        return chr(int(octal, 8))
    return _named(match[0], name) if name else ""


def _meant_in_json(match: re.Match[str]) -> str:
    """By the letter: where a value has backslashes itself, it matters which of them escape."""
    kept, code = match.groups()
    return kept or (_utf8(int(code, 16)) if code else "")


def _meant_in_mail(match: re.Match[str]) -> str:
    code, underscore = match.groups()
    return chr(int(code, 16)) if code else underscore or ""


def _meant_in_header(match: re.Match[str]) -> str:
    """There an underscore is a blank."""
    return chr(int(match[1], 16)) if match[1] else ""


def _named(written: str, name: str) -> str:
    from html.entities import html5

    meant = html5.get(f"{name};")
    return written if meant is None else "".join(_utf8(ord(character)) for character in meant)


def _utf8(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:  # a byte that Python could not decode
        return chr(code - 0xDC00)
    return chr(code).encode("utf-8", "surrogatepass").decode("latin-1")


def _nothing(_: re.Match[str]) -> str:
    return ""
