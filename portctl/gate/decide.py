"""The one place that decides. Pure: evidence and policy in, effects out, no clock and no request of its own.

Each question has a table of rules, read from the top; the first that holds is the answer, and the last one always
holds. The order is part of the rules: what is not genuine is refused first, what has been started or has ended is
looked at next, and only then what people have decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from portctl.gate.effects import (
    AskForApproval,
    Catalogue,
    Close,
    CloseChange,
    Effects,
    EndAbandoned,
    EndOwn,
    EndRequest,
    HandOver,
    Implement,
    KeepEnd,
    KeepTested,
    Note,
    OpenChange,
    PutBack,
    Refuse,
    StartPipeline,
    TakeStart,
    Tell,
)
from portctl.gate.evidence import (
    CALLERS,
    REQUEST_ACTION,
    Approver,
    Change,
    Ended,
    Evidence,
    JobState,
    Kind,
    Marks,
    Policy,
    Question,
    Run,
    State,
    Tested,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Decision:
    """`rule`: which line of the table it was."""

    rule: str
    effects: Effects


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a table: when it holds, and what follows."""

    name: str
    holds: Callable[[Evidence, Policy], bool]
    then: Callable[[Evidence, Policy], Effects]


def decide(question: Question, evidence: Evidence, policy: Policy) -> Decision:
    """What is to be done. `evidence.now` is the only clock."""
    for rule in TABLES[question]:
        if rule.holds(evidence, policy):
            return Decision(rule.name, rule.then(evidence, policy))
    raise AssertionError(f"the table of {question} has no last line")


# -- what was read, where a rule above has seen to it that it is there


def _request(e: Evidence) -> Run:
    assert e.request is not None
    return e.request


def _change(e: Evidence) -> Change:
    assert e.change is not None
    return e.change


def _tested(e: Evidence) -> Tested:
    assert e.marks.tested is not None
    return e.marks.tested


def _measured(e: Evidence) -> Tested:
    assert e.measured is not None
    return e.measured


def _ended(e: Evidence) -> Ended:
    assert e.marks.ended is not None
    return e.marks.ended


# -- what follows, in the words that people read


def _refuse(why: Callable[[Evidence], str]) -> Callable[[Evidence, Policy], Effects]:
    return lambda e, _: (Refuse(why(e)),)


def _own(e: Evidence, text: str, *, success: bool = True) -> Effects:
    return (EndOwn(Ended(success, text)),) if e.own is not None else ()


def _note(e: Evidence, text: str) -> Effects:
    return (Note(text),) if e.change is not None else ()


def _leftovers(e: Evidence) -> Effects:
    return tuple(EndAbandoned(run) for run in e.abandoned)


def _close(e: Evidence, text: str, *, own_success: bool = False) -> Effects:
    """Nothing is deployed any more; then everybody is told."""
    ended = Ended(success=False, text=text)
    return (Close(ended), EndRequest(ended), *_note(e, text), *_own(e, text, success=own_success))


def _proceed(e: Evidence, tested: Tested, why: str) -> Effects:
    text = f"The pipeline that deploys {tested.service} to {tested.environment} was started"
    return (Tell(why, once=True), StartPipeline(tested.environment), *_own(e, text))


def _keep_waiting(e: Evidence, text: str) -> Effects:
    return (Tell(text, once=True), *_own(e, text))


# -- whether the call is genuine


def _own_is_wrong(e: Evidence) -> bool:
    if e.call.kind is Kind.DEPLOY:
        return False  # started by the gate, for no run of its own
    own = e.own
    is_right = own is not None and own.action == CALLERS[e.call.kind] and own.is_open
    return not is_right or own is None or own.about not in ("", e.call.deploy_run)


def _asks_for_something_else(e: Evidence) -> bool:
    wanted = {_request(e).environment, _tested(e).environment}
    return wanted != {e.call.environment} or _request(e).service != _tested(e).service


