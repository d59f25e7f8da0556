"""A developer asks for a deployment: may this pipeline look at the service, and is its coverage high enough?"""

from __future__ import annotations

from portctl.gate.effects import Catalogue, Effects, KeepTested, OpenChange, Refuse, Tell
from portctl.gate.evidence import Evidence, Policy
from portctl.gate.tables.rule import (
    GENUINE_CALL,
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


def _coverage(e: Evidence, policy: Policy) -> str:
    tested = measured_of(e)
    return f"The tests of {tested.service} passed; coverage is {tested.coverage:g}%, {policy.threshold:g}% are required"


def _opened(e: Evidence, policy: Policy) -> Effects:
    text = f"Coverage is below {policy.threshold:g}%: a change request waits for a decision"
    return (
        Tell(_coverage(e, policy), once=True),
        KeepTested(measured_of(e)),
        OpenChange(measured_of(e)),
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
    Rule(
        "no-coverage",
        lambda e, _: e.measured is None,
        lambda e, _: give_up(e, f"{e.code_problem or 'The tests left no coverage report'}: nothing was deployed"),
    ),
    Rule(
        "enough-coverage",
        lambda e, _: not measured_of(e).needs_change,
        lambda e, policy: (KeepTested(measured_of(e)), *proceed(e, measured_of(e), _coverage(e, policy))),
    ),
    Rule("needs-change", lambda _, __: True, _opened),
)
