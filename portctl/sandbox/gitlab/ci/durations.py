"""Durations as GitLab reads them: "1h 30m", "90 minutes", "1 week and 2 days". Source: GitLab docs, `timeout`."""

from __future__ import annotations

import re

_PART = re.compile(r"\s*(?:and\s+|,\s*)?(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE)
_SECONDS = {
    **dict.fromkeys(("", "s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3_600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), 604_800),
    **dict.fromkeys(("mo", "mos", "mon", "month", "months"), 2_592_000),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), 31_557_600),
}


class BadDuration(ValueError):
    """A text that is no duration."""


def parse_duration(text: str) -> float:
    """Seconds. Errors: BadDuration."""
    rest, total = text.strip(), 0.0
    if not rest:
        raise BadDuration(text)
    while rest:
        part = _PART.match(rest)
        if part is None or part[2].lower() not in _SECONDS:
            raise BadDuration(text)
        total += float(part[1]) * _SECONDS[part[2].lower()]
        rest = rest[part.end() :].strip()
    return total
