"""Tables of JSON rows that remember their past, so that reads can lag behind writes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from portctl.sandbox.core.clock import Clock

Row = dict[str, Any]
"""A stored JSON object. Never changed in place: a write puts a new one."""

_HISTORY = 5_000


class Reader(Protocol):
    """Tables as of some moment."""

    def rows(self, table: str) -> Mapping[str, Row]: ...

    def get(self, table: str, key: str) -> Row | None: ...


class State:
    """The present of all tables of one tenant."""

    def __init__(self, clock: Clock, changed: Callable[[], None] = lambda: None) -> None:
        self._clock = clock
        self._changed = changed
        self._tables: dict[str, dict[str, Row]] = {}
        self._undo: deque[tuple[float, str, str, Row | None]] = deque(maxlen=_HISTORY)

    def rows(self, table: str) -> Mapping[str, Row]:
        return self._tables.get(table, {})

    def get(self, table: str, key: str) -> Row | None:
        return self._tables.get(table, {}).get(key)

    def put(self, table: str, key: str, row: Row) -> None:
        rows = self._tables.setdefault(table, {})
        self._undo.append((self._clock.seconds(), table, key, rows.get(key)))
        rows[key] = row
        self._changed()

    def drop(self, table: str, key: str) -> None:
        rows = self._tables.get(table, {})
        if key in rows:
            self._undo.append((self._clock.seconds(), table, key, rows.pop(key)))
            self._changed()

    def past(self, lag_seconds: float) -> Reader:
        """The tables as they were so many seconds ago; the present when that is zero."""
        if lag_seconds <= 0:
            return self
        moment = self._clock.seconds() - lag_seconds
        tables = {name: dict(rows) for name, rows in self._tables.items()}
        for when, table, key, before in reversed(self._undo):
            if when <= moment:
                break
            if before is None:
                tables.get(table, {}).pop(key, None)
            else:
                tables.setdefault(table, {})[key] = before
        return _Past(tables)

    def forget(self) -> None:
        """Make the present the only past there is (after seeding or loading)."""
        self._undo.clear()

    def dump(self) -> dict[str, dict[str, Row]]:
        return {name: dict(rows) for name, rows in self._tables.items()}

    def load(self, tables: Mapping[str, Mapping[str, Row]]) -> None:
        self._tables = {name: dict(rows) for name, rows in tables.items()}
        self.forget()


class _Past:
    def __init__(self, tables: dict[str, dict[str, Row]]) -> None:
        self._tables = tables

    def rows(self, table: str) -> Mapping[str, Row]:
        return self._tables.get(table, {})

    def get(self, table: str, key: str) -> Row | None:
        return self._tables.get(table, {}).get(key)
