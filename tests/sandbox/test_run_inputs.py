"""Inputs of runs: what is validated, kept, filled in, and seen by templates."""

from __future__ import annotations

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import Body, action, refusal, self_service
from tests.sandbox.listener import Listener
from tests.sandbox.running import execute, make, run, started

FORM: Body = {
    "properties": {
        "environment": {"type": "string", "enum": ["Staging", "Production"], "default": "Staging"},
        "count": {"type": "number", "minimum": 1},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "mail": {"type": "string", "format": "email"},
        "later": {"type": "string", "default": {"jqQuery": ".user.email"}, "enum": {"jqQuery": "[]"}},
        "flag": {"type": "boolean"},
        "domain": {"type": "string", "format": "entity", "blueprint": "domain"},
        "domains": {"type": "array", "items": {"type": "string", "format": "entity", "blueprint": "domain"}},
        "secret": {"type": "string", "encryption": "aes256-gcm"},
    },
    "required": ["count"],
}


@pytest.fixture
def form(port: httpx.Client, listener: Listener) -> str:
    method = {"type": "WEBHOOK", "url": listener.url, "body": {"inputs": "{{ .inputs }}"}}
    trigger = self_service(operation="CREATE", userInputs=FORM)
    make(port, action("form", trigger=trigger, invocationMethod=method))
    return "form"


@pytest.mark.fact(159)
@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "body/properties must have required property 'count'"),
        ({"count": None}, "body/properties must have required property 'count'"),
        ({"count": "1"}, "body/properties/count must be number"),
        ({"count": 0}, "body/properties/count must be >= 1"),
        ({"count": 1, "environment": "Test"}, "body/properties/environment must be equal to one of the allowed values"),
        ({"count": 1, "tags": ["a", 1]}, "body/properties/tags/1 must be string"),
        ({"count": 1, "tags": ["a", "b", "c"]}, "body/properties/tags must NOT have more than 2 items"),
        ({"count": 1, "mail": "nobody"}, 'body/properties/mail must match format "email"'),
        ({"count": 1, "flag": "true"}, "body/properties/flag must be boolean"),
    ],
)
def test_declared_inputs_are_validated(port: httpx.Client, form: str, inputs: Body, message: str) -> None:
    answer = execute(port, form, inputs)
    assert (answer.status_code, answer.json()) == (422, refusal("invalid_request", message))


@pytest.mark.fact(160)
def test_inputs_that_are_not_declared_are_kept_and_forwarded(
    sandbox: Sandbox, port: httpx.Client, form: str, listener: Listener
) -> None:
    inputs = {"count": 1, "more": {"deep": [1]}, "later": "any", "mail": None}
    run_id = started(port, form, inputs)
    sandbox.settle()
    assert (run(port, run_id)["properties"], listener.bodies) == (inputs, [{"inputs": inputs}])


@pytest.mark.fact(161)
def test_defaults_of_the_form_are_not_applied_or_are(sandbox: Sandbox, port: httpx.Client, form: str) -> None:
    plain = run(port, started(port, form, {"count": 1}))["properties"]
    sandbox.switches.set({"input-defaults": "lenient"})
    filled = run(port, started(port, form, {"count": 1}))["properties"]
    assert (plain, filled) == ({"count": 1}, {"environment": "Staging", "count": 1})


@pytest.mark.fact(162)
def test_entity_inputs_are_seen_as_sent_or_as_the_form_gives_them(
    sandbox: Sandbox, port: httpx.Client, form: str, listener: Listener
) -> None:
    inputs = {"count": 1, "domain": "shop", "domains": ["shop", "none"]}
    execute(port, form, inputs)
    sandbox.settle()
    sandbox.switches.set({"entity-inputs": "lenient"})
    execute(port, form, inputs)
    sandbox.settle()
    shop = {"identifier": "shop", "title": "Shop"}
    seen = {"count": 1, "domain": shop, "domains": [shop, {"identifier": "none", "title": None}]}
    assert listener.bodies == [{"inputs": inputs}, {"inputs": seen}]


@pytest.mark.fact(154)
def test_encrypted_inputs_say_that_they_are_not_emulated(port: httpx.Client, form: str) -> None:
    answer = execute(port, form, {"count": 1, "secret": "x"})
    assert (answer.status_code, answer.json()["message"]) == (501, "The sandbox does not emulate encrypted inputs")


@pytest.mark.fact(158)
def test_an_action_without_an_entity_takes_none(port: httpx.Client, form: str) -> None:
    answer = execute(port, form, {"count": 1}, "shop/checkout")
    message = "body/entity must not be given for an action that acts on no entity"
    assert (answer.status_code, answer.json()) == (422, refusal("invalid_request", message))
