"""When to send a request again, and after how long."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

TOO_MANY = 429
PASSING = frozenset({408, 425, 500, 502, 503, 504, 520, 521, 522, 523, 524})
"""Answers that may be better next time; whether the request was performed is not known.

From 520 on: what Cloudflare answers in place of a service behind it. Source: Cloudflare docs, "Cloudflare 5xx errors".
"""

MAX_WAIT_SECONDS = 600
_RESET_HEADERS = ("x-ratelimit-reset", "ratelimit-reset")
_EPOCH_FROM = 10_000
_MILLISECONDS_FROM = 100_000_000_000
"""A reset above the first is a moment, below it a number of seconds: services disagree, some with themselves."""
_DAY = 86_400.0
_NO_END = 1e300


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often to try and how long to wait between."""

    attempts: int = 5
    slow_attempts: int = 3
    """How often where each attempt already took as long as the time-out."""

    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 60.0
    """Where the service does not say how long."""

    max_wait_seconds: float = MAX_WAIT_SECONDS
    """How long one request waits, all in all, because the service limits requests or says when to come again."""

    advice: str = "Run the same command again then, or let it wait: --max-wait SECONDS."

    def tries(self, *, slow: bool) -> int:
        return min(self.slow_attempts, self.attempts) if slow else self.attempts

    def wait_seconds(self, attempt: int) -> float:
        """The wait after attempt number `attempt` (from 0), where the service does not say."""
        return min(self.first_wait_seconds * 2.0 ** min(attempt, 60), self.longest_wait_seconds)


DEFAULT_RETRY_POLICY = RetryPolicy()


def asked_seconds(status: int, headers: Mapping[str, str], now: float) -> float | None:
    """How long the service asks to wait, None where it does not say.

    `headers` have lower-case names. Moments are compared with the clock of the service where the answer tells it
    (`date`), else with `now`, a Unix time: clocks may differ, or be set while a command runs.
    """
    now = _moment(headers.get("date", "")) or now
    asked = _retry_after(headers, now)
    if asked is None and status == TOO_MANY:
        asked = _reset(headers, now)
    return None if asked is None else max(0.0, asked)


def when_text(seconds: float, now: float) -> str:
    """`until 14:03:05 UTC (298 s)`; with the date where it is far away, and without both where it is beyond reason."""
    if seconds > 365 * _DAY:
        return "for more than a year"
    form = "%H:%M:%S" if seconds < _DAY / 2 else "%Y-%m-%d %H:%M:%S"
    return f"until {time.strftime(form, time.gmtime(now + seconds))} UTC ({math.ceil(seconds):,} s)"


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    text = headers.get("retry-after", "")
    seconds = _number(text)
    if seconds is not None:
        return seconds
    moment = _moment(text)
    return None if moment is None else moment - now


def _reset(headers: Mapping[str, str], now: float) -> float | None:
    for name in _RESET_HEADERS:
        value = _number(headers.get(name, ""))
        if value is not None:
            value = value / 1000 if value > _MILLISECONDS_FROM else value
            return value - now if value > _EPOCH_FROM else value
    return None


def _moment(text: str) -> float | None:
    """A date of HTTP as Unix time."""
    from email.utils import parsedate_to_datetime  # loads much, and few answers ask for it

    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _number(text: str) -> float | None:
    """`text` as a plain decimal number. RFC 9110 (10.2.3) sets its digits no end: what no float holds is `_NO_END`."""
    return min(float(text), _NO_END) if text.replace(".", "", 1).isdecimal() else None
