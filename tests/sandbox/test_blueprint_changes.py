"""Blueprints that exist: replacing, merging, renaming, deleting."""

from __future__ import annotations

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import action, automation, blueprint, refusal, relation, self_service, webhook

ROOT = "/v1/blueprints"
TEXT = {"type": "string"}


@pytest.fixture
def thing(port: httpx.Client) -> str:
    """A blueprint with one of everything, and an entity of it."""
    body = blueprint(
        properties={"a": TEXT, "b": TEXT},
        relations={"service": relation("service")},
        mirrorProperties={"lang": {"path": "service.language"}},
        calculationProperties={"up": {"type": "string", "calculation": ".title"}},
        aggregationProperties={
            "n": {"title": "N", "target": "service", "calculationSpec": {"calculationBy": "entities", "func": "count"}}
        },
    )
    assert port.post(ROOT, params={"create_catalog_page": "false"}, json=body).status_code == 201
    entity = {
        "identifier": "one",
        "properties": {"a": "1", "b": "2"},
        "relations": {"service": "shop/checkout"},
    }
    assert port.post(f"{ROOT}/thing/entities", json=entity).status_code == 201
    return f"{ROOT}/thing"


@pytest.mark.fact(45)
def test_put_removes_what_the_body_leaves_out_with_the_values(port: httpx.Client, thing: str) -> None:
    row = port.put(thing, json={"title": "New", "schema": {"properties": {"a": TEXT}}}).json()["blueprint"]
    assert row["schema"] == {"properties": {"a": TEXT}}
    gone = ("relations", "mirrorProperties", "calculationProperties", "aggregationProperties")
    assert [name for name in gone if name in row] == []
    entity = port.get(f"{thing}/entities/one").json()["entity"]
    assert (entity["properties"], entity["relations"]) == ({"a": "1"}, {})


@pytest.mark.fact(231)
@pytest.mark.parametrize("reading", ["strict", "lenient"])
def test_what_a_read_of_a_blueprint_gives_a_write_takes(
    sandbox: Sandbox, port: httpx.Client, thing: str, reading: str
) -> None:
    sandbox.switches.set({"filled-defaults": reading})
    silent = {"title": "L", "target": "service", "pathFilter": [{"path": ["ghost"]}]}
    count = {"calculationSpec": {"calculationBy": "entities", "func": "count"}}
    port.patch(thing, json={"aggregationProperties": {"lost": {**silent, **count}}})
    read = port.get(thing).json()["blueprint"]
    assert read["aggregationProperties"]["lost"]["pathFilter"] is None
    written = port.put(thing, json=read).json()["blueprint"]
    assert {**written, "updatedAt": read["updatedAt"]} == read


@pytest.mark.fact(46)
@pytest.mark.parametrize("missing", ["title", "schema"])
def test_put_needs_title_and_schema(port: httpx.Client, thing: str, missing: str) -> None:
    body = {name: value for name, value in blueprint().items() if name != missing}
    answer = port.put(thing, json=body)
    expected = refusal("invalid_request", f"body must have required property '{missing}'")
    assert (answer.status_code, answer.json()) == (422, expected)


@pytest.mark.fact(47)
def test_put_with_another_identifier_renames_and_references_follow(port: httpx.Client, thing: str) -> None:
    port.post(ROOT, json=blueprint("other", relations={"to": relation("thing")}))
    port.post("/v1/actions", json=action(trigger=self_service(blueprintIdentifier="thing")))
    mapping = {"blueprint": "thing", "entity": {"identifier": ".body.id"}}
    port.post("/v1/webhooks", json=webhook(mappings=[mapping]))
    body = port.get(thing).json()["blueprint"]
    answer = port.put(thing, json={**body, "identifier": "gadget"})
    assert answer.json()["blueprint"]["identifier"] == "gadget"
    assert port.get(thing).status_code == 404
    assert port.get(f"{ROOT}/gadget/entities/one").json()["entity"]["blueprint"] == "gadget"
    assert port.get(f"{ROOT}/other").json()["blueprint"]["relations"]["to"]["target"] == "gadget"
    trigger = port.get("/v1/actions/deploy").json()["action"]["trigger"]
    assert trigger["blueprintIdentifier"] == "gadget"
    assert port.get("/v1/webhooks/hook").json()["integration"]["mappings"][0]["blueprint"] == "gadget"


