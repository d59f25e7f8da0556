"""Background work: deleting all entities of a blueprint. Takes a moment, as the real one does."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.errors import PortError
from portctl.sandbox.port.store import blueprints, entities
from portctl.sandbox.port.store.organisation import Cause, Organisation

_SECONDS = 0.3


def start_deletion(organisation: Organisation, identifier: str, by: str, *, blueprint_too: bool) -> Row:
    """Begin to delete all entities of a blueprint. Errors: 404, and 403 where a system blueprint should go, too."""
    blueprints.find(organisation, identifier)
    if blueprint_too:
        blueprints.refuse_system(identifier)
    row: Row = {
        "id": organisation.world.ids.token(16),
        "actor": by,
        "sourceBlueprint": identifier,
        "mapping": {},
        "status": "RUNNING",
        "successCount": 0,
        "failureCount": 0,
        "deleteBlueprint": blueprint_too,
        "deleteEntities": True,
        "dueAt": organisation.world.clock.seconds() + _SECONDS,
    }
    organisation.state.put("migrations", row["id"], organisation.stamped(row, by))
    return row


def advance(organisation: Organisation) -> None:
    """End what is due by now."""
    now = organisation.world.clock.seconds()
    for row in _running(organisation):
        if row["dueAt"] <= now:
            _end(organisation, row)


def finish(organisation: Organisation) -> int:
    """End everything, due or not; how many."""
    running = _running(organisation)
    for row in running:
        _end(organisation, row)
    return len(running)


def public(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "dueAt"}


def _running(organisation: Organisation) -> list[Row]:
    return [row for row in organisation.state.rows("migrations").values() if row["status"] == "RUNNING"]


def _end(organisation: Organisation, row: Row) -> None:
    identifier, by = row["sourceBlueprint"], row["actor"]
    table = f"entities:{identifier}"
    removed = list(organisation.state.rows(table).items())
    for key, entity in removed:
        organisation.state.drop(table, key)
        entities.announce(organisation, Cause(by), entity, None)
    gone = not row["deleteBlueprint"] or _blueprint_goes(organisation, identifier, by)
    done = {**row, "status": "COMPLETED" if gone else "FAILURE", "successCount": len(removed)}
    organisation.state.put("migrations", row["id"], organisation.stamped(done, by, row))


def _blueprint_goes(organisation: Organisation, identifier: str, by: str) -> bool:
    """Delete the blueprint with the actions that name it; whether it is gone. What others refer to stays."""
    if organisation.state.get("blueprints", identifier) is None:
        return True
    try:
        blueprints.delete(organisation, identifier, by, actions=True, emptied=True)
    except PortError:
        return False
    return True
