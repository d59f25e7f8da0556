"""What reading and writing rows have in common for all kinds of ServiceNow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from portctl.errors import AccessDenied, ApiError
from portctl.model.kind import Kind
from portctl.model.plan import InstanceInfo
from portctl.model.provider import About, WriteRequest
from portctl.model.resource import Identity, Live
from portctl.model.value import Attributes, Value
from portctl.providers.rest import RestProvider
from portctl.providers.servicenow.keys import row_id
from portctl.providers.servicenow.queries import Values
from portctl.providers.servicenow.refusals import API, role_hint
from portctl.providers.servicenow.tables import Row, Tables
from portctl.source import Path
from portctl.vault import Vault
from portctl.wire.client import Client

WIDTH = 4
"""The instance queues what comes beyond that, and answers 503 when the queue is full."""

STAMPS = ("sys_updated_on", "sys_created_by")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row is: its table, and the columns and values of its key."""

    table: str
    columns: tuple[str, ...]
    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the parts of one instance share. `prepare` is called before every write."""

    client: Client
    vault: Vault
    tables: Tables
    login: Callable[[], InstanceInfo]
    prepare: Callable[[], None]
    sleep: Callable[[float], object]


class Objects(RestProvider):
    """Objects that are one row of one table each."""

    table = ""

    def __init__(self, name: str, around: Surroundings) -> None:
        super().__init__(name, around.client, around.vault, login=around.login, width=WIDTH, sleep=around.sleep)
        self._tables = around.tables
        self._prepare = around.prepare
        self._lock = threading.Lock()
        self._seen: set[tuple[str, tuple[str, ...]]] = set()
        self._known: dict[Identity, str] = {}
        """The sys_ids in the ledger, and of what was made here."""

    def read(
        self,
        kind: Kind,
        identities: Sequence[Identity],
        about: Mapping[Identity, About] = MappingProxyType({}),
    ) -> Mapping[Identity, Live]:
        """One query for all rows of a table that are found by the same columns."""
        for identity, known in about.items():
            self._remember(identity, known)
            if known.remote:
                self._known[identity] = known.remote
        groups: dict[tuple[str, tuple[str, ...]], list[Identity]] = {}
        for identity in identities:
            place = self._place(kind, identity)
            groups.setdefault((place.table, place.columns), []).append(identity)
        lives: dict[Identity, Live] = {}
        for members in groups.values():
            lives.update(self._read_together(kind, members))
        return lives

    def _read_together(self, kind: Kind, identities: Sequence[Identity]) -> Mapping[Identity, Live]:
        places = {identity: self._place(kind, identity) for identity in identities}
        first = places[identities[0]]
        fields = dict.fromkeys(name for identity in identities for name in self._fields(kind, identity))
        found = self._tables.matching(
            first.table, first.columns, [place.values for place in places.values()], [*fields, *STAMPS]
        )
        rows: dict[Identity, Row] = {}
        for identity, place in places.items():
            candidates = found.rows.get(place.values, ())
            if len(candidates) > 1:
                candidates = tuple(self._ours(kind, identity, candidates))
            if len(candidates) > 1:
                raise several(place, candidates)
            if candidates:
                rows[identity] = candidates[0]
        missing = [place for identity, place in places.items() if identity not in rows]
        if missing:
            self._check_sight(first, missing, hidden=found.hidden)
        return self._lives(kind, rows)

    def _ours(self, kind: Kind, identity: Identity, rows: Sequence[Row]) -> Sequence[Row]:
        """Of several rows with one key, the one with the id that the ledger holds, or that a creation asks for."""
        asked_for = kind.foretold(identity) if kind.foretold else ""
        ids = {self._known.get(identity, asked_for)}
        return [row for row in rows if row["sys_id"] in ids] or rows

    def _lives(self, kind: Kind, rows: Mapping[Identity, Row]) -> Mapping[Identity, Live]:
        return {identity: self._live_of(kind, identity, row) for identity, row in rows.items()}

    def fetch(self, kind: Kind, identity: Identity) -> Live | None:
        return self.read(kind, [identity]).get(identity)

    def create(self, kind: Kind, write: WriteRequest) -> Live:
        place = self._place(kind, write.identity)
        self._remember(write.identity, About(write.attributes, frozenset()))
        values = self._columns(kind, write.attributes)
        self._prepare()
        body = self._body(
            kind, {"sys_id": row_id(place.table, dict(zip(place.columns, place.values, strict=True))), **values}
        )
        sys_id = self._tables.insert(place.table, body)
        row = self._stored(kind, write.identity, place, sys_id)
        if tuple(row.get(column, "") for column in place.columns) != place.values:
            self._tables.delete(place.table, sys_id)
            raise _keyless(place, row)
        return self._live_of(kind, write.identity, row)

    def update(self, kind: Kind, live: Live, write: WriteRequest) -> Live:
        """Send what changed; what is cleared gets the kind's own value, or none."""
        place = self._place(kind, live.identity)
        self._remember(live.identity, About(write.attributes, frozenset(write.removed)))
        changed, removed = ({self._column(path) for path in paths} for paths in (write.changed, write.removed))
        cleared = {name: kind.clear.get(name, "") for name in (*sorted(changed), *sorted(removed))}
        body = {**cleared, **self._columns(kind, write.attributes, changed)}
        self._prepare()
        sys_id = str(live.attributes["sys_id"])
        self._tables.update(place.table, sys_id, self._body(kind, body))
        return self._live_of(kind, live.identity, self._stored(kind, live.identity, place, sys_id))

    def delete(self, kind: Kind, live: Live, *, cascade: bool = False) -> None:  # noqa: ARG002
        self._prepare()
        self._tables.delete(self._place(kind, live.identity).table, str(live.attributes["sys_id"]))

    def _stored(self, kind: Kind, identity: Identity, place: Place, sys_id: str) -> Row:
        """The row as it stands after a write: what the answer to a write shows is not believed."""
        row = self._tables.read(place.table, sys_id, [*place.columns, *self._fields(kind, identity), *STAMPS])
        if row is None:
            raise AccessDenied(
                "Written, but not visible",
                f"{describe(place)} was written and cannot be read back",
                hint=f"This user may write there and not read. {role_hint(place.table)}",
            )
        return row

    def _live_of(self, kind: Kind, identity: Identity, row: Row) -> Live:
        known = {name: row[name] for name in ("sys_id", *STAMPS) if name in row}
        return Live(kind, identity, {**self._attributes(kind, identity, row), **known})

    def _check_sight(self, first: Place, missing: Sequence[Place], *, hidden: int) -> None:
        """Whether rows that were not found are absent. Errors: AccessDenied where they may only be hidden."""
        if hidden:
            raise invisible(missing[0], f"{hidden} rows match and may not be read")
        with self._lock:
            if (first.table, first.columns) in self._seen:
                return
        rows, total = self._tables.glance(first.table, first.columns)
        if total and not rows:
            raise invisible(missing[0], f"none of the {total} rows of {first.table} may be read")
        lacking = [column for column in first.columns if any(column not in row for row in rows)]
        if lacking:
            raise ApiError(
                "No such column",
                f"{first.table} has no column {lacking[0]}, or this user may not read it",
                method="GET",
                path=f"{API}/{first.table}",
                status=200,
                hint=f"Correct the key of {describe(missing[0])}. {role_hint(first.table)}",
            )
        with self._lock:
            self._seen.add((first.table, first.columns))

    def _remember(self, identity: Identity, known: About) -> None:
        """For kinds that are read in part."""

    def _place(self, kind: Kind, identity: Identity) -> Place:
        return Place(self.table, kind.identity, identity)

    def _fields(self, kind: Kind, identity: Identity) -> Sequence[str]:  # noqa: ARG002
        """The columns to read."""
        return tuple(kind.schema()["properties"])

    def _attributes(self, kind: Kind, identity: Identity, row: Row) -> Attributes:  # noqa: ARG002
        return row

    def _columns(self, kind: Kind, attributes: Attributes, only: Container[str] | None = None) -> Attributes:
        """`attributes` as columns and values to write, all or `only` some; secrets still sealed."""
        written = kind.canonical(attributes) if kind.canonical else attributes
        return {name: value for name, value in written.items() if only is None or name in only}

    def _column(self, path: Path) -> str:
        """The column that a managed path is written to."""
        return str(path[0])


