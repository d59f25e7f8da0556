"""What the rows of the gate's tables are written with: one deployment, and what is known about it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from portctl.gate.effects import Close, Effects, EndOwn, EndRequest, Note, Refuse
from portctl.gate.evidence import (
    CALLERS,
    REQUEST_ACTION,
    Approver,
    Call,
    Change,
    Ended,
    Evidence,
    Kind,
    Marks,
    Policy,
    Question,
    Rejected,
    Run,
    Started,
    State,
    Tested,
)

HOUR, DAY = 3600.0, 86_400.0
REQUEST = Run(
    id="R1",
    action=REQUEST_ACTION,
    is_open=True,
    created_at=0.0,
    created_by="dora",
    service="shop",
    environment="Staging",
)
OVER = replace(REQUEST, is_open=False)
GOOD = Tested(
    service="shop",
    project="apps/shop",
    sha="c0ffee",
    environment="Staging",
    deploy="sh deploy.sh",
    coverage=95.0,
    needs_change=False,
    requester="dora",
    email="dora@example.com",
)
WEAK = replace(GOOD, coverage=61.5, needs_change=True)
APPROVED = Change(sys_id="id", number="CHG1", state=State.SCHEDULED, approval="approved", on_hold=False, is_ours=True)
IMPLEMENTING = replace(APPROVED, state=State.IMPLEMENT)
HELD = replace(APPROVED, on_hold=True)
REJECTED = replace(APPROVED, state=State.NEW, approval="rejected")
CANCELED = replace(APPROVED, state=State.CANCELED)
IMPLEMENTED = replace(APPROVED, state=State.CLOSED)
ASKED = replace(APPROVED, state=State.ASSESS, approval="requested")
WORD = replace(APPROVED, state=State.ASSESS)
FOREIGN = replace(APPROVED, is_ours=False)
BY_ANOTHER = (Approver.ANOTHER,)
OURS, THEIRS, GIVEN_UP = Started("P7", "J8", 11), Started("P6", "J6", 10), Started("P6", "J6")
DONE = Ended(True, "Deployed shop to Staging")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`why`: what the row shows, where another rule would hold as well."""

    question: Question
    rule: str
    evidence: Evidence
    effects: Effects
    policy: Policy = field(default_factory=Policy)
    why: str = ""

    @property
    def name(self) -> str:
        return f"{self.question}-{self.rule}{f'-{self.why}' if self.why else ''}".replace(" ", "-")


def seen(kind: Kind, **known: Any) -> Evidence:
    """A call as it should be, a minute after the request. `known`: what else was gathered, or instead."""
    is_deploy = kind is Kind.DEPLOY
    call = Call(
        kind=kind,
        deploy_run="R1",
        run="" if is_deploy else "R2",
        environment="Staging" if is_deploy else "",
        pipeline=7,
        pipeline_url="P7",
        job_url="J9",
        canceled=known.pop("canceled", False),
    )
    own = None if is_deploy else Run(id="R2", action=CALLERS[kind], is_open=True, created_at=50.0, about="R1")
    return replace(Evidence(call=call, now=60.0, own=own, request=REQUEST), **known)


def kept(
    tested: Tested | None = None,
    started: Started | None = None,
    ended: Ended | None = None,
    rejected: Rejected | None = None,
) -> Marks:
    return Marks(tested, started, ended, rejected)


def own_told(text: str, *, success: bool = True) -> EndOwn:
    return EndOwn(Ended(success, text))


def told(text: str, *, success: bool = False) -> EndRequest:
    return EndRequest(Ended(success, text))


def refused(why: str) -> Effects:
    return (Refuse(why),)


def gave_up(text: str, *, noted: bool = False, own: bool | None = None) -> Effects:
    """Closed, then told: to the developer, on the change, to the run that asked (how, or not at all)."""
    ended = Ended(False, text)
    return (
        Close(ended),
        EndRequest(ended),
        *((Note(text),) if noted else ()),
        *((own_told(text, success=own),) if own is not None else ()),
    )
