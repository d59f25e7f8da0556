"""Changes of a blueprint and of what hangs on it, in one apply."""

from __future__ import annotations

from typing import Any

from tests.laws.samples import manifest
from tests.laws.world import World, acting


def blueprint(properties: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    spec = {"identifier": "game", "title": "Game", "schema": {"properties": properties}}
    return manifest("port/Blueprint", spec, **metadata)


def entity(properties: dict[str, Any]) -> dict[str, Any]:
    return manifest("port/Entity", {"identifier": "g", "blueprint": "game", "title": "G", "properties": properties})


TEXT = {"type": "string", "title": "Text"}


def test_a_property_goes_from_a_blueprint_and_from_its_entities_in_one_apply(world: World) -> None:
    world.manifests({"all.yaml": [blueprint({"q": TEXT, "r": TEXT}), entity({"q": "1", "r": "2"})]})
    assert world.apply().complete
    world.manifests({"all.yaml": [blueprint({"r": TEXT, "s": TEXT}), entity({"r": "2", "s": "3"})]})
    report = world.apply(allow_destroy=frozenset({change.address for change in world.plan().changes}))
    assert [str(outcome.error) for outcome in report.outcomes if outcome.error] == []
    assert acting(world.plan()) == {}


def test_a_property_is_renamed_in_a_blueprint_and_in_its_entities_in_one_apply(world: World) -> None:
    world.manifests({"all.yaml": [blueprint({"old": TEXT}), entity({"old": "kept"})]})
    assert world.apply().complete
    renamed = [{"path": "schema.properties.new", "from": "old"}]
    world.manifests({"all.yaml": [blueprint({"new": TEXT}, renamed=renamed), entity({"new": "kept"})]})
    report = world.apply()
    assert [str(outcome.error) for outcome in report.outcomes if outcome.error] == []
    assert acting(world.plan()) == {}


def test_an_action_becomes_an_automation_of_the_same_identifier_and_back(world: World) -> None:
    invocation = {"type": "WEBHOOK", "url": "https://ci.example.com/start"}
    inputs: dict[str, Any] = {"properties": {}, "required": []}
    action = manifest(
        "port/Action",
        {
            "identifier": "same",
            "title": "Same",
            "trigger": {"type": "self-service", "operation": "CREATE", "userInputs": inputs},
            "invocationMethod": invocation,
        },
    )
    event = {"type": "ENTITY_CREATED", "blueprintIdentifier": "game"}
    automation = manifest(
        "port/Automation",
        {"identifier": "same", "title": "Same", "trigger": {"type": "automation", "event": event}}
        | {"invocationMethod": invocation},
    )
    for one in (action, automation, action):
        world.manifests({"all.yaml": [blueprint({"q": TEXT}), one]})
        report = world.apply()
        assert [str(outcome.error) for outcome in report.outcomes if outcome.error] == []
        assert acting(world.plan()) == {}
