"""WAIT: a decision about a change request was announced. What people have decided is the same in LOOK and START."""

from __future__ import annotations

from typing import Any

from portctl.gate.effects import Effects, KeepRejection, Note, PutBack, Refuse, StartPipeline, Tell
from portctl.gate.evidence import Approver, Change, Kind, Marks, Policy, Question, Rejected
from tests.unit.gate.rows import (
    APPROVED,
    ASKED,
    BY_ANOTHER,
    CANCELED,
    DAY,
    DONE,
    FOREIGN,
    HELD,
    IMPLEMENTED,
    IMPLEMENTING,
    OVER,
    REJECTED,
    THEIRS,
    WEAK,
    WORD,
    Row,
    gave_up,
    kept,
    own_told,
    seen,
    told,
)

AGAIN = "nothing was deployed, ask again"
SELF = "Change request CHG1 was approved by the person who asked for the deployment; somebody else has to approve it"
ENDED = "The request was ended in Port before CHG1 was approved"
UNKNOWN = "Change request CHG1 is approved, but it cannot be told by whom"
OUTSIDE = "Change request CHG1 is approved, but by nobody of the group that decides"
CHANGED = f"CHG1 does not name this deployment any more: {AGAIN.removesuffix(', ask again')}"
OLD = (
    "The request is older than the marks that are kept. "
    "Whether it was deployed is unknown, and nothing will be: ask again"
)
BEFORE = "CHG1 was opened by an earlier version of the pipeline, and this one does not go on with it: ask again"
WAITS = "Change request CHG1 is approved and on hold: it waits"
REJECTION = "Change request CHG1 was rejected: nothing is deployed, unless it is submitted again and approved"
_STARTED = "The pipeline that deploys shop to Staging was started"
PROCEED: Effects = (
    Tell("Change request CHG1 is approved", once=True),
    StartPipeline("Staging"),
    own_told(_STARTED),
)
REJECT: Effects = (KeepRejection("CHG1"), told(REJECTION), own_told("The rejection of CHG1 was carried out"))


def _row(
    rule: str, effects: Effects, change: Change | None, *, marks: Marks | None = None, why: str = "", **known: Any
) -> Row:
    policy = known.pop("policy", Policy())
    evidence = seen(Kind.DECISION, change=change, marks=kept(WEAK) if marks is None else marks, **known)
    return Row(question=Question.WAIT, rule=rule, evidence=evidence, effects=effects, policy=policy, why=why)


_SAID = '{} says "{}" in state -4: no approver has decided'
_ANNOUNCED = Tell("A decision about CHG1 was announced, but no approver has decided: it still waits", once=True)

ROWS = (
    _row(
        "has-ended",
        (told(DONE.text, success=True), own_told(f"The deployment has ended: {DONE.text}")),
        FOREIGN,
        marks=kept(WEAK, THEIRS, DONE),
        now=500 * DAY,
        why="before its start, its age and its change",
    ),
    _row(
        "is-started",
        (own_told("The deployment was started before: P6"),),
        CANCELED,
        marks=kept(WEAK, THEIRS),
        now=500 * DAY,
        why="before its age and its change",
    ),
    _row("too-old", gave_up(OLD, own=False), None, now=401 * DAY, why="before its change"),
    _row("too-old", gave_up(OLD, noted=True, own=False), APPROVED, now=401 * DAY, approvers=BY_ANOTHER),
    _row("approved", PROCEED, APPROVED, now=400 * DAY, approvers=BY_ANOTHER, why="on the last day of its marks"),
    _row(
        "no-change",
        (
            own_told("ServiceNow has no change request for R1", success=False),
            Refuse("ServiceNow has no change request for R1"),
        ),
        None,
        marks=kept(),
    ),
    _row(
        "not-ours",
        gave_up(CHANGED, noted=True, own=False),
        FOREIGN,
        marks=kept(),
        approvers=BY_ANOTHER,
        why="before its approval and what was tested",
    ),
    _row(
        "opened-by-an-earlier-version",
        gave_up(BEFORE, noted=True, own=False),
        APPROVED,
        marks=kept(),
        approvers=BY_ANOTHER,
        why="before its approval",
    ),
    _row(
        "self-approved",
        gave_up(f"{SELF}: {AGAIN}", noted=True, own=False),
        APPROVED,
        approvers=(Approver.ANOTHER, Approver.REQUESTER),
        why="before its approval by somebody else",
    ),
    _row(
        "self-approved",
        gave_up(f"{UNKNOWN}: {AGAIN}", noted=True, own=False),
        APPROVED,
        approvers=(Approver.ANOTHER, Approver.UNKNOWN),
        why="by somebody unknown",
    ),
    *(
        _row(
            "self-approved",
            gave_up(f"{UNKNOWN}: {AGAIN}", noted=True, own=False),
            IMPLEMENTING,
            policy=Policy(requester_may_approve=may),
            why=f"by nobody, where a requester may approve: {may}",
        )
        for may in (False, True)
    ),
    *(
        _row(
            "self-approved",
            gave_up(f"{OUTSIDE}: {AGAIN}", noted=True, own=False),
            APPROVED,
            approvers=(Approver.OUTSIDER,),
            policy=Policy(requester_may_approve=may),
            why=f"by another group, where a requester may approve: {may}",
        )
        for may in (False, True)
    ),
    _row("approved", PROCEED, APPROVED, approvers=BY_ANOTHER),
    _row("approved", PROCEED, IMPLEMENTING, approvers=BY_ANOTHER, why="moved on by a person"),
    _row(
        "ended-in-port",
        gave_up(f"{ENDED}: {AGAIN}", noted=True, own=False),
        APPROVED,
        approvers=(Approver.REQUESTER,),
        request=OVER,
        why="before who has approved it",
    ),
    _row(
        "approved",
        PROCEED,
        APPROVED,
        marks=kept(WEAK, rejected=Rejected("CHG1")),
        approvers=BY_ANOTHER,
        request=OVER,
        why="after a rejection has ended its run",
    ),
    _row(
        "approved",
        PROCEED,
        APPROVED,
        approvers=(Approver.REQUESTER,),
        policy=Policy(requester_may_approve=True),
        why="by whoever may",
    ),
    _row("on-hold", (Tell(WAITS, once=True), own_told(WAITS)), HELD, approvers=(Approver.REQUESTER,)),
    _row("rejected", REJECT, REJECTED),
    _row("rejected", REJECT[1:], REJECTED, request=OVER, why="and its run has ended before"),
    _row("change-canceled", gave_up(f"Change request CHG1 was canceled: {AGAIN}", noted=True, own=False), CANCELED),
    _row(
        "implemented",
        gave_up(f"Change request CHG1 is implemented already: {AGAIN}", noted=True, own=False),
        IMPLEMENTED,
    ),
    _row("word-only", (PutBack(),), WORD),
    _row(
        "nobody-decided",
        (
            _ANNOUNCED,
            Note(f"What was announced is not carried out: {_SAID.format('CHG1', 'approved')}"),
            own_told(_SAID.format("CHG1", "approved"), success=False),
        ),
        WORD,
        was_put_back=True,
    ),
    _row("approved", PROCEED, APPROVED, approvers=BY_ANOTHER, was_put_back=True, why="meanwhile"),
    _row("word-only", (PutBack(),), ASKED, why="not even that"),
)