GENUINE_REQUEST = (
    Rule(
        "unknown-request",
        lambda e, _: e.request is None,
        _refuse(lambda e: f"Port does not know the run {e.call.deploy_run}"),
    ),
    Rule(
        "no-request",
        lambda e, _: _request(e).action != REQUEST_ACTION,
        _refuse(lambda e: f"{e.call.deploy_run} is no run of {REQUEST_ACTION}"),
    ),
)
GENUINE_CALL = (
    *GENUINE_REQUEST,
    Rule(
        "foreign-call",
        lambda e, _: _own_is_wrong(e),
        _refuse(
            lambda e: f"{e.call.run or 'nothing'} is no open run of {CALLERS[e.call.kind]} about {e.call.deploy_run}"
        ),
    ),
)
TOO_OLD = Rule(
    "too-old",
    lambda e, policy: e.now - _request(e).created_at > policy.marks_kept_seconds and e.marks.ended is None,
    lambda e, _: _close(e, "The request is older than what is kept about deployments: nothing was deployed, ask again"),
)

# -- accept: may this pipeline look at the service at all?

ASKED = (
    *GENUINE_CALL,
    Rule(
        "request-over",
        lambda e, _: not _request(e).is_open,
        _refuse(lambda e: f"{e.call.deploy_run} has ended"),
    ),
)


def _no_code(e: Evidence, _: Policy) -> Effects:
    """Without a mark: a deployment of which no tests are known is never started."""
    text = f"{e.code_problem}: nothing was deployed"
    return (EndRequest(Ended(success=False, text=text)), *_own(e, text, success=False), Refuse(text))


ACCEPT = (
    *ASKED,
    Rule("no-code", lambda e, _: bool(e.code_problem), _no_code),
    Rule("accepted", lambda _, __: True, lambda _, __: ()),
)

# -- open: the tests have passed; is their coverage enough, or has somebody to decide?


def _coverage(e: Evidence, policy: Policy) -> str:
    tested = _measured(e)
    return f"The tests of {tested.service} passed; coverage is {tested.coverage:g}%, {policy.threshold:g}% are required"


def _opened(e: Evidence, policy: Policy) -> Effects:
    text = f"Coverage is below {policy.threshold:g}%: a change request waits for a decision"
    return (
        Tell(_coverage(e, policy), once=True),
        KeepTested(_measured(e)),
        OpenChange(_measured(e)),
        Catalogue(),
        *_keep_waiting(e, text),
    )


OPEN = (
    *ASKED,
    Rule(
        "already-started",
        lambda e, _: e.marks.started is not None,
        _refuse(lambda e: f"The deployment {e.call.deploy_run} was started, or given up, before"),
    ),
    Rule(
        "no-coverage",
        lambda e, _: e.measured is None,
        lambda e, _: _close(e, f"{e.code_problem or 'The tests left no coverage report'}: nothing was deployed"),
    ),
    Rule(
        "enough-coverage",
        lambda e, _: not _measured(e).needs_change,
        lambda e, policy: (KeepTested(_measured(e)), *_proceed(e, _measured(e), _coverage(e, policy))),
    ),
    Rule("needs-change", lambda _, __: True, _opened),
)

# -- wait and look: what has been decided about the change request, and what has become of the deployment?


def _has(*verdicts: Verdict) -> Callable[[Evidence, Policy], bool]:
    return lambda e, _: e.change is not None and e.change.verdict in verdicts


def _gave_up(why: str) -> Callable[[Evidence, Policy], Effects]:
    return lambda e, _: _close(e, f"Change request {_change(e).number} {why}: nothing was deployed, ask again")


def _not_counting(e: Evidence, policy: Policy) -> bool:
    if policy.requester_may_approve or not _has(Verdict.APPROVED)(e, policy):
        return False
    return not e.approvers or any(approver is not Approver.ANOTHER for approver in e.approvers)


def _why_not_counting(e: Evidence, _: Policy) -> Effects:
    if Approver.REQUESTER in e.approvers:
        why = "was approved by the person who asked for the deployment; somebody else has to approve it"
    else:
        why = "is approved, but it cannot be told by whom"
    return _close(e, f"Change request {_change(e).number} {why}: nothing was deployed, ask again")


