"""The body of an answer: read, unpacked and parsed within limits, so that no service can fill the memory or the stack.

Nothing is unpacked beyond the limit: a few kilobytes of gzip can stand for gigabytes.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from portctl.json_text import MOST_DEEP, TooDeep, parse
from portctl.model.value import Value, freeze

UNPACKED = "gzip"
"""The one packing that is asked for, and understood."""

_LONGEST_SHOWN = 40
_MOST_PARTS = 100
_HALF_A_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that is taken of one answer. docs/reliability.md says so, too."""

    bytes: int = 32 * 1024 * 1024
    seconds: float = 120.0
    values: int = 1_000_000
    depth: int = MOST_DEEP


LIMITS = Limits()


class Unusable(Exception):
    """An answer that is not worth another try. The text says why, and ends a sentence about the service."""


class NotJson(Exception):
    """The body is no JSON at all. The text says so, and ends a sentence about the answer."""


def read_body(pieces: Iterable[bytes], headers: Mapping[str, str], most_bytes: int, *, cut: bool = False) -> bytes:
    """The body that `pieces` are, unpacked. Errors: Unusable beyond `most_bytes`, where it is not just `cut` off there.

    `headers` have lower-case names. Raises zlib.error for what cannot be unpacked, EOFError where it ends too early.
    """
    unpack = _unpacker(headers.get("content-encoding", ""))
    length = headers.get("content-length", "")
    if not cut and length.isdecimal() and int(length[:20]) > most_bytes:
        raise _too_large(most_bytes)
    content, received = bytearray(), 0
    for piece in pieces:
        received += len(piece)
        content += unpack.decompress(piece, most_bytes + 1 - len(content)) if unpack else piece
        if max(len(content), received) > most_bytes or (cut and len(content) == most_bytes):
            if cut:
                break
            raise _too_large(most_bytes)
    else:
        if unpack and received and not unpack.ended:
            raise EOFError
    return bytes(content[:most_bytes])


def _unpacker(encoding: str) -> _Gzip | None:
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return _Gzip()
    raise Unusable(f"is packed in a way that was not asked for: {_shown(encoding)}")


class _Gzip:
    """Unpacks a gzip, which may be several one after the other."""

    def __init__(self) -> None:
        self._part = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._parts = 1

    @property
    def ended(self) -> bool:
        return self._part.eof

    def decompress(self, piece: bytes, most_bytes: int) -> bytes:
        """At least one byte must be wanted; what is beyond `most_bytes` is lost."""
        content = bytearray()
        while piece and len(content) < most_bytes:
            if self._part.eof:
                # One that has ended would keep what follows it, and copy all of it each time.
                self._part = zlib.decompressobj(16 + zlib.MAX_WBITS)
                self._parts += 1
                if self._parts > _MOST_PARTS:
                    raise Unusable(f"is packed in more than {_MOST_PARTS} parts")
            content += self._part.decompress(piece, most_bytes - len(content))
            piece = self._part.unused_data
        return bytes(content)


def _too_large(most_bytes: int) -> Unusable:
    return Unusable(f"has more than {most_bytes:,} bytes")


def parse_body(content: bytes, limits: Limits = LIMITS) -> Value:
    """The JSON document that `content` is, frozen. Errors: NotJson, and Unusable for JSON that nobody could rely on."""
    if content.count(b",") >= limits.values:
        raise Unusable(f"has more than {limits.values:,} values")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unusable(f"is not UTF-8 (byte {error.start})") from error
    try:
        body = parse(
            text,
            most_deep=limits.depth,
            object_pairs_hook=_object,
            parse_float=_float,
            parse_int=_int,
            parse_constant=_constant,
        )
        if _HALF_A_CHARACTER.search(content):
            body = _whole_characters(body)
    except TooDeep as error:
        raise Unusable(f"is {error}") from error
    except ValueError as error:
        raise NotJson("is not JSON") from error
    return freeze(body)


def _whole_characters(body: Any) -> Any:
    """U+FFFD in place of halves of characters: services written in JavaScript cut texts in the middle of one."""
    text = json.dumps(body, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return json.loads(whole, object_pairs_hook=_object)
    return body


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unusable(f"has a key twice in one object: {_shown(twice)}")
    return found


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _no_number(text)
    return number


def _int(text: str) -> int:
    _float(text)
    return int(text)


def _constant(text: str) -> float:
    raise _no_number(text)


def _no_number(text: str) -> Unusable:
    return Unusable(f"holds a number that JSON cannot say: {_shown(text)}")


def _shown(text: str) -> str:
    """`text` of a service, if it is short: a part of it could be a part of a secret, which nobody would recognise."""
    return repr(text) if len(text) <= _LONGEST_SHOWN else f"one of {len(text):,} characters"
