"""Encoded queries for rows by their keys. Source: ServiceNow docs, "Encoded query strings".

There is no escape: what would change the query's meaning is refused. `=` and `IN` do not mind case, so what comes back
is always compared again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from portctl.errors import InvalidInput

Values = tuple[str, ...]
"""The values of a key, in the order of its columns."""

LONGEST = 4000
"""Characters of one query; servers refuse addresses of more than 8 KiB."""

_AND = "^"


def queries_for(columns: Sequence[str], keys: Iterable[Values]) -> Iterator[tuple[str, tuple[Values, ...]]]:
    """Queries that together match every key, each with the keys that it is for; few, since they are long."""
    waiting: list[Values] = []
    for key in keys:
        if waiting and len(_matching(columns, [*waiting, key])) > LONGEST:
            yield _matching(columns, waiting), tuple(waiting)
            waiting = []
        waiting.append(key)
    if waiting:
        yield _matching(columns, waiting), tuple(waiting)


def _matching(columns: Sequence[str], keys: Sequence[Values]) -> str:
    """For each column, one of its values: matches more than the keys where they have several columns."""
    return _AND.join(_one_of(column, dict.fromkeys(key[index] for key in keys)) for index, column in enumerate(columns))


def _one_of(column: str, values: Iterable[str]) -> str:
    checked = [plain(value) for value in values]
    listed = [value for value in checked if "," not in value]
    single = [f"{column}={value}" for value in checked if "," in value]
    first = [f"{column}={listed[0]}"] if len(listed) == 1 else [f"{column}IN{','.join(listed)}"] if listed else []
    return "^OR".join([*first, *single])


def plain(value: str) -> str:
    """`value`, if it can stand in a query. Errors: InvalidInput."""
    if not value or "^" in value or value.lower().startswith("javascript:") or not value.isprintable():
        raise InvalidInput(
            "Not a key that ServiceNow can look for",
            f'"{value}" is empty, holds "^" or a control character, or begins with "javascript:"',
            hint="Give the record another key.",
        )
    return value
