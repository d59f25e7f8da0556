"""Approvals: who is asked, when, and what a decision does. Nothing here looks at the word in `approval`."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.errors import data_policy
from portctl.sandbox.servicenow.jobs import Jobs, Work
from portctl.sandbox.servicenow.seed.people import CAB, EMERGENCY_CAB
from portctl.sandbox.servicenow.store.change import Behaviour, Change, Operation
from portctl.sandbox.servicenow.store.instance import Instance
from portctl.sandbox.servicenow.store.model import State
from portctl.sandbox.servicenow.store.people import members
from portctl.sandbox.servicenow.store.records import Records

FLOW_SECONDS = 1.0
"""How long the flow takes to notice; the lag of the sandbox comes on top."""
ASK = "ask-approvers"
CONCLUDE = "conclude-approvals"
_LOW_RISK = "4"
_DECISIONS = ("approved", "rejected")


class Approvals:
    """The approval flow."""

    def __init__(self, records: Records, jobs: Jobs) -> None:
        self._records = records
        self._jobs = jobs
        jobs.register(ASK, Work(self._ask, _title))
        jobs.register(CONCLUDE, Work(self._conclude, _title))

    def behaviours(self) -> dict[str, Behaviour]:
        return {"sysapproval_approver": Behaviour(_prepare, self._follow)}

    def _ask(self, payload: Row) -> None:
        """Create the approver rows of a state, or go on where nobody needs to be asked."""
        instance = self._records.instance
        row = instance.get("change_request", payload["change"])
        if row is None or row["state"] != payload["state"] or row["on_hold"] == "true":
            return
        if requested(instance, row):
            return
        group = _group(instance, row)
        approvers = members(instance, group) if group else []
        if not approvers:
            self._advance(row)
            return
        asked = self._records.system_insert("sysapproval_group", {"parent": row["sys_id"], "assignment_group": group})
        for approver in approvers:
            self._records.system_insert(
                "sysapproval_approver",
                {
                    "sysapproval": str(row["sys_id"]),
                    "document_id": str(row["sys_id"]),
                    "source_table": "change_request",
                    "approver": approver,
                    "group": str(asked["sys_id"]),
                    "state": "requested",
                },
            )
        self._records.system_update(row, approval="requested")

    def _follow(self, change: Change) -> None:
        """A decision: the others need not decide any more, and the flow goes on a little later."""
        if change.operation is not Operation.UPDATE or change.old("state") != "requested":
            return
        instance, decision = change.instance, change.value("state")
        parent = instance.get("change_request", change.value("sysapproval"))
        if parent is None or decision not in _DECISIONS:
            return
        for other in requested(instance, parent):
            self._records.system_update(other, state="not_required")
        conclude_later(self._jobs, instance, parent, decision)

    def _conclude(self, payload: Row) -> None:
        row = self._records.instance.get("change_request", payload["change"])
        if row is None or row["state"] != payload["state"]:
            return
        if row["on_hold"] == "true":
            self._records.system_update(row, _decision=payload["decision"])
            return
        if payload["decision"] == "rejected":
            self._records.system_update(row, state=State.NEW, approval="rejected")
        else:
            self._advance(row)

    def _advance(self, row: Row) -> None:
        needs_cab = row["type"] == "normal" and row["risk"] != _LOW_RISK
        if row["state"] == State.ASSESS and needs_cab:
            self._records.system_update(row, state=State.AUTHORIZE)
        else:
            self._records.system_update(row, state=State.SCHEDULED, approval="approved")


def ask_later(jobs: Jobs, instance: Instance, row: Row) -> None:
    """Have the approvers of the row's state asked, as the flow does: not at once."""
    jobs.add(ASK, FLOW_SECONDS + instance.world.lag_seconds, {"change": row["sys_id"], "state": row["state"]})


def conclude_later(jobs: Jobs, instance: Instance, row: Row, decision: str) -> None:
    """Have the flow act upon a decision."""
    payload = {"change": row["sys_id"], "state": row["state"], "decision": decision}
    jobs.add(CONCLUDE, FLOW_SECONDS + instance.world.lag_seconds, payload)


def requested(instance: Instance, row: Row, approver: str = "") -> list[Row]:
    """The rows of a change that wait for a decision: all, or those of one approver."""
    rows = instance.where("sysapproval_approver", sysapproval=str(row["sys_id"]), state="requested")
    return [each for each in rows if approver in ("", each["approver"])]


def withdraw(records: Records, row: Row) -> None:
    """Nobody needs to decide any more."""
    for each in requested(records.instance, row):
        records.system_update(each, state="cancelled")


def hold(records: Records, row: Row) -> None:
    """A change on hold waits for nobody."""
    for each in requested(records.instance, row):
        records.system_update(each, state="not_required", _held="true")


def release(records: Records, jobs: Jobs, row: Row) -> None:
    """It waits for the same people again; if nobody had been asked, or somebody has decided, the flow goes on there."""
    instance = records.instance
    held = instance.where("sysapproval_approver", sysapproval=str(row["sys_id"]), _held="true")
    for each in held:
        records.system_update(each, state="requested", _held="")
    if row["state"] not in (State.ASSESS, State.AUTHORIZE) or held:
        return
    if row.get("_decision"):
        decision = str(row["_decision"])
        conclude_later(jobs, instance, records.system_update(row, _decision=""), decision)
    else:
        ask_later(jobs, instance, row)


def _prepare(change: Change) -> None:
    if change.operation is not Operation.UPDATE or change.old("state") != "requested":
        return
    if change.value("state") == "rejected" and not change.value("comments"):
        raise data_policy(["Comments"])


def _group(instance: Instance, row: Row) -> str:
    if row["state"] == State.ASSESS:
        return str(row["assignment_group"])
    name = EMERGENCY_CAB if row["type"] == "emergency" else CAB
    found = instance.one("sys_user_group", name=name)
    return str(found["sys_id"]) if found else ""


def _title(payload: Row) -> str:
    return str(payload["change"])
