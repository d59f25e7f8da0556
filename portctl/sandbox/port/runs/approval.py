"""Decisions about runs that wait for approval. Source: port.md 5.1."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.errors import PortError, invalid
from portctl.sandbox.port.runs import actor, record
from portctl.sandbox.port.runs.actor import Actor
from portctl.sandbox.port.store.organisation import Cause, Organisation

_STATES = {"APPROVE": "APPROVED", "DECLINE": "DECLINED"}


def decide(organisation: Organisation, row: Row, who: Actor, body: Row, cause: Cause) -> Row:
    """One approver's word: with ANY the first suffices, with ALL everybody's is needed; one DECLINE declines.

    Errors: 422 where the run does not wait (any more) or this approver has spoken; 403 for somebody else.
    """
    if row["status"] != record.WAITING:
        raise invalid(f'Action run "{row["id"]}" does not wait for approval, its status is {row["status"]}')
    if not actor.may_approve(organisation, who, row["action"]["identifier"]):
        raise PortError(403, "forbidden", f"{who.email or who.user_id} is not an approver of this run")
    if any(each["userId"] == who.user_id for each in row["_decisions"]):
        raise invalid(f'Action run "{row["id"]}" was already decided by {who.email or who.user_id}')
    if _needs_all(row) and who.email is None:
        raise PortError(403, "forbidden", "Where all approvers must approve, each does so in person")
    decision = {"userId": who.user_id, "state": _STATES[body["status"]], "description": body.get("description")}
    decisions = [*row["_decisions"], decision]
    changes: Row = {"approval": decision, "_decisions": decisions}
    if body["status"] == "DECLINE":
        return record.change(organisation, row, {**changes, "status": "DECLINED"}, cause)
    if _needs_all(row) and not _complete(organisation, row, decisions):
        return record.change(organisation, row, changes, cause)
    approved = record.change(organisation, row, {**changes, "status": record.IN_PROGRESS}, cause)
    record.carry_out(organisation, approved)
    return approved


def listed(organisation: Organisation, row: Row, *, pending_too: bool) -> list[Row]:
    """Who has decided, and, where asked for, who has not yet."""
    decided = {each["userId"] for each in row["_decisions"]}
    pending = [
        {"userId": each.user_id, "state": "PENDING", "description": None}
        for each in actor.approvers(organisation, row["action"]["identifier"])
        if each.user_id not in decided
    ]
    return [*row["_decisions"], *(pending if pending_too and row["status"] == record.WAITING else [])]


def _needs_all(row: Row) -> bool:
    return isinstance(row["requiredApproval"], dict) and row["requiredApproval"]["type"] == "ALL"


def _complete(organisation: Organisation, row: Row, decisions: list[Row]) -> bool:
    decided = {each["userId"] for each in decisions}
    return all(each.user_id in decided for each in actor.approvers(organisation, row["action"]["identifier"]))
