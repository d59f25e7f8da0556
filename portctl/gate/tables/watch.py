"""Somebody has waited for long, or a pipeline has failed: what has become of the deployment?"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from portctl.gate.effects import AskForApproval, Catalogue, Effects, EndRequest
from portctl.gate.evidence import Ended, Evidence, JobState, Kind, Policy, State, Verdict
from portctl.gate.tables.change import DECIDED, ENDED, NOT_OURS, OPENED_BEFORE, not_counting, tell_end
from portctl.gate.tables.deployment import OUTCOMES, awaits_only_the_start
from portctl.gate.tables.rule import (
    GENUINE_CALL,
    TOO_OLD,
    Rule,
    asks_for_something_else,
    change_of,
    end_own,
    give_up,
    has,
    job_is,
    keep_waiting,
    orphans,
    refuse,
    request_of,
    started_by,
)


def _is_abandoned(e: Evidence, policy: Policy) -> bool:
    """Whether every pipeline that the request has started is over."""
    return e.now - request_of(e).created_at > policy.longest_pipeline_seconds and not e.at_work


def _still_undecided(e: Evidence, policy: Policy) -> Effects:
    change = change_of(e)
    ask = change.state == State.NEW and change.approval == "not requested" and _is_abandoned(e, policy)
    named = f" of {', '.join(e.awaited)}" if e.awaited else ""
    text = f"{change.number} still waits for a decision{named}"
    return (*((AskForApproval(),) if ask else ()), Catalogue(decision=True), *keep_waiting(e, text))


def after(rules: Iterable[Rule], before: Callable[[Evidence], Effects]) -> tuple[Rule, ...]:
    """The same rules, with something done first."""
    return tuple(
        Rule(rule.name, rule.holds, lambda e, policy, rule=rule: (*before(e), *rule.then(e, policy)))  # type: ignore[misc]
        for rule in rules
    )


LOOK = (
    *GENUINE_CALL,
    *after(
        (
            ENDED,
            Rule(
                "being-deployed",
                job_is(JobState.ACTIVE),
                lambda e, _: end_own(e, f"It is being deployed: {started_by(e.marks)}"),
            ),
            Rule(
                "blocked",
                job_is(JobState.BLOCKED),
                lambda e, _: keep_waiting(
                    e, f"The deployment waits for an approval, or a person, in GitLab: {started_by(e.marks)}"
                ),
            ),
            *OUTCOMES,
            Rule(
                "nobody-waits",
                lambda e, _: not request_of(e).is_open,
                lambda e, _: (
                    EndRequest(Ended(success=False, text="Nobody waits for it any more")),
                    *end_own(e, f"Nobody waits for {e.call.deploy_run} any more"),
                ),
            ),
            TOO_OLD,
            NOT_OURS,
            OPENED_BEFORE,
        ),
        orphans,
    ),
    *after(DECIDED, lambda e: (*orphans(e), Catalogue(decision=True))),
    *after(
        (
            Rule("undecided", lambda e, _: e.change is not None, _still_undecided),
            Rule(
                "at-work",
                lambda e, policy: not _is_abandoned(e, policy),
                lambda e, _: end_own(e, f"A pipeline may still work on {e.call.deploy_run}"),
            ),
            Rule(
                "abandoned",
                lambda _, __: True,
                lambda e, _: give_up(
                    e, "No pipeline works on it any more, and nothing was deployed: ask again", own_success=True
                ),
            ),
        ),
        orphans,
    ),
)


def _failure(e: Evidence, so: str) -> str:
    what = "was cancelled" if e.call.canceled else "failed"
    where = f" in its job {e.failed_job}" if e.failed_job else ""
    return f"The pipeline {what}{where}, {so}: {e.call.pipeline_url}"


def _is_looked_at_again(e: Evidence) -> bool:
    """What an approver has decided is carried out by the next look, unless somebody has cancelled that on purpose."""
    again = e.call.kind is Kind.LOOK or (e.call.kind is Kind.DECISION and not e.call.canceled)
    return again and request_of(e).is_open


def _may_start(e: Evidence, policy: Policy) -> bool:
    """Whether the gate could have started this deployment itself. What waits for people is not cancelled with it."""
    by_approval = e.change is not None and e.change.is_ours and has(Verdict.APPROVED)(e, policy)
    return awaits_only_the_start(e) or (by_approval and not not_counting(e, policy))


REPORT = (
    *GENUINE_CALL,
    Rule("has-ended", lambda e, _: e.marks.ended is not None, tell_end),
    Rule(
        "is-started",
        lambda e, _: e.marks.started is not None,
        lambda e, _: end_own(e, f"The deployment was started before, and tells how it ends: {started_by(e.marks)}"),
    ),
    TOO_OLD,
    Rule(
        "looked-at-again",
        lambda e, _: _is_looked_at_again(e),
        lambda e, _: end_own(e, _failure(e, "and the next look goes on"), success=False),
    ),
    Rule(
        "foreign-deployment",
        lambda e, _: e.call.kind is Kind.DEPLOY and (e.marks.tested is None or asks_for_something_else(e)),
        refuse(lambda e: f"{e.call.deploy_run} asks for something else"),
    ),
    Rule(
        "not-due",
        lambda e, policy: e.call.kind is Kind.DEPLOY and not _may_start(e, policy),
        refuse(lambda e: f"It is not time to deploy {e.call.deploy_run}, with or without this pipeline"),
    ),
    Rule("pipeline-failed", lambda _, __: True, lambda e, _: give_up(e, _failure(e, "nothing was deployed"))),
)
