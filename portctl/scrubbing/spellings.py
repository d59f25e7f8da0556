"""How a value is written in numbers, and in Base85: what there is to look for where nothing can be decoded."""

from __future__ import annotations

import base64
import string
from collections.abc import Callable, Iterator, Sequence

from portctl.scrubbing.layer import Kind
from portctl.scrubbing.layers import carried

_FEWEST_DIGITS = 12
_ASCII85 = "".join(map(chr, range(ord("!"), ord("u") + 1)))
_BASE85 = string.ascii_letters + string.digits + "!#$%&()*+-;<=>?@^_`{|}~"
_FORMATS = {
    Kind.HEX: ("x", "02x", "03x", "04x", "06x", "08x"),
    Kind.DIGITS: ("d", "03d", "o", "03o", "04o", "b", "07b", "08b", "09b"),
}
"""Zeros in front, of `0x`, `0o` and `0b` too: other characters between numbers are gone where these are looked for."""


def number_texts(value: str, kind: Kind) -> tuple[str, ...]:
    """Bytes with and without sign, characters and units of UTF-16, one after the other, in every usual base."""
    texts = dict.fromkeys("".join(format(n, form) for n in codes) for codes in _codes(value) for form in _FORMATS[kind])
    if kind is Kind.HEX:
        texts |= dict.fromkeys([value.encode("utf-16-le", "surrogatepass").hex()])
        texts |= dict.fromkeys("".join(f"0{n:x}" for n in codes) for codes in _codes(value))
    return tuple(text for text in texts if len(text) >= _FEWEST_DIGITS)


def _codes(value: str) -> Iterator[Sequence[int]]:
    encoded = carried(value).encode("latin-1")
    units = value.encode("utf-16-be", "surrogatepass")
    yield encoded
    yield [*map(ord, value)]
    yield [units[at] << 8 | units[at + 1] for at in range(0, len(units), 2)]
    yield [abs(byte - 0x100) if byte > 0x7F else byte for byte in encoded]


def base85_texts(value: bytes) -> Iterator[tuple[str, int, int, str]]:
    """Wherever it begins among groups of four bytes; how many characters around it tell of it, and which ones can."""
    write: Callable[[bytes], bytes]
    for write, alphabet in ((base64.b85encode, _BASE85), (base64.a85encode, _ASCII85)):
        yield write(value).decode("ascii"), 0, 0, ""
        for skipped in range(4):
            groups, rest = divmod(len(value) - skipped, 4)
            if groups > 1:
                text = write(value[skipped : skipped + 4 * groups]).decode("ascii")
                yield text, 5 if skipped else 0, 5 if rest else 0, alphabet
