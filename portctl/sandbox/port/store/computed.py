"""Values that Port works out when an entity is read: mirrors, calculations, aggregations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.port import jq_program
from portctl.sandbox.port.store import aggregation

if TYPE_CHECKING:
    from portctl.sandbox.port.store.reading import Reading

_MOST_HOPS = 8


def view(reading: Reading, blueprint: Row, entity: Row, *, calculated: bool, nulls: bool) -> Row:
    """The entity as it is read. `calculated`: with worked-out properties; `nulls`: unset values as null."""
    properties = dict(entity["properties"])
    relations = dict(entity["relations"])
    if nulls:
        properties = {**dict.fromkeys(blueprint["schema"]["properties"]), **properties}
    else:
        properties = {name: value for name, value in properties.items() if value is not None}
        relations = {name: value for name, value in relations.items() if value is not None}
    for name, relation in blueprint["relations"].items():
        if relation["many"] or nulls:
            relations.setdefault(name, [] if relation["many"] else None)
    if calculated:
        properties |= dict(_all(reading, blueprint, entity))
    return {**entity, "properties": properties, "relations": relations, "scorecards": {}}


def _all(reading: Reading, blueprint: Row, entity: Row) -> Iterator[tuple[str, Any]]:
    for group in ("mirrorProperties", "aggregationProperties", "calculationProperties"):
        for name in blueprint[group]:
            yield name, one(reading, blueprint, entity, name)


def one(reading: Reading, blueprint: Row, entity: Row, name: str, *, depth: int = 0) -> Any:
    """One worked-out property; None where there is no such thing or the chain of mirrors is too long."""
    if depth > _MOST_HOPS:
        return None
    if name in blueprint["mirrorProperties"]:
        return _mirror(reading, entity, blueprint["mirrorProperties"][name]["path"], depth)
    if name in blueprint["aggregationProperties"]:
        return aggregation.value(reading, blueprint, entity, blueprint["aggregationProperties"][name])
    if name in blueprint["calculationProperties"]:
        return _calculation(reading, blueprint, entity, blueprint["calculationProperties"][name], depth)
    return None


def _mirror(reading: Reading, entity: Row, path: str, depth: int) -> Any:
    """The value at the end of the path; a list of values where a relation on it has many targets."""
    *relations, name = path.split(".")
    many = _has_many(reading, entity, relations)
    values = [_value(reading, each, name, depth) for each in follow(reading, entity, relations)]
    return values if many else next(iter(values), None)


def _has_many(reading: Reading, entity: Row, relations: list[str]) -> bool:
    blueprint = reading.tables.get("blueprints", entity["blueprint"])
    for name in relations:
        relation = None if blueprint is None else blueprint["relations"].get(name)
        if relation is None:
            return False
        if relation["many"]:
            return True
        blueprint = reading.tables.get("blueprints", relation["target"])
    return False


def _value(reading: Reading, entity: Row, name: str, depth: int) -> Any:
    if name.startswith("$"):
        return entity.get(name[1:])
    if name in entity["properties"]:
        return entity["properties"][name]
    blueprint = reading.tables.get("blueprints", entity["blueprint"])
    return None if blueprint is None else one(reading, blueprint, entity, name, depth=depth + 1)


def _calculation(reading: Reading, blueprint: Row, entity: Row, spec: Row, depth: int) -> Any:
    properties = {**dict.fromkeys(blueprint["schema"]["properties"]), **entity["properties"]}
    for name, mirror in blueprint["mirrorProperties"].items():
        properties[name] = _mirror(reading, entity, mirror["path"], depth + 1)
    value = jq_program.evaluate(spec["calculation"], {**entity, "properties": properties})
    return value if value is None or _fits(value, spec["type"]) else None


def _fits(value: Any, kind: str) -> bool:
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, {"string": str, "boolean": bool, "object": dict, "array": list}[kind])


def follow(reading: Reading, entity: Row, path: list[str]) -> list[Row]:
    """The entities at the end of a path of relations."""
    places = [entity]
    for name in path:
        places = [target for place in places for target in _step(reading, place, name)]
    return places


def _step(reading: Reading, entity: Row, name: str) -> Iterator[Row]:
    blueprint = reading.tables.get("blueprints", entity["blueprint"])
    relation = None if blueprint is None else blueprint["relations"].get(name)
    value = entity["relations"].get(name)
    if relation is None or value is None:
        return
    for identifier in value if isinstance(value, list) else [value]:
        target = reading.tables.get(f"entities:{relation['target']}", identifier)
        if target is not None:
            yield target


def sources(reading: Reading, entity: Row) -> list[Row]:
    """The entities that point to an entity."""
    return [each for each, _ in aggregation.pointing_to(reading, entity)]