def _rejected(e: Evidence, _: Policy) -> Effects:
    """Not closed: ServiceNow lets a rejected change be submitted again, and what is approved then is deployed."""
    number = _change(e).number
    text = f"Change request {number} was rejected: nothing was deployed"
    return (EndRequest(Ended(success=False, text=text)), *_own(e, f"The rejection of {number} was carried out"))


DECIDED = (
    Rule(
        "self-approved",
        _not_counting,
        _why_not_counting,
    ),
    Rule(
        "approved",
        _has(Verdict.APPROVED),
        lambda e, _: _proceed(e, _tested(e), f"Change request {_change(e).number} is approved"),
    ),
    Rule(
        "on-hold",
        _has(Verdict.HELD),
        lambda e, _: _keep_waiting(e, f"Change request {_change(e).number} is approved and on hold: it waits"),
    ),
    Rule("rejected", _has(Verdict.REJECTED), _rejected),
    Rule("change-canceled", _has(Verdict.CANCELED), _gave_up("was canceled")),
    Rule("implemented", _has(Verdict.IMPLEMENTED), _gave_up("is implemented already")),
)


def _tell_end(e: Evidence, _: Policy) -> Effects:
    ended = _ended(e)
    return (EndRequest(ended), *_own(e, f"The deployment has ended: {ended.text}"))


ENDED = Rule("has-ended", lambda e, _: e.marks.ended is not None, _tell_end)
NOT_OURS = Rule(
    "not-ours",
    lambda e, _: e.change is not None and not e.change.is_ours,
    lambda e, _: _close(e, f"{_change(e).number} does not name this deployment, or not any more: nothing was deployed"),
)
OPENED_BEFORE = Rule(
    "opened-by-an-earlier-version",
    lambda e, _: e.change is not None and e.marks.tested is None,
    lambda e, _: _close(
        e, f"{_change(e).number} was opened by an earlier version of the pipeline: nothing was deployed, ask again"
    ),
)


def _no_change(e: Evidence, _: Policy) -> Effects:
    text = f"ServiceNow has no change request for {e.call.deploy_run}"
    return (*_own(e, text, success=False), Refuse(text))


def _nobody_decided(e: Evidence, _: Policy) -> Effects:
    change = _change(e)
    said = f'{change.number} says "{change.approval}" in state {change.state}: no approver has decided'
    announced = f"A decision about {change.number} was announced, but no approver has decided: it still waits"
    return (Tell(announced, once=True), *_note(e, f"Nothing was deployed: {said}"), *_own(e, said, success=False))


WAIT = (
    *GENUINE_CALL,
    ENDED,
    Rule(
        "is-started",
        lambda e, _: e.marks.started is not None,
        lambda e, _: _own(e, f"The deployment was started before: {_started_by(e.marks)}"),
    ),
    TOO_OLD,
    Rule("no-change", lambda e, _: e.change is None, _no_change),
    NOT_OURS,
    OPENED_BEFORE,
    *DECIDED,
    Rule("word-only", lambda e, _: not e.was_put_back, lambda _, __: (PutBack(),)),
    Rule("nobody-decided", lambda _, __: True, _nobody_decided),
)


def _started_by(marks: Marks) -> str:
    return marks.started.pipeline_url if marks.started is not None else ""


def _is_abandoned(e: Evidence, policy: Policy) -> bool:
    """Whether every pipeline that the request has started must be over."""
    return e.now - _request(e).created_at > policy.longest_pipeline_seconds


def _job_is(*states: JobState) -> Callable[[Evidence, Policy], bool]:
    return lambda e, _: e.marks.started is not None and (e.job or JobState.LOST) in states


def _still_undecided(e: Evidence, policy: Policy) -> Effects:
    change = _change(e)
    ask = change.state == State.NEW and change.approval == "not requested" and _is_abandoned(e, policy)
    named = f" of {', '.join(e.awaited)}" if e.awaited else ""
    text = f"{change.number} still waits for a decision{named}"
    return (*((AskForApproval(),) if ask else ()), Catalogue(decision=True), *_keep_waiting(e, text))


