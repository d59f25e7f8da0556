"""Entities: create, overwrite, merge, rename, delete."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.errors import PortError, dependents, invalid, not_emulated, not_found, taken
from portctl.sandbox.port.store import blueprints, entity_values, events, relations
from portctl.sandbox.port.store.organisation import Cause, Organisation
from portctl.sandbox.port.store.reading import Reading

_PROTECTED = ("_rule", "_rule_result", "_scorecard")
_PLAIN = ("title", "icon", "team")
_OF_NEW: dict[str, Row] = {"_user": {"status": "Staged"}}
"""Properties that new entities of Port's own blueprints have where nothing else is said."""


class Mode(StrEnum):
    CREATE = "create"
    """Refuse what exists."""
    UPSERT = "upsert"
    """Overwrite what exists; what the body leaves out is cleared."""
    MERGE = "merge"
    """Update what exists; what the body leaves out is kept."""
    OVERWRITE = "overwrite"
    """As UPSERT, but refuse what does not exist."""
    UPDATE = "update"
    """As MERGE, but refuse what does not exist."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a write is meant."""

    mode: Mode
    cause: Cause
    create_missing: bool = False
    validation_only: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """An entity as stored, and whether it is new."""

    entity: Row
    created: bool


def table(blueprint: str) -> str:
    return f"entities:{blueprint}"


def datasources(blueprint: str) -> str:
    """The table of who wrote the entities of a blueprint last: `agent`, a User-Agent."""
    return f"datasources:{blueprint}"


def find(organisation: Organisation, blueprint: str, identifier: str) -> Row:
    """The stored entity. Errors: 404 for the blueprint or the entity."""
    blueprints.find(organisation, blueprint)
    row = organisation.state.get(table(blueprint), identifier)
    if row is None:
        raise not_found("Entity", identifier)
    return row


def write(organisation: Organisation, name: str, identifier: str | None, body: Row, options: Options) -> Written:
    """Create or change an entity of the blueprint `name`; `identifier` None: the body's, or a generated one."""
    blueprint = blueprints.find(organisation, name)
    _refuse_protected(name, "create" if options.mode is Mode.CREATE else "update")
    require_run(organisation, options.cause.run_id)
    if isinstance(body.get("identifier"), dict):
        body = {**body, "identifier": _found(organisation, name, body["identifier"])}
    key = identifier or body.get("identifier") or organisation.world.ids.token(16)
    before = organisation.state.get(table(name), key)
    if before is not None and options.mode is Mode.CREATE:
        raise taken("Entity", key)
    if before is None and options.mode in (Mode.OVERWRITE, Mode.UPDATE):
        raise not_found("Entity", key)
    after = _after(organisation, blueprint, key, before, body, options.mode)
    _renames(organisation, name, before, after)
    missing = relations.missing_targets(organisation, blueprint, after["relations"], after["identifier"])
    _create_missing(organisation, missing, options)
    entity_values.require(blueprint, after["properties"], after["relations"])
    if options.validation_only:
        return Written(organisation.stamped(after, options.cause.by, before), before is None)
    return Written(_store(organisation, before, after, options.cause), before is None)


def delete(organisation: Organisation, name: str, identifier: str, cause: Cause, *, dependents_too: bool) -> list[str]:
    """Delete an entity; what required it goes too, or keeps it. What is gone, as `blueprint/identifier`."""
    before = find(organisation, name, identifier)
    _refuse_protected(name, "delete")
    require_run(organisation, cause.run_id)
    pointing = relations.pointing_to(organisation, name, identifier)
    held = [
        (other["identifier"], entity["identifier"])
        for other, entity, relation in pointing
        if other["relations"][relation]["required"] and entity is not before
    ]
    if held and not dependents_too:
        names = [f"{blueprint}/{entity}" for blueprint, entity in held]
        raise dependents(f'Entity "{identifier}" is required by {names[0]}', {"entities": names})
    organisation.state.drop(table(name), identifier)
    organisation.state.drop(datasources(name), identifier)
    gone = [f"{name}/{identifier}"]
    for blueprint, entity in dict.fromkeys(held):
        if organisation.state.get(table(blueprint), entity) is not None:
            gone += delete(organisation, blueprint, entity, cause, dependents_too=True)
    relations.repoint(organisation, name, identifier, None)
    announce(organisation, cause, before, None)
    return gone


