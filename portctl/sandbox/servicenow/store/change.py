"""One operation on one record, as everything that takes part in it sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.store.instance import Actor, Instance


class Operation(StrEnum):
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(slots=True)
class Change:
    """An operation under way. `row` may be altered until it is stored; `sent` is what the caller asked for."""

    instance: Instance
    actor: Actor
    operation: Operation
    table: str
    row: Row
    before: Row | None = None
    sent: Row = field(default_factory=dict)

    def changed(self, column: str) -> bool:
        old = "" if self.before is None else self.before.get(column, "")
        return bool(self.row.get(column, "") != old)

    def old(self, column: str) -> str:
        return "" if self.before is None else str(self.before.get(column, ""))

    def value(self, column: str) -> str:
        return str(self.row.get(column, ""))


Step = Callable[[Change], None]


def nothing(_change: Change) -> None:
    """The step of a table that has none."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the product does of itself with records of a table. `prepare` may refuse; `follow` comes after storing."""

    prepare: Step = nothing
    follow: Step = nothing


class Rules(Protocol):
    """The business rules of the instance."""

    def before(self, change: Change, *, late: bool) -> None:
        """Rules that may alter or abort. `late`: those of order 1000 and more."""
        ...

    def after(self, change: Change) -> None: ...


Behaviours = Mapping[str, Behaviour]
