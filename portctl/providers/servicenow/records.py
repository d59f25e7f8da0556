"""Records of any table. Names in manifests, sys_ids in ServiceNow: `user.user_name` is written as the user's sys_id.

Source: ServiceNow REST API reference, "Table API", dot-walking.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from portctl.errors import ApiError, InvalidInput
from portctl.model.kind import Kind
from portctl.model.provider import About
from portctl.model.resource import Identity
from portctl.model.value import Attributes, Pending, Sealed, Value
from portctl.providers.servicenow.keys import parse_key
from portctl.providers.servicenow.objects import Objects, Place, Surroundings, describe, several
from portctl.providers.servicenow.refusals import API
from portctl.providers.servicenow.tables import Row
from portctl.providers.servicenow.values import texts
from portctl.source import Path

_COLUMNS = "columns"
_SECRETS = "secrets"
_WAITS_SECONDS = (0.5, 1.0, 2.0, 4.0)


class Records(Objects):
    """See the module."""

    def __init__(self, name: str, around: Surroundings) -> None:
        super().__init__(name, around)
        self._asked: dict[Identity, frozenset[str]] = {}
        self._shut: dict[Identity, frozenset[str]] = {}
        """The columns that hold a secret by their manifest: what stands there is sealed before anything sees it."""

    def _remember(self, identity: Identity, known: About) -> None:
        columns = _section(known.attributes, _COLUMNS)
        named = {str(name) for name in columns}
        secret = {str(name) for name, value in columns.items() if isinstance(value, Sealed)}
        held = {str(path[1]) for path in known.paths if len(path) > 1 and path[0] == _COLUMNS}
        with self._lock:
            self._asked[identity] = self._asked.get(identity, frozenset()) | named | held
            self._shut[identity] = self._shut.get(identity, frozenset()) | secret

    def _place(self, kind: Kind, identity: Identity) -> Place:  # noqa: ARG002
        terms = parse_key(identity[1])
        return Place(identity[0], tuple(terms), tuple(terms.values()))

    def _fields(self, kind: Kind, identity: Identity) -> Sequence[str]:  # noqa: ARG002
        with self._lock:
            return sorted(self._asked.get(identity, ()))

    def _attributes(self, kind: Kind, identity: Identity, row: Row) -> Attributes:
        with self._lock:
            shut = self._shut.get(identity, frozenset())
        columns = {
            name: Sealed((row[name],)) if name in shut and row[name] else row[name]
            for name in self._fields(kind, identity)
            if name in row
        }
        return {"table": identity[0], "key": identity[1], _COLUMNS: columns}

    def _columns(self, kind: Kind, attributes: Attributes, only: Container[str] | None = None) -> Attributes:  # noqa: ARG002
        """Names of records become sys_ids here, which asks the instance."""
        attributes = texts(attributes)
        tables = _section(attributes, "references")
        key = parse_key(str(attributes["key"])) if "key" in attributes else {}
        named = {**key, **_section(attributes, _COLUMNS), **_section(attributes, _SECRETS)}
        wanted = {name: value for name, value in named.items() if only is None or name.partition(".")[0] in only}
        return dict(self._written_as(name, value, tables) for name, value in wanted.items())

    def _column(self, path: Path) -> str:
        return str(path[1]).partition(".")[0]

    def _written_as(self, name: str, value: Value, tables: Mapping[str, Value]) -> tuple[str, Value]:
        """The column and the value that is written to it."""
        column, dot, by = name.partition(".")
        if not dot or value == "":
            return column, value
        table = tables.get(column)
        if not isinstance(table, str) or isinstance(value, Pending):
            raise InvalidInput(
                "Reference cannot be resolved",
                f"{name}: no table is named for the column {column}" if table is None else f"{name} is no plain text",
                hint=f"Write `references: {{{column}: TABLE}}`.",
            )
        return column, self._sys_id(Place(table, (by,), (str(value),)))

    def _sys_id(self, place: Place) -> str:
        """The one record that a name stands for. It may be new, and lists may show it later."""
        for wait in (*_WAITS_SECONDS, None):
            found = self._tables.matching(place.table, place.columns, [place.values])
            rows = found.rows.get(place.values, ())
            if len(rows) > 1:
                raise several(place, rows)
            if rows:
                return rows[0]["sys_id"]
            self._check_sight(place, [place], hidden=found.hidden)
            if wait is not None:
                self._sleep(wait)
        raise ApiError(
            "Referenced record not found",
            f"there is no {describe(place)}, which a record refers to",
            method="GET",
            path=f"{API}/{place.table}",
            status=200,
            hint="Correct the name, or declare that record too and say `dependsOn`.",
        )


def _section(attributes: Attributes, name: str) -> Mapping[str, Value]:
    found = attributes.get(name)
    return found if isinstance(found, Mapping) else {}
