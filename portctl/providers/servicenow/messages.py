"""REST messages: one object here, rows of four tables there. A write sends the rows that differ.

Source: ServiceNow docs, "Outbound REST web service". The instance makes a default function with a new message; a
function's name is `function_name`, and a `name` that is sent is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from portctl.errors import AccessDenied, AnswerLost, ApiError
from portctl.model.kind import Kind
from portctl.model.provider import WriteRequest
from portctl.model.resource import Identity, Live
from portctl.model.value import MISSING, Attributes, Pending, Value, get
from portctl.providers.servicenow.keys import chosen_id
from portctl.providers.servicenow.message_rows import (
    FN,
    FN_HEADERS,
    HEADERS,
    MESSAGE,
    SCALARS,
    TABLES,
    RowPath,
    attributes_of,
    changed_rows,
    parent_of,
    rows_of,
)
from portctl.providers.servicenow.objects import STAMPS, Objects
from portctl.providers.servicenow.refusals import role_hint
from portctl.providers.servicenow.tables import Row

_ATTEMPTS = 3
"""How often the rest of a message is brought in line when an answer is lost on the way."""

_WAITS_SECONDS = (0.5, 1.0, 2.0, 2.0, 2.0)

PartRow: TypeAlias = Mapping[str, Value]
_WAITS_SECONDS = (0.5, 1.0, 2.0, 2.0, 2.0)

Rows: TypeAlias = Mapping[RowPath, PartRow]


@dataclass(frozen=True, slots=True)
class _Below:
    """A table of parts: its key column, and the way from it to the message."""

    table: str
    name: str
    message: str
    function: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        own = ("value",) if self.table in (HEADERS, FN_HEADERS) else SCALARS[FN]
        return (self.name, *own, *([self.function] if self.function else []))

    def path(self, row: Row) -> RowPath:
        if self.table == FN:
            return ("functions", row[self.name])
        if self.function:
            return ("functions", row[self.function], "headers", row[self.name])
        return ("headers", row[self.name])


_BELOW = (
    _Below(FN, "function_name", "rest_message"),
    _Below(HEADERS, "name", "rest_message"),
    _Below(FN_HEADERS, "name", "rest_message_function.rest_message", "rest_message_function.function_name"),
)


class Messages(Objects):
    """See the module. `rows` in the attributes of a live message are the sys_ids of its parts."""

    table = MESSAGE

    def _fields(self, kind: Kind, identity: Identity) -> Sequence[str]:  # noqa: ARG002
        return SCALARS[MESSAGE]

    def _lives(self, kind: Kind, rows: Mapping[Identity, Row]) -> Mapping[Identity, Live]:
        names = {row["sys_id"]: identity[0] for identity, row in rows.items()}
        parts: dict[str, dict[RowPath, Row]] = {row["sys_id"]: {(): row} for row in rows.values()}
        notes: dict[str, list[str]] = {}
        for below in _BELOW if parts else ():
            found = self._tables.matching(below.table, [below.message], [(sys_id,) for sys_id in parts], below.fields)
            for (sys_id,), members in found.rows.items():
                for row in members:
                    path = below.path(row)
                    other = parts[sys_id].get(path)
                    parts[sys_id][path] = _meant(names[sys_id], path, other, row)
                    if other is not None:
                        notes.setdefault(sys_id, []).append(_ambiguous(path, other, row))
            if found.hidden:
                raise _partly_hidden(below.table, found.hidden)
        lives = {identity: _live(kind, identity, parts[row["sys_id"]]) for identity, row in rows.items()}
        return {
            identity: replace(live, notes=tuple(notes.get(rows[identity]["sys_id"], ())))
            for identity, live in lives.items()
        }

    def create(self, kind: Kind, write: WriteRequest) -> Live:
        wanted = rows_of(self._columns(kind, write.attributes))
        place = self._place(kind, write.identity)
        self._prepare()
        own = {"sys_id": chosen_id(MESSAGE, *place.values)}
        sys_id = self._tables.insert(MESSAGE, self._body(kind, {**own, **wanted[()]}))
        message = self._stored(kind, write.identity, place, sys_id)
        live = self._new(kind, write.identity, message, wanted)
        return self._converged(kind, live, wanted, ())

    def _new(self, kind: Kind, identity: Identity, message: Row, wanted: Mapping[RowPath, Attributes]) -> Live:
        """The new message with the function that the instance made. Where one that is wanted may be it, wait for it."""
        maybe = {path for path, values in wanted.items() if values.get("http_method") == "get"}
        for wait in _WAITS_SECONDS if maybe else ():
            live = self._lives(kind, {identity: message})[identity]
            if live.attributes["functions"]:
                return live
            self._sleep(wait)
        return self._lives(kind, {identity: message})[identity]

    def update(self, kind: Kind, live: Live, write: WriteRequest) -> Live:
        self._prepare()
        target = changed_rows(kind, live.attributes, self._columns(kind, write.attributes), write)
        gone = [path for path in rows_of(live.attributes) if path not in target]
        return self._converged(kind, live, target, gone)

    def delete(self, kind: Kind, live: Live, *, cascade: bool = False) -> None:
        """Not every release takes the parts away with the message."""
        self._prepare()
        for path, sys_id in reversed(_ids(live).items()):
            if path:
                self._tables.delete(_table(path), sys_id)
        super().delete(kind, live, cascade=cascade)

    def _converged(self, kind: Kind, live: Live, wanted: Mapping[RowPath, Attributes], gone: Sequence[RowPath]) -> Live:
        """`live` with the rows that are wanted. Where an answer is lost, what is there now is looked at."""
        for attempt in range(_ATTEMPTS):
            try:
                return self._shown(kind, self._written_rows(kind, live, wanted, gone))
            except AnswerLost:
                if attempt + 1 == _ATTEMPTS:
                    raise
            live = self.fetch(kind, live.identity) or live
        raise AssertionError("unreachable")

    def _shown(self, kind: Kind, live: Live) -> Live:
        """`live`, once lists show all its parts: the next plan must not see half of it. Gives up after a while."""
        message = {name: str(value) for name, value in _opened(rows_of(live.attributes)[()]).items()}
        row = {
            **message,
            **{name: str(live.attributes[name]) for name in ("sys_id", *STAMPS) if name in live.attributes},
        }
        wanted = [_opened(values) for values in _by_path(live)]
        for wait in (*_WAITS_SECONDS, None):
            found = self._lives(kind, {live.identity: row})[live.identity]
            if [_opened(values) for values in _by_path(found)] == wanted or wait is None:
                break
            self._sleep(wait)
        return live

    def _written_rows(
        self, kind: Kind, live: Live, wanted: Mapping[RowPath, Attributes], gone: Sequence[RowPath]
    ) -> Live:
        """One request per row that differs, parents first; each is read back."""
        there, ids = rows_of(live.attributes), _ids(live)
        rows: dict[RowPath, PartRow] = {path: {**values, "sys_id": ids[path]} for path, values in there.items()}
        for path in sorted((path for path in gone if path in rows), key=len, reverse=True):
            self._tables.delete(_table(path), ids[path])
            del rows[path]
        for path in sorted(wanted, key=len):
            values = wanted[path]
            if path not in rows:
                rows[path] = self._added(kind, live.identity, path, values, rows)
                continue
            differing = {name: value for name, value in values.items() if _differs(value, there[path].get(name, ""))}
            if differing:
                self._tables.update(_table(path), ids[path], self._body(kind, differing))
                rows[path] = self._part(path, ids[path])
        stamp = self._tables.read(MESSAGE, rows[()]["sys_id"], [*STAMPS]) or {}
        return _live(kind, live.identity, {**rows, (): {**rows[()], **stamp}})

    def _added(self, kind: Kind, identity: Identity, path: RowPath, values: Attributes, rows: Rows) -> Row:
        table, above = _table(path), rows[parent_of(path)]["sys_id"]
        link = "rest_message_function" if table == FN_HEADERS else "rest_message"
        key = {"function_name" if table == FN else "name": path[-1]}
        own = {"sys_id": chosen_id(table, *identity, *path)}
        sys_id = self._tables.insert(table, self._body(kind, {**own, link: above, **key, **values}))
        return self._part(path, sys_id)

    def _part(self, path: RowPath, sys_id: str) -> Row:
        row = self._tables.read(_table(path), sys_id, SCALARS[_table(path)])
        if row is None:
            raise _partly_hidden(_table(path), 1)
        return row


def _by_path(live: Live) -> list[Mapping[str, Value]]:
    """The rows of a live message in one order, each with its sys_id."""
    ids = _ids(live)
    return [{**values, "sys_id": ids[path]} for path, values in sorted(rows_of(live.attributes).items())]


def _opened(values: Mapping[str, Value]) -> dict[str, Value]:
    """`values` with what was read and sealed as comparable parts."""
    return {
        name: "".join(map(str, value.parts)) if isinstance(value, Pending) else value for name, value in values.items()
    }


def _differs(wanted: Value, there: Value) -> bool:
    """Whether a value must be sent. What is sealed cannot be compared; what was only read is the same thing still."""
    if isinstance(wanted, Pending) or isinstance(there, Pending):
        return wanted is not there
    return bool(wanted != there)


def _live(kind: Kind, identity: Identity, rows: Rows) -> Live:
    ids = {"\n".join(path): row["sys_id"] for path, row in rows.items()}
    known = {name: rows[()][name] for name in ("sys_id", *STAMPS) if name in rows[()]}
    return Live(kind, identity, {**attributes_of(identity[0], rows), **known, "rows": ids})


def _ids(live: Live) -> dict[RowPath, str]:
    """Path of every row of a live message -> its sys_id, parents first."""
    ids: Value = get(live.attributes, ("rows",))
    assert ids is not MISSING
    return {tuple(path.split("\n")) if path else (): str(sys_id) for path, sys_id in ids.items()}


def _table(path: RowPath) -> str:
    return TABLES[tuple(part for index, part in enumerate(path) if index % 2 == 0)]


def _meant(name: str, path: RowPath, first: Row | None, second: Row) -> Row:
    """Of two parts of one name, the one with the id that a creation asks for. Errors: ApiError where neither has it."""
    if first is None:
        return second
    own = chosen_id(_table(path), name, *path)
    found = next((row for row in (first, second) if row["sys_id"] == own), None)
    if found is None:
        raise _twice(name, path, first, second)
    return found


def _ambiguous(path: RowPath, first: Row, second: Row) -> str:
    ids = " and ".join(sorted((first["sys_id"], second["sys_id"])))
    return f"{'.'.join(path)} is there twice, {ids}: scripts may get the one that is not this project's"


def _twice(name: str, path: RowPath, first: Row, second: Row) -> ApiError:
    return ApiError(
        "Several records with one key",
        f"the REST message {name} has {'.'.join(path)} twice: {first['sys_id']} and {second['sys_id']}",
        method="GET",
        path=MESSAGE,
        status=200,
        hint="Nothing says which one counts: delete one of them.",
    )


def _partly_hidden(table: str, count: int) -> AccessDenied:
    return AccessDenied(
        "Cannot tell what it consists of",
        f"{count} rows of {table} belong to a REST message and may not be read",
        hint=role_hint(table),
    )