def _after(rules: Iterable[Rule], before: Callable[[Evidence], Effects]) -> tuple[Rule, ...]:
    """The same rules, with something done first."""
    return tuple(
        Rule(rule.name, rule.holds, lambda e, policy, rule=rule: (*before(e), *rule.then(e, policy)))  # type: ignore[misc]
        for rule in rules
    )


# -- finish, and what a look finds of a deployment that nobody has finished


def _finished(e: Evidence, text: str, *, success: bool = False) -> Effects:
    ended = Ended(success, text)
    closed: Effects = (*_note(e, text), CloseChange(ended)) if e.change is not None else ()
    return (KeepEnd(ended), EndRequest(ended), *closed, *_own(e, "The end of the deployment was told"))


def _what(e: Evidence) -> str:
    tested = e.marks.tested
    under = f" under {e.change.number}" if e.change is not None else ""
    return f"{tested.service} to {tested.environment}{under}" if tested is not None else e.call.deploy_run


OUTCOMES = (
    Rule(
        "deployed",
        _job_is(JobState.SUCCEEDED),
        lambda e, _: _finished(e, f"Deployed {_what(e)}", success=True),
    ),
    Rule(
        "failed",
        _job_is(JobState.FAILED),
        lambda e, _: _finished(e, f"The deployment of {_what(e)} failed: {_started_by(e.marks)}"),
    ),
    Rule(
        "never-began",
        _job_is(JobState.NEVER_BEGAN),
        lambda e, _: _finished(e, f"The deploy job never began, nothing was deployed: {_started_by(e.marks)}"),
    ),
    Rule(
        "outcome-unknown",
        _job_is(JobState.LOST),
        lambda e, _: _finished(
            e,
            "Outcome unknown: the deploy job died, or was cancelled while it ran. Look what it did, then ask again: "
            f"{_started_by(e.marks)}",
        ),
    ),
)

LOOK = (
    *GENUINE_CALL,
    *_after(
        (
            ENDED,
            Rule(
                "being-deployed",
                _job_is(JobState.ACTIVE),
                lambda e, _: _own(e, f"It is being deployed: {_started_by(e.marks)}"),
            ),
            Rule(
                "blocked",
                _job_is(JobState.BLOCKED),
                lambda e, _: _keep_waiting(
                    e, f"The deployment waits for an approval, or a person, in GitLab: {_started_by(e.marks)}"
                ),
            ),
            *OUTCOMES,
            Rule(
                "nobody-waits",
                lambda e, _: not _request(e).is_open,
                lambda e, _: (
                    EndRequest(Ended(success=False, text="Nobody waits for it any more")),
                    *_own(e, f"Nobody waits for {e.call.deploy_run} any more"),
                ),
            ),
            TOO_OLD,
            NOT_OURS,
            OPENED_BEFORE,
        ),
        _leftovers,
    ),
    *_after(DECIDED, lambda e: (*_leftovers(e), Catalogue(decision=True))),
    *_after(
        (
            Rule("undecided", lambda e, _: e.change is not None, _still_undecided),
            Rule(
                "at-work",
                lambda e, policy: not _is_abandoned(e, policy),
                lambda e, _: _own(e, f"A pipeline may still work on {e.call.deploy_run}"),
            ),
            Rule(
                "abandoned",
                lambda _, __: True,
                lambda e, _: _close(
                    e, "No pipeline works on it any more, and nothing was deployed: ask again", own_success=True
                ),
            ),
        ),
        _leftovers,
    ),
)

# -- start: the last look before the mark


def _start(e: Evidence, _: Policy) -> Effects:
    return (
        TakeStart(),
        HandOver(_tested(e)),
        Tell(f"Deploying {_what(e)}: {e.call.pipeline_url}"),
        *(() if e.change is None else (Note(f"Deployment started: {e.call.pipeline_url}"), Implement())),
    )