def announce(organisation: Organisation, cause: Cause, before: Row | None, after: Row | None) -> None:
    """Write a change of an entity down, and tell whoever listens."""
    known: Row = after or before or {}
    context = {"blueprint": known["blueprint"]}
    organisation.audit("entity", known["identifier"], cause, before=before, after=after, context=context)
    organisation.publish(events.entity(organisation, cause, before, after))


def _found(organisation: Organisation, blueprint: str, query: Row) -> str:
    """The entity that a search in place of an identifier stands for. Errors: 404 where there is none."""
    rows = Reading(organisation.state, organisation.world.clock.now()).select(
        query, organisation.state.rows(table(blueprint)).values()
    )
    if not rows:
        raise PortError(404, "not_found", f'The search for the identifier found no entity of blueprint "{blueprint}"')
    if len(rows) > 1:
        raise not_emulated(f"a search for the identifier that finds {len(rows)} entities")
    return str(rows[0]["identifier"])


def _after(organisation: Organisation, blueprint: Row, key: str, before: Row | None, body: Row, mode: Mode) -> Row:
    """The entity as it would be after the write; the values are checked, the relation targets are not."""
    merging = before is not None and mode in (Mode.MERGE, Mode.UPDATE)
    kept: Row = before if before is not None and merging else {}
    plain = {name: body[name] if name in body else kept.get(name) for name in _PLAIN}
    if isinstance(plain["team"], dict):
        plain["team"] = relations.teams(organisation, plain["team"])
    entity_values.relation_names(blueprint, body.get("relations") or {})
    values = entity_values.accepted(organisation, blueprint, body.get("properties") or {})
    targets = relations.resolved(organisation, blueprint, body.get("relations") or {})
    fixed = _OF_NEW.get(blueprint["identifier"], {}) if before is None else {}
    return {
        "identifier": body.get("identifier", key),
        **plain,
        "team": _teams(plain["team"]),
        "blueprint": blueprint["identifier"],
        "properties": {**fixed, **kept.get("properties", {}), **values},
        "relations": {**kept.get("relations", {}), **targets},
    }


def _teams(team: Any) -> list[str]:
    return team if isinstance(team, list) else [] if team is None else [team]


def _renames(organisation: Organisation, name: str, before: Row | None, after: Row) -> None:
    renamed = before is not None and before["identifier"] != after["identifier"]
    if renamed and organisation.state.get(table(name), after["identifier"]) is not None:
        raise taken("Entity", after["identifier"])


def _create_missing(organisation: Organisation, missing: list[tuple[str, str]], options: Options) -> None:
    for target, identifier in missing:
        blueprint = blueprints.find(organisation, target)
        if not options.create_missing:
            raise relations.missing_target(target, identifier)
        if organisation.strict("missing-related"):
            entity_values.require(blueprint, {}, {})
    for target, identifier in dict.fromkeys(missing):
        if not options.validation_only:
            _store(organisation, None, minimal(target, identifier), options.cause)


def minimal(blueprint: str, identifier: str) -> Row:
    """An entity of which nothing but its identifier is known."""
    return {
        "identifier": identifier,
        "title": None,
        "icon": None,
        "team": [],
        "blueprint": blueprint,
        "properties": {},
        "relations": {},
    }


def _store(organisation: Organisation, before: Row | None, after: Row, cause: Cause) -> Row:
    name = after["blueprint"]
    idle = before is not None and all(before[key] == after[key] for key in after)
    if before is not None and idle and not organisation.strict("idle-writes"):
        return before
    row = organisation.stamped(after, cause.by, before)
    organisation.state.put(table(name), row["identifier"], row)
    organisation.state.put(datasources(name), row["identifier"], {"agent": cause.agent})
    if before is not None and before["identifier"] != row["identifier"]:
        organisation.state.drop(table(name), before["identifier"])
        organisation.state.drop(datasources(name), before["identifier"])
        relations.repoint(organisation, name, before["identifier"], row["identifier"])
    announce(organisation, cause, before, row)
    return row


def _refuse_protected(blueprint: str, verb: str) -> None:
    if blueprint in _PROTECTED:
        raise PortError(
            403, "protected_entity", f'Cannot {verb} entity from blueprint "{blueprint}" as it is marked protected'
        )


def require_run(organisation: Organisation, run_id: str | None) -> None:
    """A change can be tied to a run in progress only. Errors: 404, 422."""
    if run_id is None:
        return
    row = organisation.state.get("runs", run_id)
    if row is None:
        raise not_found("Action run", run_id)
    if row["status"] != "IN_PROGRESS":
        raise invalid(f'Action run "{run_id}" is not in progress, its status is {row["status"]}')
