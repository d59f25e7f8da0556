"""What has been decided about a change request."""

from __future__ import annotations

from collections.abc import Callable

from portctl.gate.effects import Effects, EndRequest, KeepRejection, PutBack, Refuse, Tell
from portctl.gate.evidence import Approver, Ended, Evidence, Policy, Verdict
from portctl.gate.tables.rule import (
    GENUINE_CALL,
    TOO_OLD,
    Rule,
    change_of,
    end_own,
    ended_of,
    give_up,
    has,
    keep_waiting,
    note_on,
    proceed,
    request_of,
    started_by,
    tested_of,
)


def _gave_up(why: str) -> Callable[[Evidence, Policy], Effects]:
    return lambda e, _: give_up(e, f"Change request {change_of(e).number} {why}: nothing was deployed, ask again")


def not_counting(e: Evidence, policy: Policy) -> bool:
    if not has(Verdict.APPROVED)(e, policy):
        return False
    if not e.approvers or Approver.OUTSIDER in e.approvers:
        return True
    return not policy.requester_may_approve and any(each is not Approver.ANOTHER for each in e.approvers)


def why_not_counting(e: Evidence, _: Policy) -> Effects:
    if Approver.REQUESTER in e.approvers:
        why = "was approved by the person who asked for the deployment; somebody else has to approve it"
    elif Approver.OUTSIDER in e.approvers:
        why = "is approved, but by nobody of the group that decides"
    else:
        why = "is approved, but it cannot be told by whom"
    return give_up(e, f"Change request {change_of(e).number} {why}: nothing was deployed, ask again")


def _rejected(e: Evidence, _: Policy) -> Effects:
    """Not closed: ServiceNow lets a rejected change be submitted again, and what is approved then is deployed."""
    keep: Effects = (KeepRejection(change_of(e).number),) if request_of(e).is_open else ()
    number = change_of(e).number
    text = f"Change request {number} was rejected: nothing is deployed, unless it is submitted again and approved"
    return (
        *keep,
        EndRequest(Ended(success=False, text=text)),
        *end_own(e, f"The rejection of {number} was carried out"),
    )


SELF_APPROVED = Rule("self-approved", not_counting, why_not_counting)
ENDED_IN_PORT = Rule(
    "ended-in-port",
    lambda e, policy: has(Verdict.APPROVED)(e, policy) and not request_of(e).is_open and e.marks.rejected is None,
    lambda e, _: give_up(
        e, f"The request was ended in Port before {change_of(e).number} was approved: nothing was deployed, ask again"
    ),
)
NOT_APPROVED = (
    Rule(
        "on-hold",
        has(Verdict.HELD),
        lambda e, _: keep_waiting(e, f"Change request {change_of(e).number} is approved and on hold: it waits"),
    ),
    Rule("rejected", has(Verdict.REJECTED), _rejected),
    Rule("change-canceled", has(Verdict.CANCELED), _gave_up("was canceled")),
    Rule("implemented", has(Verdict.IMPLEMENTED), _gave_up("is implemented already")),
)
DECIDED = (
    SELF_APPROVED,
    Rule(
        "approved",
        has(Verdict.APPROVED),
        lambda e, _: proceed(e, tested_of(e), f"Change request {change_of(e).number} is approved"),
    ),
    *NOT_APPROVED,
)


def tell_end(e: Evidence, _: Policy) -> Effects:
    ended = ended_of(e)
    return (EndRequest(ended), *end_own(e, f"The deployment has ended: {ended.text}"))


ENDED = Rule("has-ended", lambda e, _: e.marks.ended is not None, tell_end)
NOT_OURS = Rule(
    "not-ours",
    lambda e, _: e.change is not None and not e.change.is_ours,
    lambda e, _: give_up(e, f"{change_of(e).number} does not name this deployment any more: nothing was deployed"),
)
OPENED_BEFORE = Rule(
    "opened-by-an-earlier-version",
    lambda e, _: e.change is not None and e.marks.tested is None,
    lambda e, _: give_up(
        e,
        f"{change_of(e).number} was opened by an earlier version of the pipeline, and this one does not go on with it: "
        "ask again",
    ),
)


def _no_change(e: Evidence, _: Policy) -> Effects:
    text = f"ServiceNow has no change request for {e.call.deploy_run}"
    return (*end_own(e, text, success=False), Refuse(text))


def _nobody_decided(e: Evidence, _: Policy) -> Effects:
    change = change_of(e)
    said = f'{change.number} says "{change.approval}" in state {change.state}: no approver has decided'
    announced = f"A decision about {change.number} was announced, but no approver has decided: it still waits"
    return (
        Tell(announced, once=True),
        *note_on(e, f"What was announced is not carried out: {said}"),
        *end_own(e, said, success=False),
    )


WAIT = (
    *GENUINE_CALL,
    ENDED,
    Rule(
        "is-started",
        lambda e, _: e.marks.started is not None,
        lambda e, _: end_own(e, f"The deployment was started before: {started_by(e.marks)}"),
    ),
    TOO_OLD,
    Rule("no-change", lambda e, _: e.change is None, _no_change),
    NOT_OURS,
    OPENED_BEFORE,
    ENDED_IN_PORT,
    *DECIDED,
    Rule("word-only", lambda e, _: not e.was_put_back, lambda _, __: (PutBack(),)),
    Rule("nobody-decided", lambda _, __: True, _nobody_decided),
)
