"""No regular expression over a user's text takes quadratic time."""

from __future__ import annotations

import time

from tests.fuzz.patterns import attacks, patterns
from tests.sampling import chosen

_MOST_SECONDS = 0.15
"""Of the processor: hundreds of times what a linear search takes, and a fraction of what a quadratic one does."""


def test_no_pattern_takes_quadratic_time(covered: list[str]) -> None:
    tried = chosen("patterns", [(used, text) for used in patterns() for text in attacks(used.pattern)], 6_000)
    slow: dict[str, str] = {}
    for used, text in tried:
        if used.place in slow:
            continue
        begin = time.thread_time()
        used.run(text)
        if time.thread_time() - begin > _MOST_SECONDS:
            slow[used.place] = text[:60]
    covered.append(f"patterns: {len(tried)} searches in {len({used.place for used, _ in tried})} regular expressions")
    assert slow == {}
