"""The schema for editors is plain JSON Schema and judges manifests as portctl does, placeholders apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from portctl.manifest.schema import export_schema
from portctl.providers.catalogue import catalogue

EXPORTED = export_schema(catalogue())
VALIDATOR = Draft202012Validator(EXPORTED)


def action(**backend: Any) -> dict[str, Any]:
    return {
        "apiVersion": "portctl/v1",
        "kind": "port/Action",
        "metadata": {"name": "check", "labels": {"team": "shop"}},
        "spec": {
            "identifier": "check",
            "trigger": {"type": "self-service", "operation": "CREATE", "userInputs": {"properties": {}}},
            "invocationMethod": backend,
        },
    }


def test_it_is_json_and_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(json.dumps(EXPORTED)))


def test_it_has_every_kind_and_no_word_of_our_own() -> None:
    assert sorted(EXPORTED["$defs"]) == sorted(catalogue())
    assert "discriminator" not in set(_keywords(EXPORTED))


def _keywords(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema
        for value in schema.values():
            yield from _keywords(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _keywords(value)


@pytest.mark.parametrize(
    ("backend", "fits"),
    [
        ({"type": "WEBHOOK", "url": "https://example.com"}, True),
        ({"type": "WEBHOOK", "url": "<% values.url %>", "synchronized": True}, True),
        ({"type": "WEBHOOK", "url": "x", "method": "<% values.method %>"}, True),
        ({"type": "WEBHOOK"}, False),
        ({"type": "WEBHOOK", "url": "x", "method": "FETCH"}, False),
        ({"type": "GITHUB", "org": "o", "repo": "r", "workflow": "w"}, True),
        ({"type": "GITHUB", "url": "x"}, False),
        ({"type": "SLACK"}, False),
        ({}, False),
    ],
)
def test_it_chooses_by_the_same_fields(backend: dict[str, Any], fits: bool) -> None:
    assert VALIDATOR.is_valid(action(**backend)) is fits


@pytest.mark.parametrize(
    "change",
    [
        {"apiVersion": "portctl/v2"},
        {"kind": "port/Actions"},
        {"metadata": {"nmae": "check"}},
        {"metadata": {"management": "partly"}},
        {"extra": 1},
    ],
)
def test_the_envelope_is_closed(change: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid({**action(type="KAFKA"), **change})


def test_searches_may_be_nested_as_deep_as_at_port() -> None:
    rule: dict[str, Any] = {"property": "tier", "operator": "=", "value": "gold"}
    query = {"combinator": "and", "rules": [{"combinator": "or", "rules": [rule]}]}
    permissions = {
        "apiVersion": "portctl/v1",
        "kind": "port/ActionPermissions",
        "metadata": {"in": "port/Action:check"},
        "spec": {"execute": {"policy": {"queries": {"q": query}, "conditions": ["true"]}}},
    }
    assert VALIDATOR.is_valid(permissions)
    rule["operator"] = "=="
    assert not VALIDATOR.is_valid(permissions)


@pytest.mark.parametrize(("identifier", "fits"), [("prüfung", True), ("a b", False), ("..", False)])
def test_identifiers_may_have_letters_of_any_script(identifier: str, fits: bool) -> None:
    manifest = action(type="KAFKA")
    manifest["spec"]["identifier"] = identifier
    assert VALIDATOR.is_valid(manifest) is fits
