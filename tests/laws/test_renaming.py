"""What the service changes besides when a part is renamed is no difference."""

from __future__ import annotations

from portctl.model.change import Action
from tests.laws.samples_port import manifest
from tests.laws.world import World, acting, change_of


def test_a_required_property_is_renamed_and_nothing_else_is_planned(world: World) -> None:
    def blueprint(name: str, **metadata: object) -> None:
        schema = {"properties": {name: {"type": "string"}, "kept": {"type": "string"}}, "required": [name, "kept"]}
        body = {"identifier": "thing", "title": "Thing", "schema": schema}
        world.manifests({"a.yaml": [manifest("port/Blueprint", body, name="thing", **metadata)]})

    blueprint("old")
    assert world.apply().complete
    blueprint("new", renamed=[{"path": "schema.properties.new", "from": "old"}])
    change = change_of(world.plan(), "port/Blueprint:thing")
    assert (change.action, change.edits) == (Action.RENAME, ())
    assert world.apply().complete
    assert acting(world.plan()) == {}
