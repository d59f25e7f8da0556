"""START and FINISH: the last look before the mark, and how the deployment has ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from portctl.gate.effects import (
    CloseChange,
    Effects,
    HandOver,
    Implement,
    KeepEnd,
    KeepRejection,
    Note,
    TakeStart,
    Tell,
)
from portctl.gate.evidence import Approver, Change, Ended, JobState, Kind, Marks, Policy, Question, Rejected
from tests.unit.gate.rows import (
    APPROVED,
    ASKED,
    BY_ANOTHER,
    CANCELED,
    DAY,
    DONE,
    FOREIGN,
    GIVEN_UP,
    GOOD,
    HELD,
    IMPLEMENTED,
    IMPLEMENTING,
    OURS,
    OVER,
    REJECTED,
    REQUEST,
    THEIRS,
    WEAK,
    WORD,
    Row,
    gave_up,
    kept,
    refused,
    seen,
    told,
)
from tests.unit.gate.rows_of_decisions import AGAIN, CHANGED, ENDED, OLD, REJECTION, SELF, WAITS

_WITHOUT: Effects = (TakeStart(), HandOver(GOOD), Tell("Deploying shop to Staging: P7"))
_UNDER: Effects = (
    TakeStart(),
    HandOver(WEAK),
    Tell("Deploying shop to Staging under CHG1: P7"),
    Note("Deployment started: P7"),
    Implement(),
)
_ELSE = "R1 asks for something else than a deployment to Staging"


def _start(
    rule: str,
    effects: Effects,
    change: Change | None = None,
    *,
    marks: Marks | None = None,
    why: str = "",
    **known: Any,
) -> Row:
    policy = known.pop("policy", Policy())
    evidence = seen(Kind.DEPLOY, change=change, marks=kept(WEAK) if marks is None else marks, **known)
    return Row(question=Question.START, rule=rule, evidence=evidence, effects=effects, policy=policy, why=why)


_STARTS = (
    _start("not-tested", refused("No tests of R1 are known"), APPROVED, marks=kept(None, THEIRS), approvers=BY_ANOTHER),
    _start(
        "something-else",
        refused(_ELSE),
        APPROVED,
        marks=kept(replace(WEAK, environment="Production"), THEIRS),
        approvers=BY_ANOTHER,
        why="another environment was tested, before its start",
    ),
    _start(
        "something-else",
        refused(_ELSE),
        APPROVED,
        approvers=BY_ANOTHER,
        request=replace(REQUEST, environment="Production"),
        why="another environment was asked for",
    ),
    _start(
        "something-else",
        refused(_ELSE),
        APPROVED,
        approvers=BY_ANOTHER,
        request=replace(REQUEST, service="blog"),
        why="another service was asked for",
    ),
    _start(
        "started-before",
        refused("The deployment was started, or given up, before: P6"),
        APPROVED,
        marks=kept(WEAK, THEIRS),
        approvers=BY_ANOTHER,
        now=401 * DAY,
        why="before its age and its approval",
    ),
    _start(
        "started-before",
        refused("The deployment was started, or given up, before: "),
        APPROVED,
        marks=kept(WEAK, None, DONE),
        approvers=BY_ANOTHER,
        why="and only its end is kept",
    ),
    _start(
        "too-old",
        gave_up(OLD, noted=True),
        APPROVED,
        marks=kept(WEAK),
        approvers=BY_ANOTHER,
        now=401 * DAY,
        why="before its approval",
    ),
    _start(
        "no-code",
        gave_up("What was tested cannot be had any more: nothing was deployed, ask again", noted=True),
        APPROVED,
        approvers=BY_ANOTHER,
        code_problem="What was tested cannot be had any more",
        why="before the one start is taken",
    ),
    _start("start-without-change", _WITHOUT, marks=kept(GOOD)),
    _start("request-over", refused("R1 has ended"), marks=kept(GOOD), request=OVER),
    _start("no-change", refused("ServiceNow has no change request for R1")),
    _start("not-ours", gave_up(CHANGED, noted=True), FOREIGN, approvers=BY_ANOTHER, why="before its approval"),
    _start(
        "self-approved",
        gave_up(f"{SELF}: {AGAIN}", noted=True),
        APPROVED,
        approvers=(Approver.REQUESTER,),
        why="before its approval",
    ),
    _start("start", _UNDER, APPROVED, approvers=BY_ANOTHER),
    _start("start", _UNDER, IMPLEMENTING, approvers=BY_ANOTHER, why="moved on by a person"),
    _start(
        "ended-in-port",
        gave_up(f"{ENDED}: {AGAIN}", noted=True),
        APPROVED,
        approvers=(Approver.REQUESTER,),
        request=OVER,
        why="before who has approved it",
    ),
    _start(
        "start",
        _UNDER,
        APPROVED,
        marks=kept(WEAK, rejected=Rejected("CHG1")),
        approvers=BY_ANOTHER,
        request=OVER,
        why="after a rejection has ended its run",
    ),
    _start(
        "start",
        _UNDER,
        APPROVED,
        approvers=(Approver.REQUESTER,),
        policy=Policy(requester_may_approve=True),
        why="approved by whoever may",
    ),
    _start("on-hold", (Tell(WAITS, once=True),), HELD, approvers=BY_ANOTHER),
    _start("rejected", (KeepRejection("CHG1"), told(REJECTION)), REJECTED),
    _start("change-canceled", gave_up(f"Change request CHG1 was canceled: {AGAIN}", noted=True), CANCELED),
    _start("implemented", gave_up(f"Change request CHG1 is implemented already: {AGAIN}", noted=True), IMPLEMENTED),
    _start("undecided", refused("No approver has decided about CHG1"), ASKED),
    _start("undecided", refused("No approver has decided about CHG1"), WORD, approvers=BY_ANOTHER, why="word only"),
)


def _finish(
    rule: str,
    effects: Effects,
    change: Change | None = None,
    *,
    marks: Marks | None = None,
    why: str = "",
    **known: Any,
) -> Row:
    evidence = seen(Kind.DEPLOY, change=change, marks=kept(WEAK, OURS) if marks is None else marks, **known)
    return Row(question=Question.FINISH, rule=rule, evidence=evidence, effects=effects, why=why)


def finished(text: str, *, success: bool = False, change: bool = True) -> Effects:
    """Kept, then told: to the developer, and on the change, which is closed."""
    ended = Ended(success, text)
    return (
        KeepEnd(ended),
        told(text, success=success),
        *((Note(text), CloseChange(ended)) if change else ()),
    )


DEAD = "Outcome unknown: the deploy job died, or was cancelled while it ran. Look what it did, then ask again: {}"

_FINISHES = (
    _finish(
        "has-ended",
        (told(DONE.text, success=True),),
        marks=kept(WEAK, OURS, DONE),
        job=JobState.LOST,
        why="before its job",
    ),
    _finish(
        "could-not-start",
        gave_up("The pipeline failed before it deployed, nothing was deployed: P7"),
        marks=kept(GOOD),
    ),
    _finish("not-by-us", (), APPROVED, marks=kept(WEAK), why="an approval is carried out by the next look"),
    _finish("not-by-us", (), marks=kept(GOOD), request=OVER, why="nobody waits"),
    _finish("not-by-us", (), marks=kept(GOOD), now=401 * DAY, why="its marks may be gone"),
    _finish("not-by-us", (), marks=kept(replace(GOOD, environment="Production")), why="called for another environment"),
    _finish("not-by-us", (), marks=kept(GOOD, THEIRS), job=JobState.SUCCEEDED, why="another pipeline deploys"),
    _finish("not-by-us", (), marks=kept(GOOD, GIVEN_UP, DONE), why="another pipeline has ended it"),
    _finish("not-over", refused("The deploy job has not ended: P7"), APPROVED, job=JobState.ACTIVE),
    _finish("not-over", refused("The deploy job has not ended: P7"), APPROVED, job=JobState.BLOCKED, why="blocked"),
    _finish(
        "deployed",
        finished("Deployed shop to Staging under CHG1", success=True),
        IMPLEMENTING,
        job=JobState.SUCCEEDED,
    ),
    _finish(
        "deployed",
        finished("Deployed shop to Staging", success=True, change=False),
        marks=kept(GOOD, OURS),
        job=JobState.SUCCEEDED,
        why="without a change",
    ),
    _finish(
        "failed",
        finished("The deployment of shop to Staging under CHG1 failed, look what it did: P7"),
        IMPLEMENTING,
        job=JobState.FAILED,
    ),
    _finish(
        "never-began",
        finished("The deploy job never began, nothing was deployed: P7"),
        APPROVED,
        job=JobState.NEVER_BEGAN,
    ),
    _finish("outcome-unknown", finished(DEAD.format("P7")), IMPLEMENTING, job=JobState.LOST),
    _finish("outcome-unknown", finished(DEAD.format("P7")), IMPLEMENTING, why="not even its job is known"),
)
ROWS = (*_STARTS, *_FINISHES)
