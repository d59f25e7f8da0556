"""The Table API: lists that are complete and really answer the question, and writes that are read back.

Source: ServiceNow REST API reference, "Table API". A term of a query that is not valid is dropped without a word, and
so is a column in a write; rows that the caller may not read are missing from lists, though they are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote

from portctl.errors import AnswerLost, ApiError, Unreachable
from portctl.model.value import Attributes, Value, get
from portctl.providers.servicenow.queries import Values, queries_for
from portctl.providers.servicenow.refusals import API
from portctl.wire.client import Client, Response
from portctl.wire.listing import Listing

Row: TypeAlias = Mapping[str, str]

NOT_FOUND = 404
_NOT_UNIQUE = 403
_PAGE = 1000
_DIGITS = 18
_PLAIN = {"sysparm_exclude_reference_link": "true", "sysparm_display_value": "false"}
_TOTAL = "x-total-count"


@dataclass(frozen=True, slots=True)
class Found:
    """Rows by their key; `hidden` counts rows that match and may not be read."""

    rows: Mapping[Values, tuple[Row, ...]]
    hidden: int


@dataclass(frozen=True, slots=True)
class _Page:
    rows: tuple[Row, ...]
    total: int
    response: Response


class Tables:
    """The tables of one instance. Safe to use from several threads."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def matching(self, table: str, columns: Sequence[str], keys: Sequence[Values], fields: Sequence[str] = ()) -> Found:
        """The rows that have one of `keys` in `columns`, with `fields` besides."""
        rows: dict[Values, tuple[Row, ...]] = {}
        hidden = 0
        asked = tuple(dict.fromkeys(("sys_id", *columns, *fields)))
        for query, wanted in queries_for(columns, keys):
            loose = [{key[index].casefold() for key in wanted} for index in range(len(columns))]
            seen: dict[str, Row] = {}
            total = 0
            for page in self._pages(table, query, asked):
                total = page.total
                for row in page.rows:
                    _check_answers(table, row, columns, loose)
                    seen[row["sys_id"]] = row
            hidden += max(0, total - len(seen))
            for row in seen.values():
                key = tuple(row[column] for column in columns)
                if key in wanted:
                    rows[key] = (*rows.get(key, ()), row)
        return Found(rows, hidden)

    def glance(self, table: str, fields: Sequence[str], query: str = "", limit: int = 100) -> tuple[list[Row], int]:
        """The first rows of a table that may be read, and how many rows there are, hidden ones included."""
        page = self._page(table, query, ("sys_id", *fields), limit, 0)
        return list(page.rows), page.total

    def read(self, table: str, sys_id: str, fields: Sequence[str]) -> Row | None:
        """One row, None where there is none or it may not be read."""
        query = {**_PLAIN, "sysparm_fields": ",".join(dict.fromkeys(("sys_id", *fields)))}
        path = self._row_path(table, sys_id)
        try:
            response = self._client.request("GET", path, query=query)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        return _row(_result("GET", path, response), path)

    def insert(self, table: str, values: Attributes) -> str:
        """The sys_id of the new row: the one in `values`, unless the table gives its own.

        Where the answer is lost, or the row is there already and only lists do not show it yet, it is looked at.
        """
        path = self._path(table)
        try:
            response = self._client.request("POST", path, query={**_PLAIN, "sysparm_fields": "sys_id"}, body=values)
            return _row(_written("POST", path, response), path)["sys_id"]
        except (AnswerLost, ApiError) as error:
            if isinstance(error, ApiError) and error.status != _NOT_UNIQUE:
                raise
            row = self.read(table, str(values["sys_id"]), ())
            if row is None:
                raise
            return row["sys_id"]

    def update(self, table: str, sys_id: str, values: Attributes) -> None:
        path = self._row_path(table, sys_id)
        query = {**_PLAIN, "sysparm_fields": "sys_id"}
        _written("PATCH", path, self._client.request("PATCH", path, query=query, body=values, repeatable=True))

    def delete(self, table: str, sys_id: str) -> None:
        """Delete; a row that is gone already is fine."""
        try:
            self._client.request("DELETE", self._row_path(table, sys_id))
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise

    def _pages(self, table: str, query: str, fields: Sequence[str]) -> Iterator[_Page]:
        offset = 0
        listing = Listing("GET", self._path(table))
        while True:
            page = self._page(table, query, fields, _PAGE, offset)
            listing.expect(page.total)
            listing.add(page.rows, page.response)
            yield page
            offset += _PAGE
            if offset >= page.total:
                return

    def _page(self, table: str, query: str, fields: Sequence[str], limit: int, offset: int) -> _Page:
        path = self._path(table)
        asked = {
            **_PLAIN,
            "sysparm_query": f"{query}^ORDERBYsys_id" if query else "ORDERBYsys_id",
            "sysparm_fields": ",".join(dict.fromkeys(fields)),
            "sysparm_limit": str(limit),
            "sysparm_offset": str(offset),
        }
        response = self._client.request("GET", path, query=asked)
        items, total = _result("GET", path, response), response.headers.get(_TOTAL, "")
        if not isinstance(items, tuple):
            raise _unreadable("GET", path, "the result is not a list")
        if not total.isdecimal() or len(total) > _DIGITS:
            raise _unreadable("GET", path, f"without {_TOTAL} nothing tells where the list ends")
        return _Page(tuple(_row(item, path) for item in items), int(total), response)

    def _path(self, table: str) -> str:
        return f"{API}/{quote(table, safe='')}"

    def _row_path(self, table: str, sys_id: str) -> str:
        return f"{self._path(table)}/{quote(sys_id, safe='')}"


def _check_answers(table: str, row: Row, columns: Sequence[str], wanted: Sequence[set[str]]) -> None:
    """Whether the row is one that was asked for: a term that was dropped matches everything."""
    for column, values in zip(columns, wanted, strict=True):
        if row.get(column, "\0").casefold() not in values:
            problem = "that column was not in the answer" if column not in row else "it came with other rows"
            raise ApiError(
                "Query not understood",
                f"{table} was asked for rows by {column}, and {problem}",
                method="GET",
                path=f"{API}/{table}",
                status=200,
                hint=f"There is no column {column} in {table}, or this user may not read it.",
            )


def _result(method: str, path: str, response: Response) -> Value:
    """What was asked for. An error may come with status 200, beside a part of the result or in place of it."""
    message = get(response.body, ("error", "message"))
    if isinstance(message, str):
        raise _unreadable(method, path, message)
    result = get(response.body, ("result",))
    if not isinstance(result, Mapping | tuple):
        raise _unreadable(method, path, "no result in the answer")
    return result


def _written(method: str, path: str, response: Response) -> Value:
    """As `_result`, of a write: an error with status 200 leaves open whether it was done."""
    try:
        return _result(method, path, response)
    except Unreachable as error:
        raise AnswerLost(
            "Answer lost",
            f"ServiceNow may or may not have done {error.detail}",
            hint="Run `portctl plan`: it reads what is there now.",
        ) from error


def _row(item: Value, path: str) -> Row:
    if not isinstance(item, Mapping) or not isinstance(item.get("sys_id"), str):
        raise _unreadable("GET", path, "a row without sys_id")
    return {name: value if isinstance(value, str) else "" for name, value in item.items()}


def _unreadable(method: str, path: str, what: str) -> Unreachable:
    return Unreachable(
        "Unexpected answer",
        f"{method} {path}: {what}",
        hint="Run the command again; if it stays so, ask who runs the instance.",
    )
