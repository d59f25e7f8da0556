"""The deployment itself: the last look before the mark, and how it has ended."""

from __future__ import annotations

from portctl.gate.effects import CloseChange, Effects, EndRequest, HandOver, Implement, KeepEnd, Note, TakeStart, Tell
from portctl.gate.evidence import Ended, Evidence, JobState, Policy, Verdict
from portctl.gate.tables.change import ENDED_IN_PORT, NOT_APPROVED, NOT_OURS, SELF_APPROVED
from portctl.gate.tables.rule import (
    GENUINE_CALL,
    TOO_OLD,
    Rule,
    asks_for_something_else,
    change_of,
    end_own,
    ended_of,
    give_up,
    has,
    job_is,
    note_on,
    refuse,
    request_of,
    started_by,
    tested_of,
    what_is_deployed,
)


def _finished(e: Evidence, text: str, *, success: bool = False) -> Effects:
    ended = Ended(success, text)
    closed: Effects = (*note_on(e, text), CloseChange(ended)) if e.change is not None else ()
    return (KeepEnd(ended), EndRequest(ended), *closed, *end_own(e, "The end of the deployment was told"))


OUTCOMES = (
    Rule(
        "deployed",
        job_is(JobState.SUCCEEDED),
        lambda e, _: _finished(e, f"Deployed {what_is_deployed(e)}", success=True),
    ),
    Rule(
        "failed",
        job_is(JobState.FAILED),
        lambda e, _: _finished(
            e, f"The deployment of {what_is_deployed(e)} failed, look what it did: {started_by(e.marks)}"
        ),
    ),
    Rule(
        "never-began",
        job_is(JobState.NEVER_BEGAN),
        lambda e, _: _finished(e, f"The deploy job never began, nothing was deployed: {started_by(e.marks)}"),
    ),
    Rule(
        "outcome-unknown",
        job_is(JobState.LOST),
        lambda e, _: _finished(
            e,
            "Outcome unknown: the deploy job died, or was cancelled while it ran. Look what it did, then ask again: "
            f"{started_by(e.marks)}",
        ),
    ),
)


def _start(e: Evidence, _: Policy) -> Effects:
    return (
        TakeStart(),
        HandOver(tested_of(e)),
        Tell(f"Deploying {what_is_deployed(e)}: {e.call.pipeline_url}"),
        *(() if e.change is None else (Note(f"Deployment started: {e.call.pipeline_url}"), Implement())),
    )


START = (
    *GENUINE_CALL,
    Rule(
        "not-tested",
        lambda e, _: e.marks.tested is None,
        refuse(lambda e: f"No tests of {e.call.deploy_run} are known"),
    ),
    Rule(
        "something-else",
        lambda e, _: asks_for_something_else(e),
        refuse(lambda e: f"{e.call.deploy_run} asks for something else than a deployment to {e.call.environment}"),
    ),
    Rule(
        "started-before",
        lambda e, _: e.marks.started is not None or e.marks.ended is not None,
        refuse(lambda e: f"The deployment was started, or given up, before: {started_by(e.marks)}"),
    ),
    TOO_OLD,
    Rule(
        "no-code",
        lambda e, _: bool(e.code_problem),
        lambda e, _: give_up(e, f"{e.code_problem}: nothing was deployed, ask again"),
    ),
    Rule(
        "start-without-change",
        lambda e, _: not tested_of(e).needs_change and request_of(e).is_open,
        _start,
    ),
    Rule(
        "request-over",
        lambda e, _: not tested_of(e).needs_change,
        refuse(lambda e: f"{e.call.deploy_run} has ended"),
    ),
    Rule(
        "no-change",
        lambda e, _: e.change is None,
        refuse(lambda e: f"ServiceNow has no change request for {e.call.deploy_run}"),
    ),
    NOT_OURS,
    ENDED_IN_PORT,
    SELF_APPROVED,
    Rule("start", has(Verdict.APPROVED), _start),
    *NOT_APPROVED,
    Rule(
        "undecided",
        lambda _, __: True,
        refuse(lambda e: f"No approver has decided about {change_of(e).number}"),
    ),
)


def _is_by(e: Evidence) -> bool:
    return e.marks.started is not None and e.marks.started.pipeline_url == e.call.pipeline_url


def awaits_only_the_start(e: Evidence) -> bool:
    """Nobody has to decide any more, and the next look would find a pipeline that may still be at work."""
    tested = e.marks.tested
    return tested is not None and not tested.needs_change and request_of(e).is_open and not asks_for_something_else(e)


FINISH = (
    *GENUINE_CALL,
    Rule("has-ended", lambda e, _: e.marks.ended is not None and _is_by(e), lambda e, _: (EndRequest(ended_of(e)),)),
    Rule(
        "could-not-start",
        lambda e, policy: e.marks.started is None and awaits_only_the_start(e) and not TOO_OLD.holds(e, policy),
        lambda e, _: give_up(e, f"The pipeline failed before it deployed, nothing was deployed: {e.call.pipeline_url}"),
    ),
    Rule("not-by-us", lambda e, _: not _is_by(e), lambda _, __: ()),
    Rule(
        "not-over",
        job_is(JobState.ACTIVE, JobState.BLOCKED),
        refuse(lambda e: f"The deploy job has not ended: {started_by(e.marks)}"),
    ),
    *OUTCOMES,
)
