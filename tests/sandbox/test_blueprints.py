"""Blueprints: what Port accepts, fills in, drops and refuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import Body, blueprint, refusal, relation

ROOT = "/v1/blueprints"
MAPS = ("calculationProperties", "mirrorProperties", "aggregationProperties", "relations")
STAMPS = ("createdAt", "createdBy", "updatedAt", "updatedBy", "id")


def made(port: httpx.Client, body: Body) -> Body:
    answer = port.post(ROOT, params={"create_catalog_page": "false"}, json=body)
    assert answer.status_code == 201, answer.text
    row: Body = answer.json()["blueprint"]
    return row


def refused(port: httpx.Client, body: Body) -> tuple[int, str]:
    answer = port.post(ROOT, json=body)
    return answer.status_code, answer.json()["message"]


def plain(row: Body) -> Body:
    return {name: value for name, value in row.items() if name not in STAMPS}


@pytest.mark.fact(21)
def test_the_list_has_every_blueprint_system_ones_too(port: httpx.Client) -> None:
    names = [each["identifier"] for each in port.get(ROOT).json()["blueprints"]]
    assert names == ["_team", "_user", "_scorecard", "_rule", "_rule_result", "domain", "service"]


@pytest.mark.fact(22, 26, 44)
def test_a_new_blueprint_is_answered_as_it_was_sent_and_stamped(sandbox: Sandbox, port: httpx.Client) -> None:
    body = {"identifier": "thing", "title": "Thing", "icon": "Lock", "somethingNew": [1], "schema": {"properties": {}}}
    row = made(port, body)
    assert plain(row) == body
    client = sandbox.credentials["port"]["default"]["clientId"]
    assert (row["createdBy"], row["updatedBy"]) == (client, client)
    assert row["createdAt"] == row["updatedAt"]
    assert port.get(f"{ROOT}/thing").json() == {"ok": True, "blueprint": row}
    sandbox.switches.set({"filled-defaults": "strict"})
    filled = {**body, "schema": {"properties": {}, "required": []}, **{key: {} for key in MAPS}}
    assert plain(port.get(f"{ROOT}/thing").json()["blueprint"]) == filled


@pytest.mark.fact(44)
def test_defaults_inside_a_blueprint_are_not_filled_in_or_are(sandbox: Sandbox, port: httpx.Client) -> None:
    authentication = {
        "clientId": "c",
        "authorizationUrl": "https://a.example.com",
        "tokenUrl": "https://t.example.com",
    }
    page = {"type": "string", "format": "url", "spec": "embedded-url", "specAuthentication": authentication}
    spec = {"calculationBy": "entities", "func": "count"}
    body = blueprint(
        properties={"page": page},
        ownership={"type": "Direct"},
        aggregationProperties={"services": {"title": "Services", "target": "service", "calculationSpec": spec}},
    )
    assert plain(made(port, body)) == body
    sandbox.switches.set({"filled-defaults": "strict"})
    row = port.get(f"{ROOT}/thing").json()["blueprint"]
    assert row["aggregationProperties"]["services"]["type"] == "number"
    filled = row["schema"]["properties"]["page"]["specAuthentication"]
    assert filled == {**authentication, "authorizationScope": ["openid"]}
    assert row["ownership"] == {"type": "Direct"}


@pytest.mark.fact(44)
def test_what_was_sent_stays_through_changes_and_nothing_joins_it(port: httpx.Client) -> None:
    """Also where what was sent is the default itself."""
    text = {"type": "string"}
    body = {"identifier": "thing", "title": "Thing", "schema": {"properties": {"a": text}, "required": []}}
    made(port, {**body, "relations": {}})
    renamed = port.patch(f"{ROOT}/thing/properties/a/rename", json={"newPropertyName": "b"}).json()["blueprint"]
    schema = {"properties": {"b": text}, "required": []}
    assert plain(renamed) == {**body, "schema": schema, "relations": {}}
    mirror = {"mirrorProperties": {"domain": {"path": "to.$title"}}, "relations": {"to": relation("domain")}}
    merged = port.patch(f"{ROOT}/thing", json=mirror).json()["blueprint"]
    assert plain(merged) == {**body, "schema": schema, **mirror}
    bare = {"identifier": "thing", "title": "Bare", "schema": {"properties": {}}}
    assert plain(port.put(f"{ROOT}/thing", json=bare).json()["blueprint"]) == bare
    assert plain(port.get(f"{ROOT}/thing").json()["blueprint"]) == bare


@pytest.mark.fact(23, 142, 224)
def test_a_catalogue_page_comes_along_unless_it_is_declined(port: httpx.Client) -> None:
    port.post(ROOT, json=blueprint("library"))
    port.post(ROOT, params={"create_catalog_page": "false"}, json=blueprint("tool"))
    pages = port.get("/v1/pages").json()["pages"]
    assert [(page["identifier"], page["type"], page["title"], page["blueprint"]) for page in pages] == [
        ("librarys", "blueprint-entities", "Libraries", "library"),
        ("libraryEntity", "entity", "Library", "library"),
        ("toolEntity", "entity", "Tool", "tool"),
    ]
    assert port.get("/v1/pages/librarys").json()["page"] == pages[0]


@pytest.mark.fact(224)
def test_the_page_of_a_blueprint_whose_identifier_ends_in_s_is_called_as_it_is(port: httpx.Client) -> None:
    port.post(ROOT, json=blueprint("sales"))
    assert port.get("/v1/pages/sales").json()["page"]["type"] == "blueprint-entities"
    assert port.get("/v1/pages/saless").status_code == 404
    port.delete(f"{ROOT}/sales")
    assert port.get("/v1/pages").json()["pages"] == []


@pytest.mark.fact(24)
def test_a_taken_identifier_is_refused(port: httpx.Client) -> None:
    answer = port.post(ROOT, json=blueprint("service"))
    expected = refusal("identifier_taken", 'Blueprint with identifier "service" already exists')
    assert (answer.status_code, answer.json()) == (409, expected)


@pytest.mark.fact(59)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_blueprint_is_not_found(port: httpx.Client, method: str) -> None:
    answer = port.request(method, f"{ROOT}/foo")
    expected = refusal("not_found", 'Blueprint with identifier "foo" was not found')
    assert (answer.status_code, answer.json()) == (404, expected)


@pytest.mark.fact(25, 27, 28, 29, 30, 31, 34)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"identifier": "x", "title": "X"}, "body must have required property 'schema'"),
        ({"title": "X", "schema": {"properties": {}}}, "body must have required property 'identifier'"),
        (blueprint("a b"), r'body/identifier must match pattern "^(?!\.{1,2}$)[\p{L}0-9@_.+:\\/-]+$"'),
        (blueprint(".."), r'body/identifier must match pattern "^(?!\.{1,2}$)[\p{L}0-9@_.+:\\/-]+$"'),
        (blueprint("x" * 101), "body/identifier must NOT have more than 100 characters"),
        (blueprint(properties={"a b": {"type": "string"}}), "body/schema/properties property name must be valid"),
        ({**blueprint(), "title": ""}, "body/title must NOT have fewer than 1 characters"),
        ({**blueprint(), "title": "x" * 101}, "body/title must NOT have more than 100 characters"),
        (blueprint(description="x" * 201), "body/description must NOT have more than 200 characters"),
        (blueprint(properties={"a": {}}), "body/schema/properties/a must have required property 'type'"),
        (
            blueprint(properties={"a": {"type": "integer"}}),
            "body/schema/properties/a/type must be equal to one of the allowed values",
        ),
        (
            blueprint(properties={"a": {"type": "string", "format": "date"}}),
            "body/schema/properties/a/format must be equal to one of the allowed values",
        ),
        (
            blueprint(properties={"a": {"type": "string", "enum": ["x"], "enumColors": {"x": "crimson"}}}),
            "body/schema/properties/a/enumColors/x must be equal to one of the allowed values",
        ),
        ({**blueprint(), "schema": {"properties": {}, "extra": 1}}, "body/schema must NOT have additional properties"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_in_ajv_wording(port: httpx.Client, body: Body, message: str) -> None:
    assert refused(port, body) == (422, message)


@pytest.mark.fact(31, 32, 33, 35, 36, 37, 39, 40)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            blueprint(required=["ghost"]),
            'schema.required names "ghost", which is not in schema.properties',
        ),
        (
            blueprint(properties={"a": {"type": "string", "format": "labeled-url"}}),
            'The property "a" has the format labeled-url, which goes with the type object',
        ),
        (
            blueprint(properties={"a": {"type": "number", "format": "url"}}),
            'The property "a" has the format url, which goes with the type string',
        ),
        (
            blueprint(properties={"a": {"type": "string", "spec": "embedded-url"}}),
            'The property "a" has the spec embedded-url, which needs the format url',
        ),
        (
            blueprint(properties={"a": {"type": "string", "enum": ["x"], "default": "y"}}),
            'The default of the property "a" is not one of its enum',
        ),
        (
            blueprint(properties={"a": {"type": "number", "enum": [1], "default": True}}),
            'The default of the property "a" is not one of its enum',
        ),
        (
            blueprint(properties={"a": {"type": "string", "enum": ["x"], "enumColors": {"y": "red"}}}),
            'enumColors of the property "a" names "y", which is not in its enum',
        ),
        (
            blueprint(properties={"a": {"type": "boolean", "enum": [True]}}),
            'The property "a" has an enum, which goes with the types string and number',
        ),
        (
            blueprint(relations={"to": relation("ghost")}),
            'The relation "to" targets the blueprint "ghost", which does not exist',
        ),
        (
            blueprint(relations={"to": relation("service", required=True, many=True)}),
            'The relation "to" cannot be both required and many',
        ),
        (
            blueprint(mirrorProperties={"m": {"path": "rel.prop"}}),
            'The path "rel.prop" do not exists',
        ),
        (
            blueprint(relations={"to": relation("service")}, mirrorProperties={"m": {"path": "to.ghost"}}),
            'The path "to.ghost" do not exists',
        ),
        (
            blueprint(
                aggregationProperties={
                    "a": {
                        "title": "A",
                        "target": "service",
                        "calculationSpec": {"calculationBy": "property", "func": "sum", "property": "ghost"},
                    }
                }
            ),
            'The "service" Blueprint does not have property with name "ghost"',
        ),
    ],
)
def test_a_blueprint_that_contradicts_itself_is_refused(port: httpx.Client, body: Body, message: str) -> None:
    assert refused(port, body) == (422, message)


@pytest.mark.fact(36)
def test_a_relation_to_itself_may_be_part_of_the_creation(port: httpx.Client) -> None:
    row = made(port, blueprint(relations={"parent": relation("thing")}))
    assert row["relations"] == {"parent": relation("thing")}


@pytest.mark.fact(38)
def test_relations_must_say_required_and_many_or_mean_false(sandbox: Sandbox, port: httpx.Client) -> None:
    body = blueprint(relations={"to": {"target": "service"}})
    assert refused(port, body) == (422, "body/relations/to must have required property 'required'")
    sandbox.switches.set({"defaulted-keys": "lenient"})
    assert made(port, body)["relations"] == {"to": {"target": "service"}}
    entity = {"identifier": "one", "properties": {}, "relations": {"to": "shop/checkout"}}
    assert port.post(f"{ROOT}/thing/entities", json=entity).status_code == 201
    sandbox.switches.set({"filled-defaults": "strict"})
    assert port.get(f"{ROOT}/thing").json()["blueprint"]["relations"] == {"to": relation("service")}


def _aggregation(**more: Any) -> Body:
    spec = {"calculationBy": "entities", "func": "count"}
    return {"title": "A", "target": "service", "calculationSpec": spec, **more}


@pytest.mark.fact(41)
def test_a_path_filter_over_unknown_relations_is_silently_stored_as_null(port: httpx.Client) -> None:
    row = made(port, blueprint(aggregationProperties={"a": _aggregation(pathFilter=[{"path": ["ghost"]}])}))
    assert row["aggregationProperties"]["a"]["pathFilter"] is None
    kept = made(port, blueprint("other", aggregationProperties={"a": _aggregation(pathFilter=[{"path": ["domain"]}])}))
    assert kept["aggregationProperties"]["a"]["pathFilter"] == [{"path": ["domain"]}]


@pytest.mark.fact(42)
def test_inherited_ownership_is_silently_dropped_where_its_owner_is_not_ready(port: httpx.Client) -> None:
    ownership = {"type": "Inherited", "path": "domain"}
    body = blueprint(relations={"domain": relation("domain")}, ownership=ownership)
    assert made(port, body)["ownership"] == {"type": "Direct"}
    port.patch(f"{ROOT}/domain", json={"ownership": {"type": "Direct"}})
    kept = port.put(f"{ROOT}/thing", json=body).json()["blueprint"]
    assert kept["ownership"] == ownership
    with_team = {
        **body,
        "ownership": {**ownership, "title": "Owners"},
        "relations": {**body["relations"], "team": relation("_team")},
    }
    assert port.put(f"{ROOT}/thing", json=with_team).json()["blueprint"]["ownership"] == {
        "type": "Direct",
        "title": "Owners",
    }


@pytest.mark.fact(43)
@pytest.mark.parametrize("many", [True, False])
def test_an_ownership_path_goes_over_single_relations(port: httpx.Client, many: bool) -> None:
    path = "to" if many else "ghost"
    body = blueprint(relations={"to": relation("domain", many=many)}, ownership={"type": "Inherited", "path": path})
    answer = port.post(ROOT, json=body)
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_inherited_ownership_path")


@pytest.mark.fact(56)
@pytest.mark.parametrize("identifier", ["_user", "_team", "_rule", "_rule_result", "_scorecard"])
def test_system_blueprints_can_be_neither_made_nor_deleted(port: httpx.Client, identifier: str) -> None:
    for answer in (port.post(ROOT, json=blueprint(identifier)), port.delete(f"{ROOT}/{identifier}")):
        assert (answer.status_code, answer.json()["error"]) == (403, "protected_blueprint_violation")


@pytest.mark.fact(57, 58)
def test_system_blueprints_can_be_extended_and_keep_what_port_defines(port: httpx.Client) -> None:
    own = {"pager": {"type": "string"}}
    answer = port.patch(f"{ROOT}/_user", json={"schema": {"properties": own}})
    assert (answer.status_code, answer.json()["error"]) == (403, "protected_blueprint_violation")
    defined = port.get(f"{ROOT}/system/_user/structure").json()["blueprint"]["schema"]["properties"]
    assert sorted(defined) == ["port_role", "port_type", "status"]
    extended = port.patch(f"{ROOT}/_user", json={"schema": {"properties": {**defined, **own}}})
    assert sorted(extended.json()["blueprint"]["schema"]["properties"]) == ["pager", "port_role", "port_type", "status"]
