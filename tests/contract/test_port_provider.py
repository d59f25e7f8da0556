"""Every kind of Port through its whole life, over real HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portctl.compare.canonical import same
from portctl.compare.normalise import normalise
from portctl.errors import AccessDenied, ApiError, PortctlError, Unreachable
from portctl.model.kind import Coverage, Kind
from portctl.model.provider import WriteRequest
from portctl.model.resource import Identity, Live
from portctl.model.value import Canonical, SecretRef, freeze, get, leaves, pending, thaw
from portctl.providers.catalogue import catalogue
from portctl.providers.rest import RestProvider
from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from portctl.source import Path
from tests.contract.conftest import Connect

KINDS = {name: kind for name, kind in catalogue().items() if kind.provider == "port"}
BLUEPRINT = ("blueprint",)
SEALED = pending((SecretRef("HOOK"),))


def blueprint(identifier: str = "gate", **more: Any) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "title": "Gate",
        "schema": {"properties": {"tier": {"type": "string", "title": "Tier"}}, "required": []},
        **more,
    }


def action(identifier: str = "deploy", **more: Any) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "title": "Deploy",
        "trigger": {
            "type": "self-service",
            "operation": "DAY-2",
            "blueprintIdentifier": "service",
            "userInputs": {"properties": {"environment": {"type": "string"}}, "required": ["environment"]},
        },
        "invocationMethod": {"type": "WEBHOOK", "url": "https://git.example/trigger", "body": {"ref": "{{ .entity }}"}},
        **more,
    }


AUTOMATION = {
    "identifier": "on_service",
    "trigger": {"type": "automation", "event": {"type": "ENTITY_CREATED", "blueprintIdentifier": "service"}},
    "invocationMethod": {"type": "WEBHOOK", "url": "https://git.example/hook"},
    "publish": True,
}
WEBHOOK = {
    "identifier": "events",
    "title": "Events",
    "enabled": True,
    "mappings": [{"blueprint": "service", "filter": "true", "entity": {"identifier": ".body.id"}}],
    "security": {"secret": SEALED, "signatureHeaderName": "x-signature", "signatureAlgorithm": "sha256"},
}
ENTITY = {
    "blueprint": "service",
    "identifier": "shop/new:ü",
    "title": "New one",
    "team": "shop",
    "properties": {"tier": "gold", "language": "Go"},
}

LIVES: list[tuple[str, Identity, dict[str, Any], dict[str, Any]]] = [
    ("Blueprint", ("gate",), blueprint(), {"title": "Gate 2"}),
    ("Action", ("deploy",), action(), {"publish": False}),
    ("Automation", ("on_service",), AUTOMATION, {"description": "Watches services"}),
    ("Secret", ("HOOK",), {"secretName": "HOOK", "secretValue": SEALED}, {"description": "Signs events"}),
    ("Webhook", ("events",), WEBHOOK, {"title": "More events"}),
    ("Entity", ("service", "shop/new:ü"), ENTITY, {"title": "Newer one"}),
]
every_life = pytest.mark.parametrize(("name", "identity", "body", "change"), LIVES, ids=[life[0] for life in LIVES])


def write_request(identity: Identity, attributes: Any, changed: tuple[Path, ...] = (), **given: Any) -> WriteRequest:
    return WriteRequest(identity=identity, attributes=freeze(attributes), changed=changed, **given)


def sides(kind: Kind, attributes: Any, live: Live) -> tuple[Canonical, Canonical]:
    """What was wanted and what lives, both in canonical form; only what is declared where that is the coverage."""
    wanted = normalise(kind, freeze(attributes))
    found = normalise(kind, live.attributes, like=wanted)
    if kind.coverage is Coverage.DECLARED:
        found = Canonical({key: value for key, value in found.items() if key in wanted})
    return wanted, found


@every_life
def test_an_object_is_created_found_changed_and_deleted(
    port: RestProvider, name: str, identity: Identity, body: dict[str, Any], change: dict[str, Any]
) -> None:
    kind = KINDS[f"port/{name}"]
    assert (port.read(kind, [identity]), port.fetch(kind, identity)) == ({}, None)
    created = port.create(kind, write_request(identity, body))
    assert created.identity == identity
    for live in (created, port.read(kind, [identity])[identity], port.fetch(kind, identity)):
        assert live is not None
        wanted, found = sides(kind, body, live)
        assert same(_declared(wanted, found), wanted)
    changed = {**body, **change}
    updated = port.update(kind, created, write_request(identity, changed, tuple((key,) for key in change)))
    wanted, found = sides(kind, changed, updated)
    assert same(_declared(wanted, found), wanted)
    port.delete(kind, updated)
    port.delete(kind, updated)
    assert port.read(kind, [identity]) == {}


def _declared(wanted: Canonical, found: Canonical) -> Any:
    """`found` at the paths of `wanted`, where only part of an object is ours; all of it otherwise."""
    if "properties" not in wanted or "blueprint" not in wanted:
        return found
    return {**found, "properties": {key: get(found, ("properties", key)) for key in wanted["properties"]}}


@every_life
def test_creating_what_somebody_else_has_created_is_refused_and_says_how_to_take_it_over(
    port: RestProvider, name: str, identity: Identity, body: dict[str, Any], change: dict[str, Any]
) -> None:
    kind = KINDS[f"port/{name}"]
    port.create(kind, write_request(identity, body))
    with pytest.raises(ApiError) as caught:
        port.create(kind, write_request(identity, {**body, **change}))
    assert (caught.value.status, caught.value.code) == (409, "identifier_taken")
    assert "--adopt ADDRESS" in caught.value.hint


def test_the_address_and_key_of_a_webhook_can_be_read(port: RestProvider) -> None:
    kind = KINDS["port/Webhook"]
    live = port.create(kind, write_request(("events",), WEBHOOK))
    outputs = {output.name: get(live.attributes, tuple(output.at.split("."))) for output in kind.outputs}
    assert outputs["url"].endswith(outputs["webhookKey"])


def test_permissions_are_waited_for_and_only_what_is_declared_changes(port: RestProvider) -> None:
    kind = KINDS["port/ActionPermissions"]
    port.create(KINDS["port/Action"], write_request(("deploy",), action()))
    wanted = {"execute": {"roles": [], "teams": ["shop"]}}
    live = port.create(kind, write_request(("deploy",), wanted))
    assert thaw(live.attributes["execute"]) == {**thaw(live.attributes["execute"]), "roles": [], "teams": ["shop"]}
    assert thaw(live.attributes["approve"])["roles"] == ["Admin"]
    policy = {"queries": {"all": {"combinator": "and", "rules": []}}, "conditions": ["true"]}
    live = port.update(
        kind, live, write_request(("deploy",), {"execute": {"policy": policy}}, (("execute", "policy"),))
    )
    assert thaw(live.attributes["execute"])["policy"] == policy
    removed = (("execute", "policy"), ("execute", "teams"))
    live = port.update(kind, live, write_request(("deploy",), {}, removed=removed, merge=True))
    assert get(live.attributes, ("execute", "policy")) is None
    assert get(live.attributes, ("execute", "teams")) == ()


def test_part_of_somebody_else_s_blueprint_is_written_and_the_rest_stays(port: RestProvider) -> None:
    kind = KINDS["port/Blueprint"]
    before = port.fetch(kind, ("service",))
    assert before is not None
    ours = {"schema": {"properties": {"gate": {"type": "string", "title": "Gate"}}}}
    path = ("schema", "properties", "gate")
    after = port.update(kind, before, write_request(("service",), ours, (path,), merge=True))
    assert get(after.attributes, path) == ours["schema"]["properties"]["gate"]
    restored = port.update(kind, after, write_request(("service",), {}, removed=(path,), merge=True))
    assert normalise(kind, restored.attributes) == normalise(kind, before.attributes)


def test_a_property_of_an_entity_is_cleared_and_its_neighbours_stay(port: RestProvider) -> None:
    kind, identity = KINDS["port/Entity"], ("service", "shop/new:ü")
    live = port.create(kind, write_request(identity, ENTITY))
    removed = (("properties", "language"), ("team",))
    live = port.update(kind, live, write_request(identity, {}, removed=removed, merge=True))
    canonical = normalise(kind, live.attributes)
    assert (canonical["properties"], canonical.get("team")) == ({"tier": "gold"} | _derived(canonical), None)


def _derived(canonical: Canonical) -> Any:
    return {key: value for key, value in canonical["properties"].items() if key not in ("tier", "language")}


def test_a_property_mirror_or_relation_is_renamed_with_its_data(port: RestProvider) -> None:
    kind = KINDS["port/Blueprint"]
    relation = {"target": "service", "required": False, "many": False}
    mirror = {"title": "Tier of service", "path": "service.tier"}
    body = blueprint(relations={"service": relation}, mirrorProperties={"mirrored": mirror})
    live = port.create(kind, write_request(("gate",), body))
    port.create(KINDS["port/Entity"], write_request(("gate", "g"), {"identifier": "g", "properties": {"tier": "old"}}))
    live = port.rename(kind, live, ("schema", "properties", "level"), "tier")
    live = port.rename(kind, live, ("mirrorProperties", "shown"), "mirrored")
    live = port.rename(kind, live, ("relations", "owner"), "service")
    assert list(live.attributes["schema"]["properties"]) == ["level"]
    assert (list(live.attributes["mirrorProperties"]), list(live.attributes["relations"])) == (["shown"], ["owner"])
    entity = port.fetch(KINDS["port/Entity"], ("gate", "g"))
    assert entity is not None
    assert get(entity.attributes, ("properties", "level")) == "old"


def test_a_blueprint_with_entities_is_populated_and_goes_only_with_them(port: RestProvider) -> None:
    kind, entity = KINDS["port/Blueprint"], KINDS["port/Entity"]
    live = port.create(kind, write_request(("gate",), blueprint()))
    assert port.populated(kind, live) is False
    port.create(entity, write_request(("gate", "g"), {"identifier": "g"}))
    assert port.populated(kind, live) is True
    with pytest.raises(ApiError) as caught:
        port.delete(kind, live)
    assert caught.value.code == "has_dependents"
    port.delete(kind, live, cascade=True)
    assert port.fetch(kind, ("gate",)) is None


def test_a_new_blueprint_brings_a_catalog_page_only_when_asked(port: RestProvider, sandbox: Sandbox) -> None:
    for identifier, options in (("one", {}), ("two", {"catalogPage": True})):
        port.create(KINDS["port/Blueprint"], write_request((identifier,), blueprint(identifier), options=options))
    sent = [exchange.query for exchange in sandbox.journal.exchanges() if exchange.route == "/v1/blueprints"]
    assert sent == ["create_catalog_page=false", "create_catalog_page=true"]


@pytest.mark.parametrize("count", [1, 250])
def test_a_read_is_one_list_however_many_objects_there_are(port: RestProvider, count: int) -> None:
    for number in range(count):
        port.create(KINDS["port/Blueprint"], write_request((f"b{number}",), blueprint(f"b{number}")))
    sent = port.requests()
    found = port.read(KINDS["port/Blueprint"], [(f"b{number}",) for number in range(count)])
    assert (len(found), port.requests() - sent) == (count, 1)


def test_more_entities_than_a_page_are_read_page_by_page(port: RestProvider) -> None:
    kind = KINDS["port/Entity"]
    known = ["shop/checkout", "shop/cart"]
    identities = [("service", name) for name in [*(f"absent-{number}" for number in range(1998)), *known]]
    sent = port.requests()
    found = port.read(kind, identities)
    assert set(found) <= {("service", name) for name in known}
    assert port.requests() - sent == 3  # the login and two searches


def test_entities_of_a_blueprint_that_is_not_there_cannot_be_read(port: RestProvider) -> None:
    with pytest.raises(ApiError, match='Blueprint with identifier "nowhere" was not found'):
        port.read(KINDS["port/Entity"], [("nowhere", "a")])


def test_login_tells_the_organisation(connected: Connect) -> None:
    here, elsewhere = connected().login(), connected("elsewhere").login()
    assert here.identity != elsewhere.identity
    assert connected("member").login().identity == here.identity


def test_wrong_credentials_a_missing_role_and_an_unknown_address_are_told_apart(connected: Connect) -> None:
    kind, body = KINDS["port/Blueprint"], write_request(("gate",), blueprint())
    with pytest.raises(AccessDenied, match="Login refused"):
        connected(clientSecret="wrong").login()
    with pytest.raises(AccessDenied, match="Not allowed: POST /v1/blueprints"):
        connected("member").create(kind, body)
    with pytest.raises(Unreachable):
        connected(url="http://127.0.0.1:9").login()


def test_a_provider_that_only_reads_logs_in_reads_and_searches_and_writes_nothing(connected: Connect) -> None:
    port = connected(read_only=True)
    port.login()
    for kind in KINDS.values():
        port.read(kind, [("service", "a") if kind.scope else ("a",)])
    live = Live(KINDS["port/Blueprint"], ("service",), {})
    for write in (
        lambda: port.create(KINDS["port/Blueprint"], write_request(("gate",), blueprint())),
        lambda: port.update(KINDS["port/Blueprint"], live, write_request(("service",), blueprint("service"))),
        lambda: port.delete(KINDS["port/Blueprint"], live),
        lambda: port.rename(KINDS["port/Blueprint"], live, ("relations", "b"), "a"),
    ):
        with pytest.raises(PortctlError, match="Write refused"):
            write()


def test_a_token_that_is_refused_is_replaced(port: RestProvider, sandbox: Sandbox) -> None:
    port.login()
    sandbox.faults.add(Fault(FaultKind.STATUS, method="GET", path="/v1/blueprints", status=401))
    assert list(port.read(KINDS["port/Blueprint"], [("service",)])) == [("service",)]


def test_a_page_of_a_proxy_is_not_an_empty_organisation(port: RestProvider, sandbox: Sandbox) -> None:
    port.login()
    sandbox.faults.add(Fault(FaultKind.HTML, method="GET", path="/v1/blueprints"))
    with pytest.raises(Unreachable, match="not its API"):
        port.read(KINDS["port/Blueprint"], [("service",)])


def test_every_leaf_of_the_examples_is_sent_as_it_was_declared(port: RestProvider, sandbox: Sandbox) -> None:
    """Nothing is added to or dropped from a body on its way, and only secrets become text."""
    for name, identity, body, _ in LIVES:
        port.create(KINDS[f"port/{name}"], write_request(identity, body))
    sent = [
        json.loads(exchange.request_body)
        for exchange in sandbox.journal.exchanges()
        if exchange.service == "port" and exchange.method == "POST" and exchange.route != "/v1/auth/access_token"
    ]
    declared = [
        {
            path: "hook-s3cr3t" if leaf is SEALED else leaf
            for path, leaf in leaves(freeze(body))
            if path != ("blueprint",)
        }
        for _, _, body, _ in LIVES
    ]
    assert [dict(leaves(freeze(one))) for one in sent] == declared
