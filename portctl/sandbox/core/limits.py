"""Rate limits in fixed windows of the sandbox's clock."""

from __future__ import annotations

import math
from dataclasses import dataclass

from portctl.sandbox.core.clock import Clock


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests per period, and at most `burst` of them within one second."""

    requests: int
    burst: int
    period_seconds: int = 300


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of a limit after a request."""

    limit: Limit
    remaining: int
    reset_epoch_seconds: int
    reset_after_seconds: int
    exceeded: bool


class Meter:
    """Counts requests by group (a tenant and a kind of route)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[str, tuple[float, int]] = {}
        self._bursts: dict[str, tuple[int, int]] = {}

    def reset(self) -> None:
        self._windows.clear()
        self._bursts.clear()

    def count(self, group: str, limit: Limit, *, burst: bool) -> Quota:
        """Count one request and say what is left. `burst`: also hold it against the burst cap."""
        now = self._clock.seconds()
        start, used = self._windows.get(group, (now, 0))
        if now >= start + limit.period_seconds:
            start, used = now, 0
        self._windows[group] = (start, used + 1)
        end = start + limit.period_seconds
        exceeded = used + 1 > limit.requests
        if burst and not exceeded and self._burst(group, now) > limit.burst:
            exceeded, end = True, now + 1
        return Quota(limit, max(0, limit.requests - used - 1), math.ceil(end), max(1, math.ceil(end - now)), exceeded)

    def _burst(self, group: str, now: float) -> int:
        second, used = self._bursts.get(group, (int(now), 0))
        if second != int(now):
            second, used = int(now), 0
        self._bursts[group] = (second, used + 1)
        return used + 1
