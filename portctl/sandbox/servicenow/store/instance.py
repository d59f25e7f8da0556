"""One ServiceNow instance: its rows, its clock, its dictionary."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from portctl.sandbox.core.state import Reader, Row, State
from portctl.sandbox.core.world import World
from portctl.sandbox.servicenow.store.schema import Column, Schema

SYSTEM = "system"
_SHAPING = ("sys_dictionary", "sys_db_object")


@dataclass(frozen=True, slots=True)
class Actor:
    """On whose behalf something is done; the system itself may do everything."""

    sys_id: str
    user_name: str
    roles: frozenset[str]
    time_zone: str = "UTC"
    date_format: str = ""
    time_format: str = ""

    @property
    def is_admin(self) -> bool:
        return "admin" in self.roles

    def has(self, *roles: str) -> bool:
        """Any of the roles, or admin."""
        return self.is_admin or not self.roles.isdisjoint(roles)


SYSTEM_ACTOR = Actor("", SYSTEM, frozenset({"admin", "maint"}))


class Instance:
    """Rows live under the table of their class; a parent's rows are its own and its children's."""

    def __init__(self, name: str, state: State, world: World) -> None:
        self.name = name
        self.state = state
        self.world = world
        self.url = ""
        self._schema: Schema | None = None

    @property
    def schema(self) -> Schema:
        if self._schema is None:
            self._schema = Schema(self.state)
        return self._schema

    def columns(self, table: str) -> Mapping[str, Column]:
        """The columns that exist by now."""
        return self.schema.columns(table, self.world.clock.seconds())

    def strict(self, switch: str) -> bool:
        return self.world.switches.strict(switch)

    def lagging(self) -> Reader:
        """The rows as a list sees them: late by the sandbox's lag."""
        return self.state.past(self.world.lag_seconds)

    def now(self) -> str:
        """The time in the database's form, UTC."""
        return self.world.clock.now().astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")

    def after(self, seconds: float) -> str:
        return datetime.fromtimestamp(self.world.clock.seconds() + seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")

    def new_id(self) -> str:
        """A sys_id nobody has."""
        return hashlib.md5(self.world.ids.token(32).encode(), usedforsecurity=False).hexdigest()

    def stable_id(self, text: str) -> str:
        """The sys_id of a seeded row."""
        return hashlib.md5(f"{self.world.ids.seed}:{text}".encode(), usedforsecurity=False).hexdigest()

    def rows(self, table: str, reader: Reader | None = None) -> Iterator[Row]:
        """Every row of the table and of what extends it."""
        for name in self.schema.family(table):
            yield from list((reader or self.state).rows(name).values())

    def where(self, table: str, **values: str) -> list[Row]:
        """The present rows whose columns have these values."""
        wanted = values.items()
        return [row for row in self.rows(table) if all(row.get(name, "") == value for name, value in wanted)]

    def one(self, table: str, **values: str) -> Row | None:
        return next(iter(self.where(table, **values)), None)

    def get(self, table: str, sys_id: str, reader: Reader | None = None) -> Row | None:
        """The row of the table, or of what extends it."""
        for name in self.schema.family(table):
            row = (reader or self.state).get(name, sys_id)
            if row is not None:
                return row
        return None

    def put(self, row: Row) -> None:
        """Store the row under the table that it says it belongs to."""
        table = str(row["_table"])
        self.state.put(table, row["sys_id"], row)
        if table in _SHAPING:
            self._schema = None

    def drop(self, row: Row) -> None:
        table = str(row["_table"])
        self.state.drop(table, row["sys_id"])
        if table in _SHAPING:
            self._schema = None

    def reshape(self) -> None:
        """Read the dictionary anew (after seeding or loading)."""
        self._schema = None

    def setting(self, name: str, default: str) -> str:
        """A system property, as the caches of the instance know it: late by the sandbox's lag."""
        rows = self.lagging().rows("sys_properties").values()
        return next((str(row["value"]) for row in rows if row["name"] == name), default)

    def enabled(self, name: str, *, default: bool) -> bool:
        """A boolean system property."""
        return self.setting(name, "true" if default else "false") == "true"

    def next_number(self, prefix: str) -> str:
        """`CHG0030001` and so on."""
        counter = self.state.get("_numbers", prefix) or {"last": 30_000}
        self.state.put("_numbers", prefix, {"last": counter["last"] + 1})
        return f"{prefix}{counter['last'] + 1:07d}"

    def log(self, level: str, source: str, message: str) -> None:
        """Write to the system log, where administrators can read it."""
        now = self.now()
        row: Row = {"_table": "syslog", "sys_id": self.new_id(), "level": level, "source": source, "message": message}
        stamps = {"sys_created_on": now, "sys_created_by": SYSTEM, "sys_updated_on": now, "sys_updated_by": SYSTEM}
        self.put({**row, **stamps, "sys_mod_count": "0"})
