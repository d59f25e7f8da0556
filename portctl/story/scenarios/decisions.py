"""The four ways of deciding: approved or rejected, in Port or in ServiceNow."""

from __future__ import annotations

from portctl.story.inputs import complaint_about
from portctl.story.narration import Telling
from portctl.story.scenarios.common import (
    DORA,
    FLOW_SECONDS,
    PAT,
    ask_with_low_coverage,
    decide_in_servicenow,
    is_deployed,
    is_rejected,
)
from portctl.story.services import Row

ACTION = "approve_and_deploy_service"
DECLINED = "approval_status is one of approved and rejected, not declined"


def approve_in_port(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    story.step(DORA, "Port", f"tries to approve {change['number']} herself")
    inputs = {"approval_status": "approved", "reason": "it is urgent"}
    said = story.services.start(ACTION, inputs, change["sys_id"], person="developer")
    story.holds("Port refuses: she is no approver", said.status == 403, said.status)
    story.show(said.reason)
    decide_in_port(story, change, "approved", "seen on staging")
    is_deployed(story, run)
    story.step("ServiceNow", "ServiceNow", f"keeps who decided about {change['number']}")
    notes = story.services.notes(change["sys_id"])
    story.show(*(f"| {note}" for note in notes))
    by = [note for note in notes if "seen on staging" in note and "approved in Port" in note]
    story.holds("a work note says who approved in Port, and why", len(by) == 1, notes)


def approve_in_servicenow(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    decide_in_servicenow(story, change, "approved", "looks good")
    is_deployed(story, run)


def reject_in_port(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    story.step(PAT, "Port", f"types a word that nobody knows about {change['number']}: declined")
    inputs = {"approval_status": "declined", "reason": "too few tests"}
    said = story.services.start(ACTION, inputs, change["sys_id"], person="engineer")
    complaint = complaint_about(story.services, ACTION, inputs)
    story.holds("the valid words are named before anything is sent", complaint == DECLINED, complaint)
    story.holds("and Port refuses it, too", said.status == 422, said.status)
    story.show(complaint, said.reason)
    decide_in_port(story, change, "rejected", "too few tests")
    is_rejected(story, run)


def reject_in_servicenow(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    decide_in_servicenow(story, change, "rejected", "not this week")
    is_rejected(story, run)


def decide_in_port(story: Telling, change: Row, word: str, reason: str) -> None:
    story.step(PAT, "Port", f"decides about {change['number']}: {word}, {reason!r}")
    said = story.services.start(
        ACTION, {"approval_status": word, "reason": reason}, change["sys_id"], person="engineer"
    )
    story.holds("Port starts a run", said.status == 202, said.reason)
    decision = story.ended(said.body["run"]["id"])
    story.holds("ServiceNow takes the decision", decision["status"] == "SUCCESS", decision.get("summary"))
    story.pass_time(FLOW_SECONDS)