START = (
    *GENUINE_REQUEST,
    Rule(
        "not-tested",
        lambda e, _: e.marks.tested is None,
        _refuse(lambda e: f"No tests of {e.call.deploy_run} are known"),
    ),
    Rule(
        "something-else",
        lambda e, _: _asks_for_something_else(e),
        _refuse(lambda e: f"{e.call.deploy_run} asks for something else than a deployment to {e.call.environment}"),
    ),
    Rule(
        "started-before",
        lambda e, _: e.marks.started is not None,
        _refuse(lambda e: f"The deployment was started, or given up, before: {_started_by(e.marks)}"),
    ),
    TOO_OLD,
    Rule(
        "start-without-change",
        lambda e, _: not _tested(e).needs_change and _request(e).is_open,
        _start,
    ),
    Rule(
        "request-over",
        lambda e, _: not _tested(e).needs_change,
        _refuse(lambda e: f"{e.call.deploy_run} has ended"),
    ),
    Rule(
        "no-change",
        lambda e, _: e.change is None,
        _refuse(lambda e: f"ServiceNow has no change request for {e.call.deploy_run}"),
    ),
    NOT_OURS,
    Rule("self-approved", _not_counting, _why_not_counting),
    Rule("start", _has(Verdict.APPROVED), _start),
    *DECIDED[2:],
    Rule(
        "undecided",
        lambda _, __: True,
        _refuse(lambda e: f"No approver has decided about {_change(e).number}"),
    ),
)


def _is_by(e: Evidence) -> bool:
    return e.marks.started is not None and e.marks.started.pipeline_url == e.call.pipeline_url


def _awaits_only_the_start(e: Evidence) -> bool:
    """Nobody has to decide any more, and the next look would find a pipeline that may still be at work."""
    tested = e.marks.tested
    return tested is not None and not tested.needs_change and _request(e).is_open and not _asks_for_something_else(e)


FINISH = (
    *GENUINE_REQUEST,
    Rule("has-ended", lambda e, _: e.marks.ended is not None and _is_by(e), lambda e, _: (EndRequest(_ended(e)),)),
    Rule(
        "could-not-start",
        lambda e, _: e.marks.started is None and _awaits_only_the_start(e),
        lambda e, _: _close(e, f"The pipeline failed before it deployed, nothing was deployed: {e.call.pipeline_url}"),
    ),
    Rule("not-by-us", lambda e, _: not _is_by(e), lambda _, __: ()),
    Rule(
        "not-over",
        _job_is(JobState.ACTIVE, JobState.BLOCKED),
        _refuse(lambda e: f"The deploy job has not ended: {_started_by(e.marks)}"),
    ),
    *OUTCOMES,
)

# -- report: a job has failed, or was cancelled


def _failure(e: Evidence) -> str:
    what = "was cancelled" if e.call.canceled else "failed"
    where = f" in its job {e.failed_job}" if e.failed_job else ""
    return f"The pipeline {what}{where}, nothing was deployed: {e.call.pipeline_url}"


def _is_looked_at_again(e: Evidence) -> bool:
    """What an approver has decided is carried out by the next look, unless somebody has cancelled that on purpose."""
    again = e.call.kind is Kind.LOOK or (e.call.kind is Kind.DECISION and not e.call.canceled)
    return again and _request(e).is_open


REPORT = (
    *GENUINE_CALL,
    Rule("has-ended", lambda e, _: e.marks.ended is not None, _tell_end),
    Rule(
        "is-started",
        lambda e, _: e.marks.started is not None,
        lambda e, _: _own(e, f"The deployment was started before, and tells how it ends: {_started_by(e.marks)}"),
    ),
    Rule(
        "looked-at-again",
        lambda e, _: _is_looked_at_again(e),
        lambda e, _: _own(e, f"{_failure(e)}; the next look goes on", success=False),
    ),
    Rule(
        "foreign-deployment",
        lambda e, _: e.call.kind is Kind.DEPLOY and (e.marks.tested is None or _asks_for_something_else(e)),
        _refuse(lambda e: f"{e.call.deploy_run} asks for something else"),
    ),
    Rule("pipeline-failed", lambda _, __: True, lambda e, _: _close(e, _failure(e))),
)

TABLES: Mapping[Question, tuple[Rule, ...]] = {
    Question.ACCEPT: ACCEPT,
    Question.OPEN: OPEN,
    Question.WAIT: WAIT,
    Question.LOOK: LOOK,
    Question.START: START,
    Question.FINISH: FINISH,
    Question.REPORT: REPORT,
}
