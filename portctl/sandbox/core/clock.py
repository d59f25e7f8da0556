"""The sandbox's clock: starts anywhere, may run faster than the wall's, and can be moved forward by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """Aware UTC time. `scale` 60 makes a minute of the sandbox pass in one second of the wall."""

    def __init__(
        self, *, scale: float = 1.0, start: datetime | None = None, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self.scale = scale
        self._ticks = ticks
        self._origin = start
        self.reset()

    def reset(self) -> None:
        self._start = self._origin or datetime.now(UTC)
        self._tick = self._ticks()
        self._skipped_seconds = 0.0

    def now(self) -> datetime:
        elapsed_seconds = (self._ticks() - self._tick) * self.scale + self._skipped_seconds
        return self._start + timedelta(seconds=elapsed_seconds)

    def seconds(self) -> float:
        """The current time as seconds since the epoch."""
        return self.now().timestamp()

    def lived_seconds(self) -> float:
        """What has passed for programs of this machine: real time, and what was skipped by hand."""
        return self._ticks() - self._tick + self._skipped_seconds

    def advance(self, seconds: float) -> None:
        self._skipped_seconds += seconds

    def stamp(self) -> str:
        """The current time as `2026-01-01T10:00:00.000Z`."""
        return format_instant(self.now())


def format_instant(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, the form in which JavaScript services print a date."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
