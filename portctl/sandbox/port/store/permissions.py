"""Permissions of actions and blueprints: there a moment after their owner, changed piece by piece."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.port.errors import PortError, not_found
from portctl.sandbox.port.store.organisation import Organisation

LATE_SECONDS = 0.25
_META_PROPERTIES = ("$title", "$icon", "$identifier", "$team")


def of_action(organisation: Organisation, tables: Reader, identifier: str) -> Row:
    """Errors: 404, also in the moment after the action was made."""
    action = tables.get("actions", identifier)
    if action is None:
        raise not_found("Action", identifier)
    _refuse_early(organisation, action, f'Permissions of action "{identifier}" were not found')
    return tables.get("action_permissions", identifier) or _default_of_action()


def granted(organisation: Organisation, identifier: str) -> Row:
    """What holds now, also in the moment in which it cannot be read."""
    return organisation.state.get("action_permissions", identifier) or _default_of_action()


def change_action(organisation: Organisation, identifier: str, body: Row, by: str) -> Row:
    before = of_action(organisation, organisation.state, identifier)
    after = {part: {**before[part], **body.get(part, {})} for part in before}
    organisation.state.put("action_permissions", identifier, after)
    organisation.audit("action", identifier, by, before={"permissions": before}, after={"permissions": after})
    return after


def of_blueprint(organisation: Organisation, tables: Reader, identifier: str) -> Row:
    """With one entry per property and relation the blueprint has now. Errors: as `of_action`."""
    blueprint = tables.get("blueprints", identifier)
    if blueprint is None:
        raise not_found("Blueprint", identifier)
    _refuse_early(organisation, blueprint, f'Permissions of blueprint "{identifier}" were not found')
    saved = (tables.get("blueprint_permissions", identifier) or {}).get("entities", {})
    default = _default(identifier)
    entities = {part: saved.get(part, default[part]) for part in default}
    for part, names in _granular(blueprint).items():
        known = saved.get(part, {})
        entities[part] = {name: known.get(name, _leaf([*_owners(identifier)])) for name in names}
    return {"entities": entities}


def change_blueprint(organisation: Organisation, identifier: str, body: Row, by: str) -> Row:
    """Errors: 422 invalid_permissions for properties and relations that the blueprint does not have."""
    before = of_blueprint(organisation, organisation.state, identifier)
    _refuse_unknown(before["entities"], body.get("entities", {}))
    entities: Row = {}
    for part, value in before["entities"].items():
        change = body.get("entities", {}).get(part, {})
        if part in ("updateProperties", "updateRelations"):
            entities[part] = {**value, **{name: {**value[name], **each} for name, each in change.items()}}
        else:
            entities[part] = {**value, **change}
    after = {"entities": entities}
    organisation.state.put("blueprint_permissions", identifier, after)
    organisation.audit("blueprint", identifier, by, before={"permissions": before}, after={"permissions": after})
    return after


def _refuse_early(organisation: Organisation, owner: Row, message: str) -> None:
    age_seconds = organisation.world.clock.seconds() - datetime.fromisoformat(owner["createdAt"]).timestamp()
    late_seconds = max(LATE_SECONDS, organisation.world.lag_seconds)
    if organisation.strict("late-permissions") and age_seconds < late_seconds:
        raise PortError(404, "not_found", message)


def _refuse_unknown(known: Row, change: Row) -> None:
    properties = [name for name in change.get("updateProperties", {}) if name not in known["updateProperties"]]
    relations = [name for name in change.get("updateRelations", {}) if name not in known["updateRelations"]]
    if properties or relations:
        details = {"invalidProperties": properties, "invalidRelations": relations}
        raise PortError(422, "invalid_permissions", "You cannot update permissions on unknown fields", details)


def _granular(blueprint: Row) -> dict[str, list[str]]:
    return {
        "updateProperties": [*_META_PROPERTIES, *blueprint["schema"]["properties"]],
        "updateRelations": list(blueprint["relations"]),
    }


def _default_of_action() -> Row:
    return {
        "execute": {"roles": ["Admin", "Member"], **_nobody(), "ownedByTeam": False, "policy": None},
        "approve": {"roles": ["Admin"], **_nobody(), "policy": None},
    }


def _owners(identifier: str) -> tuple[str, str]:
    return "Admin", f"{identifier}-moderator"


def _default(identifier: str) -> dict[str, Any]:
    owners = _owners(identifier)
    return {
        "read": {**_leaf(["Admin", "Member", owners[1]]), "policy": None},
        "register": _leaf([*owners]),
        "update": _leaf([*owners]),
        "unregister": _leaf([*owners]),
    }


def _leaf(roles: list[str]) -> Row:
    return {"roles": roles, **_nobody(), "ownedByTeam": False}


def _nobody() -> Row:
    return {"users": [], "teams": []}
