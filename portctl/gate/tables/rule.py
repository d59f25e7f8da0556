"""What the tables of rules are made of: a rule, what it may look at, and what most of them do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from portctl.gate.effects import Close, Effects, EndAbandoned, EndOwn, EndRequest, Note, Refuse, StartPipeline, Tell
from portctl.gate.evidence import (
    CALLERS,
    REQUEST_ACTION,
    Change,
    Ended,
    Evidence,
    JobState,
    Kind,
    Marks,
    Policy,
    Run,
    Tested,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a table: when it holds, and what follows."""

    name: str
    holds: Callable[[Evidence, Policy], bool]
    then: Callable[[Evidence, Policy], Effects]


def request_of(e: Evidence) -> Run:
    assert e.request is not None
    return e.request


def change_of(e: Evidence) -> Change:
    assert e.change is not None
    return e.change


def tested_of(e: Evidence) -> Tested:
    assert e.marks.tested is not None
    return e.marks.tested


def measured_of(e: Evidence) -> Tested:
    assert e.measured is not None
    return e.measured


def ended_of(e: Evidence) -> Ended:
    assert e.marks.ended is not None
    return e.marks.ended


# -- what follows, in the words that people read


def refuse(why: Callable[[Evidence], str]) -> Callable[[Evidence, Policy], Effects]:
    return lambda e, _: (Refuse(why(e)),)


def end_own(e: Evidence, text: str, *, success: bool = True) -> Effects:
    return (EndOwn(Ended(success, text)),) if e.own is not None else ()


def note_on(e: Evidence, text: str) -> Effects:
    return (Note(text),) if e.change is not None else ()


def orphans(e: Evidence) -> Effects:
    return tuple(EndAbandoned(run) for run in e.abandoned)


def give_up(e: Evidence, text: str, *, own_success: bool = False) -> Effects:
    """Nothing is deployed any more; then everybody is told."""
    ended = Ended(success=False, text=text)
    return (Close(ended), EndRequest(ended), *note_on(e, text), *end_own(e, text, success=own_success))


def proceed(e: Evidence, tested: Tested, why: str) -> Effects:
    text = f"The pipeline that deploys {tested.service} to {tested.environment} was started"
    return (Tell(why, once=True), StartPipeline(tested.environment), *end_own(e, text))


def keep_waiting(e: Evidence, text: str) -> Effects:
    return (Tell(text, once=True), *end_own(e, text))


def has(*verdicts: Verdict) -> Callable[[Evidence, Policy], bool]:
    return lambda e, _: e.change is not None and e.change.verdict in verdicts


def started_by(marks: Marks) -> str:
    return marks.started.pipeline_url if marks.started is not None else ""


def job_is(*states: JobState) -> Callable[[Evidence, Policy], bool]:
    return lambda e, _: e.marks.started is not None and (e.job or JobState.LOST) in states


def what_is_deployed(e: Evidence) -> str:
    tested = e.marks.tested
    under = f" under {e.change.number}" if e.change is not None else ""
    return f"{tested.service} to {tested.environment}{under}" if tested is not None else e.call.deploy_run


def _own_is_wrong(e: Evidence) -> bool:
    if e.call.kind is Kind.DEPLOY:
        return bool(e.call.run)  # started by the gate, for no run of its own
    own = e.own
    is_right = own is not None and own.action == CALLERS[e.call.kind] and own.is_open
    return not is_right or own is None or own.about not in ("", e.call.deploy_run)


def _why_wrong(e: Evidence) -> str:
    if e.call.kind is Kind.DEPLOY:
        return f"a deployment is started for no run of its own, and this one names {e.call.run}"
    return f"{e.call.run or 'nothing'} is no open run of {CALLERS[e.call.kind]} about {e.call.deploy_run}"


def asks_for_something_else(e: Evidence) -> bool:
    wanted = {request_of(e).environment, tested_of(e).environment}
    return wanted != {e.call.environment} or request_of(e).service != tested_of(e).service


def _refuse_for_good(why: Callable[[Evidence], str]) -> Callable[[Evidence, Policy], Effects]:
    """A run of ours about something that there is not, named by a change request, would stay open."""

    def then(e: Evidence, _: Policy) -> Effects:
        is_about_it = e.own is not None and e.own.about == e.call.deploy_run and not _own_is_wrong(e)
        return (*(end_own(e, why(e), success=False) if is_about_it else ()), Refuse(why(e)))

    return then


GENUINE_REQUEST = (
    Rule(
        "unknown-request",
        lambda e, _: e.request is None,
        _refuse_for_good(lambda e: f"Port does not know the run {e.call.deploy_run}"),
    ),
    Rule(
        "no-request",
        lambda e, _: request_of(e).action != REQUEST_ACTION,
        _refuse_for_good(lambda e: f"{e.call.deploy_run} is no run of {REQUEST_ACTION}"),
    ),
)
GENUINE_CALL = (
    *GENUINE_REQUEST,
    Rule(
        "foreign-call",
        lambda e, _: _own_is_wrong(e),
        refuse(_why_wrong),
    ),
)
TOO_OLD = Rule(
    "too-old",
    lambda e, policy: e.now - request_of(e).created_at > policy.marks_kept_seconds and e.marks.ended is None,
    lambda e, _: give_up(
        e,
        "The request is older than the marks that are kept. Whether it was deployed is unknown, and nothing will be: "
        "ask again",
    ),
)
