"""A developer asks for a deployment: may this pipeline look at the service, and is its coverage high enough?"""

from __future__ import annotations

from portctl.gate.effects import Catalogue, Effects, KeepTested, OpenChange, Refuse, Tell
from portctl.gate.evidence import Evidence, Policy, Tested
from portctl.gate.tables.rule import (
    GENUINE_CALL,
    TOO_OLD,
    Rule,
    give_up,
    keep_waiting,
    measured_of,
    proceed,
    refuse,
    request_of,
)

ASKED = (
    *GENUINE_CALL,
    Rule(
        "request-over",
        lambda e, _: not request_of(e).is_open,
        refuse(lambda e: f"{e.call.deploy_run} has ended"),
    ),
)


def _no_code(e: Evidence, _: Policy) -> Effects:
    """The job `report` gives the deployment up: this one may make no mark, and its request may have come twice."""
    return (Tell(e.code_problem, once=True), Refuse(e.code_problem))


ACCEPT = (
    *ASKED,
    Rule("no-code", lambda e, _: bool(e.code_problem), _no_code),
    Rule("accepted", lambda _, __: True, lambda _, __: ()),
)


def _tested(e: Evidence) -> Tested:
    """What was tested first: a pipeline that runs twice for one request may have got newer code the second time."""
    return e.marks.tested or measured_of(e)


def _coverage(e: Evidence, policy: Policy) -> str:
    tested = _tested(e)
    return f"The tests of {tested.service} passed; coverage is {tested.coverage:g}%, {policy.threshold:g}% are required"


def _opened(e: Evidence, policy: Policy) -> Effects:
    asked = f"Deployments to {_tested(e).environment} are always asked about"
    why = f"Coverage is below {policy.threshold:g}%" if _tested(e).coverage < policy.threshold else asked
    text = f"{why}: a change request waits for a decision"
    return (
        Tell(_coverage(e, policy), once=True),
        KeepTested(_tested(e)),
        OpenChange(_tested(e)),
        Catalogue(),
        *keep_waiting(e, text),
    )


OPEN = (
    *ASKED,
    Rule(
        "already-started",
        lambda e, _: e.marks.started is not None,
        refuse(lambda e: f"The deployment {e.call.deploy_run} was started, or given up, before"),
    ),
    TOO_OLD,
    Rule(
        "no-coverage",
        lambda e, _: e.measured is None,
        lambda e, _: give_up(e, f"{e.code_problem or 'The tests left no coverage report'}: nothing was deployed"),
    ),
    Rule(
        "enough-coverage",
        lambda e, _: not _tested(e).needs_change,
        lambda e, policy: (KeepTested(_tested(e)), *proceed(e, _tested(e), _coverage(e, policy))),
    ),
    Rule("needs-change", lambda _, __: True, _opened),
)
