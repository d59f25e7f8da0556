"""Calls that are not genuine, as every table refuses them."""

from __future__ import annotations

from dataclasses import replace

from portctl.gate.effects import Effects, EndOwn
from portctl.gate.evidence import CALLERS, Ended, Kind, Question
from tests.unit.gate.rows import DONE, GOOD, OVER, THEIRS, Row, kept, refused, seen

KINDS = {
    Question.ACCEPT: Kind.REQUEST,
    Question.OPEN: Kind.REQUEST,
    Question.WAIT: Kind.DECISION,
    Question.LOOK: Kind.LOOK,
    Question.START: Kind.DEPLOY,
    Question.FINISH: Kind.DEPLOY,
    Question.REPORT: Kind.REQUEST,
}


def _rows(question: Question, kind: Kind) -> tuple[Row, ...]:
    good = seen(kind, marks=kept(GOOD))
    request = good.request
    assert request is not None
    unknown, other = "Port does not know the run R1", "R1 is no run of deploy_service_to_cluster"
    return (
        Row(
            question=question,
            rule="unknown-request",
            evidence=replace(good, request=None, own=None),
            effects=refused(unknown),
            why="before the foreign call that it is too",
        ),
        Row(
            question=question,
            rule="unknown-request",
            evidence=replace(good, request=None),
            effects=(*_own_failed(kind, unknown), *refused(unknown)),
            why="nobody else would end the run that tells it",
        ),
        Row(
            question=question,
            rule="unknown-request",
            evidence=replace(good, request=None, own=None if good.own is None else replace(good.own, about="")),
            effects=refused(unknown),
            why="a run that is about nothing is left alone",
        ),
        Row(
            question=question,
            rule="no-request",
            evidence=replace(good, request=replace(request, action="restart_service")),
            effects=(*_own_failed(kind, other), *refused(other)),
        ),
        *(_foreign_deployment(question) if kind is Kind.DEPLOY else _foreign(question, kind)),
    )


def _own_failed(kind: Kind, text: str) -> Effects:
    return () if kind is Kind.DEPLOY else (EndOwn(Ended(success=False, text=text)),)


def _foreign(question: Question, kind: Kind) -> tuple[Row, ...]:
    good = seen(kind)
    own = good.own
    assert own is not None
    wrong = {
        "no run": None,
        "another action": replace(own, action="restart_service"),
        "ended": replace(own, is_open=False),
        "about another": replace(own, about="R9"),
    }
    text = f"R2 is no open run of {CALLERS[kind]} about R1"
    return (
        *(
            Row(
                question=question,
                rule="foreign-call",
                evidence=replace(good, own=found, request=OVER, marks=kept(GOOD, THEIRS, DONE)),
                effects=refused(text),
                why=f"{what} before anything that is told",
            )
            for what, found in wrong.items()
        ),
        Row(
            question=question,
            rule="foreign-call",
            evidence=replace(good, own=None, call=replace(good.call, run="")),
            effects=refused(f"nothing is no open run of {CALLERS[kind]} about R1"),
            why="names none",
        ),
    )


def _foreign_deployment(question: Question) -> tuple[Row, ...]:
    good = seen(Kind.DEPLOY, own=OVER)
    return (
        Row(
            question=question,
            rule="foreign-call",
            evidence=replace(good, call=replace(good.call, run="R9"), marks=kept(GOOD, THEIRS, DONE)),
            effects=refused("a deployment is started for no run of its own, and this one names R9"),
        ),
    )


ROWS = tuple(row for question, kind in KINDS.items() for row in _rows(question, kind))
