"""Encoded queries: parsing, and matching rows. A term that is not valid is dropped without a word."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.servicenow.errors import not_emulated
from portctl.sandbox.servicenow.store.instance import Actor, Instance
from portctl.sandbox.servicenow.store.relative import RELATIVE, holds_relative
from portctl.sandbox.servicenow.store.schema import Column

_FIELDS = {"GT_FIELD": ">", "GT_OR_EQUALS_FIELD": ">=", "LT_FIELD": "<", "LT_OR_EQUALS_FIELD": "<="}
"""Operators on two columns of a row, and how they compare."""
_SPELLINGS = {"NOTLIKE": "NOT LIKE", "NOTIN": "NOT IN", "CONTAINS": "LIKE", "DOES NOT CONTAIN": "NOT LIKE"}
_LATER = (
    "RELATIVEEE", "RELATIVEEQ", "RELATIVENE", "DATEPART", "DYNAMIC", "IN_HIERARCHY_DYNAMIC", "IN_HIERARCHY", "IN_FIELD",
    "INSTANCEOF", "ISEMPTYSTRING", "ISNOTEMPTYSTRING", "NOTEMPTY", "MATCH_RGX_FIELD", "MATCH_RGX", "MATCH_PAT",
    "MORETHAN", "LESSTHAN", "INSUBQUERY", "NOT INSUBQUERY", "EXCLUDING", "DOESNOTHAVE", "HASITEMS", "!*", "*", "%",
    "NOTMATCH_PAT", "HASVARIABLE", "KEEPS",
)  # fmt: skip
"""Operators that the product has and this one does not: never dropped like a term that is not valid."""
_CLAUSES = re.compile(r"JOIN|RLQUERY|ENDRLQUERY|123TEXTQUERY321|SUBQUERY|ENDSUBQUERY|GOTO|GROUPBY|TRENDBY|HAVING")
"""Parts of a query that are no terms, likewise."""
_OPERATORS = (
    *_LATER,
    *RELATIVE,
    *_FIELDS,
    *_SPELLINGS,
    "NOTON",
    "NOT LIKE",
    "NOT IN",
    "STARTSWITH",
    "ENDSWITH",
    "ISNOTEMPTY",
    "ISEMPTY",
    "EMPTYSTRING",
    "ANYTHING",
    "BETWEEN",
    "NSAMEAS",
    "SAMEAS",
    "CHANGESFROM",
    "CHANGESTO",
    "VALCHANGES",
    "CHANGES",
    "LIKE",
    "IN",
    "ON",
    "!=",
    ">=",
    "<=",
    "=",
    ">",
    "<",
)
CHANGE_OPERATORS = frozenset({"CHANGES", "VALCHANGES", "CHANGESFROM", "CHANGESTO"})
_TERM = re.compile(rf"([a-z0-9_.]+)({'|'.join(re.escape(operator) for operator in _OPERATORS)})(.*)", re.DOTALL)
_OTHER_TERM = re.compile(r"([a-z0-9_.]+)([A-Z][A-Z_]+)")
"""A column and a word that may be an operator of the product that nobody here has heard of."""
_VARIABLES = "variables."
_SCRIPT = "javascript:"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Term:
    """One condition; `either` binds it to the one before."""

    column: str
    operator: str
    value: str
    either: bool


@dataclass(frozen=True, slots=True)
class Query:
    """Groups of which one must hold; in a group every clause; in a clause any term. `order`: column, descending."""

    groups: tuple[tuple[tuple[Term, ...], ...], ...]
    order: tuple[tuple[str, bool], ...]
    dropped: tuple[str, ...]

    def columns(self) -> set[str]:
        return {term.column for group in self.groups for clause in group for term in clause}


def parse_query(text: str, known: Callable[[str], bool]) -> Query:
    """`known` says whether a column (dot-walked or not) exists; terms about others are dropped."""
    groups: list[tuple[tuple[Term, ...], ...]] = []
    order: list[tuple[str, bool]] = []
    dropped: list[str] = []
    for group_text in re.split(r"\^NQ", text):
        clauses: list[tuple[Term, ...]] = []
        for piece in group_text.split("^"):
            if piece in ("", "EQ"):
                continue
            if clause := _CLAUSES.match(piece):
                raise not_emulated(f"{clause[0]} in queries")
            if piece.startswith("ORDERBY"):
                descending = piece.startswith("ORDERBYDESC")
                column = piece.removeprefix("ORDERBYDESC" if descending else "ORDERBY")
                if known(column):
                    order.append((column, descending))
                else:
                    dropped.append(piece)
                continue
            term = _term(piece, known)
            if term is None:
                dropped.append(piece)
            elif term.either and clauses:
                clauses[-1] = (*clauses[-1], term)
            else:
                clauses.append((term,))
        groups.append(tuple(clauses))
    return Query(tuple(groups), tuple(order), tuple(dropped))


def _term(piece: str, known: Callable[[str], bool]) -> Term | None:
    either = piece.startswith("OR")
    text = piece.removeprefix("OR") if either else piece
    match = _TERM.fullmatch(text)
    if text.startswith(_VARIABLES):
        raise not_emulated("variables of the catalogue in queries")
    if match is None:
        word = _OTHER_TERM.match(text)
        if word is not None and known(word[1]):
            raise not_emulated(f"the query operator {word[2]}")
        return None
    if not known(match[1]):
        return None
    operator = _SPELLINGS.get(match[2], match[2])
    if operator in _LATER:
        raise not_emulated(f"the query operator {operator}")
    if operator in _FIELDS and not known(match[3]):
        return None
    return Term(match[1], operator, match[3], either)


class Matcher:
    """Matches rows of one table as one user."""

    def __init__(self, instance: Instance, actor: Actor, table: str, reader: Reader | None = None) -> None:
        self._instance = instance
        self._actor = actor
        self._table = table
        self._reader = reader

    def known(self, path: str) -> bool:
        return self.column(path) is not None

    def column(self, path: str) -> Column | None:
        """The column at the end of a dot-walk."""
        table = self._table
        column: Column | None = None
        for name in path.split("."):
            column = self._instance.columns(table).get(name) if table else None
            if column is None:
                return None
            table = column.reference if column.is_reference else ""
        return column

    def value(self, row: Row, path: str) -> str:
        """The stored value at the end of a dot-walk; empty where the way is broken."""
        *steps, last = path.split(".")
        place: Row | None = row
        for name in steps:
            column = self._instance.columns(str(place["_table"])).get(name) if place else None
            if place is None or column is None:
                return ""
            place = self._instance.get(column.reference, str(place.get(name, "")), self._reader)
        return "" if place is None else str(place.get(last, ""))

    def select(self, query: Query, rows: list[Row]) -> list[Row]:
        """The rows that match, in the order asked for (else that of creation). What they were nobody knows here."""
        for term in (term for group in query.groups for clause in group for term in clause):
            if term.operator in CHANGE_OPERATORS:
                raise not_emulated(f"the query operator {term.operator} outside of conditions")
        chosen = [row for row in rows if self.matches(query, row)]
        for path, descending in reversed(query.order):
            column = self.column(path)
            numeric = column is not None and column.type in ("integer", "decimal")
            chosen.sort(key=lambda row: _sortable(self.value(row, path), numeric), reverse=descending)
        return chosen

    def matches(self, query: Query, row: Row, before: Row | None = None) -> bool:
        """`before`: the row as it was, for conditions on changes (None: it is new)."""
        return any(
            all(any(self._holds(term, row, before) for term in clause) for clause in group) for group in query.groups
        )

    def _holds(self, term: Term, row: Row, before: Row | None) -> bool:
        value = self.value(row, term.column)
        if term.operator in CHANGE_OPERATORS:
            return _changed(term, value, "" if before is None else self.value(before, term.column))
        if term.operator in ("SAMEAS", "NSAMEAS"):
            return (value == self.value(row, term.value)) is (term.operator == "SAMEAS")
        if term.operator in ("ON", "NOTON"):
            return bool(value) and self._on(term, value) is (term.operator == "ON")
        if term.operator in RELATIVE:
            return bool(value) and holds_relative(term.operator, term.value, value, self._instance.world.clock.now())
        column = self.column(term.column)
        numeric = column is not None and column.type in ("integer", "decimal")
        if term.operator in _FIELDS:
            other = self.value(row, term.value)
            return bool(other) and _COMPARISONS[_FIELDS[term.operator]](value, other, numeric)
        return _COMPARISONS[term.operator](value.lower(), self._wanted(term.value).lower(), numeric)

    def _wanted(self, value: str) -> str:
        if not value.startswith(_SCRIPT):
            return value
        if value.removeprefix(_SCRIPT).strip() in ("gs.getUserID()", "gs.getUserID();"):
            return self._actor.sys_id
        raise not_emulated(f"the query value {value}")

    def _on(self, term: Term, value: str) -> bool:
        days = {"Today": 0, "Yesterday": 1, "Tomorrow": -1}
        name = term.value.partition("@")[0]
        if _DAY.fullmatch(name):
            return value.startswith(name)
        if name not in days:
            raise not_emulated(f"the query operator ON{term.value}")
        day = self._instance.world.clock.now() - timedelta(days=days[name])
        return value.startswith(day.strftime("%Y-%m-%d"))


def _changed(term: Term, now: str, before: str) -> bool:
    if now == before:
        return False
    if term.operator == "CHANGESTO":
        return now == term.value
    return before == term.value if term.operator == "CHANGESFROM" else True


def _sortable(value: str, numeric: bool) -> tuple[float, str]:
    return (_number(value), "") if numeric else (0.0, value.lower())


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return float("-inf")


def _ordered(value: str, wanted: str, numeric: bool) -> int:
    left, right = _sortable(value, numeric), _sortable(wanted, numeric)
    return (left > right) - (left < right)


def _between(value: str, wanted: str, numeric: bool) -> bool:
    low, _, high = wanted.partition("@")
    return _ordered(value, low, numeric) >= 0 and _ordered(value, high, numeric) <= 0


_COMPARISONS: Mapping[str, Callable[[str, str, bool], bool]] = {
    "=": lambda value, wanted, _: value == wanted,
    "!=": lambda value, wanted, _: value != wanted,
    "LIKE": lambda value, wanted, _: wanted in value,
    "NOT LIKE": lambda value, wanted, _: wanted not in value,
    "STARTSWITH": lambda value, wanted, _: value.startswith(wanted),
    "ENDSWITH": lambda value, wanted, _: value.endswith(wanted),
    "IN": lambda value, wanted, _: value in wanted.split(","),
    "NOT IN": lambda value, wanted, _: value not in wanted.split(","),
    "ISEMPTY": lambda value, _wanted, _: value == "",
    "ISNOTEMPTY": lambda value, _wanted, _: value != "",
    "EMPTYSTRING": lambda value, _wanted, _: value == "",
    "ANYTHING": lambda _value, _wanted, _: True,
    ">": lambda value, wanted, numeric: bool(value) and _ordered(value, wanted, numeric) > 0,
    ">=": lambda value, wanted, numeric: bool(value) and _ordered(value, wanted, numeric) >= 0,
    "<": lambda value, wanted, numeric: bool(value) and _ordered(value, wanted, numeric) < 0,
    "<=": lambda value, wanted, numeric: bool(value) and _ordered(value, wanted, numeric) <= 0,
    "BETWEEN": lambda value, wanted, numeric: bool(value) and _between(value, wanted, numeric),
}
