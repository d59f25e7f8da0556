"""What a blueprint must satisfy beyond its schema, and what Port silently drops."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.errors import PortError, invalid
from portctl.sandbox.port.store.blueprint_defaults import MAPS
from portctl.sandbox.port.store.organisation import Organisation

META = ("identifier", "title", "blueprint", "team", "icon", "createdAt", "createdBy", "updatedAt", "updatedBy")


def settled(organisation: Organisation, row: Row, before: Row | None) -> Row:
    """The blueprint as Port would store it. Errors: 422 for the first rule that it breaks."""
    known = _Neighbours(organisation, row)
    for message in _violations(row, known):
        raise invalid(message)
    if before is not None:
        _refuse_type_changes(before, row)
    aggregations = {name: _with_path(each, row, known) for name, each in row["aggregationProperties"].items()}
    row = {**row, "aggregationProperties": aggregations}
    ownership = _ownership(row, known)
    return row if ownership is None else {**row, "ownership": ownership}


class _Neighbours:
    """Blueprints by identifier, the one being written included as it will be."""

    def __init__(self, organisation: Organisation, row: Row) -> None:
        self._rows = {**organisation.state.rows("blueprints"), row["identifier"]: row}

    def get(self, identifier: str) -> Row | None:
        return self._rows.get(identifier)

    def relation(self, blueprint: Row, name: str) -> Row | None:
        relation: Row | None = blueprint["relations"].get(name)
        return relation

    def follow(self, blueprint: Row, path: list[str]) -> Row | None:
        """The blueprint at the end of a path of relations."""
        place: Row | None = blueprint
        for name in path:
            relation = None if place is None else self.relation(place, name)
            place = None if relation is None else self.get(relation["target"])
        return place


def _violations(row: Row, known: _Neighbours) -> Iterator[str]:
    properties = row["schema"]["properties"]
    for name in row["schema"]["required"]:
        if name not in properties:
            yield f'schema.required names "{name}", which is not in schema.properties'
    for name, each in properties.items():
        yield from _property_violations(name, each)
    for name, each in row["relations"].items():
        if each["required"] and each["many"]:
            yield f'The relation "{name}" cannot be both required and many'
        if known.get(each["target"]) is None:
            yield f'The relation "{name}" targets the blueprint "{each["target"]}", which does not exist'
    for each in row["mirrorProperties"].values():
        if not _path_exists(each["path"], row, known):
            yield f'The path "{each["path"]}" do not exists'
    for each in row["aggregationProperties"].values():
        yield from _aggregation_violations(each, known)


def _property_violations(name: str, each: Row) -> Iterator[str]:
    kind, shape, values = each["type"], each.get("format"), each.get("enum")
    if shape == "labeled-url" and kind != "object":
        yield f'The property "{name}" has the format labeled-url, which goes with the type object'
    elif shape not in (None, "labeled-url") and kind != "string":
        yield f'The property "{name}" has the format {shape}, which goes with the type string'
    yield from _spec_violations(name, each)
    if values is not None and kind not in ("string", "number"):
        yield f'The property "{name}" has an enum, which goes with the types string and number'
    allowed = values if values is not None else (each.get("items") or {}).get("enum")
    if values is not None and "default" in each and not _contains(values, each["default"]):
        yield f'The default of the property "{name}" is not one of its enum'
    for colour in each.get("enumColors", {}):
        if allowed is not None and colour not in [_as_key(value) for value in allowed]:
            yield f'enumColors of the property "{name}" names "{colour}", which is not in its enum'
    if "pattern" in each and not _is_regex(each["pattern"]):
        yield f'The pattern of the property "{name}" is not a regular expression'


def _spec_violations(name: str, each: Row) -> Iterator[str]:
    kind, shape, spec = each["type"], each.get("format"), each.get("spec")
    if spec == "embedded-url" and shape != "url":
        yield f'The property "{name}" has the spec embedded-url, which needs the format url'
    if spec in ("open-api", "async-api") and kind != "object" and shape not in ("url", "yaml"):
        yield f'The property "{name}" has the spec {spec}, which goes with an object, or a string of format url or yaml'
    if "specAuthentication" in each and spec != "embedded-url":
        yield f'The property "{name}" has specAuthentication, which goes with the spec embedded-url'


def _contains(values: list[Any], wanted: Any) -> bool:
    return any(value == wanted and isinstance(value, bool) is isinstance(wanted, bool) for value in values)


def _as_key(value: Any) -> str:
    return value if isinstance(value, str) else format(value, "g")


def _is_regex(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _aggregation_violations(each: Row, known: _Neighbours) -> Iterator[str]:
    target = known.get(each["target"])
    if target is None:
        yield f'The aggregation target "{each["target"]}" does not exist'
        return
    wanted = each["calculationSpec"].get("property")
    if wanted is not None and not has_property(target, wanted):
        yield f'The "{each["target"]}" Blueprint does not have property with name "{wanted}"'


def has_property(blueprint: Row, name: str) -> bool:
    """Whether entities of the blueprint have such a property, meta properties (`$title`) included."""
    if name.startswith("$"):
        return name[1:] in META
    return name in blueprint["schema"]["properties"] or any(
        name in blueprint[group] for group in MAPS if group != "relations"
    )


def _path_exists(path: str, row: Row, known: _Neighbours) -> bool:
    *relations, name = path.split(".")
    end = known.follow(row, relations)
    return end is not None and has_property(end, name)


def _with_path(aggregation: Row, row: Row, known: _Neighbours) -> Row:
    """A pathFilter over relations that do not exist is stored as null, without a word."""
    for each in aggregation.get("pathFilter") or []:
        start = known.get(each["fromBlueprint"]) if "fromBlueprint" in each else None
        starts = [start] if "fromBlueprint" in each else [row, known.get(aggregation["target"])]
        if all(place is None or known.follow(place, each["path"]) is None for place in starts):
            return {**aggregation, "pathFilter": None}
    return aggregation


def _ownership(row: Row, known: _Neighbours) -> Row | None:
    """Inherited ownership as stored: silently Direct where its owner is not ready or `_team` is related directly."""
    ownership: Row | None = row.get("ownership")
    if ownership is None or ownership["type"] == "Direct":
        return ownership
    place: Row | None = row
    for name in ownership["path"].split("."):
        relation = None if place is None else known.relation(place, name)
        if relation is None or relation["many"]:
            raise PortError(
                422,
                "invalid_inherited_ownership_path",
                f'The ownership path "{ownership["path"]}" is not a path of single relations',
            )
        place = known.get(relation["target"])
    owner_is_ready = place is not None and place.get("ownership", {}).get("type") == "Direct"
    if owner_is_ready and all(each["target"] != "_team" for each in row["relations"].values()):
        return ownership
    return {**{name: value for name, value in ownership.items() if name != "path"}, "type": "Direct"}


def _refuse_type_changes(before: Row, after: Row) -> None:
    for name, each in after["schema"]["properties"].items():
        old = before["schema"]["properties"].get(name)
        if old is not None and old["type"] != each["type"]:
            raise invalid(f'The type of the property "{name}" cannot be changed from {old["type"]} to {each["type"]}')
