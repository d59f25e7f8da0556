"""Webhook data sources: deliveries in, entities out."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import Body, automation, blueprint, refusal, relation, rules, webhook
from tests.sandbox.running import make, runs

CHANGE = "/v1/blueprints/change/entities"


@pytest.fixture(autouse=True)
def _blueprints(port: httpx.Client) -> None:
    port.post("/v1/blueprints", json=blueprint("owner"))
    properties = {
        "number": {"type": "string"},
        "approval": {"type": "string", "enum": ["approved", "rejected", "requested"]},
        "tags": {"type": "string"},
    }
    relations = {"owner": relation("owner"), "needs": relation("change", required=False)}
    port.post("/v1/blueprints", json=blueprint("change", properties, relations=relations))
    for name in ("mine", "yours"):
        port.post("/v1/blueprints/owner/entities", json={"identifier": name, "title": name.upper(), "properties": {}})


def mapped(entity: Body | None = None, **more: Any) -> Body:
    properties = {"number": ".body.number", "approval": ".body.approval"}
    plain = {"identifier": ".body.id", "title": ".body.title", "properties": properties}
    return {"blueprint": "change", "entity": entity or plain, **more}


def hook(port: httpx.Client, *mappings: Body, **more: Any) -> str:
    """A webhook with these mappings; the address to deliver to."""
    body = webhook("snow", mappings=list(mappings or (mapped(),)), **more)
    answer = port.post("/v1/webhooks", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["integration"]["url"])


def deliver(sandbox: Sandbox, url: str, body: Any, **options: Any) -> httpx.Response:
    answer = httpx.post(url, json=body, **options)
    sandbox.settle()
    return answer


def change(port: httpx.Client, identifier: str) -> Body | None:
    answer = port.get(f"{CHANGE}/{identifier}")
    return dict(answer.json()["entity"]) if answer.status_code == 200 else None


def issues(port: httpx.Client) -> list[str]:
    """What went wrong, newest first."""
    query = {"resources": "webhook", "status": "FAILURE", "webhookId": "snow"}
    return [each["message"] for each in port.get("/v1/audit-log", params=query).json()["audits"]]


@pytest.mark.fact(144)
def test_a_delivery_is_taken_at_once_without_credentials_and_mapped_later(sandbox: Sandbox, port: httpx.Client) -> None:
    url = hook(port)
    fault = {"kind": "delay", "service": "port-jobs", "path": "^/ingest/snow$", "seconds": 60}
    httpx.post(f"{sandbox.control}/faults", json=fault).raise_for_status()
    answer = httpx.post(url, json={"id": "c1", "title": "One", "number": "CHG1", "approval": "requested"})
    assert (answer.status_code, answer.json()) == (202, {"ok": True})
    assert change(port, "c1") is None
    sandbox.settle()
    made = change(port, "c1")
    assert made is not None
    assert (made["title"], made["createdBy"]) == ("One", "snow")
    assert made["properties"] == {"number": "CHG1", "approval": "requested", "tags": None}
    audits = port.get("/v1/audit-log", params={"entity": "c1", "origin": "WEBHOOK"}).json()["audits"]
    assert [(each["action"], each["trigger"]["by"]["userId"]) for each in audits] == [("CREATE", "snow")]


@pytest.mark.fact(129)
@pytest.mark.parametrize("host", ["https://ingest.port.io", "http://ingest.us.getport.io"])
def test_the_hosts_of_ports_ingest_mean_the_sandboxs_own(sandbox: Sandbox, port: httpx.Client, host: str) -> None:
    url = hook(port)
    key = port.get("/v1/webhooks/snow").json()["integration"]["webhookKey"]
    assert url == f"{sandbox.urls['port']}/ingest/{key}"
    assert sandbox.world.hosts.resolve(f"{host}/{key}") == url


@pytest.mark.fact(198)
def test_nulls_are_stored_and_what_is_not_mapped_is_kept(sandbox: Sandbox, port: httpx.Client) -> None:
    url = hook(port)
    body = {"identifier": "c1", "title": "One", "properties": {"number": "CHG1", "tags": "r_1"}}
    port.post(CHANGE, json={**body, "relations": {"owner": "mine"}})
    deliver(sandbox, url, {"id": "c1", "approval": "approved"})
    made = change(port, "c1") or {}
    assert (made["title"], made["relations"]["owner"]) == (None, "mine")
    assert made["properties"] == {"number": None, "approval": "approved", "tags": "r_1"}


@pytest.mark.fact(199)
@pytest.mark.parametrize(
    ("filter_", "taken"),
    [
        (".body.id != null", True),
        (".body.id", False),
        ("null", False),
        ("error(1)", False),
        ('.headers["x-kind"] == "change"', True),
        ('.queryParams.env == "prod"', True),
        (".item", False),
    ],
)
def test_a_filter_sees_body_headers_and_query_and_must_yield_true(
    sandbox: Sandbox, port: httpx.Client, filter_: str, taken: bool
) -> None:
    url = hook(port, mapped(filter=filter_))
    deliver(sandbox, f"{url}?env=prod", {"id": "c1"}, headers={"X-Kind": "change"})
    assert (change(port, "c1") is not None, issues(port)) == (taken, [])


@pytest.mark.fact(200)
def test_items_are_mapped_one_by_one(sandbox: Sandbox, port: httpx.Client) -> None:
    entity = {"identifier": ".item.id", "properties": {"number": ".body.batch + .item.n"}}
    url = hook(port, mapped(entity, itemsToParse=".body.rows", filter='.item.id != "skip"'))
    rows = [{"id": name, "n": "1"} for name in ("c1", "skip", "c2")]
    deliver(sandbox, url, {"batch": "b", "rows": rows})
    found = port.get(CHANGE).json()["entities"]
    assert [(row["identifier"], row["properties"]["number"]) for row in found] == [("c1", "b1"), ("c2", "b1")]
    deliver(sandbox, url, {"rows": [{"id": "x"}] * 501})
    deliver(sandbox, url, {"rows": "none"})
    assert issues(port) == [
        "itemsToParse must yield a list: .body.rows",
        "itemsToParse yields 501 items, the limit is 500",
    ]


@pytest.mark.fact(201)
def test_relations_and_identifiers_may_be_searched(sandbox: Sandbox, port: httpx.Client) -> None:
    by_title = rules({"property": "$title", "operator": "=", "value": ".body.owner"})
    entity: Body = {"identifier": ".body.id", "properties": {}, "relations": {"owner": by_title}}
    by_number = rules({"property": "number", "operator": "=", "value": ".body.number"})
    url = hook(port, mapped(entity), mapped({"identifier": by_number, "properties": {"tags": '"found"'}}))
    for name in ("c7", "c8", "c9"):
        port.post(CHANGE, json={"identifier": name, "properties": {"number": name[1] if name != "c8" else "7"}})
    deliver(sandbox, url, {"id": "c1", "owner": "YOURS", "number": "7"})
    found = {row["identifier"]: row for row in port.get(CHANGE).json()["entities"]}
    assert found["c1"]["relations"]["owner"] == "yours"
    assert [name for name, row in found.items() if row["properties"]["tags"] == "found"] == ["c7", "c8"]


@pytest.mark.fact(202)
@pytest.mark.parametrize(
    ("operation", "left"),
    [("delete", []), ({"type": "delete", "deleteDependents": True}, []), ({"type": "delete"}, ["c1", "c2"])],
)
def test_a_deleting_mapping_deletes_with_or_without_dependents(
    sandbox: Sandbox, port: httpx.Client, operation: str | Body, left: list[str]
) -> None:
    body = blueprint("part", relations={"whole": relation("part")})
    port.post("/v1/blueprints", json=body)
    for name, whole in (("c1", None), ("c2", "c1")):
        port.post(
            "/v1/blueprints/part/entities",
            json={"identifier": name, "properties": {}, "relations": {"whole": whole or name}},
        )
    port.put("/v1/blueprints/part", json={**body, "relations": {"whole": relation("part", required=True)}})
    entity = {"identifier": ".body.id"}
    url = hook(port, {"blueprint": "part", "operation": operation, "filter": ".body.gone", "entity": entity})
    deliver(sandbox, url, {"id": "c1", "gone": True})
    found = [row["identifier"] for row in port.get("/v1/blueprints/part/entities").json()["entities"]]
    assert (found, len(issues(port))) == (left, 1 if left else 0)


def signed(algorithm: str, raw: bytes, prefix: str = "") -> str:
    if algorithm == "plain":
        return f"{prefix}s3cret"
    return prefix + hmac.new(b"s3cret", raw, getattr(hashlib, algorithm)).hexdigest()


@pytest.mark.fact(203)
@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "plain"])
@pytest.mark.parametrize("prefix", [None, "sha="])
def test_a_signature_is_checked_over_the_raw_body(
    sandbox: Sandbox, port: httpx.Client, algorithm: str, prefix: str | None
) -> None:
    security = {
        "secret": "s3cret",
        "signatureHeaderName": "X-Signature",
        "signatureAlgorithm": algorithm,
        "signaturePrefix": prefix,
    }
    url = hook(port, security=security)
    raw = json.dumps({"id": "c1"}, indent=1).encode()
    right = signed(algorithm, raw, prefix or "")
    wrong = [{}, {"x-signature": f"{right}x"}, {"x-signature": f"other{right}"}, {"authorization": right}]
    refused = [httpx.post(url, content=raw, headers=headers) for headers in wrong]
    expected = refusal("invalid_signature", "The header X-Signature does not carry the signature of this webhook")
    assert [(each.status_code, each.json()) for each in refused] == [(401, expected)] * 4
    sandbox.settle()
    assert change(port, "c1") is None
    assert httpx.post(url, content=raw, headers={"x-signature": right}).status_code == 202
    sandbox.settle()
    assert change(port, "c1") is not None


@pytest.mark.fact(204)
def test_a_delivery_that_is_too_large_not_json_or_for_nobody_is_refused(sandbox: Sandbox, port: httpx.Client) -> None:
    url = hook(port)
    large = httpx.post(url, json={"id": "x" * 512 * 1024})
    garbled = httpx.post(url, content=b"{")
    unknown = httpx.post(f"{sandbox.urls['port']}/ingest/none", json={})
    assert [each.status_code for each in (large, garbled, unknown)] == [413, 400, 404]
    assert (large.json()["ok"], garbled.json()["error"]) == (False, "invalid_request")
    assert httpx.post(url, json={"id": "x" * 500 * 1024}).status_code == 202


@pytest.mark.fact(205)
def test_a_disabled_webhook_takes_and_drops(sandbox: Sandbox, port: httpx.Client) -> None:
    url = hook(port)
    port.patch("/v1/webhooks/snow", json={"enabled": False})
    assert (deliver(sandbox, url, {"id": "c1"}).status_code, change(port, "c1")) == (202, None)
    notes = [each.note for each in sandbox.journal.exchanges() if each.route == "/ingest/{key}"]
    assert notes == ["dropped"]


@pytest.mark.fact(206)
def test_what_a_mapping_does_wrong_stands_in_the_audit_log_only(sandbox: Sandbox, port: httpx.Client) -> None:
    missing = mapped({"identifier": ".body.id", "relations": {"owner": ".body.owner"}})
    numeric, query, odd = (mapped({"identifier": f".body.{name}"}) for name in ("n", "query", "odd"))
    url = hook(port, mapped(), missing, numeric, query, odd)
    every = {"combinator": "and", "rules": []}  # only a mapping searches, not what is delivered
    body = {"id": "c1", "approval": "declined", "owner": "nobody", "n": 7, "query": every, "odd": {}}
    assert deliver(sandbox, url, body).status_code == 202
    assert issues(port) == [
        *["entity/identifier must yield a string that is not empty"] * 3,
        'Entity "nobody" does not exist in blueprint "owner"',
        "properties/approval must be equal to one of the allowed values",
    ]
    assert change(port, "c1") is None


@pytest.mark.fact(207)
def test_a_delivery_sets_automations_off_once_per_change_even_when_it_comes_twice(
    sandbox: Sandbox, port: httpx.Client
) -> None:
    transition = ".diff.before.properties.approval != .diff.after.properties.approval"
    condition = {"condition": {"type": "JQ", "expressions": [transition]}}
    event = {"type": "ANY_ENTITY_CHANGE", "blueprintIdentifier": "change"}
    make(port, automation("decided", event, trigger=condition))
    url = hook(port)
    fault = {"kind": "duplicate", "service": "port-jobs", "path": "^/ingest/"}
    httpx.post(f"{sandbox.control}/faults", json=fault).raise_for_status()
    deliver(sandbox, url, {"id": "c1", "approval": "approved"})
    audits = port.get("/v1/audit-log", params={"entity": "c1"}).json()["audits"]
    assert [each["action"] for each in audits] == ["UPDATE", "CREATE"]
    assert [row["action"]["identifier"] for row in runs(port)] == ["decided"]


@pytest.mark.fact(208)
def test_deliveries_that_were_taken_survive_a_restart(tmp_path: Any) -> None:
    first = Sandbox(tmp_path, seed=3)
    with first:
        sandbox_url = first.urls["port"]
        fault = {"kind": "delay", "service": "port-jobs", "path": "^/ingest/", "seconds": 3600}
        httpx.post(f"{first.control}/faults", json=fault).raise_for_status()
        row = next(iter(first.port.organisation.state.rows("webhooks").values()))
        raw = json.dumps({"kind": "service", "id": "late", "name": "Late"}).encode()
        digest = hmac.new(b"not-ours-either", raw, hashlib.sha256).hexdigest()
        url = f"{sandbox_url}/ingest/{row['webhookKey']}"
        assert httpx.post(url, content=raw, headers={"x-signature": digest}).status_code == 202
    assert first.port.organisation.state.get("entities:service", "late") is None
    with Sandbox(tmp_path, seed=3) as second:
        second.settle()
        assert second.port.organisation.state.get("entities:service", "late") is not None
