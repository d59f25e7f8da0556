"""One reading of the catalogue: the tables as seen, the time, and the values worked out from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.port.store import computed, search


@dataclass(frozen=True, slots=True)
class Reading:
    """Gives searches their worked-out values, and worked-out values their searches."""

    tables: Reader
    now: datetime

    def matches(self, query: Row, entity: Row) -> bool:
        """Whether a stored entity satisfies a query."""
        return search.matches(self, query, entity)

    def select(self, query: Row, rows: Iterable[Row]) -> list[Row]:
        """The stored entities that satisfy a query. Errors: 501 for what is not emulated, found or not."""
        search.require_emulated(query)
        return [row for row in rows if search.matches(self, query, row)]

    def value(self, blueprint: Row, entity: Row, name: str) -> Any:
        """One worked-out property of an entity."""
        return computed.one(self, blueprint, entity, name)
