"""Rate limits as somebody at a terminal meets them."""

from __future__ import annotations

import re

from portctl.sandbox.core.faults import Fault, FaultKind
from tests.unit.cli.conftest import Place

UNTIL = re.compile(r"until \d\d:\d\d:\d\d UTC \(([\d,]+) s\)")


def limited(seconds: int, method: str = "GET") -> Fault:
    path = "/v1/blueprints$"
    return Fault(FaultKind.STATUS, service="port", method=method, path=path, status=429, retry_after_seconds=seconds)


def told(text: str) -> str:
    return UNTIL.sub(r"until TIME (\1 s)", text)


def test_a_plan_waits_for_a_limit_and_says_until_when(place: Place) -> None:
    place.fail(limited(1))
    planned = place.run("plan")
    assert planned.code == 0
    assert told(planned.err) == "waiting for Port until TIME (1 s): it limits requests\n"


def test_a_plan_that_may_not_wait_so_long_says_when_to_come_again(place: Place) -> None:
    place.fail(limited(3600))
    planned = place.run("plan", "--max-wait", "120")
    assert planned.code == 9
    assert told(planned.err) == (
        "error: Service asks to wait\n"
        "  Port takes no requests until TIME (3,600 s): it limits requests; 120 s is the most that is waited\n"
        "  hint: Run the same command again then, or let it wait: --max-wait SECONDS.\n"
    )


def test_an_apply_that_meets_a_limit_has_done_nothing_by_that_request(place: Place) -> None:
    place.fail(limited(3600, "POST"))
    applied = place.run("apply", "--yes", "-t", "port/Blueprint:change")
    assert applied.code == 9
    assert "Port takes no requests until TIME (3,600 s): it limits requests; 600 s is the most" in told(applied.out)
    assert place.run("state", "list").out == "The ledger holds no resources.\n"
    assert place.run("apply", "--yes").code == 0
