"""Permissions of actions and blueprints."""

from __future__ import annotations

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import Body, action, blueprint, refusal, relation, rules

ACTION = "/v1/actions/scaffold_service/permissions"
NOBODY: Body = {"users": [], "teams": []}
DEFAULT = {
    "execute": {"roles": ["Admin", "Member"], **NOBODY, "ownedByTeam": False, "policy": None},
    "approve": {"roles": ["Admin"], **NOBODY, "policy": None},
}


@pytest.mark.fact(117)
@pytest.mark.parametrize(("root", "body"), [("/v1/actions", action("thing")), ("/v1/blueprints", blueprint("thing"))])
def test_permissions_come_a_moment_after_what_they_belong_to(
    sandbox: Sandbox, port: httpx.Client, root: str, body: Body
) -> None:
    port.post(root, json=body)
    path = f"{root}/thing/permissions"
    early = [port.get(path).status_code, port.patch(path, json={}).status_code]
    sandbox.world.clock.advance(1)
    late = [port.get(path).status_code, port.patch(path, json={}).status_code]
    assert (early, late) == ([404, 404], [200, 200])


@pytest.mark.fact(117)
def test_permissions_may_be_there_at_once(sandbox: Sandbox, port: httpx.Client) -> None:
    sandbox.switches.set({"late-permissions": "lenient"})
    port.post("/v1/actions", json=action())
    assert port.get("/v1/actions/deploy/permissions").status_code == 200


@pytest.mark.fact(118)
def test_by_default_everybody_executes_and_administrators_approve(port: httpx.Client) -> None:
    assert port.get(ACTION).json() == {"ok": True, "permissions": DEFAULT}
    assert port.get("/v1/actions/ghost/permissions").status_code == 404


@pytest.mark.fact(119)
def test_a_patch_keeps_what_it_leaves_out_and_null_removes_a_policy(port: httpx.Client) -> None:
    policy = {"queries": {"all": rules()}, "conditions": ["true"]}
    port.patch(ACTION, json={"execute": {"roles": ["Admin"], "teams": ["platform"], "policy": policy}})
    changed = port.patch(ACTION, json={"execute": {"users": ["a@example.com"]}}).json()["permissions"]
    expected = {
        "roles": ["Admin"],
        "users": ["a@example.com"],
        "teams": ["platform"],
        "ownedByTeam": False,
        "policy": policy,
    }
    assert changed == {**DEFAULT, "execute": expected}
    removed = port.patch(ACTION, json={"execute": {"policy": None}}).json()["permissions"]
    assert removed["execute"]["policy"] is None
    assert port.get(ACTION).json()["permissions"] == removed


@pytest.mark.fact(120)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"run": {}}, "body must NOT have additional properties"),
        ({"approve": {"ownedByTeam": True}}, "body/approve must NOT have additional properties"),
        ({"execute": {"roles": "Admin"}}, "body/execute/roles must be array"),
        (
            {"execute": {"policy": {"queries": {"a": rules()}}}},
            "body/execute/policy must have required property 'conditions'",
        ),
        (
            {"execute": {"policy": {"queries": {}, "conditions": ["x"]}}},
            "body/execute/policy/queries must NOT have fewer than 1 properties",
        ),
    ],
)
def test_permissions_that_do_not_fit_are_refused(port: httpx.Client, body: Body, message: str) -> None:
    answer = port.patch(ACTION, json=body)
    assert (answer.status_code, answer.json()) == (422, refusal("invalid_request", message))


