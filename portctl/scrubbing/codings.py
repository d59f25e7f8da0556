"""What may be Base64 or Base32, decoded from each of the places where it may begin."""

from __future__ import annotations

import base64
import bisect
import re
from collections.abc import Callable
from dataclasses import dataclass

from portctl.scrubbing.layer import Layer

_LONG_WORD = re.compile(r"[^ ]{12}")
"""Among blanks that were pluses stands a word as long as this, while in sentences few do."""
_URL_SAFE = str.maketrans("-_ ", "+/+")
_NUMERALS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789abcdefghijklmnopqrstuv")


@dataclass(frozen=True, slots=True)
class Coding:
    """`runs` may be texts in it, `bits` to a character, that begin with one of the first `begins` characters."""

    runs: re.Pattern[str]
    bits: int
    begins: int
    decode: Callable[[str], bytes]
    likely: Callable[[str], bool] = bool


class Decoded(Layer):
    """Everything in the layer below that may be in a coding, decoded."""

    def __init__(self, below: Layer, coding: Coding, shortest: int) -> None:
        self._below = below
        self._bits = coding.bits
        self._begins: list[int] = []
        self._froms: list[int] = []
        texts: list[str] = []
        length = 0
        for run in coding.runs.finditer(below.text):
            if len(run[0]) * coding.bits < shortest * 8 or not coding.likely(run[0]):
                continue
            for skipped in range(coding.begins):
                text = coding.decode(run[0][skipped:]).decode("latin-1")
                self._begins.append(length)
                self._froms.append(run.start() + skipped)
                texts.append(text)
                length += len(text) + 1
        super().__init__("\n".join(texts))

    def span(self, start: int, end: int) -> tuple[int, int]:
        piece = bisect.bisect_right(self._begins, start) - 1
        first, last = (place - self._begins[piece] for place in (start, end - 1))
        origin = self._froms[piece]
        stop = origin + (last * 8 + 7) // self._bits + 1
        while self._below.text[stop : stop + 1] == "=":
            stop += 1
        return self._below.span(origin + first * 8 // self._bits, stop)


def _base64(text: str) -> bytes:
    usable = len(text) - (len(text) % 4 == 1)
    return base64.b64decode(text[:usable].translate(_URL_SAFE) + "=" * (-usable % 4))


def _base32(text: str) -> bytes:
    """The library's way is slow."""
    bits = len(text) * 5
    return (int(text.upper().translate(_NUMERALS) or "0", 32) >> bits % 8).to_bytes(bits // 8, "big")


def _among_blanks(run: str) -> bool:
    return " " in run.strip() and _LONG_WORD.search(run) is not None


BASE64 = Coding(re.compile(r"[A-Za-z0-9+/_-]{8,}"), 6, 4, _base64)
BASE64_WITH_BLANKS = Coding(re.compile(r"[A-Za-z0-9+/_ -]{8,}"), 6, 4, _base64, _among_blanks)
"""A plus in a form that was not encoded arrives as a blank."""
BASE32 = Coding(re.compile(r"[A-Z2-7]{10,}|[a-z2-7]{10,}"), 5, 8, _base32)
