"""One system that is down: the others become right, what was not done is said, and the next apply finishes."""

from __future__ import annotations

import pytest

from portctl.errors import Unreachable
from portctl.model.report import Status
from portctl.sandbox.core.faults import Fault, FaultKind
from tests.laws.world import World, acting

SLEEPING = "<title>Instance Hibernating page</title>"


def test_a_system_that_falls_asleep_during_an_apply_leaves_the_others_right_and_the_next_apply_finishes(
    world: World,
) -> None:
    world.sandbox.world.faults.add(
        Fault(kind=FaultKind.HTML, service="servicenow", method="POST", value=SLEEPING, times=None)
    )
    report = world.apply()
    ended = {
        status: {outcome.step.change.address.provider for outcome in report.outcomes if outcome.status is status}
        for status in Status
    }
    assert (ended[Status.FAILED], ended[Status.SKIPPED], ended[Status.UNKNOWN]) == (
        {"servicenow"},
        {"servicenow"},
        set(),
    )
    assert {"port", "gitlab"} <= ended[Status.DONE]
    assert {"is hibernating" in str(outcome.error) for outcome in report.outcomes if outcome.error} == {True}
    assert {address.partition("/")[0] for address in acting(world.plan())} == {"servicenow"}
    world.sandbox.world.faults.clear()
    assert world.apply().complete
    assert acting(world.plan()) == {}


def test_a_system_that_is_down_from_the_start_stops_the_plan_before_anything_is_written(world: World) -> None:
    world.sandbox.world.faults.add(Fault(kind=FaultKind.HTML, service="servicenow", value=SLEEPING, times=None))
    with pytest.raises(Unreachable, match="hibernating"):
        world.apply()
    writes = [key for key in world.sandbox.counters if " GET " not in key and "access_token" not in key]
    assert writes == []
