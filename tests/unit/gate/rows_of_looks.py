"""LOOK and REPORT: somebody has waited for long, or a pipeline has failed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from portctl.gate.effects import AskForApproval, Catalogue, Effects, EndAbandoned, Tell
from portctl.gate.evidence import Approver, Change, JobState, Kind, Marks, Policy, Question, State
from tests.unit.gate.rows import (
    APPROVED,
    ASKED,
    BY_ANOTHER,
    CANCELED,
    DAY,
    DONE,
    FOREIGN,
    GOOD,
    HELD,
    HOUR,
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
    refused,
    seen,
    told,
)
from tests.unit.gate.rows_of_decisions import AGAIN, BEFORE, CHANGED, OLD, PROCEED, REJECT, SELF, WAITS
from tests.unit.gate.rows_of_deployments import DEAD, finished

_SHOWN: Effects = (Catalogue(decision=True),)
_TOLD = own_told("The end of the deployment was told")


def _look(
    rule: str,
    effects: Effects,
    change: Change | None = None,
    *,
    marks: Marks | None = None,
    why: str = "",
    **known: Any,
) -> Row:
    """Two runs were left by pipelines; whatever holds, they are ended first."""
    policy = known.pop("policy", Policy())
    evidence = seen(
        Kind.LOOK, change=change, marks=kept(WEAK) if marks is None else marks, abandoned=("R7", "R8"), **known
    )
    all_effects = (EndAbandoned("R7"), EndAbandoned("R8"), *effects)
    return Row(question=Question.LOOK, rule=rule, evidence=evidence, effects=all_effects, policy=policy, why=why)


def _waiting(text: str) -> Effects:
    return (Tell(text, once=True), own_told(text))


_LOOKS = (
    _look(
        "has-ended",
        (told(DONE.text, success=True), own_told(f"The deployment has ended: {DONE.text}")),
        FOREIGN,
        marks=kept(WEAK, THEIRS, DONE),
        job=JobState.ACTIVE,
        now=500 * DAY,
        why="before everything else",
    ),
    _look(
        "being-deployed",
        (own_told("It is being deployed: P6"),),
        CANCELED,
        marks=kept(WEAK, THEIRS),
        job=JobState.ACTIVE,
        request=OVER,
        now=500 * DAY,
        why="before its age and its change",
    ),
    _look(
        "blocked",
        _waiting("The deployment waits for an approval, or a person, in GitLab: P6"),
        marks=kept(WEAK, THEIRS),
        job=JobState.BLOCKED,
    ),
    _look(
        "deployed",
        (*finished("Deployed shop to Staging under CHG1", success=True), _TOLD),
        IMPLEMENTING,
        marks=kept(WEAK, THEIRS),
        job=JobState.SUCCEEDED,
        request=OVER,
        why="before nobody waits",
    ),
    _look(
        "failed",
        (*finished("The deployment of shop to Staging failed, look what it did: P6", change=False), _TOLD),
        marks=kept(GOOD, THEIRS),
        job=JobState.FAILED,
    ),
    _look(
        "never-began",
        (*finished("The deploy job never began, nothing was deployed: P6"), _TOLD),
        APPROVED,
        marks=kept(WEAK, THEIRS),
        job=JobState.NEVER_BEGAN,
    ),
    _look(
        "outcome-unknown",
        (*finished(DEAD.format("P6")), _TOLD),
        IMPLEMENTING,
        marks=kept(WEAK, THEIRS),
        job=JobState.LOST,
    ),
    _look(
        "nobody-waits",
        (told("Nobody waits for it any more"), own_told("Nobody waits for R1 any more")),
        APPROVED,
        request=OVER,
        approvers=BY_ANOTHER,
        now=500 * DAY,
        why="before its age and its approval",
    ),
    _look("too-old", gave_up(OLD, noted=True, own=False), FOREIGN, now=401 * DAY, why="before its change"),
    _look("not-ours", gave_up(CHANGED, noted=True, own=False), FOREIGN, marks=kept(), why="before what was tested"),
    _look(
        "opened-by-an-earlier-version",
        gave_up(BEFORE, noted=True, own=False),
        APPROVED,
        marks=kept(),
        approvers=BY_ANOTHER,
        why="before its approval",
    ),
    _look(
        "self-approved",
        (*_SHOWN, *gave_up(f"{SELF}: {AGAIN}", noted=True, own=False)),
        APPROVED,
        approvers=(Approver.REQUESTER,),
        why="before its approval",
    ),
    _look("approved", (*_SHOWN, *PROCEED), APPROVED, approvers=BY_ANOTHER),
    _look("on-hold", (*_SHOWN, *_waiting(WAITS)), HELD),
    _look("rejected", (*_SHOWN, *REJECT), REJECTED),
    _look(
        "change-canceled",
        (*_SHOWN, *gave_up(f"Change request CHG1 was canceled: {AGAIN}", noted=True, own=False)),
        CANCELED,
    ),
    _look(
        "implemented",
        (*_SHOWN, *gave_up(f"Change request CHG1 is implemented already: {AGAIN}", noted=True, own=False)),
        IMPLEMENTED,
    ),
    _look("undecided", (*_SHOWN, *_waiting("CHG1 still waits for a decision")), WORD, approvers=BY_ANOTHER),
    _look(
        "undecided",
        (*_SHOWN, *_waiting("CHG1 still waits for a decision of Ada, Bob")),
        ASKED,
        awaited=("Ada", "Bob"),
        now=2 * HOUR,
        why="long after its pipeline",
    ),
    _look(
        "undecided",
        (AskForApproval(), *_SHOWN, *_waiting("CHG1 still waits for a decision")),
        replace(ASKED, state=State.NEW, approval="not requested"),
        now=2 * HOUR,
        why="and nobody was asked",
    ),
    _look(
        "undecided",
        (*_SHOWN, *_waiting("CHG1 still waits for a decision")),
        replace(ASKED, state=State.NEW, approval="not requested"),
        now=HOUR,
        why="and its pipeline may ask yet",
    ),
    _look("at-work", (own_told("A pipeline may still work on R1"),), marks=kept(GOOD), now=HOUR),
    _look(
        "abandoned",
        gave_up("No pipeline works on it any more, and nothing was deployed: ask again", own=True),
        marks=kept(),
        now=HOUR + 1,
    ),
)


def _report(kind: Kind, rule: str, effects: Effects, *, marks: Marks | None = None, why: str = "", **known: Any) -> Row:
    evidence = seen(kind, marks=kept(GOOD) if marks is None else marks, **known)
    name = f"{kind}{f' {why}' if why else ''}"
    return Row(question=Question.REPORT, rule=rule, evidence=evidence, effects=effects, why=name)


_CANCELED = "The pipeline was cancelled, nothing was deployed: P7"

_REPORTS = (
    _report(
        Kind.REQUEST,
        "has-ended",
        (told(DONE.text, success=True), own_told(f"The deployment has ended: {DONE.text}")),
        marks=kept(GOOD, THEIRS, DONE),
        why="before its start",
    ),
    _report(
        Kind.DECISION,
        "is-started",
        (own_told("The deployment was started before, and tells how it ends: P6"),),
        marks=kept(WEAK, THEIRS),
        why="before the next look",
    ),
    _report(
        Kind.DECISION,
        "too-old",
        gave_up(OLD, own=False),
        marks=kept(),
        canceled=True,
        now=401 * DAY,
        why="its marks may be gone",
    ),
    _report(Kind.DEPLOY, "is-started", (), marks=kept(WEAK, THEIRS), canceled=True),
    _report(
        Kind.LOOK,
        "looked-at-again",
        (own_told("The pipeline was cancelled, and the next look goes on: P7", success=False),),
        canceled=True,
    ),
    _report(
        Kind.DECISION,
        "looked-at-again",
        (own_told("The pipeline failed in its job decide (J9), and the next look goes on: P7", success=False),),
        failed_job="decide (J9)",
    ),
    _report(
        Kind.DEPLOY,
        "foreign-deployment",
        refused("R1 asks for something else"),
        marks=kept(replace(GOOD, environment="Production")),
        canceled=True,
    ),
    _report(Kind.DEPLOY, "foreign-deployment", refused("R1 asks for something else"), marks=kept(), why="never tested"),
    *(
        _report(
            Kind.DEPLOY,
            "not-due",
            refused("It is not time to deploy R1, with or without this pipeline"),
            marks=kept(tested),
            change=change,
            approvers=approvers,
            request=request,
            canceled=True,
            why=why,
        )
        for why, tested, change, approvers, request in (
            ("nobody has decided", WEAK, ASKED, (), OVER),
            ("only a word", WEAK, WORD, BY_ANOTHER, OVER),
            ("on hold", WEAK, HELD, BY_ANOTHER, OVER),
            ("approved by herself", WEAK, APPROVED, (Approver.REQUESTER,), OVER),
            ("not ours", WEAK, FOREIGN, BY_ANOTHER, OVER),
            ("no change", WEAK, None, (), OVER),
            ("nobody waits", GOOD, None, (), OVER),
        )
    ),
    _report(Kind.DEPLOY, "pipeline-failed", gave_up(_CANCELED), canceled=True),
    _report(
        Kind.DEPLOY,
        "pipeline-failed",
        gave_up(_CANCELED, noted=True),
        marks=kept(WEAK),
        change=APPROVED,
        approvers=BY_ANOTHER,
        canceled=True,
        why="under a change",
    ),
    _report(Kind.DECISION, "pipeline-failed", gave_up(_CANCELED, own=False), canceled=True, why="on purpose"),
    _report(Kind.LOOK, "pipeline-failed", gave_up(_CANCELED, own=False), canceled=True, request=OVER, why="the last"),
    _report(
        Kind.REQUEST,
        "pipeline-failed",
        gave_up("The pipeline failed in its job open (J9), nothing was deployed: P7", own=False),
        marks=kept(),
        failed_job="open (J9)",
    ),
)
ROWS = (*_LOOKS, *_REPORTS)
