"""A time is the instant that it names, however it is written: Port keeps it in UTC, and no plan differs."""

from __future__ import annotations

import pytest

from tests.laws.samples import manifest
from tests.laws.world import World, acting
from tests.servers import running_sandbox

BLUEPRINT = {
    "identifier": "event",
    "title": "Event",
    "schema": {"properties": {"at": {"type": "string", "format": "date-time"}}, "required": []},
}
TIMES = (
    "2026-01-01T12:00:00+02:00",
    "2026-01-01 10:00:00Z",
    "2026-01-01t12:00:00+02",
    "2026-01-01 12:00:00.5+0200",
    "2026-01-01 10:00:00",
)


@pytest.mark.parametrize("time", TIMES)
def test_a_time_that_validate_takes_is_applied_and_then_nothing_differs(world: World, time: str) -> None:
    with running_sandbox(switches={"date-time": "lenient"}) as sandbox:
        world.sandbox = sandbox
        world.point_at(sandbox)
        entity = {"blueprint": "event", "identifier": "one", "properties": {"at": time}}
        world.manifests({"all.yaml": [manifest("port/Blueprint", BLUEPRINT), manifest("port/Entity", entity)]})
        assert world.apply().complete
        assert acting(world.plan()) == {}
