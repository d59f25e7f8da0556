"""A REST message as rows: by path, `()` for the message itself, `("functions", name, "headers", name)` at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from portctl.model.kind import Kind
from portctl.model.provider import WriteRequest
from portctl.model.value import MISSING, Attributes, Sealed, Value, get, leaves
from portctl.source import Path

RowPath: TypeAlias = tuple[str, ...]

MESSAGE = "sys_rest_message"
FN = "sys_rest_message_fn"
HEADERS = "sys_rest_message_headers"
FN_HEADERS = "sys_rest_message_fn_headers"
TABLES: Mapping[RowPath, str] = {
    (): MESSAGE,
    ("functions",): FN,
    ("headers",): HEADERS,
    ("functions", "headers"): FN_HEADERS,
}
"""The table of a row, by the words of its path that are no names."""

SCALARS: Mapping[str, tuple[str, ...]] = {
    MESSAGE: ("name", "rest_endpoint", "description", "authentication_type", "access"),
    FN: ("http_method", "rest_endpoint", "authentication_type", "content"),
    HEADERS: ("value",),
    FN_HEADERS: ("value",),
}


_SHUT = ("rest_endpoint", "value")


def rows_of(attributes: Attributes) -> dict[RowPath, dict[str, Value]]:
    """The rows that make up a message, parents first, each with its columns as far as `attributes` say them.

    A header without a value is none.
    """
    rows: dict[RowPath, dict[str, Value]] = {(): _scalars(MESSAGE, attributes)}
    for name, value in _named(attributes, "headers"):
        rows["headers", name] = {"value": value}
    for name, function in _named(attributes, "functions"):
        rows["functions", name] = _scalars(FN, function)
        for header, value in _named(function, "headers"):
            rows["functions", name, "headers", header] = {"value": value}
    return _without_empty_headers(rows)


def attributes_of(name: str, rows: Mapping[RowPath, Mapping[str, Value]]) -> Attributes:
    """The message that `rows` make up. A part whose parent is not among them is left out.

    Endpoints and the values of headers are sealed: what they hold is known here and shown nowhere.
    """
    message: dict[str, Any] = {"headers": {}, "functions": {}, **_shut(MESSAGE, rows[()]), "name": name}
    for path, row in sorted(rows.items(), key=lambda item: len(item[0])):
        match path:
            case ("headers", header):
                message["headers"][header] = _shut(HEADERS, row)["value"]
            case ("functions", function):
                message["functions"][function] = {**_shut(FN, row), "headers": {}}
            case ("functions", function, "headers", header) if function in message["functions"]:
                message["functions"][function]["headers"][header] = _shut(FN_HEADERS, row)["value"]
    return message


def _shut(table: str, row: Mapping[str, Value]) -> dict[str, Value]:
    shut = {name: row.get(name, "") for name in SCALARS[table]}
    for name in _SHUT:
        if isinstance(shut.get(name), str) and shut[name]:
            shut[name] = Sealed((shut[name],))
    return shut


def changed_rows(
    kind: Kind, live: Attributes, wanted: Attributes, write: WriteRequest
) -> dict[RowPath, dict[str, Value]]:
    """The rows of `live` with what `write` changes and removes; `wanted` are its attributes in canonical form."""
    rows = rows_of(live)
    for path in write.removed:
        row, column = _place(path)
        if column and row != path:
            rows.setdefault(row, {})[column] = kind.clear.get(column, "") if not row else ""
        else:
            rows = {other: values for other, values in rows.items() if other[: len(path)] != path}
    for path in write.changed:
        value = get(wanted, path)
        ends = [(*path, *below) for below, _ in leaves(value)] if value is not MISSING else [path]
        for end in ends:
            row, column = _place(end)
            for above in range(2, len(row) + 1, 2):
                rows.setdefault(row[:above], {})
            if column:
                found = get(wanted, end)
                rows[row][column] = "" if found is MISSING else found
    return _without_empty_headers(rows)


def _without_empty_headers(rows: dict[RowPath, dict[str, Value]]) -> dict[RowPath, dict[str, Value]]:
    return {
        path: values for path, values in rows.items() if not isinstance(values.get("value"), str) or values["value"]
    }


def parent_of(path: RowPath) -> RowPath:
    return path[:-2]


def _place(path: Path) -> tuple[RowPath, str]:
    """The row that a path of the attributes lies in, and its column; "" where the path is a row, or rows."""
    parts = tuple(str(part) for part in path)
    match parts:
        case ("headers", _) | ("functions", _, "headers", _):
            return parts, "value"
        case ("functions", _, "headers") | ("functions", _) | ("functions",) | ("headers",):
            return parts[: len(parts) // 2 * 2], ""
        case ("functions", name, column):
            return ("functions", name), column
    return (), parts[0]


def _scalars(table: str, values: Value) -> dict[str, Value]:
    return {name: values[name] for name in SCALARS[table] if name in values} if isinstance(values, Mapping) else {}


def _named(values: Value, key: str) -> list[tuple[str, Value]]:
    found = get(values, (key,))
    return list(found.items()) if isinstance(found, Mapping) else []
