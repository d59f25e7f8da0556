"""Tables and columns as the dictionary of the instance says, inheritance included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from portctl.sandbox.core.state import Reader, Row

DISPLAY_NAMES = ("u_name", "name", "number", "u_number")
JOURNALS = frozenset({"journal", "journal_input"})
MASKED = frozenset({"password", "password2"})
DATES = frozenset({"glide_date_time", "glide_date"})
REFERENCES = frozenset({"reference", "document_id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that exists in the database since `ready_at` (seconds since the epoch)."""

    table: str
    """Where it is declared; inherited columns are declared on a parent."""
    element: str
    type: str
    reference: str
    length: int
    default: str
    has_choices: bool
    read_only: bool
    unique: bool
    display: bool
    ready_at: float

    @property
    def is_reference(self) -> bool:
        return self.type in REFERENCES


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    label: str
    parent: str | None
    sys_id: str


class Schema:
    """A snapshot of the dictionary. Columns that are not ready yet are left out by `columns`."""

    def __init__(self, reader: Reader) -> None:
        by_id = {row["sys_id"]: row["name"] for row in reader.rows("sys_db_object").values()}
        self._tables = {
            row["name"]: Table(row["name"], row["label"], by_id.get(row["super_class"]), row["sys_id"])
            for row in reader.rows("sys_db_object").values()
        }
        self._own: dict[str, dict[str, Column]] = {}
        for row in reader.rows("sys_dictionary").values():
            self._own.setdefault(row["name"], {})[row["element"]] = _column(row)
        self._all: dict[str, dict[str, Column]] = {}

    def table(self, name: str) -> Table | None:
        return self._tables.get(name)

    def lineage(self, name: str) -> list[str]:
        """The table and what it extends, nearest first."""
        found: list[str] = []
        table = self._tables.get(name)
        while table is not None and table.name not in found:
            found.append(table.name)
            table = self._tables.get(table.parent or "")
        return found

    def family(self, name: str) -> list[str]:
        """The table and everything that extends it."""
        return [each for each in self._tables if name in self.lineage(each)]

    def columns(self, table: str, now: float) -> Mapping[str, Column]:
        """Every column that a row of the table has, inherited ones included."""
        if table not in self._all:
            merged: dict[str, Column] = {}
            for name in reversed(self.lineage(table)):
                merged.update(self._own.get(name, {}))
            self._all[table] = dict(sorted(merged.items()))
        columns = self._all[table]
        if all(column.ready_at <= now for column in columns.values()):
            return columns
        return {name: column for name, column in columns.items() if column.ready_at <= now}

    def display_column(self, table: str) -> str | None:
        """The column whose value stands for the row."""
        for name in self.lineage(table):
            for column in self._own.get(name, {}).values():
                if column.display:
                    return column.element
        names = {element for name in self.lineage(table) for element in self._own.get(name, {})}
        return next((name for name in DISPLAY_NAMES if name in names), None)

    def tables(self) -> Iterator[Table]:
        yield from self._tables.values()


def choice_labels(reader: Reader, lineage: Iterable[str], element: str) -> dict[str, str]:
    """Value to label: the list of the nearest table that has one."""
    for table in lineage:
        rows = [
            row
            for row in reader.rows("sys_choice").values()
            if row["name"] == table and row["element"] == element and row["inactive"] != "true"
        ]
        if rows:
            return {row["value"]: row["label"] for row in sorted(rows, key=lambda row: int(row["sequence"] or 0))}
    return {}


def _column(row: Row) -> Column:
    return Column(
        table=row["name"],
        element=row["element"],
        type=row["internal_type"] or "string",
        reference=row["reference"],
        length=int(row["max_length"] or 0),
        default=row["default_value"],
        has_choices=row["choice"] in ("1", "3"),
        read_only=row["read_only"] == "true",
        unique=row["unique"] == "true",
        display=row["display"] == "true",
        ready_at=float(row.get("_ready_at", 0.0)),
    )