@pytest.mark.fact(48)
def test_patch_keeps_what_is_left_out_and_merges_maps_by_key(port: httpx.Client, thing: str) -> None:
    before = port.get(thing).json()["blueprint"]
    change = {"relations": {"domain": relation("domain")}, "mirrorProperties": {"d": {"path": "domain.$title"}}}
    row = port.patch(thing, json=change).json()["blueprint"]
    assert sorted(row["relations"]) == ["domain", "service"]
    assert sorted(row["mirrorProperties"]) == ["d", "lang"]
    assert row["schema"] == before["schema"]
    assert row["aggregationProperties"] == before["aggregationProperties"]


@pytest.mark.fact(49)
def test_patch_of_the_schema_replaces_or_merges_it(sandbox: Sandbox, port: httpx.Client, thing: str) -> None:
    sandbox.switches.set({"patch-schema": "lenient"})
    merged = port.patch(thing, json={"schema": {"properties": {"c": TEXT}}}).json()["blueprint"]
    sandbox.switches.set({"patch-schema": "strict"})
    replaced = port.patch(thing, json={"schema": {"properties": {"c": TEXT}}}).json()["blueprint"]
    assert sorted(merged["schema"]["properties"]) == ["a", "b", "c"]
    assert sorted(replaced["schema"]["properties"]) == ["c"]


@pytest.mark.fact(50)
def test_the_type_of_a_property_cannot_be_changed(port: httpx.Client, thing: str) -> None:
    answer = port.put(thing, json=blueprint(properties={"a": {"type": "number"}}))
    message = 'The type of the property "a" cannot be changed from string to number'
    assert (answer.status_code, answer.json()) == (422, refusal("invalid_request", message))


@pytest.mark.fact(51)
def test_renames_keep_values_and_paths(port: httpx.Client, thing: str) -> None:
    port.patch(f"{thing}/properties/a/rename", json={"newPropertyName": "alpha"})
    port.patch(f"{thing}/mirror/lang/rename", json={"newMirrorName": "language"})
    answer = port.patch(f"{thing}/relations/service/rename", json={"newRelationIdentifier": "runs"})
    row = answer.json()["blueprint"]
    assert sorted(row["schema"]["properties"]) == ["alpha", "b"]
    assert row["mirrorProperties"] == {"language": {"path": "runs.language"}}
    assert sorted(row["relations"]) == ["runs"]
    entity = port.get(f"{thing}/entities/one").json()["entity"]
    assert entity["properties"]["alpha"] == "1"
    assert entity["properties"]["language"] == "Python"
    assert entity["relations"] == {"runs": "shop/checkout"}


@pytest.mark.fact(51)
def test_a_rename_of_what_is_not_there_or_to_what_is_taken_is_refused(port: httpx.Client, thing: str) -> None:
    ghost = port.patch(f"{thing}/properties/ghost/rename", json={"newPropertyName": "x"})
    taken = port.patch(f"{thing}/properties/a/rename", json={"newPropertyName": "b"})
    extra = port.patch(f"{thing}/properties/a/rename", json={"newPropertyName": "x", "y": 1})
    assert [each.status_code for each in (ghost, taken, extra)] == [404, 409, 422]


@pytest.mark.fact(52)
def test_a_blueprint_with_dependents_cannot_be_deleted(port: httpx.Client, thing: str) -> None:
    port.post(ROOT, json=blueprint("other", relations={"to": relation("thing")}))
    port.post("/v1/actions", json=action(trigger=self_service(blueprintIdentifier="thing")))
    answer = port.delete(thing)
    expected = refusal(
        "has_dependents",
        'Blueprint "thing" has dependents: actions, entities, relations',
        entities=1,
        relations=["other.to"],
        actions=["deploy"],
    )
    assert (answer.status_code, answer.json()) == (422, expected)


@pytest.mark.fact(53, 116)
def test_actions_go_with_their_blueprint_when_that_is_asked_for(port: httpx.Client) -> None:
    port.post(ROOT, json=blueprint())
    port.post("/v1/actions", json=action(trigger=self_service(blueprintIdentifier="thing")))
    assert port.delete(f"{ROOT}/thing").status_code == 422
    assert port.delete(f"{ROOT}/thing", params={"delete_actions": "true"}).json() == {"ok": True}
    assert port.get("/v1/actions/deploy").status_code == 404


