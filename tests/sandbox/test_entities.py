"""Entities: what each write keeps, clears and refuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import Body, blueprint, refusal, relation, rules

ROOT = "/v1/blueprints/thing/entities"
PROPERTIES = {
    "kind": {"type": "string", "enum": ["a", "b"]},
    "size": {"type": "number", "minimum": 1},
    "link": {"type": "string", "format": "url"},
    "page": {"type": "object", "format": "labeled-url"},
    "since": {"type": "string", "format": "date-time"},
    "tags": {"type": "array", "items": {"type": "string", "enum": ["x", "y"]}},
}


@pytest.fixture(autouse=True)
def thing(port: httpx.Client) -> None:
    body = blueprint(
        properties=PROPERTIES,
        relations={"service": relation("service"), "uses": relation("service", many=True)},
        mirrorProperties={"language": {"path": "service.language"}},
    )
    assert port.post("/v1/blueprints", params={"create_catalog_page": "false"}, json=body).status_code == 201


def post(port: httpx.Client, body: Body, **flags: str) -> httpx.Response:
    return port.post(ROOT, params=flags, json=body)


def stored(port: httpx.Client, identifier: str = "one") -> Body:
    entity: Body = port.get(f"{ROOT}/{identifier}", params={"exclude_calculated_properties": "true"}).json()["entity"]
    return entity


ONE: Body = {
    "identifier": "one",
    "title": "One",
    "icon": "Lock",
    "team": "shop",
    "properties": {"kind": "a", "size": 2},
    "relations": {"service": "shop/checkout", "uses": ["shop/payments", "shop/catalog"]},
}
UNSET = dict.fromkeys(PROPERTIES)


@pytest.mark.fact(60, 84)
def test_a_new_entity_is_answered_whole_and_a_second_one_is_refused(port: httpx.Client) -> None:
    answer = post(port, ONE)
    entity = answer.json()["entity"]
    assert answer.status_code == 201
    assert {name: entity[name] for name in ONE} == {
        **ONE,
        "team": ["shop"],
        "properties": {**UNSET, "kind": "a", "size": 2, "language": "Python"},
    }
    assert entity["blueprint"] == "thing"
    assert entity["scorecards"] == {}
    again = post(port, ONE)
    expected = refusal("identifier_taken", 'Entity with identifier "one" already exists')
    assert (again.status_code, again.json()) == (409, expected)


@pytest.mark.fact(61, 62, 63, 64, 76)
@pytest.mark.parametrize(
    ("method", "flags", "keeps"),
    [
        ("POST", {"upsert": "true"}, False),
        ("POST", {"upsert": "true", "merge": "true"}, True),
        ("PUT", {}, False),
        ("PATCH", {}, True),
    ],
)
def test_what_a_write_leaves_out_is_kept_by_merging_and_cleared_by_overwriting(
    port: httpx.Client, method: str, flags: dict[str, str], keeps: bool
) -> None:
    post(port, ONE)
    change = {"properties": {"kind": None, "link": "https://x.example.com"}, "relations": {"uses": ["shop/catalog"]}}
    path = ROOT if method == "POST" else f"{ROOT}/one"
    answer = port.request(method, path, params=flags, json={"identifier": "one", **change})
    assert answer.status_code == 200
    entity = stored(port)
    assert entity["properties"] == {**UNSET, "size": 2 if keeps else None, "link": "https://x.example.com"}
    assert entity["relations"] == {"service": "shop/checkout" if keeps else None, "uses": ["shop/catalog"]}
    assert (entity["title"], entity["team"]) == (("One", ["shop"]) if keeps else (None, []))


@pytest.mark.fact(63, 64)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "GET"])
def test_an_entity_that_is_not_there_is_not_found(port: httpx.Client, method: str) -> None:
    answer = port.request(method, f"{ROOT}/ghost", json=None if method in ("GET", "DELETE") else {})
    expected = refusal("not_found", 'Entity with identifier "ghost" was not found')
    assert (answer.status_code, answer.json()) == (404, expected)


@pytest.mark.fact(64)
def test_patch_takes_null_and_no_unknown_keys(port: httpx.Client) -> None:
    post(port, ONE)
    port.patch(f"{ROOT}/one", json={"title": None, "icon": None, "team": None})
    entity = stored(port)
    assert (entity["title"], entity["icon"], entity["team"]) == (None, None, [])
    unknown = port.patch(f"{ROOT}/one", json={"blueprint": "thing"})
    assert unknown.json() == refusal("invalid_request", "body must NOT have additional properties")


@pytest.mark.fact(65)
def test_an_upsert_that_updates_answers_200_or_201(sandbox: Sandbox, port: httpx.Client) -> None:
    first = post(port, ONE, upsert="true").status_code
    strict = post(port, ONE, upsert="true").status_code
    sandbox.switches.set({"upsert-status": "lenient"})
    lenient = post(port, ONE, upsert="true").status_code
    assert (first, strict, lenient) == (201, 200, 201)


@pytest.mark.fact(66)
def test_an_identifier_that_is_left_out_is_made_up(port: httpx.Client) -> None:
    identifier = post(port, {}).json()["entity"]["identifier"]
    assert len(identifier) == 16
    assert stored(port, identifier)["identifier"] == identifier


@pytest.mark.fact(67)
@pytest.mark.parametrize("identifier", ["a b", ".", "..", "x" * 1001, "", "a\n", "a?"])
def test_an_identifier_outside_the_pattern_is_refused(port: httpx.Client, identifier: str) -> None:
    assert post(port, {"identifier": identifier}).status_code == 422


@pytest.mark.fact(67)
@pytest.mark.parametrize("identifier", ["shop/a", "größe", "a+b=c", "x" * 1000, "服务"])
def test_identifiers_may_hold_letters_of_any_script_and_slashes(port: httpx.Client, identifier: str) -> None:
    assert post(port, {"identifier": identifier}).status_code == 201


@pytest.mark.fact(68)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_an_identifier_can_be_changed_and_references_follow(port: httpx.Client, method: str) -> None:
    port.post("/v1/blueprints", json=blueprint("other", relations={"to": relation("thing", many=True)}))
    post(port, ONE)
    post(port, {"identifier": "two"})
    port.post("/v1/blueprints/other/entities", json={"identifier": "o", "relations": {"to": ["two", "one"]}})
    assert port.request(method, f"{ROOT}/one", json={"identifier": "two"}).status_code == 409
    assert port.request(method, f"{ROOT}/one", json={"identifier": "uno"}).status_code == 200
    assert port.get(f"{ROOT}/one").status_code == 404
    other = port.get("/v1/blueprints/other/entities/o").json()["entity"]
    assert other["relations"] == {"to": ["two", "uno"]}


@pytest.mark.fact(69, 71)
@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"ghost": 1}, 'The blueprint "thing" has no property "ghost"'),
        ({"kind": "c"}, "properties/kind must be equal to one of the allowed values"),
        ({"kind": 1}, "properties/kind must be string"),
        ({"size": "2"}, "properties/size must be number"),
        ({"size": True}, "properties/size must be number"),
        ({"size": 0}, "properties/size must be >= 1"),
        ({"link": "no url"}, 'properties/link must match format "url"'),
        ({"page": {"text": "x"}}, "properties/page must have required property 'url'"),
        ({"tags": ["x", "z"]}, "properties/tags/1 must be equal to one of the allowed values"),
    ],
)
def test_a_value_that_does_not_fit_the_blueprint_is_refused(port: httpx.Client, properties: Body, message: str) -> None:
    answer = post(port, {"identifier": "one", "properties": properties})
    assert (answer.status_code, answer.json()["error"]) == (422, "blueprint_schema_mismatch")
    assert answer.json()["message"] == message
    assert port.get(f"{ROOT}/one").status_code == 404


@pytest.mark.fact(70)
def test_an_unknown_relation_is_not_found(port: httpx.Client) -> None:
    answer = post(port, {"relations": {"ghost": "x"}})
    expected = refusal("not_found", 'Relation with identifier "ghost" was not found')
    assert (answer.status_code, answer.json()) == (404, expected)


@pytest.mark.fact(72, 73)
def test_what_the_blueprint_requires_must_be_there(port: httpx.Client) -> None:
    relations = {"service": relation("service", required=True)}
    body = blueprint("strict", {"a": {"type": "string"}}, required=["a"], relations=relations)
    port.post("/v1/blueprints", json=body)
    path = "/v1/blueprints/strict/entities"
    without = port.post(path, json={"relations": {"service": "shop/checkout"}})
    null = port.post(path, json={"properties": {"a": None}, "relations": {"service": "shop/checkout"}})
    unrelated = port.post(path, json={"properties": {"a": "x"}})
    expected = refusal("blueprint_schema_mismatch", 'must have required property "a"')
    assert [(each.status_code, each.json()) for each in (without, null)] == [(422, expected)] * 2
    assert (unrelated.status_code, unrelated.json()["error"]) == (422, "required_relation")


@pytest.mark.fact(74)
@pytest.mark.parametrize("relations", [{"service": "ghost"}, {"uses": ["shop/catalog", "ghost"]}])
def test_a_missing_target_fails_the_whole_write(port: httpx.Client, relations: Body) -> None:
    answer = post(port, {"identifier": "one", "relations": relations})
    expected = refusal("not_found", 'Entity "ghost" does not exist in blueprint "service"')
    assert (answer.status_code, answer.json()) == (404, expected)
    assert port.get(f"{ROOT}/one").status_code == 404


@pytest.mark.fact(75)
def test_missing_targets_are_made_when_that_is_asked_for(sandbox: Sandbox, port: httpx.Client) -> None:
    port.post("/v1/blueprints", json=blueprint("strict", {"a": {"type": "string"}}, required=["a"]))
    port.patch("/v1/blueprints/thing", json={"relations": {"needs": relation("strict")}})
    made = post(port, {"relations": {"service": "new"}}, create_missing_related_entities="true")
    target = port.get("/v1/blueprints/service/entities/new").json()["entity"]
    refused = post(port, {"relations": {"needs": "new"}}, create_missing_related_entities="true")
    sandbox.switches.set({"missing-related": "lenient"})
    lenient = post(port, {"relations": {"needs": "new"}}, create_missing_related_entities="true")
    assert (made.status_code, refused.status_code, lenient.status_code) == (201, 422, 201)
    assert (target["title"], target["properties"]["tier"]) == (None, None)


@pytest.mark.fact(77)
def test_a_relation_may_be_given_as_a_search(port: httpx.Client) -> None:
    def by(name: str, operator: str, value: Any) -> Body:
        return rules({"property": name, "operator": operator, "value": value})

    relations = {"service": by("$title", "=", "Checkout"), "uses": by("tier", "in", ["gold"])}
    assert post(port, {"identifier": "one", "relations": relations}).status_code == 201
    assert stored(port)["relations"] == {"service": "shop/checkout", "uses": ["shop/checkout", "shop/payments"]}
    several = post(port, {"relations": {"service": by("tier", "=", "gold")}})
    message = 'The search for the relation "service" found 2 entities, exactly one must match'
    assert several.json() == refusal("invalid_request", message)


@pytest.mark.fact(71)
@pytest.mark.parametrize("relations", [{"service": ["shop/checkout"]}, {"uses": "shop/checkout"}])
def test_a_list_for_one_target_or_one_for_many_is_refused(port: httpx.Client, relations: Body) -> None:
    assert post(port, {"relations": relations}).json()["error"] == "blueprint_schema_mismatch"


@pytest.mark.fact(78)
def test_dates_need_a_zone_and_are_kept_in_utc(sandbox: Sandbox, port: httpx.Client) -> None:
    def since(text: str) -> Any:
        answer = post(port, {"identifier": "d", "properties": {"since": text}}, upsert="true")
        return answer.json()["entity"]["properties"]["since"] if answer.is_success else answer.status_code

    bare = "2026-01-01 10:00:00"
    for zoned in (
        "2026-01-01T12:00:00+02:00",
        "2026-01-01 10:00:00Z",
        "2026-01-01t12:00:00+02",
        "2026-01-01 12:00:00+0200",
    ):
        assert since(zoned) == "2026-01-01T10:00:00.000Z"
    assert [since(text) for text in (bare, "2026-01-01", "2026-13-01T10:00:00Z")] == [422, 422, 422]
    sandbox.switches.set({"date-time": "lenient"})
    assert since(bare) == "2026-01-01T10:00:00.000Z"


@pytest.mark.fact(86)
def test_unknown_and_redundant_keys_are_tolerated_on_post(port: httpx.Client) -> None:
    assert post(port, {"identifier": "one", "blueprint": "thing", "other": 1}).status_code == 201
    assert "other" not in stored(port)


@pytest.mark.fact(87)
def test_validation_only_stores_nothing(port: httpx.Client) -> None:
    assert post(port, ONE, validation_only="true").status_code == 200
    assert post(port, {"properties": {"kind": "c"}}, validation_only="true").status_code == 422
    assert port.get(f"{ROOT}/one").status_code == 404


@pytest.mark.fact(221)
def test_an_empty_run_id_is_none(port: httpx.Client) -> None:
    entity = {"identifier": "late", "properties": {}}
    root = "/v1/blueprints/domain"
    answers = [
        port.post(f"{root}/entities?run_id=", json=entity),
        port.patch(f"{root}/entities/late?run_id=", json={"title": "Later"}),
        port.put(f"{root}/entities/late?run_id=", json=entity),
        port.post(f"{root}/entities/bulk?upsert=true&run_id=", json={"entities": [entity]}),
        port.delete(f"{root}/entities/late?run_id="),
        port.post(f"{root}/bulk/entities/delete?run_id=", json={"entities": ["late"]}),
        port.delete(f"{root}/all-entities?run_id="),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200, 200, 200, 200]
    rows = port.get("/v1/audit-log?blueprint=domain&entity=late").json()["audits"]
    assert [row["context"] for row in rows] == [{"entity": "late", "blueprint": "domain"}] * 5


@pytest.mark.fact(88)
def test_a_write_for_an_unknown_run_is_not_found(port: httpx.Client) -> None:
    expected = refusal("not_found", 'Action run with identifier "r_x" was not found')
    assert post(port, ONE, run_id="r_x").json() == expected


@pytest.mark.fact(89)
def test_a_write_that_changes_nothing_counts_or_does_not(sandbox: Sandbox, port: httpx.Client) -> None:
    first = post(port, ONE).json()["entity"]["updatedAt"]
    sandbox.world.clock.advance(10)
    sandbox.switches.set({"idle-writes": "lenient"})
    idle = post(port, ONE, upsert="true").json()["entity"]["updatedAt"]
    sandbox.switches.set({"idle-writes": "strict"})
    counted = post(port, ONE, upsert="true").json()["entity"]["updatedAt"]
    assert idle == first
    assert counted > first


@pytest.mark.fact(98)
@pytest.mark.parametrize("name", ["_rule", "_rule_result", "_scorecard"])
def test_entities_of_rules_are_protected(port: httpx.Client, name: str) -> None:
    answer = port.post(f"/v1/blueprints/{name}/entities", json={"identifier": "x"})
    message = f'Cannot create entity from blueprint "{name}" as it is marked protected'
    assert (answer.status_code, answer.json()) == (403, refusal("protected_entity", message))


def _gold(language: str) -> Body:
    return rules(
        {"property": "tier", "operator": "=", "value": "gold"},
        {"property": "language", "operator": "=", "value": language},
    )


@pytest.mark.fact(228)
def test_the_identifier_of_an_upserted_entity_may_be_a_search(port: httpx.Client) -> None:
    path = "/v1/blueprints/service/entities"
    body = {"identifier": _gold("Go"), "title": "Found", "properties": {}}
    merged = port.post(f"{path}?upsert=true&merge=true", json=body)
    entity = merged.json()["entity"]
    assert (merged.status_code, entity["identifier"], entity["title"]) == (200, "shop/payments", "Found")
    assert entity["properties"]["tier"] == "gold"
    bulk = port.post(
        f"{path}/bulk?upsert=true&merge=true",
        json={"entities": [{"identifier": _gold("Go"), "title": "Again"}, {"identifier": _gold("Cobol")}]},
    )
    assert (bulk.status_code, bulk.json()) == (
        207,
        {
            "ok": True,
            "entities": [{"identifier": "shop/payments", "index": 0, "created": False, "additionalData": {}}],
            "errors": [
                {
                    "identifier": _gold("Cobol"),
                    "index": 1,
                    "statusCode": 404,
                    "error": "not_found",
                    "message": 'The search for the identifier found no entity of blueprint "service"',
                }
            ],
        },
    )
    assert port.get(f"{path}/shop%2Fpayments").json()["entity"]["title"] == "Again"
    many = {"identifier": rules({"property": "tier", "operator": "=", "value": "gold"}), "properties": {}}
    answers = [
        port.post(f"{path}?upsert=true", json={**body, "identifier": _gold("Cobol")}),
        port.post(path, json=body),
        port.post(f"{path}?upsert=true", json=many),
        port.put(f"{path}/shop%2Fpayments", json=body),
    ]
    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [
        (404, "not_found"),
        (409, "identifier_taken"),
        (501, "not_emulated"),
        (422, "invalid_request"),
    ]


@pytest.mark.fact(229)
def test_teams_of_an_entity_may_be_a_search(port: httpx.Client) -> None:
    query = rules({"property": "description", "operator": "contains", "value": "Sells"})
    entity = port.patch("/v1/blueprints/domain/entities/shop", json={"team": query}).json()["entity"]
    assert entity["team"] == ["shop"]
    nobody = rules({"property": "description", "operator": "=", "value": "none"})
    body = {"identifier": "new", "properties": {}, "team": nobody}
    assert port.post("/v1/blueprints/domain/entities", json=body).json()["entity"]["team"] == []


@pytest.mark.fact(230)
def test_new_users_are_staged_and_port_s_own_clients_send_more_of_them(port: httpx.Client) -> None:
    path = "/v1/blueprints/_user/entities"
    declared = port.get("/v1/blueprints/_user").json()["blueprint"]["schema"]["properties"]["status"]
    assert declared["enum"] == ["Active", "Invited", "Disabled", "Staged"]
    people: list[Body] = [
        {"identifier": "new@example.com", "email": "new@example.com", "firstName": "Nia", "lastName": "New"},
        {"identifier": "known@example.com", "properties": {"status": "Invited"}},
    ]
    answer = port.post(f"{path}/bulk?upsert=true&merge=true", json={"entities": people})
    assert (answer.status_code, answer.json()["errors"]) == (200, [])
    again = port.post(f"{path}/bulk?upsert=true&merge=true", json={"entities": people})
    assert [each["created"] for each in again.json()["entities"]] == [False, False]
    statuses = [port.get(f"{path}/{each['identifier']}").json()["entity"]["properties"]["status"] for each in people]
    assert statuses == ["Staged", "Invited"]
    active = port.get(f"{path}/dev.dora@example.com").json()["entity"]["properties"]["status"]
    assert active == "Active"


@pytest.mark.fact(231)
def test_what_a_read_of_an_entity_gives_a_write_takes(sandbox: Sandbox, port: httpx.Client) -> None:
    path = "/v1/blueprints/domain/entities"
    port.post(path, json={"identifier": "bare", "properties": {}})
    read = port.get(f"{path}/bare").json()["entity"]
    assert (read["title"], read["icon"]) == (None, None)
    written = port.put(f"{path}/bare", json=read)
    assert {**written.json()["entity"], "updatedAt": read["updatedAt"]} == read
    bulk = port.post(f"{path}/bulk?upsert=true", json={"entities": [read]})
    assert [written.status_code, port.post(f"{path}?upsert=true", json=read).status_code, bulk.status_code] == [200] * 3
    sandbox.switches.set({"null-titles": "strict"})
    refused = port.put(f"{path}/bare", json=read)
    assert refused.json() == refusal("invalid_request", "body/title must be string")
    assert port.put(f"{path}/bare", json={**read, "title": "Bare"}).status_code == 200
