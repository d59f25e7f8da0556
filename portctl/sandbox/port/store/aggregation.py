"""Aggregation properties: a number worked out over related entities of another blueprint."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.schemas.formats import parse_date_time

if TYPE_CHECKING:
    from portctl.sandbox.port.store.reading import Reading

_LONGEST_PATH = 3
_PERIOD_SECONDS = {"hour": 3_600, "day": 86_400, "week": 604_800, "month": 2_592_000}

Hop = tuple[str, str, bool]
"""A relation to follow: the blueprint it belongs to, its identifier, and whether it is followed backwards."""


def value(reading: Reading, blueprint: Row, entity: Row, spec: Row) -> Any:
    """The aggregated number. Two ways to the target and no pathFilter: null, or 0 for a count, without a word."""
    calculation = spec["calculationSpec"]
    paths = _paths(reading, blueprint["identifier"], spec)
    if len(paths) != 1:
        return 0 if calculation["func"] == "count" else None
    found = _reached(reading, entity, paths[0])
    if spec.get("query"):
        found = [each for each in found if reading.matches(spec["query"], each)]
    if calculation["calculationBy"] == "entities":
        return len(found) if calculation["func"] == "count" else _per_period(len(found), found, calculation)
    return _of_property(found, calculation)


def pointing_to(reading: Reading, entity: Row) -> Iterator[tuple[Row, str]]:
    """Every (entity, relation) that points to an entity."""
    for other in reading.tables.rows("blueprints").values():
        for name, relation in other["relations"].items():
            if relation["target"] == entity["blueprint"]:
                for each in reading.tables.rows(f"entities:{other['identifier']}").values():
                    held = each["relations"].get(name)
                    if held == entity["identifier"] or (isinstance(held, list) and entity["identifier"] in held):
                        yield each, name


def _paths(reading: Reading, start: str, spec: Row) -> list[list[Hop]]:
    """The shortest ways from the blueprint to the target over relations in either direction."""
    wanted = [each["path"] for each in spec.get("pathFilter") or []]
    level: list[tuple[str, list[Hop]]] = [(start, [])]
    for _ in range(_LONGEST_PATH):
        level = [(end, [*path, hop]) for place, path in level for end, hop in _hops(reading, place) if hop not in path]
        reached = [path for end, path in level if end == spec["target"] and _allowed(path, wanted)]
        if reached:
            return reached
    return []


def _allowed(path: list[Hop], wanted: list[list[str]]) -> bool:
    names = [name for _, name, _ in path]
    return not wanted or names in wanted or names[::-1] in wanted


def _hops(reading: Reading, place: str) -> Iterator[tuple[str, Hop]]:
    for identifier, other in reading.tables.rows("blueprints").items():
        for name, relation in other["relations"].items():
            if identifier == place:
                yield relation["target"], (identifier, name, False)
            if relation["target"] == place:
                yield identifier, (identifier, name, True)


def _reached(reading: Reading, entity: Row, path: list[Hop]) -> list[Row]:
    places = {entity["identifier"]: entity}
    for blueprint, name, backwards in path:
        places = dict(_next(reading, places, (blueprint, name, backwards)))
    return list(places.values())


def _next(reading: Reading, places: dict[str, Row], hop: Hop) -> Iterator[tuple[str, Row]]:
    blueprint, name, backwards = hop
    if backwards:
        for identifier, each in reading.tables.rows(f"entities:{blueprint}").items():
            if any(target in places for target in _held(each, name)):
                yield identifier, each
        return
    owner = reading.tables.get("blueprints", blueprint)
    target_table = f"entities:{owner['relations'][name]['target']}" if owner else ""
    for each in places.values():
        for identifier in _held(each, name):
            target = reading.tables.get(target_table, identifier)
            if target is not None:
                yield identifier, target


def _held(entity: Row, name: str) -> list[str]:
    held = entity["relations"].get(name)
    return held if isinstance(held, list) else [] if held is None else [held]


_FUNCTIONS: dict[str, Callable[[list[float]], float]] = {
    "sum": sum,
    "min": min,
    "max": max,
    "median": statistics.median,
}


def _of_property(found: list[Row], calculation: Row) -> Any:
    values = [each["properties"].get(calculation["property"]) for each in found]
    numbers = [each for each in values if isinstance(each, int | float) and not isinstance(each, bool)]
    if not numbers:
        return 0 if calculation["func"] == "sum" else None
    if calculation["func"] in _FUNCTIONS:
        return _FUNCTIONS[calculation["func"]](numbers)
    if calculation["averageOf"] == "total":
        return sum(numbers) / len(numbers)
    return _per_period(sum(numbers), found, calculation)


def _per_period(total: float, found: list[Row], calculation: Row) -> float:
    """The total by the number of periods, begun ones included, between the first and the last entity."""
    if calculation["averageOf"] == "total":
        return total
    name = calculation.get("measureTimeBy", "$createdAt")
    moments = [
        moment.timestamp() for each in found if (moment := parse_date_time(str(_time_of(each, name)))) is not None
    ]
    span_seconds = max(moments) - min(moments) if moments else 0.0
    return total / (int(span_seconds // _PERIOD_SECONDS[calculation["averageOf"]]) + 1)


def _time_of(entity: Row, name: str) -> Any:
    return entity.get(name[1:]) if name.startswith("$") else entity["properties"].get(name)
