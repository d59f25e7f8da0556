"""The law of answers notices what nobody sent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from portctl.sandbox.core.journal import Exchange
from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import Body, action, blueprint, webhook
from tests.tap_answers import check_answers

STAMPS = {"id": "x", "createdAt": "t", "createdBy": "me", "updatedAt": "t", "updatedBy": "me"}
THING = {"identifier": "thing", "title": "Thing", "schema": {"properties": {"a": {"type": "string"}}}}
THINGS, ONE = "/v1/blueprints", "/v1/blueprints/{blueprint}"
ENTITIES = "/v1/blueprints/{blueprint}/entities"


def exchange(request: str, answer: Body, body: Any = None, query: str = "") -> Exchange:
    """`request`: method and route; the parts in braces stand for themselves in the path."""
    method, route = request.split()
    return Exchange(
        number=1,
        at="",
        service="port",
        method=method,
        path=route.replace("{blueprint}", "thing").replace("{entity}", "one").replace("{run}", "r"),
        query=query,
        status=200,
        route=route,
        caller="me",
        note=None,
        request_body=b"" if body is None else json.dumps(body).encode(),
        response_body={"ok": True, **answer},
    )


def created(**more: Any) -> Exchange:
    return exchange(f"POST {THINGS}", {"blueprint": {**THING, **STAMPS, **more}}, THING)


def entity(properties: Body, **more: Any) -> Body:
    plain: Body = {"title": None, "icon": None, "team": [], "scorecards": {}, "blueprint": "thing", "relations": {}}
    return {"entity": {"identifier": "one", **plain, **STAMPS, "properties": properties, **more}}


def test_what_was_sent_and_what_port_adds_is_counted() -> None:
    calculated = {**THING, "calculationProperties": {"c": {"type": "string", "calculation": ".title"}}}
    exchanges = [
        created(),
        exchange(f"GET {ONE}", {"blueprint": {**THING, **STAMPS}}),
        exchange(f"GET {THINGS}", {"blueprints": [{**THING, **STAMPS}, {"identifier": "before", "any": 1}]}),
        exchange(f"PUT {ONE}", {"blueprint": {**calculated, **STAMPS}}, calculated),
        exchange(f"POST {ENTITIES}", entity({"a": None, "c": "One"}), {"identifier": "one"}),
        exchange(f"PATCH {ENTITIES}/{{entity}}", entity({"a": "x", "c": "One"}), {"title": None}),
    ]
    assert check_answers(exchanges) == {"blueprint": 3, "blueprints": 2, "entity": 2, "unknown": 1}


@pytest.mark.parametrize(
    ("exchanges", "complaint"),
    [
        ([created(relations={})], "POST /v1/blueprints: relations is {} and was not sent"),
        ([created(title="Other")], "title is 'Other' and 'Thing' was sent"),
        ([created(schema={"properties": {"a": {"type": "string", "title": "A"}}})], "a.title is 'A' and was not sent"),
        (
            [created(), exchange(f"GET {ONE}", {"blueprint": {**THING, "ownership": {"type": "Direct"}}})],
            "GET /v1/blueprints/{blueprint}: ownership is {'type': 'Direct'} and was not sent",
        ),
        (
            [created(), exchange(f"GET {THINGS}", {"blueprints": [{**THING, "description": ""}]})],
            "GET /v1/blueprints: description is '' and was not sent",
        ),
        (
            [
                created(),
                exchange(f"PATCH {ONE}", {"blueprint": {**THING, "relations": {}, "icon": "X"}}, {"icon": "X"}),
            ],
            "relations is {} and was not sent",
        ),
        (
            [exchange(f"PATCH {ONE}", {"blueprint": {**THING, "icon": "Y"}}, {"icon": "X"})],
            "icon is 'Y' and 'X' was sent",
        ),
        ([created(), exchange(f"POST {ENTITIES}", entity({"a": "x"}), {})], "properties.a is 'x' and was not sent"),
        ([exchange(f"POST {ENTITIES}", entity({}, extra=1), {})], "extra is 1 and was not sent"),
        (
            [created(), exchange(f"GET {ENTITIES}", {"entities": [entity({"ghost": None})["entity"]]})],
            "properties.ghost is None and was not sent",
        ),
        ([exchange("GET /v1/actions/runs/{run}", {"run": {"id": "r", "extra": 1}})], "extra is 1 and no key of such"),
        (
            [exchange(f"GET {ONE}/permissions", {"permissions": {"entities": {"update": {"everyone": True}}}})],
            "update.everyone is True and no key of such a record",
        ),
        ([exchange(f"GET {ONE}", {"surprise": {}})], "nothing is known of surprise in an answer"),
    ],
)
def test_what_nobody_sent_is_named(exchanges: list[Exchange], complaint: str) -> None:
    with pytest.raises(AssertionError) as raised:
        check_answers(exchanges)
    assert complaint in str(raised.value)


def test_what_a_fault_or_another_reading_answers_is_not_looked_at_nor_what_it_left_behind() -> None:
    wrong = created(relations={})
    read = exchange(f"GET {ONE}", wrong.response_body)
    for odd in (replace(wrong, note="fault: drop_field"), replace(wrong, moved=("filled-defaults",))):
        assert check_answers([created(), odd, read]) == {"blueprint": 2, "unknown": 1}


@pytest.mark.parametrize(
    ("path", "body", "complaint"),
    [
        ("/v1/blueprints", blueprint("thing"), "relations is {} and was not sent"),
        ("/v1/actions", action("thing"), "publish is True and was not sent"),
        ("/v1/webhooks", webhook("thing"), "integrationType is 'custom' and was not sent"),
    ],
)
def test_the_reading_that_fills_in_defaults_would_be_noticed(
    sandbox: Sandbox, port: httpx.Client, path: str, body: Body, complaint: str
) -> None:
    sandbox.switches.set({"filled-defaults": "strict"})
    assert port.post(path, json=body).status_code == 201
    exchanges = sandbox.journal.exchanges()
    check_answers(exchanges)
    with pytest.raises(AssertionError) as raised:
        check_answers([replace(each, moved=()) for each in exchanges])
    assert complaint in str(raised.value)
