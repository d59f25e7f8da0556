"""Secrets, webhooks, teams, users, the organisation, the audit log."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import Body, blueprint, refusal, webhook

SECRETS = "/v1/organization/secrets"
STAMPS = ("createdAt", "createdBy", "updatedAt", "updatedBy", "id")


@pytest.mark.fact(124, 126, 127)
def test_the_value_of_a_secret_never_comes_back(sandbox: Sandbox, port: httpx.Client) -> None:
    body = {"secretName": "MY_TOKEN", "secretValue": "hush", "description": "Mine"}
    created = port.post(SECRETS, json=body)
    sandbox.world.clock.advance(5)
    changed = port.patch(f"{SECRETS}/MY_TOKEN", json={"secretValue": "hush hush"})
    answers = [created, changed, port.get(SECRETS), port.get(f"{SECRETS}/MY_TOKEN"), port.get("/v1/audit-log")]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200, 200]
    assert [answer for answer in answers if "hush" in answer.text] == []
    secret = changed.json()["secret"]
    assert sorted(secret) == ["createdAt", "description", "secretName", "updatedAt"]
    bare = port.post(SECRETS, json={"secretName": "BARE", "secretValue": "x"}).json()["secret"]
    assert sorted(bare) == ["createdAt", "secretName", "updatedAt"]
    port.delete(f"{SECRETS}/BARE")
    assert secret["updatedAt"] > created.json()["secret"]["updatedAt"]
    assert [each["secretName"] for each in port.get(SECRETS).json()["secrets"]] == ["SCAFFOLD_TOKEN", "MY_TOKEN"]
    assert port.post(SECRETS, json=body).json()["error"] == "identifier_taken"
    assert port.delete(f"{SECRETS}/MY_TOKEN").json() == {"ok": True}
    assert [port.request(each, f"{SECRETS}/MY_TOKEN").status_code for each in ("GET", "DELETE")] == [404, 404]


@pytest.mark.fact(125)
@pytest.mark.parametrize(
    "change",
    [
        {"secretName": ""},
        {"secretName": "a b"},
        {"secretName": "x" * 101},
        {"description": "x" * 201},
        {"secretValue": 1},
        {"other": 1},
    ],
)
def test_a_secret_that_does_not_fit_is_refused(port: httpx.Client, change: Body) -> None:
    assert port.post(SECRETS, json={"secretName": "A", "secretValue": "x", **change}).status_code == 422


MAPPING: Body = {"blueprint": "service", "entity": {"identifier": ".body.id"}}


@pytest.mark.fact(128, 129, 134)
def test_a_webhook_is_wrapped_as_integration_and_gets_an_address(sandbox: Sandbox, port: httpx.Client) -> None:
    answer = port.post("/v1/webhooks", json=webhook(mappings=[MAPPING]))
    row = answer.json()["integration"]
    assert answer.status_code == 201
    assert row["url"] == f"{sandbox.urls['port']}/ingest/{row['webhookKey']}"
    own = {name: value for name, value in row.items() if name not in (*STAMPS, "webhookKey", "url")}
    assert own == webhook(mappings=[MAPPING])
    names = [each["identifier"] for each in port.get("/v1/webhooks").json()["integrations"]]
    assert names == ["catalogSync", "hook"]
    sandbox.switches.set({"filled-defaults": "strict"})
    row = port.post("/v1/webhooks", json=webhook("other", mappings=[MAPPING])).json()["integration"]
    own = {name: value for name, value in row.items() if name not in (*STAMPS, "webhookKey", "url")}
    filled = {"operation": "create", "filter": "true", **MAPPING}
    assert own == {**webhook("other", mappings=[filled]), "security": {}, "integrationType": "custom"}


@pytest.mark.fact(130, 131)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"identifier": "x" * 31}, "body/identifier must NOT have more than 30 characters"),
        ({"title": "x" * 31}, "body/title must NOT have more than 30 characters"),
        ({"description": "x" * 201}, "body/description must NOT have more than 200 characters"),
        ({"other": 1}, "body must NOT have additional properties"),
        ({"security": {"signatureAlgorithm": "md5"}}, "body/security/signatureAlgorithm must match a schema in anyOf"),
        ({"mappings": [{"blueprint": "service"}]}, "body/mappings/0 must have required property 'entity'"),
        (
            {"mappings": [{**MAPPING, "operation": "upsert"}]},
            "body/mappings/0/operation must match exactly one schema in oneOf",
        ),
        (
            {"mappings": [{**MAPPING, "operation": "delete", "entity": {"identifier": ".x", "title": ".y"}}]},
            "body/mappings/0/entity must NOT have additional properties",
        ),
        ({"mappings": [{**MAPPING, "other": 1}]}, "body/mappings/0 must NOT have additional properties"),
    ],
)
def test_a_webhook_that_does_not_fit_is_refused(port: httpx.Client, change: Body, message: str) -> None:
    answer = port.post("/v1/webhooks", json=webhook(**change))
    assert (answer.status_code, answer.json()) == (422, refusal("invalid_request", message))


@pytest.mark.fact(131)
@pytest.mark.parametrize(
    "operation", ["create", "delete", {"type": "create"}, {"type": "delete", "deleteDependents": True}]
)
def test_mappings_create_or_delete(port: httpx.Client, operation: Any) -> None:
    answer = port.post("/v1/webhooks", json=webhook(mappings=[{**MAPPING, "operation": operation}]))
    assert answer.json()["integration"]["mappings"][0]["operation"] == operation


@pytest.mark.fact(130)
def test_a_webhook_must_say_whether_it_is_enabled_or_is_anyway(sandbox: Sandbox, port: httpx.Client) -> None:
    body = {"title": "Hook"}
    assert port.post("/v1/webhooks", json=body).status_code == 422
    sandbox.switches.set({"defaulted-keys": "lenient"})
    row = port.post("/v1/webhooks", json=body).json()["integration"]
    assert ("enabled" in row, len(row["identifier"])) == (False, 16)
    assert httpx.post(row["url"], json={}).status_code == 202
    assert sandbox.journal.exchanges()[-1].note is None
    sandbox.switches.set({"filled-defaults": "strict"})
    assert port.post("/v1/webhooks", json=body).json()["integration"]["enabled"] is True


@pytest.mark.fact(132)
def test_the_blueprint_of_a_mapping_must_exist(port: httpx.Client) -> None:
    answer = port.post("/v1/webhooks", json=webhook(mappings=[{**MAPPING, "blueprint": "ghost"}]))
    expected = refusal("not_found", 'Blueprint with identifier "ghost" was not found')
    assert (answer.status_code, answer.json()) == (404, expected)


@pytest.mark.fact(133)
def test_the_signing_secret_is_masked_or_not(sandbox: Sandbox, port: httpx.Client) -> None:
    security = {"secret": "hush", "signatureHeaderName": "x-sig", "signatureAlgorithm": "sha256"}
    created = port.post("/v1/webhooks", json=webhook(security=security)).json()["integration"]
    assert created["security"] == {**security, "secret": "******"}
    assert "hush" not in port.get("/v1/audit-log").text
    sandbox.switches.set({"webhook-secret": "lenient"})
    assert port.get("/v1/webhooks/hook").json()["integration"]["security"] == security


@pytest.mark.fact(135)
def test_put_replaces_a_webhook_and_patch_keeps_it(port: httpx.Client) -> None:
    port.post("/v1/webhooks", json=webhook(description="Old", mappings=[MAPPING]))
    first = port.get("/v1/webhooks/hook").json()["integration"]
    patched = port.patch("/v1/webhooks/hook", json={"title": "New"}).json()["integration"]
    replaced = port.put("/v1/webhooks/hook", json=webhook(title="Newer")).json()["integration"]
    assert (patched["title"], patched["description"], len(patched["mappings"])) == ("New", "Old", 1)
    assert (replaced["title"], "description" in replaced, "mappings" in replaced) == ("Newer", False, False)
    assert patched["webhookKey"] == replaced["webhookKey"] == first["webhookKey"]
    assert port.delete("/v1/webhooks/hook").json() == {"ok": True}
    assert [port.request(each, "/v1/webhooks/hook").status_code for each in ("GET", "DELETE")] == [404, 404]


@pytest.mark.fact(136, 137)
def test_teams_take_addresses_and_show_people(port: httpx.Client) -> None:
    body = {"name": "night", "users": ["dev.dora@example.com"]}
    team = port.post("/v1/teams", json=body).json()["team"]
    assert {name: value for name, value in team.items() if name not in STAMPS} == {**body, "provider": "port"}
    read = port.get("/v1/teams/night").json()["team"]
    dora = {"email": "dev.dora@example.com", "firstName": "Dora", "lastName": "Dev", "picture": "", "status": "ACTIVE"}
    assert read == {**team, "users": [dora]}
    assert port.post("/v1/teams", json={"name": "x1", "description": None}).status_code == 422
    assert port.post("/v1/teams", json=body).status_code == 409
    changed = port.patch("/v1/teams/night", json={"description": "Late"}).json()["team"]
    assert (changed["description"], changed["users"]) == ("Late", ["dev.dora@example.com"])
    entity = port.get("/v1/blueprints/_team/entities/night").json()["entity"]
    assert entity["properties"] == {"description": "Late", "size": 1}
    replaced = port.put("/v1/teams/night", json={"name": "day"}).json()["team"]
    assert (replaced["name"], "description" in replaced, replaced["users"]) == ("day", False, [])
    assert port.delete("/v1/teams/day").json() == {"ok": True}
    assert [each["name"] for each in port.get("/v1/teams").json()["teams"]] == ["platform", "shop"]
    assert port.get("/v1/teams/day").status_code == 404


@pytest.mark.fact(137, 138)
def test_users_are_invited_and_are_entities(port: httpx.Client) -> None:
    user = port.post("/v1/users/invite", json={"invitee": {"email": "new@example.com"}}).json()["user"]
    assert (user["status"], user["roles"], user["teams"]) == ("INVITED", [{"name": "Member"}], [])
    assert port.get("/v1/users/dev.dora@example.com").json()["user"]["teams"] == ["shop"]
    port.patch("/v1/users/new@example.com", json={"roles": ["Admin"]})
    entity = port.get("/v1/blueprints/_user/entities/new@example.com").json()["entity"]
    assert entity["properties"]["port_role"] == "Admin"
    assert port.post("/v1/users/invite", json={"invitee": {"email": "new@example.com"}}).status_code == 409
    assert port.delete("/v1/users/new@example.com").json() == {"ok": True}
    assert port.get("/v1/users/new@example.com").status_code == 404
    emails = [each["email"] for each in port.get("/v1/users").json()["users"]]
    accounts = [f"deployment-gate{suffix}@serviceaccounts.getport.io" for suffix in ("", "-member")]
    assert emails == ["ada.admin@example.com", "pat.platform@example.com", "dev.dora@example.com", *accounts]


@pytest.mark.fact(225)
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("teams/shop?fields=name&fields=users.email", {"name": "shop", "users": [{"email": "dev.dora@example.com"}]}),
        (
            "teams/shop?fields=users.firstName&fields=users.status",
            {"users": [{"firstName": "Dora", "status": "ACTIVE"}]},
        ),
        ("teams/shop?fields=provider&fields=nothing", {"provider": "port"}),
        (
            "users/dev.dora@example.com?fields=email&fields=teams&fields=roles.name&fields=managedByScim",
            {"email": "dev.dora@example.com", "teams": ["shop"], "roles": [{"name": "Member"}]},
        ),
        ("users/dev.dora@example.com?fields=teams.name", {"teams": ["shop"]}),
        (
            "users/dev.dora@example.com?fields=email&fields=teams.name",
            {"email": "dev.dora@example.com", "teams": ["shop"]},
        ),
    ],
)
def test_fields_choose_what_is_read_of_teams_and_users(port: httpx.Client, path: str, expected: Body) -> None:
    read = port.get(f"/v1/{path}").json()
    kind = path.partition("/")[0]
    assert read[kind.removesuffix("s")] == expected
    rows = port.get(f"/v1/{kind}?{path.partition('?')[2]}").json()[kind]
    assert expected in rows
    assert [row for row in rows if sorted(row) != sorted(expected)] == []


@pytest.mark.fact(139)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_of_the_organisation_answers_no_more_than_ok(port: httpx.Client, method: str) -> None:
    assert port.request(method, "/v1/organization", json={"name": "Renamed"}).json() == {"ok": True}
    assert port.get("/v1/organization").json()["organization"]["name"] == "Renamed"


@pytest.mark.fact(140)
def test_the_audit_log_says_who_changed_what(sandbox: Sandbox, port: httpx.Client) -> None:
    body = blueprint(description="a")
    port.post("/v1/blueprints", params={"create_catalog_page": "false"}, json=body)
    port.put("/v1/blueprints/thing", json={**body, "description": "b"})
    port.delete("/v1/blueprints/thing")
    rows = port.get("/v1/audit-log", params={"blueprint": "thing"}).json()["audits"]
    assert [(row["action"], row["resourceType"], row["status"]) for row in rows] == [
        ("DELETE", "blueprint", "SUCCESS"),
        ("UPDATE", "blueprint", "SUCCESS"),
        ("CREATE", "blueprint", "SUCCESS"),
    ]
    diff = rows[1]["diff"]
    assert (diff["before"]["description"], diff["after"]["description"]) == ("a", "b")
    assert (rows[2]["diff"]["before"], rows[0]["diff"]["after"]) == (None, None)
    client = sandbox.credentials["port"]["default"]["clientId"]
    assert {row["trigger"]["by"]["userId"] for row in rows} == {client}


@pytest.mark.fact(141)
@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("entity=shop&action=UPDATE", 0),
        ("entity=shop&action=CREATE", 1),
        ("resources=webhook&resources=action", 2),
        ("resources[]=entity&limit=2", 2),
        ("origin=UI", 0),
        ("to=2000-01-01T00:00:00Z", 0),
        ("webhookId=catalogSync&includes=action", 1),
    ],
)
def test_the_audit_log_is_filtered_by_all_parameters_at_once(port: httpx.Client, query: str, count: int) -> None:
    rows = port.get(f"/v1/audit-log?{query}").json()["audits"]
    assert len(rows) == count
    assert "includes" not in query or rows == [{"action": "CREATE"}]


@pytest.mark.fact(141)
@pytest.mark.parametrize("query", ["action=READ", "status=x", "resources=team", "limit=many"])
def test_audit_filters_outside_their_values_are_refused(port: httpx.Client, query: str) -> None:
    assert port.get(f"/v1/audit-log?{query}").status_code == 422