def describe(place: Place) -> str:
    """`sys_script name=A, collection=b`."""
    pairs = (f"{column}={value}" for column, value in zip(place.columns, place.values, strict=True))
    return f"{place.table} {', '.join(pairs)}"


def several(place: Place, rows: Sequence[Row]) -> ApiError:
    """ServiceNow keeps few names unique."""
    ids = ", ".join(sorted(row["sys_id"] for row in rows))
    return ApiError(
        "Several records with one key",
        f"{describe(place)} is the key of {len(rows)} records: {ids}",
        method="GET",
        path=f"{API}/{place.table}",
        status=200,
        hint="Nothing says which one is meant: delete or rename all but one.",
    )


def invisible(place: Place, why: str) -> AccessDenied:
    """Rows that may not be read are missing from lists without an error."""
    return AccessDenied(
        "Cannot tell whether it exists",
        f"{describe(place)} was not found, and {why}",
        hint=f"Nothing is created on that ground. {role_hint(place.table)}",
    )


def _keyless(place: Place, row: Row) -> ApiError:
    pairs: Mapping[str, Value] = dict(zip(place.columns, place.values, strict=True))
    wrong = [column for column, value in pairs.items() if row.get(column, "") != value]
    return ApiError(
        "Created without its key",
        f"ServiceNow dropped or changed {', '.join(wrong)} of the new {describe(place)}; the record was deleted again",
        method="POST",
        path=f"{API}/{place.table}",
        status=201,
        hint=f"The column is missing, or this user may not write it. {role_hint(place.table)}",
    )
