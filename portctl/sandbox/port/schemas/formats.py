"""String formats as Port's validator sees them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt\s]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d(:?\d\d)?)\Z")
"""As ajv-formats has it (`formats.ts`): a blank does as well as T, and a zone must be there."""
_LOOSE_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\Z")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)*\Z")


def is_date_time(text: str) -> bool:
    """RFC 3339, T or a blank between date and time, with a zone."""
    return _DATE_TIME.match(text) is not None and parse_date_time(text) is not None


def is_loose_date_time(text: str) -> bool:
    """RFC 3339, or date and time with a blank between them and no zone."""
    return is_date_time(text) or (_LOOSE_DATE_TIME.match(text) is not None and parse_date_time(text) is not None)


def parse_date_time(text: str) -> datetime | None:
    """The instant; aware unless the text has no zone. None where it is no date."""
    try:
        return datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    except ValueError:
        return None


def is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and re.search(r"\s", text) is None


def is_email(text: str) -> bool:
    return _EMAIL.match(text) is not None


def _is_address(version: int) -> Callable[[str], bool]:
    def test(text: str) -> bool:
        try:
            return ipaddress.ip_address(text).version == version
        except ValueError:
            return False

    return test


def _of_text(test: Callable[[str], bool]) -> Callable[[Any], bool]:
    return lambda value: not isinstance(value, str) or test(value)


TESTS: dict[str, Callable[[Any], bool]] = {
    "date-time": _of_text(is_date_time),
    "loose-date-time": _of_text(is_loose_date_time),
    "url": _of_text(is_url),
    "uri": _of_text(is_url),
    "email": _of_text(is_email),
    "idn-email": _of_text(is_email),
    "ipv4": _of_text(_is_address(4)),
    "ipv6": _of_text(_is_address(6)),
}
