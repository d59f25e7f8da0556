"""Events as automations see them. Source: Port documentation, "Automation trigger"; port.md 5.4."""

from __future__ import annotations

from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.store.organisation import Cause, Event, Organisation

_ENTITY_EVENTS = {"CREATE": "ENTITY_CREATED", "UPDATE": "ENTITY_UPDATED", "DELETE": "ENTITY_DELETED"}
TIMER = "TIMER_PROPERTY_EXPIRED"


def entity(organisation: Organisation, cause: Cause, before: Row | None, after: Row | None) -> Event:
    """A write or a deletion of an entity."""
    action = "CREATE" if before is None else "DELETE" if after is None else "UPDATE"
    known: Row = after or before or {}
    context = {
        "blueprintIdentifier": known["blueprint"],
        "entityIdentifier": known["identifier"],
        "propertyIdentifier": None,
    }
    document = {
        "action": action,
        "resourceType": "entity",
        "trigger": _trigger(organisation, cause),
        "context": context,
        "diff": {"before": before, "after": after},
    }
    return Event(_ENTITY_EVENTS[action], document, cause)


def timer(organisation: Organisation, after: Row, name: str) -> Event:
    """A timer property of an entity that has expired."""
    cause = Cause("port", "API")
    event = entity(organisation, cause, after, after)
    context = {**event.document["context"], "propertyIdentifier": name}
    document = {**event.document, "context": context, "diff": {"before": None, "after": after}}
    return Event(TIMER, document, cause)


def run(organisation: Organisation, cause: Cause, action: Row, before: Row | None, after: Row) -> Event:
    """A run that was created or changed. Runs are given as they are shown."""
    document = {
        "id": organisation.world.ids.prefixed("event"),
        "resourceType": "run",
        "action": "CREATE" if before is None else "UPDATE",
        "trigger": _trigger(organisation, cause),
        "context": {"action": action},
        "diff": {"before": before, "after": after},
    }
    return Event("RUN_CREATED" if before is None else "RUN_UPDATED", document, cause)


def _trigger(organisation: Organisation, cause: Cause) -> dict[str, Any]:
    return {
        "by": {"orgId": organisation.identifier, "userId": cause.by},
        "origin": cause.origin,
        "at": organisation.world.clock.stamp(),
    }
