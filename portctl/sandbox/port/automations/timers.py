"""Timer properties that expire. Source: port.md 4.4."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.schemas.formats import parse_date_time
from portctl.sandbox.port.store import events
from portctl.sandbox.port.store.organisation import Organisation

_TABLE, _KEY = "timers", "looked"


def advance(organisation: Organisation) -> None:
    """Tell of every timer that expired since this was asked last."""
    now = organisation.world.clock.seconds()
    before = (organisation.state.get(_TABLE, _KEY) or {"at": now})["at"]
    watched = {
        (event["blueprintIdentifier"], event["propertyIdentifier"])
        for action in organisation.state.rows("actions").values()
        if (event := action["trigger"].get("event", {})).get("type") == events.TIMER
    }
    if not watched:
        if organisation.state.get(_TABLE, _KEY) is not None:
            organisation.state.drop(_TABLE, _KEY)
        return
    organisation.state.put(_TABLE, _KEY, {"at": now})
    for blueprint, name in sorted(watched):
        for entity in list(organisation.state.rows(f"entities:{blueprint}").values()):
            if before < _expires(entity, name) <= now:
                organisation.publish(events.timer(organisation, entity, name))


def _expires(entity: Row, name: str) -> float:
    """When, in seconds since the epoch; 0 where it has no such timer."""
    value = entity["properties"].get(name)
    moment = parse_date_time(value) if isinstance(value, str) else None
    return moment.timestamp() if moment is not None and moment.tzinfo is not None else 0.0
