"""A request that a proxy performs twice."""

from __future__ import annotations

from portctl.sandbox.core.faults import parse_fault
from tests.laws.samples import MANIFESTS
from tests.laws.world import World, acting


def test_a_create_that_was_performed_twice_is_ours(world: World) -> None:
    world.manifests(
        {
            "all.yaml": [
                *MANIFESTS["blueprints.yaml"],
                *MANIFESTS["actions.yaml"],
                *[d for d in MANIFESTS["access.yaml"] if d["kind"] in ("port/Secret", "port/Webhook")],
            ]
        }
    )
    fault = {
        "kind": "duplicate",
        "service": "port",
        "method": "POST",
        "path": "/v1/(actions|blueprints|webhooks|organization/secrets)$",
        "times": None,
    }
    world.sandbox.faults.add(parse_fault(fault))
    report = world.apply()
    assert [str(outcome.error) for outcome in report.outcomes if outcome.error] == []
    assert acting(world.plan()) == {}
    assert world.destroy().complete
