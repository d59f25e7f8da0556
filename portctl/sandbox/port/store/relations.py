"""Relation values: resolving them on the way in, and keeping them true when their target goes or is renamed."""

from __future__ import annotations

from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.errors import PortError, invalid, mismatch
from portctl.sandbox.port.store.organisation import Organisation
from portctl.sandbox.port.store.reading import Reading

_MOST_FOUND = 500


def resolved(organisation: Organisation, blueprint: Row, relations: Row) -> dict[str, Any]:
    """Relation values with search objects replaced by what they find.

    Errors: 422 where a list stands for a single relation or the reverse, or a search finds too few or too many.
    """
    values: dict[str, Any] = {}
    for name, value in relations.items():
        relation = blueprint["relations"][name]
        if isinstance(value, dict):
            value = _found(organisation, name, relation, value)
        if value is None and relation["many"]:
            value = []
        if value is not None and isinstance(value, list) is not relation["many"]:
            shape = "a list of identifiers" if relation["many"] else "one identifier"
            raise mismatch(f"relations/{name} must be {shape}")
        values[name] = value
    return values


def teams(organisation: Organisation, query: Row) -> list[str]:
    """The teams that a search stands for. Errors: 422 where it finds too many."""
    return list(_found(organisation, "team", {"target": "_team", "many": True}, query))


def missing_targets(organisation: Organisation, blueprint: Row, relations: Row, own: str) -> list[tuple[str, str]]:
    """Targets that do not exist, as (blueprint, entity). An entity may point to itself."""
    missing: list[tuple[str, str]] = []
    for name, value in relations.items():
        target = blueprint["relations"][name]["target"]
        for identifier in value if isinstance(value, list) else [value]:
            itself = target == blueprint["identifier"] and identifier == own
            exists = itself or organisation.state.get(f"entities:{target}", identifier or "") is not None
            if identifier is not None and not exists:
                missing.append((target, identifier))
    return missing


def missing_target(blueprint: str, identifier: str) -> PortError:
    return PortError(404, "not_found", f'Entity "{identifier}" does not exist in blueprint "{blueprint}"')


def pointing_to(organisation: Organisation, blueprint: str, identifier: str) -> list[tuple[Row, Row, str]]:
    """Every (blueprint, entity, relation) that points to an entity."""
    state = organisation.state
    found: list[tuple[Row, Row, str]] = []
    for other in state.rows("blueprints").values():
        names = [name for name, each in other["relations"].items() if each["target"] == blueprint]
        for entity in state.rows(f"entities:{other['identifier']}").values() if names else ():
            for name in names:
                value = entity["relations"].get(name)
                if value == identifier or (isinstance(value, list) and identifier in value):
                    found.append((other, entity, name))
    return found


def repoint(organisation: Organisation, blueprint: str, old: str, new: str | None) -> None:
    """Make what points to an entity follow its new identifier, or let go of it."""
    for other, entity, name in pointing_to(organisation, blueprint, old):
        table = f"entities:{other['identifier']}"
        current = organisation.state.get(table, entity["identifier"]) or entity
        value = current["relations"][name]
        if isinstance(value, list):
            value = [each if each != old else new for each in value if each != old or new is not None]
        else:
            value = new
        changed = {**current, "relations": {**current["relations"], name: value}}
        organisation.state.put(table, entity["identifier"], changed)


def _found(organisation: Organisation, name: str, relation: Row, query: Row) -> Any:
    target = organisation.state.get("blueprints", relation["target"])
    if target is None:
        raise invalid(f'The relation "{name}" targets a blueprint that does not exist')
    entities = organisation.state.rows(f"entities:{target['identifier']}").values()
    rows = Reading(organisation.state, organisation.world.clock.now()).select(query, entities)
    found = [each["identifier"] for each in rows]
    complaint = f'The search for the relation "{name}" found {len(found)} entities'
    if relation["many"]:
        if len(found) > _MOST_FOUND:
            raise invalid(f"{complaint}, at most {_MOST_FOUND} may match")
        return found
    if len(found) != 1:
        raise invalid(f"{complaint}, exactly one must match")
    return found[0]