@pytest.mark.fact(54)
def test_deleted_entities_still_hold_their_blueprint_for_a_while_where_reads_lag(
    sandbox: Sandbox, port: httpx.Client, thing: str
) -> None:
    sandbox.set_lag(5)
    sandbox.world.clock.advance(6)
    assert port.delete(f"{thing}/entities/one").json() == {"ok": True}
    assert port.delete(thing).json()["error"] == "has_dependents"
    sandbox.world.clock.advance(6)
    assert port.delete(thing).json() == {"ok": True}


@pytest.mark.fact(55)
@pytest.mark.parametrize("blueprint_too", ["true", "false"])
def test_all_entities_are_deleted_in_the_background(
    sandbox: Sandbox, port: httpx.Client, thing: str, blueprint_too: str
) -> None:
    answer = port.delete(f"{thing}/all-entities", params={"delete_blueprint": blueprint_too}).json()
    migration = f"/v1/migrations/{answer['migrationId']}"
    assert port.get(migration).json()["migration"]["status"] == "RUNNING"
    assert port.get(f"{thing}/entities-count").json() == {"ok": True, "count": 1}
    sandbox.settle()
    ended = port.get(migration).json()["migration"]
    assert (ended["status"], ended["successCount"], ended["deleteEntities"]) == ("COMPLETED", 1, True)
    assert port.get(thing).status_code == (404 if blueprint_too == "true" else 200)
    assert port.get("/v1/migrations").json()["migrations"] == [ended]


@pytest.mark.fact(222)
def test_a_blueprint_that_goes_with_its_entities_takes_its_actions_along(
    sandbox: Sandbox, port: httpx.Client, thing: str
) -> None:
    upsert = {"type": "UPSERT_ENTITY", "blueprintIdentifier": "thing", "mapping": {"identifier": "x"}}
    for body in (
        action("act", trigger=self_service(blueprintIdentifier="thing")),
        action("write", invocationMethod=upsert),
        automation("react", {"type": "ENTITY_CREATED", "blueprintIdentifier": "thing"}),
        action("another"),
    ):
        assert port.post("/v1/actions", json=body).status_code == 201
    sandbox.set_lag(5)
    sandbox.world.clock.advance(6)
    port.delete(f"{thing}/all-entities", params={"delete_blueprint": "true"})
    sandbox.settle()
    sandbox.world.clock.advance(6)
    assert port.get(thing).status_code == 404
    left = [row["identifier"] for row in port.get("/v1/actions").json()["actions"]]
    assert left == ["scaffold_service", "another"]
    audits = port.get("/v1/audit-log?resources=action&action=DELETE").json()["audits"]
    assert sorted(row["context"]["action"] for row in audits) == ["act", "react", "write"]


@pytest.mark.fact(222)
def test_a_blueprint_that_others_refer_to_stays_when_its_entities_go(
    sandbox: Sandbox, port: httpx.Client, thing: str
) -> None:
    port.post(ROOT, json=blueprint("other", relations={"to": relation("thing")}))
    migration = port.delete(f"{thing}/all-entities", params={"delete_blueprint": "true"}).json()["migrationId"]
    sandbox.settle()
    ended = port.get(f"/v1/migrations/{migration}").json()["migration"]
    assert (ended["status"], ended["successCount"]) == ("FAILURE", 1)
    assert port.get(thing).status_code == 200
    assert port.get(f"{thing}/entities-count").json() == {"ok": True, "count": 0}


@pytest.mark.fact(222)
def test_a_system_blueprint_does_not_go_with_its_entities(port: httpx.Client) -> None:
    answer = port.delete(f"{ROOT}/_user/all-entities", params={"delete_blueprint": "true"})
    expected = refusal("protected_blueprint_violation", 'Cannot delete blueprint "_user" as it is marked protected')
    assert (answer.status_code, answer.json()) == (403, expected)


@pytest.mark.fact(55)
def test_background_deletion_ends_by_itself(sandbox: Sandbox, port: httpx.Client, thing: str) -> None:
    port.delete(f"{thing}/all-entities")
    sandbox.world.clock.advance(1)
    assert port.get(f"{thing}/entities-count").json()["count"] == 0
    assert port.get("/v1/migrations/none").status_code == 404
