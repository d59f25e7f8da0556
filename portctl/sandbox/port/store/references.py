"""Who refers to whom: what keeps a blueprint from being deleted, and what follows when something is renamed."""

from __future__ import annotations

from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.store.organisation import Organisation


def to_blueprint(organisation: Organisation, identifier: str) -> dict[str, Any]:
    """Everything that depends on a blueprint: entities (their number), and identifiers by kind."""
    state = organisation.state
    others = [row for name, row in state.rows("blueprints").items() if name != identifier]
    entities = organisation.lagging().rows(f"entities:{identifier}") or state.rows(f"entities:{identifier}")
    found: dict[str, Any] = {
        "entities": len(entities),
        "relations": [
            f"{row['identifier']}.{name}"
            for row in others
            for name, each in row["relations"].items()
            if each["target"] == identifier
        ],
        "aggregationProperties": [
            f"{row['identifier']}.{name}"
            for row in others
            for name, each in row["aggregationProperties"].items()
            if each["target"] == identifier
        ],
        "actions": actions_of(organisation, identifier),
    }
    return {kind: what for kind, what in found.items() if what}


def actions_of(organisation: Organisation, blueprint: str) -> list[str]:
    """The actions and automations that name a blueprint."""
    rows = organisation.state.rows("actions").values()
    return [row["identifier"] for row in rows if blueprint in bound_to(row)]


def pages_of(organisation: Organisation, blueprint: str) -> list[str]:
    """The pages of a blueprint."""
    rows = organisation.state.rows("pages").values()
    return [row["identifier"] for row in rows if row["blueprint"] == blueprint]


def bound_to(action: Row) -> list[str]:
    """The blueprints that an action or automation names."""
    trigger, invocation = action["trigger"], action["invocationMethod"]
    named = [
        trigger.get("blueprintIdentifier"),
        trigger.get("event", {}).get("blueprintIdentifier"),
        invocation.get("blueprintIdentifier"),
    ]
    return [name for name in named if name is not None]


def blueprint_renamed(organisation: Organisation, old: str, new: str) -> None:
    """Make every reference to a blueprint follow its new identifier."""
    state = organisation.state
    for identifier, row in list(state.rows("blueprints").items()):
        changed = {
            **row,
            "relations": {name: _retargeted(each, old, new) for name, each in row["relations"].items()},
            "aggregationProperties": {
                name: _retargeted(each, old, new) for name, each in row["aggregationProperties"].items()
            },
        }
        if changed != row:
            state.put("blueprints", identifier, changed)
    for identifier, row in list(state.rows(f"entities:{old}").items()):
        state.drop(f"entities:{old}", identifier)
        state.put(f"entities:{new}", identifier, {**row, "blueprint": new})
    for identifier, row in list(state.rows(f"datasources:{old}").items()):
        state.drop(f"datasources:{old}", identifier)
        state.put(f"datasources:{new}", identifier, row)
    for identifier, row in list(state.rows("actions").items()):
        if old in bound_to(row):
            state.put("actions", identifier, _action_renamed(row, old, new))
    for identifier, row in list(state.rows("webhooks").items()):
        if any(each["blueprint"] == old for each in row.get("mappings", [])):
            mappings = [{**each, "blueprint": new} if each["blueprint"] == old else each for each in row["mappings"]]
            state.put("webhooks", identifier, {**row, "mappings": mappings})
    for identifier in pages_of(organisation, old):
        state.put("pages", identifier, {**state.rows("pages")[identifier], "blueprint": new})
    permissions = state.get("blueprint_permissions", old)
    if permissions is not None:
        state.drop("blueprint_permissions", old)
        state.put("blueprint_permissions", new, permissions)


def _retargeted(each: Row, old: str, new: str) -> Row:
    return {**each, "target": new} if each["target"] == old else each


def _action_renamed(action: Row, old: str, new: str) -> Row:
    def follow(part: Row) -> Row:
        return {**part, "blueprintIdentifier": new} if part.get("blueprintIdentifier") == old else part

    trigger = follow(action["trigger"])
    if "event" in trigger:
        trigger = {**trigger, "event": follow(trigger["event"])}
    return {**action, "trigger": trigger, "invocationMethod": follow(action["invocationMethod"])}


def action_renamed(organisation: Organisation, old: str, new: str) -> None:
    """Make permissions, runs, and automations that listen to an action follow its new identifier."""
    state = organisation.state
    permissions = state.get("action_permissions", old)
    if permissions is not None:
        state.drop("action_permissions", old)
        state.put("action_permissions", new, permissions)
    for run_id, run in list(state.rows("runs").items()):
        if run["action"]["identifier"] == old:
            state.put("runs", run_id, {**run, "action": {**run["action"], "identifier": new}})
    for identifier, row in list(state.rows("actions").items()):
        event = row["trigger"].get("event", {})
        if event.get("actionIdentifier") == old:
            trigger = {**row["trigger"], "event": {**event, "actionIdentifier": new}}
            state.put("actions", identifier, {**row, "trigger": trigger})


def key_renamed(organisation: Organisation, blueprint: str, group: str, old: str, new: str) -> None:
    """Make entities and mirror paths follow a renamed property or relation."""
    state = organisation.state
    if group in ("properties", "relations"):
        for identifier, entity in list(state.rows(f"entities:{blueprint}").items()):
            values = {(new if name == old else name): value for name, value in entity[group].items()}
            state.put(f"entities:{blueprint}", identifier, {**entity, group: values})
    for identifier, row in list(state.rows("blueprints").items()):
        mirrors = {
            name: {**each, "path": _path_renamed(organisation, row, each["path"], (blueprint, old, new))}
            for name, each in row["mirrorProperties"].items()
        }
        if mirrors != row["mirrorProperties"]:
            state.put("blueprints", identifier, {**row, "mirrorProperties": mirrors})


def _path_renamed(organisation: Organisation, start: Row, path: str, renamed: tuple[str, str, str]) -> str:
    blueprint, old, new = renamed
    parts: list[str] = []
    place: Row | None = start
    for name in path.split("."):
        here = place is not None and place["identifier"] == blueprint and name == old
        parts.append(new if here else name)
        relation = None if place is None else place["relations"].get(parts[-1]) or place["relations"].get(name)
        place = None if relation is None else organisation.state.get("blueprints", relation["target"])
    return ".".join(parts)
