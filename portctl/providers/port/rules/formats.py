"""Formats of texts, as far as they can be told without Port: no doubt, no finding. Source: RFC 3339, RFC 3986."""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime
from urllib.parse import urlsplit

_TIME = r"\d\d:\d\d:\d\d(\.\d+)?"
_ZONE = r"([Zz]|[+-]\d\d(:?\d\d)?)"
_DATE_TIME = re.compile(rf"\d{{4}}-\d\d-\d\d([Tt]{_TIME}{_ZONE}|\s{_TIME}{_ZONE}?)")
"""As ajv-formats has it: a blank does as well as T. Whether Port takes one without a zone is not known: no finding."""
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def misfit(text: str, wanted: str) -> str:
    """What is wrong with `text` as a `wanted` (`date-time`, `url`, ...), "" where nothing is, or nobody can say."""
    test, said = _TESTS.get(wanted, (_anything, ""))
    return "" if test(text) else f"expected {said}"


def _anything(_: str) -> bool:
    return True


def _is_date_time(text: str) -> bool:
    if _DATE_TIME.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(f"{text[:19].upper()}")
    except ValueError:
        return False
    return True


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and re.search(r"\s", text) is None


def _is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


def _is_address(version: int, text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


_TESTS = {
    "date-time": (_is_date_time, "a date and time with zone (RFC 3339), as in 2026-01-01T10:00:00Z"),
    "timer": (_is_date_time, "a date and time with zone (RFC 3339), as in 2026-01-01T10:00:00Z"),
    "url": (_is_url, "a URL with its scheme, as in https://example.com"),
    "email": (_is_email, "an e-mail address"),
    "idn-email": (_is_email, "an e-mail address"),
    "ipv4": (lambda text: _is_address(4, text), "an IPv4 address"),
    "ipv6": (lambda text: _is_address(6, text), "an IPv6 address"),
}
