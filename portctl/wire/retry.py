"""When to send a request again, and after how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

TOO_MANY = 429
PASSING = frozenset({408, 500, 502, 503, 504})
"""Answers that may be better next time; whether the request was performed is not known."""

_RESET_HEADERS = ("x-ratelimit-reset", "ratelimit-reset")
_EPOCH_FROM = 10_000
"""A reset above this is a moment, below it a number of seconds: services disagree, some with themselves."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to try and how long to wait between."""

    attempts: int = 5
    slow_attempts: int = 3
    """How often where each attempt already took as long as the time-out."""

    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 60.0

    def tries(self, *, slow: bool) -> int:
        return min(self.slow_attempts, self.attempts) if slow else self.attempts

    def wait_seconds(self, attempt: int, status: int | None, headers: Mapping[str, str], now: float) -> float:
        """The wait after attempt number `attempt` (from 0). `now` is a Unix time; `headers` have lower-case names."""
        wait = self.first_wait_seconds * float(2**attempt)
        asked = _retry_after(headers, now)
        if asked is None and status == TOO_MANY:
            asked = _reset(headers, now)
        return min(max(wait, asked or 0.0), self.longest_wait_seconds)


PATIENT = Patience()


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    text = headers.get("retry-after", "")
    seconds = _number(text)
    if seconds is not None or not text:
        return seconds
    try:
        return parsedate_to_datetime(text).timestamp() - now
    except ValueError:
        return None


def _reset(headers: Mapping[str, str], now: float) -> float | None:
    for name in _RESET_HEADERS:
        value = _number(headers.get(name, ""))
        if value is not None:
            return value - now if value > _EPOCH_FROM else value
    return None


def _number(text: str) -> float | None:
    """`text` as a plain decimal number."""
    return float(text) if text.replace(".", "", 1).isdecimal() else None
