"""The pages of one listing, counted: a service that never ends its list does not keep anybody waiting for ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portctl.errors import Unreachable
from portctl.wire.client import Response

MOST_PAGES = 1000
MOST_OBJECTS = 100_000
MOST_BYTES = 256 * 1024 * 1024


class Listing:
    """What has been read of one listing. `method` and `path` are for messages."""

    def __init__(self, method: str, path: str) -> None:
        self._method = method
        self._path = path
        self._pages = self._objects = self._bytes = 0
        self._last: Sequence[Any] = ()

    def expect(self, objects: int) -> None:
        """Raises Unreachable where a listing says before that it has too many objects."""
        if objects > MOST_OBJECTS:
            raise self._beyond(MOST_OBJECTS, "objects")

    def add(self, items: Sequence[Any], response: Response) -> None:
        """Count a page. Raises Unreachable for one that came just before, and beyond a limit."""
        if items and items == self._last:
            raise self._unreadable("the same page came twice: nothing tells where the list ends")
        self._last = items
        self._pages += 1
        self._objects += len(items)
        self._bytes += response.size
        for count, most, what in (
            (self._pages, MOST_PAGES, "pages"),
            (self._objects, MOST_OBJECTS, "objects"),
            (self._bytes, MOST_BYTES, "bytes"),
        ):
            if count > most:
                raise self._beyond(most, what)

    def _beyond(self, most: int, what: str) -> Unreachable:
        return self._unreadable(f"the list has more than {most:,} {what}")

    def _unreadable(self, what: str) -> Unreachable:
        return Unreachable(
            "Unexpected answer",
            f"{self._method} {self._path}: {what}",
            hint="Run the command again; if it stays so, look at the service, or at what answers in its place.",
        )
