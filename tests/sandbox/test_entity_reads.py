"""Entities as they are read: worked-out values, lists, pages, searches; and how they go."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import Body, blueprint, refusal, relation, rules

SERVICES = "/v1/blueprints/service/entities"
ALL = ["checkout", "payments", "catalog", "storefront", "pricing", "ghost"]
"""The seeded services, oldest first."""
OWN = {
    *("tier", "language", "url", "repository", "branch"),
    *("buildCommand", "testCommand", "deployCommand", "coverageReport"),
}
"""The properties of a service."""


def make(port: httpx.Client, name: str, *entities: Body, **parts: Any) -> None:
    answer = port.post("/v1/blueprints", params={"create_catalog_page": "false"}, json=blueprint(name, **parts))
    assert answer.status_code == 201, answer.text
    for entity in entities:
        answer = port.post(f"/v1/blueprints/{name}/entities", json=entity)
        assert answer.status_code == 201, answer.text


def values(port: httpx.Client, name: str, identifier: str) -> Body:
    found: Body = port.get(f"/v1/blueprints/{name}/entities/{identifier}").json()["entity"]["properties"]
    return found


@pytest.mark.fact(79, 80)
def test_mirrors_are_read_through_relations_and_cannot_be_written(port: httpx.Client) -> None:
    entities: list[Body] = [
        {"identifier": "a", "properties": {"shop": "mine"}, "relations": {"service": "shop/checkout"}},
        {"identifier": "b"},
    ]
    mirrors = {"shop": {"path": "service.domainName"}, "domain": {"path": "service.domain.$title"}}
    make(port, "thing", *entities, relations={"service": relation("service")}, mirrorProperties=mirrors)
    assert values(port, "thing", "a") == {"shop": "Shop", "domain": "Shop"}
    assert values(port, "thing", "b") == {"shop": None, "domain": None}


@pytest.mark.fact(81)
@pytest.mark.parametrize(
    ("program", "kind", "expected"),
    [
        (".title | ascii_downcase", "string", "one"),
        (".properties.n + 1", "number", 3),
        (".relations.service", "string", "shop/checkout"),
        ("[.team[] | ascii_upcase]", "array", ["SHOP"]),
        (".title | error", "string", None),
        ("this is no jq", "string", None),
        ("empty", "string", None),
        ("env | keys", "array", []),
        ("$ENV.PATH", "string", None),
        (".properties.n", "string", None),
        (".title # a comment", "string", "One"),
    ],
)
def test_calculations_are_jq_that_knows_nothing_of_the_host(
    port: httpx.Client, program: str, kind: str, expected: Any
) -> None:
    entity = {
        "identifier": "one",
        "title": "One",
        "team": "shop",
        "properties": {"n": 2},
        "relations": {"service": "shop/checkout"},
    }
    calculation = {"c": {"type": kind, "calculation": program}}
    parts = {"properties": {"n": {"type": "number"}}, "relations": {"service": relation("service")}}
    make(port, "thing", entity, calculationProperties=calculation, **parts)
    assert values(port, "thing", "one")["c"] == expected


@pytest.mark.fact(223)
def test_quotes_around_a_text_may_be_single_in_every_program(port: httpx.Client) -> None:
    calculation = {"c": {"type": "string", "calculation": "'https://example.com/' + .identifier"}}
    make(port, "thing", {"identifier": "one"}, calculationProperties=calculation)
    assert values(port, "thing", "one") == {"c": "https://example.com/one"}


def _aggregation(calculation: Body, **more: Any) -> Body:
    return {"title": "A", "target": "thing", "calculationSpec": calculation, **more}


COUNT = {"calculationBy": "entities", "func": "count"}


def _of_property(func: str, **more: str) -> Body:
    return {"calculationBy": "property", "func": func, "property": "n", **more}


@pytest.mark.fact(82)
@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        (_aggregation(COUNT), 3),
        (_aggregation(COUNT, query=rules({"property": "n", "operator": ">", "value": 1})), 2),
        (_aggregation(_of_property("sum")), 9),
        (_aggregation(_of_property("min")), 1),
        (_aggregation(_of_property("max")), 6),
        (_aggregation(_of_property("median")), 2),
        (_aggregation(_of_property("average", averageOf="total")), 3),
        (_aggregation(_of_property("average", averageOf="day")), 9),
        (_aggregation({"calculationBy": "entities", "func": "average", "averageOf": "week"}), 3),
    ],
)
def test_aggregations_are_worked_out_over_related_entities(
    port: httpx.Client, aggregation: Body, expected: float
) -> None:
    things: list[Body] = [
        {"identifier": f"t{n}", "properties": {"n": n}, "relations": {"service": "shop/checkout"}} for n in (1, 2, 6)
    ]
    make(port, "thing", *things, properties={"n": {"type": "number"}}, relations={"service": relation("service")})
    port.patch("/v1/blueprints/service", json={"aggregationProperties": {"x": aggregation}})
    assert values(port, "service", "shop%2Fcheckout")["x"] == expected
    assert values(port, "service", "shop%2Fcatalog")["x"] in (0, None)


@pytest.mark.fact(82)
def test_two_ways_to_the_target_give_nothing_until_a_path_is_named(port: httpx.Client) -> None:
    thing = {"identifier": "t", "properties": {"n": 4}, "relations": {"owner": "shop/checkout", "user": None}}
    relations = {"owner": relation("service"), "user": relation("service")}
    make(port, "thing", thing, properties={"n": {"type": "number"}}, relations=relations)
    chosen = [{"path": ["owner"], "fromBlueprint": "thing"}]
    aggregations = {
        "count": _aggregation(COUNT),
        "sum": _aggregation(_of_property("sum")),
        "owned": _aggregation(COUNT, pathFilter=chosen),
    }
    port.patch("/v1/blueprints/service", json={"aggregationProperties": aggregations})
    read = values(port, "service", "shop%2Fcheckout")
    assert [read[name] for name in ("count", "sum", "owned")] == [0, None, 1]


@pytest.mark.fact(83)
def test_worked_out_values_can_be_left_out(port: httpx.Client) -> None:
    entities = port.get(SERVICES, params={"exclude_calculated_properties": "true"}).json()["entities"]
    assert [sorted(each["properties"]) for each in entities] == [sorted(OWN)] * 6


@pytest.mark.fact(85)
def test_unset_values_are_null_or_absent(sandbox: Sandbox, port: httpx.Client) -> None:
    relations = {"one": relation("service"), "many": relation("service", many=True)}
    make(port, "thing", {"identifier": "t"}, properties={"a": {"type": "string"}}, relations=relations)
    path = "/v1/blueprints/thing/entities/t"
    strict = port.get(path).json()["entity"]
    sandbox.switches.set({"unset-values": "lenient"})
    lenient = port.get(path).json()["entity"]
    assert (strict["properties"], strict["relations"]) == ({"a": None}, {"one": None, "many": []})
    assert (lenient["properties"], lenient["relations"]) == ({}, {"many": []})


@pytest.mark.fact(90)
def test_what_requires_an_entity_keeps_it_or_goes_with_it(port: httpx.Client) -> None:
    make(port, "base", {"identifier": "b"})
    needs = {"identifier": "n", "relations": {"to": "b"}}
    make(port, "needs", needs, relations={"to": relation("base", required=True)})
    likes = {"identifier": "l", "relations": {"to": "b", "all": ["b"]}}
    make(port, "likes", likes, relations={"to": relation("base"), "all": relation("base", many=True)})
    path = "/v1/blueprints/base/entities/b"
    expected = refusal("has_dependents", 'Entity "b" is required by needs/n', entities=["needs/n"])
    refused = port.delete(path)
    assert (refused.status_code, refused.json()) == (422, expected)
    assert port.delete(path, params={"delete_dependents": "true"}).json() == {"ok": True}
    assert port.get("/v1/blueprints/needs/entities/n").status_code == 404
    kept = port.get("/v1/blueprints/likes/entities/l").json()["entity"]
    assert kept["relations"] == {"to": None, "all": []}


@pytest.mark.fact(91)
def test_bulk_writes_say_what_went_through_and_what_did_not(port: httpx.Client) -> None:
    make(port, "thing", properties={"n": {"type": "number"}})
    path = "/v1/blueprints/thing/entities/bulk"
    good = port.post(path, json={"entities": [{"identifier": "a"}, {"identifier": "b"}]})
    mixed = port.post(path, json={"entities": [{"identifier": "c"}, {"identifier": "d", "properties": {"n": "x"}}]})
    assert (good.status_code, good.json()["errors"]) == (200, [])
    assert mixed.status_code == 207
    assert mixed.json() == {
        "ok": True,
        "entities": [{"identifier": "c", "index": 0, "created": True, "additionalData": {}}],
        "errors": [
            {
                "identifier": "d",
                "index": 1,
                "statusCode": 422,
                "error": "blueprint_schema_mismatch",
                "message": "properties/n must be number",
            }
        ],
    }
    many = port.post(path, json={"entities": [{"identifier": str(n)} for n in range(21)]})
    assert many.json() == refusal("invalid_request", "body/entities must NOT have more than 20 items")


@pytest.mark.fact(92, 93)
def test_bulk_deletes_name_what_is_gone(port: httpx.Client) -> None:
    path = "/v1/blueprints/service/bulk/entities/delete"
    answer = port.post(path, json={"entities": ["shop/catalog", "ghost"]})
    assert answer.json() == {"ok": True, "deletedEntities": ["shop/catalog"]}
    assert port.get("/v1/blueprints/service/entities-count").json() == {"ok": True, "count": 5}
    many = port.post(path, json={"entities": [str(n) for n in range(101)]})
    assert many.json() == refusal("invalid_request", "body/entities must NOT have more than 100 items")


@pytest.mark.fact(94)
def test_a_search_is_read_page_by_page_until_next_is_absent(port: httpx.Client) -> None:
    pages: list[list[str]] = []
    body: Body = {"limit": 2}
    while True:
        answer = port.post(f"{SERVICES}/search", json=body).json()
        pages.append([each["identifier"] for each in answer["entities"]])
        if "next" not in answer:
            break
        body["from"] = answer["next"]
    assert pages == [[f"shop/{name}" for name in names] for names in (ALL[:2], ALL[2:4], ALL[4:])]
    assert port.post(f"{SERVICES}/search", json={"limit": 1001}).status_code == 422
    assert port.post(f"{SERVICES}/search", json={"from": "elsewhere"}).status_code == 422


def _found(port: httpx.Client, *wanted: Body, combinator: str = "and") -> list[str]:
    answer = port.post(f"{SERVICES}/search", json={"query": rules(*wanted, combinator=combinator)})
    assert answer.status_code == 200, answer.text
    return [each["identifier"].removeprefix("shop/") for each in answer.json()["entities"]]


@pytest.mark.fact(95)
@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"property": "$identifier", "operator": "in", "value": ["shop/catalog", "x"]}, ["catalog"]),
        ({"property": "$identifier", "operator": "notIn", "value": ["shop/catalog"]}, [*ALL[:2], *ALL[3:]]),
        ({"property": "tier", "operator": "=", "value": "gold"}, ["checkout", "payments"]),
        ({"property": "tier", "operator": "!=", "value": "gold"}, ALL[2:]),
        ({"property": "language", "operator": "beginsWith", "value": "P"}, ["checkout", "pricing", "ghost"]),
        ({"property": "language", "operator": "doesNotEndsWith", "value": "o"}, [ALL[0], *ALL[2:]]),
        ({"property": "language", "operator": "contains", "value": "Script"}, ["catalog", "storefront"]),
        ({"property": "$team", "operator": "containsAny", "value": ["shop", "x"]}, ALL),
        ({"property": "tier", "operator": "isEmpty"}, []),
        ({"property": "domainName", "operator": "=", "value": "Shop"}, ALL),
        ({"property": "domain", "operator": "=", "value": "shop"}, ALL),
        ({"property": "$createdAt", "operator": "<", "value": "2000-01-01T00:00:00Z"}, []),
        ({"property": "$createdAt", "operator": "between", "value": {"preset": "lastWeek"}}, []),
        ({"operator": "relatedTo", "blueprint": "domain", "value": "shop"}, ALL),
        ({"operator": "relatedTo", "blueprint": "domain", "value": "shop", "direction": "downstream"}, []),
        (
            {"property": {"path": ["domain"]}, "operator": "matchAny", "value": ["shop"]},
            ALL,
        ),
        (
            {"propertySchema": {"type": "string", "format": "url"}, "operator": "contains", "value": "payments"},
            ["payments"],
        ),
    ],
)
def test_search_rules(port: httpx.Client, rule: Body, expected: list[str]) -> None:
    assert _found(port, rule) == expected


@pytest.mark.fact(95)
def test_search_rules_nest(port: httpx.Client) -> None:
    by_language = [{"property": "language", "operator": "=", "value": name} for name in ("Go", "TypeScript")]
    gold = {"property": "tier", "operator": "=", "value": "gold"}
    assert _found(port, gold, rules(*by_language, combinator="or")) == ["payments"]


@pytest.mark.fact(95)
def test_rules_that_are_not_emulated_say_so(port: httpx.Client) -> None:
    rule = {"property": {"context": "user", "property": "email"}, "operator": "=", "value": "x"}
    answer = port.post(f"{SERVICES}/search", json={"query": rules(rule)})
    assert (answer.status_code, answer.json()["error"]) == (501, "not_emulated")


@pytest.mark.fact(96)
def test_the_whole_catalogue_can_be_searched(port: httpx.Client) -> None:
    body = rules({"property": "$title", "operator": "in", "value": ["Shop", "Catalog"]})
    answer = port.post("/v1/entities/search", json=body).json()
    assert (answer["matchingBlueprints"], answer["failedBlueprints"]) == (["domain", "service"], [])
    assert [each["identifier"] for each in answer["entities"]] == ["shop", "shop/catalog"]


@pytest.mark.fact(97)
def test_fields_can_be_chosen(port: httpx.Client) -> None:
    body = {"query": rules(), "include": ["tier", "$title"], "limit": 1}
    entity = port.post(f"{SERVICES}/search", json=body).json()["entities"][0]
    assert entity == {
        "identifier": "shop/checkout",
        "blueprint": "service",
        "title": "Checkout",
        "properties": {"tier": "gold"},
        "relations": {},
    }
    excluded = port.get(SERVICES, params={"exclude": ["tier", "domain"]}).json()["entities"][0]
    assert (set(excluded["properties"]), excluded["relations"]) == ({*OWN, "domainName"} - {"tier"}, {})


@pytest.mark.fact(99)
def test_listing_more_than_ten_thousand_entities_times_out(sandbox: Sandbox, port: httpx.Client) -> None:
    state = sandbox.port.organisation.state
    row = state.get("entities:domain", "shop")
    assert row is not None
    for number in range(10_000):
        state.put("entities:domain", str(number), {**row, "identifier": str(number)})
    assert port.get("/v1/blueprints/domain/entities").status_code == 504
    page = port.post("/v1/blueprints/domain/entities/search", json={"limit": 1000}).json()
    assert len(page["entities"]) == 1000


@pytest.mark.fact(226)
def test_entities_are_found_by_the_user_agent_of_who_wrote_them_last(port: httpx.Client) -> None:
    agent = {"user-agent": "port-ocean/gitlab-v2/mine/exporter"}
    for name in ("one", "two"):
        port.post("/v1/blueprints/domain/entities", json={"identifier": name}, headers=agent)
    port.patch("/v1/blueprints/domain/entities/two", json={"title": "By hand"})
    port.patch("/v1/blueprints/domain/entities/shop", json={"identifier": "mall"}, headers=agent)

    def found(operator: str, value: str) -> list[str]:
        rule = {"property": "$datasource", "operator": operator, "value": value}
        entities = port.post("/v1/entities/search", json=rules(rule)).json()["entities"]
        return [each["identifier"] for each in entities]

    assert found("=", "port-ocean/gitlab-v2/mine/exporter") == ["one", "mall"]
    assert found("contains", "port-ocean/gitlab-v2/mine/") == ["one", "mall"]
    assert found("contains", "python-httpx") == ["two"]
    assert found("=", "port-ocean/gitlab-v2/other/exporter") == []
    port.put(
        "/v1/blueprints/domain", json={"identifier": "area", "title": "Area", "schema": {"properties": {}}}
    ).raise_for_status()
    assert found("contains", "port-ocean/") == ["one", "mall"]
    port.delete("/v1/blueprints/area/entities/one")
    port.post("/v1/blueprints/area/entities", json={"identifier": "one"})
    assert found("contains", "port-ocean/") == ["mall"]


@pytest.mark.fact(227)
@pytest.mark.parametrize(
    "rule",
    [
        {"property": "$nothing", "operator": "=", "value": "x"},
        {"property": "$datasources", "operator": "isEmpty"},
        {"property": "$createdAt", "operator": "isExpired"},
        {"property": "$createdBy", "operator": "=", "value": {"context": "user", "property": "email"}},
        {"property": "$team", "operator": "matchAny", "value": "other"},
    ],
)
def test_rules_that_are_not_emulated_are_refused_where_there_is_nothing_to_find_too(
    port: httpx.Client, rule: Body
) -> None:
    """An empty list would say that there is no such entity."""
    port.post("/v1/blueprints", json={"identifier": "empty", "title": "Empty", "schema": {"properties": {}}})
    nested = rules({"property": "$identifier", "operator": "=", "value": "no"}, rules(rule, combinator="or"))
    answers = [
        port.post("/v1/entities/search", json=nested),
        port.post("/v1/blueprints/empty/entities/search", json={"query": rules(rule)}),
        port.post(f"{SERVICES}/search", json={"query": nested}),
    ]
    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [(501, "not_emulated")] * 3
