"""What a read of Port's gives as null stands in a manifest as if it were not there: no finding, and no change."""

from __future__ import annotations

from typing import Any

import pytest

from tests.laws.samples import manifest
from tests.laws.world import World, acting
from tests.servers import port_client, running_sandbox

BLUEPRINT = {
    "identifier": "cluster",
    "title": "Cluster",
    "schema": {"properties": {"zone": {"type": "string"}}, "required": []},
    "relations": {"of": {"target": "cluster", "required": False, "many": False}},
    "aggregationProperties": {
        "count": {
            "title": "Clusters",
            "target": "cluster",
            "calculationSpec": {"calculationBy": "entities", "func": "count"},
            "pathFilter": None,
        }
    },
}
NULLS: dict[str, Any] = {"title": None, "icon": None, "properties": {"zone": None}, "relations": {"of": None}}
NAMED = {"title": "One", "icon": "Cluster", "properties": {"zone": "a"}}


def _entity(body: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    spec = {"blueprint": "cluster", "identifier": "one", **body}
    return {"blueprint.yaml": [manifest("port/Blueprint", BLUEPRINT)], "entity.yaml": [manifest("port/Entity", spec)]}


@pytest.mark.parametrize("reading", ["strict", "lenient"])
def test_what_a_read_gives_as_null_is_as_if_it_were_not_there(world: World, reading: str) -> None:
    with running_sandbox(switches={"null-titles": reading, "unset-values": "strict"}) as sandbox:
        world.sandbox = sandbox
        world.point_at(sandbox)
        for first, then in ((NULLS, {}), ({}, NULLS)):
            world.manifests(_entity(first))
            assert world.apply().complete
            world.manifests(_entity(then))
            assert acting(world.plan()) == {}
            assert world.destroy().complete


def test_null_takes_away_what_stands(world: World) -> None:
    world.manifests(_entity(NAMED))
    assert world.apply().complete
    world.manifests(_entity(NULLS))
    assert world.apply().complete
    with port_client(world.sandbox) as client:
        entity = client.get("/v1/blueprints/cluster/entities/one").json()["entity"]
    assert {name: entity[name] for name in NULLS} == {**NULLS, "properties": {"zone": None, "count": 0}}
