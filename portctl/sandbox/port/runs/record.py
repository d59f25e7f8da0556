"""The record of a run: created, changed, logged to, ended. Ended means frozen. Source: port.md 2.5, 5.1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.port.errors import invalid, not_found
from portctl.sandbox.port.store import events
from portctl.sandbox.port.store.organisation import Cause, Organisation

IN_PROGRESS = "IN_PROGRESS"
WAITING = "WAITING_FOR_APPROVAL"
ACTIVE = (IN_PROGRESS, WAITING)
INVOKE = "invoke"
"""The kind of job that carries a run out."""
LONGEST_CHAIN = 30
"""A run that so many runs have led to is ended by the sandbox: no loop protection of Port is documented."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a run is started with. `data`: what its templates see, but for `run`."""

    action: Row
    data: Row
    source: str
    properties: Row
    raw: Row
    entity: Row | None = None


def find(organisation: Organisation, run_id: str) -> Row:
    """The stored run. Errors: 404."""
    row = organisation.state.get("runs", run_id)
    if row is None:
        raise not_found("Action run", run_id)
    return row


def create(organisation: Organisation, start: Start, cause: Cause) -> Row:
    """Begin a run: wait for approval, or be carried out."""
    action = start.action
    needs_approval = bool(action.get("requiredApproval"))
    run_id = organisation.world.ids.prefixed("r")
    row: Row = {
        "id": run_id,
        "status": WAITING if needs_approval else IN_PROGRESS,
        "statusLabel": None,
        "action": _stub(action),
        **_place(organisation, start.entity),
        "properties": start.properties,
        "rawProperties": start.raw,
        "source": start.source,
        "link": [],
        "summary": None,
        "requiredApproval": action.get("requiredApproval", False),
        "approval": None,
        "payload": None,
        "response": None,
        "endedAt": None,
        "_data": {**start.data, "run": {"id": run_id}},
        "_chain": [*cause.chain, action["identifier"]],
        "_decisions": [],
    }
    row = organisation.stamped(row, cause.by)
    organisation.state.put("runs", run_id, row)
    _tell(organisation, cause, None, row)
    if len(row["_chain"]) > LONGEST_CHAIN:
        _cut(organisation, row, cause)
    elif not needs_approval:
        carry_out(organisation, row)
    return find(organisation, run_id)


def carry_out(organisation: Organisation, row: Row) -> None:
    payload = {"organisation": organisation.identifier, "run": row["id"], "action": row["action"]["identifier"]}
    organisation.runtime.later(INVOKE, payload)


def change(organisation: Organisation, before: Row, changes: Row, cause: Cause, *, tell: bool = True) -> Row:
    """Store a change; an end gets its time. `tell`: automations hear of it."""
    after = organisation.stamped({**before, **changes}, cause.by, before)
    if after["status"] not in ACTIVE and before["status"] in ACTIVE:
        after["endedAt"] = after["updatedAt"]
    organisation.state.put("runs", before["id"], after)
    if tell:
        _tell(organisation, cause, before, after)
    else:
        _audit(organisation, cause, before, after)
    return after


def note(organisation: Organisation, row: Row, changes: Row) -> None:
    """Keep what was sent and answered. No update of anybody's: ended runs keep their times."""
    organisation.state.put("runs", row["id"], {**row, **changes})


def log(organisation: Organisation, row: Row, body: Row, cause: Cause) -> Row:
    """Add a line to the run's log; one with `terminationStatus` ends the run. Does not fire automations."""
    entry = {
        "id": organisation.world.ids.prefixed("rl"),
        "runId": row["id"],
        "message": body["message"],
        "createdBy": cause.by,
        "createdAt": organisation.world.clock.stamp(),
    }
    organisation.state.put("run_logs", entry["id"], entry)
    changes = {"statusLabel": body["statusLabel"]} if "statusLabel" in body else {}
    if "terminationStatus" in body:
        changes["status"] = body["terminationStatus"]
    if changes:
        change(organisation, row, changes, cause, tell=False)
    return entry


def logs(tables: Reader, run_id: str) -> list[Row]:
    """The lines of a run's log, oldest first."""
    return [row for row in tables.rows("run_logs").values() if row["runId"] == run_id]


def refuse_ended(row: Row) -> None:
    """Errors: 422 for a run that has ended."""
    if row["status"] not in ACTIVE:
        raise invalid(f'Action run "{row["id"]}" has already ended, its status is {row["status"]}')


def shown(tables: Reader, row: Row) -> Row:
    """The run as it is read. What was deleted since keeps its stub."""
    visible = {name: value for name, value in row.items() if not name.startswith("_")}
    if tables.get("actions", row["action"]["identifier"]) is None:
        visible["action"] = {"identifier": row["action"]["identifier"], "title": None, "icon": None, "deleted": True}
    if "entity" in row:
        table = f"entities:{row['blueprint']['identifier']}"
        if tables.get(table, row["entity"]["identifier"]) is None:
            visible["entity"] = {
                "identifier": row["entity"]["identifier"],
                "title": None,
                "icon": None,
                "deleted": True,
            }
    return visible


def _stub(row: Row) -> Row:
    return {name: row.get(name) for name in ("identifier", "title", "icon")}


def _place(organisation: Organisation, entity: Row | None) -> dict[str, Any]:
    if entity is None:
        return {}
    blueprint = organisation.state.get("blueprints", entity["blueprint"]) or {"identifier": entity["blueprint"]}
    return {"blueprint": _stub(blueprint), "entity": _stub(entity)}


def _tell(organisation: Organisation, cause: Cause, before: Row | None, after: Row) -> None:
    """Write it down, and tell whoever listens to runs of the action."""
    _audit(organisation, cause, before, after)
    action = organisation.state.get("actions", after["action"]["identifier"])
    if action is not None:
        tables = organisation.state
        was = None if before is None else shown(tables, before)
        chain = tuple(after["_chain"])
        told = Cause(cause.by, cause.origin, chain=chain if len(chain) >= len(cause.chain) else cause.chain)
        organisation.publish(events.run(organisation, told, action, was, shown(tables, after)))


def _audit(organisation: Organisation, cause: Cause, before: Row | None, after: Row) -> None:
    was = None if before is None else shown(organisation.state, before)
    context = {"runId": after["id"], "action": after["action"]["identifier"]}
    now = shown(organisation.state, after)
    organisation.audit("run", after["id"], cause, before=was, after=now, context=context)


def _cut(organisation: Organisation, row: Row, cause: Cause) -> None:
    """End a run that stands at the end of a chain that would never end."""
    chain = " -> ".join(row["_chain"])
    text = f"The sandbox ends a chain of {len(row['_chain'])} runs: {chain}"
    organisation.runtime.cut_chains.append(text)
    current = find(organisation, row["id"])
    log(organisation, current, {"message": text}, cause)
    change(organisation, current, {"status": "FAILURE"}, cause, tell=False)