@pytest.mark.fact(121, 123)
def test_a_blueprint_has_an_entry_per_property_and_relation(sandbox: Sandbox, port: httpx.Client) -> None:
    body = blueprint("thing", {"a": {"type": "string"}}, relations={"to": relation("service")})
    port.post("/v1/blueprints", json=body)
    sandbox.world.clock.advance(1)
    owners = {"roles": ["Admin", "thing-moderator"], **NOBODY, "ownedByTeam": False}
    path = "/v1/blueprints/thing/permissions"
    assert port.get(path).json()["permissions"] == {
        "entities": {
            "read": {"roles": ["Admin", "Member", "thing-moderator"], **NOBODY, "ownedByTeam": False, "policy": None},
            "register": owners,
            "update": owners,
            "unregister": owners,
            "updateProperties": dict.fromkeys(["$title", "$icon", "$identifier", "$team", "a"], owners),
            "updateRelations": {"to": owners},
        }
    }
    port.patch(path, json={"entities": {"updateProperties": {"a": {"roles": ["Member"]}}, "update": {"users": ["x"]}}})
    port.patch(
        "/v1/blueprints/thing", json={"schema": {"properties": {"a": {"type": "string"}, "b": {"type": "number"}}}}
    )
    entities = port.get(path).json()["permissions"]["entities"]
    assert entities["updateProperties"]["a"] == {**owners, "roles": ["Member"]}
    assert entities["updateProperties"]["b"] == owners
    assert entities["update"] == {**owners, "users": ["x"]}


@pytest.mark.fact(219)
@pytest.mark.parametrize("verb", ["read", "register", "update", "unregister"])
def test_every_verb_of_a_blueprint_takes_a_policy_and_null_removes_it(port: httpx.Client, verb: str) -> None:
    path = "/v1/blueprints/service/permissions"
    policy = rules({"property": "tier", "operator": "=", "value": "gold"})
    before = port.get(path).json()["permissions"]["entities"]
    changed = port.patch(path, json={"entities": {verb: {"policy": policy}}}).json()["permissions"]["entities"]
    assert changed == {**before, verb: {**before[verb], "policy": policy}}
    kept = port.patch(path, json={"entities": {verb: {"users": ["x"]}}}).json()["permissions"]["entities"]
    assert kept[verb] == {**before[verb], "policy": policy, "users": ["x"]}
    removed = port.patch(path, json={"entities": {verb: {"policy": None}}}).json()["permissions"]["entities"]
    assert removed == {**before, verb: {**before[verb], "policy": None, "users": ["x"]}}


@pytest.mark.fact(219)
def test_single_properties_take_no_policy(port: httpx.Client) -> None:
    change = {"entities": {"updateProperties": {"tier": {"policy": None}}}}
    answer = port.patch("/v1/blueprints/service/permissions", json=change)
    message = "body/entities/updateProperties/tier must NOT have additional properties"
    assert (answer.status_code, answer.json()) == (422, refusal("invalid_request", message))


@pytest.mark.fact(232)
def test_read_restrictions_of_single_properties_say_that_they_are_not_emulated(port: httpx.Client) -> None:
    change = {"entities": {"readProperties": {"$title": {"roles": ["Admin"]}}}}
    answer = port.patch("/v1/blueprints/service/permissions", json=change)
    message = "The sandbox does not emulate readProperties, read restrictions of single properties"
    assert (answer.status_code, answer.json()) == (501, refusal("not_emulated", message))


@pytest.mark.fact(122)
def test_unknown_properties_and_relations_are_named(port: httpx.Client) -> None:
    change: Body = {"updateProperties": {"ghost": {}, "tier": {}}, "updateRelations": {"phantom": {}}}
    answer = port.patch("/v1/blueprints/service/permissions", json={"entities": change})
    expected = refusal(
        "invalid_permissions",
        "You cannot update permissions on unknown fields",
        invalidProperties=["ghost"],
        invalidRelations=["phantom"],
    )
    assert (answer.status_code, answer.json()) == (422, expected)


@pytest.mark.fact(231)
@pytest.mark.parametrize("path", [ACTION, "/v1/blueprints/service/permissions"])
def test_what_a_read_of_permissions_gives_a_write_takes(port: httpx.Client, path: str) -> None:
    read = port.get(path).json()
    written = port.patch(path, json=read["permissions"])
    assert (written.status_code, written.json()) == (200, read)
