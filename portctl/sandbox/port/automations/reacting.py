"""From an event to the runs of the automations that listen to it. Source: port.md 4.4, 5.4, 5.5."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.port import jq_program
from portctl.sandbox.port.runs import record
from portctl.sandbox.port.store.actions import is_published
from portctl.sandbox.port.store.organisation import Cause, Event, Organisation

SOURCE = "AUTOMATION"
_ANY = {
    "ANY_ENTITY_CHANGE": ("ENTITY_CREATED", "ENTITY_UPDATED", "ENTITY_DELETED"),
    "ANY_RUN_CHANGE": ("RUN_CREATED", "RUN_UPDATED"),
}


def react(organisation: Organisation, event: Event) -> None:
    """One run per automation that listens, is published, and whose condition holds."""
    for automation in list(organisation.state.rows("actions").values()):
        is_automation = automation["trigger"]["type"] == "automation"
        if is_automation and is_published(automation) and _hears(automation, event):
            _run(organisation, automation, event)


def _hears(automation: Row, event: Event) -> bool:
    wanted = automation["trigger"]["event"]
    if event.type not in _ANY.get(wanted["type"], (wanted["type"],)):
        return False
    context = event.document["context"]
    if "actionIdentifier" in wanted:
        heard = bool(context["action"]["identifier"] == wanted["actionIdentifier"])
    else:
        heard = context["blueprintIdentifier"] == wanted["blueprintIdentifier"]
    if "propertyIdentifier" in wanted:
        heard = heard and context["propertyIdentifier"] == wanted["propertyIdentifier"]
    return heard and _holds(automation["trigger"].get("condition"), event.document)


def _holds(condition: Row | None, document: Row) -> bool:
    """Whether all expressions (with `or`: any) yield true itself; null and errors count as false."""
    if condition is None or not condition["expressions"]:
        return True
    results = (jq_program.evaluate(each, document) is True for each in condition["expressions"])
    return any(results) if condition.get("combinator") == "or" else all(results)


def _run(organisation: Organisation, automation: Row, event: Event) -> None:
    told = event.document["trigger"]
    data = {
        "inputs": None,
        "trigger": {**told, "origin": SOURCE},
        "event": event.document,
        "entity": None,
        "action": {"identifier": automation["identifier"]},
    }
    cause = Cause(event.cause.by, SOURCE, chain=event.cause.chain)
    waits_for_nobody = {**automation, "requiredApproval": False}
    record.create(organisation, record.Start(waits_for_nobody, data, SOURCE, {}, {}), cause)
