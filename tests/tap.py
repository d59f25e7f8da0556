"""The contract tap: what a sandbox accepted is held against the vendor's own OpenAPI description.

An exchange counts when it was answered 2xx without the help of a fault: the sandbox must never accept what the
vendor's schema refuses. Where no description lies beside the repository, there is nothing to check.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator

from portctl.sandbox.core.exchange import decode_segments
from portctl.sandbox.core.journal import Exchange
from tests.tap_answers import check_answers

PORT_OPENAPI = Path(__file__).resolve().parents[2] / "shared" / "contracts" / "port-openapi.json"

UNDESCRIBED = {
    "GET /v1/blueprints/system/{blueprint}/structure": "undocumented; port.md 2.1 (terraform provider)",
    "POST /ingest/{key}": "the real one has a host of its own, ingest.port.io; port.md 7.2",
}
"""Routes that the sandbox answers and the description lacks, each with the reason."""

UNDESCRIBED_PARAMETERS = {
    "GET /v1/users/{user}": {"fields": "sent by Port's Terraform provider"},
}
"""Query parameters that Port takes and its description lacks, by route, each with who has seen it."""
_EVERYTHING = object()
UNDESCRIBED_KEYS: dict[str, tuple[tuple[tuple[str, ...], Any, str], ...]] = {
    **{
        f"{method} /v1/blueprints/{{blueprint}}{route}": (
            ((*below, "icon"), None, "recorded from Port: what a read gives, a write takes"),
            ((*below, "title"), None, "what a read gives, a write takes (switch null-titles)"),
        )
        for method, route, below in (
            ("POST", "/entities", ()),
            ("PUT", "/entities/{entity}", ()),
            ("POST", "/entities/bulk", ("entities", "*")),
        )
    },
    **{
        f"{method} /v1/blueprints{route}": (
            (("aggregationProperties", "*", "pathFilter"), None, "what a read gives, a write takes"),
        )
        for method, route in (("POST", ""), ("PUT", "/{blueprint}"), ("PATCH", "/{blueprint}"))
    },
    "PATCH /v1/blueprints/{blueprint}/permissions": (
        (("entities", "read", "policy"), None, "what a read gives is taken: tests of Port's Terraform provider"),
        *(
            (("entities", verb, "policy"), _EVERYTHING, "sent by tests of Port's Terraform provider")
            for verb in ("register", "update", "unregister")
        ),
    ),
}
"""Keys that Port takes and its description refuses, by route: where, with which value, who has seen it."""

_METHODS_WITH_BODY = ("POST", "PUT", "PATCH")
_DEFAULTED_RELATION_KEYS = ("required", "many")


class Contract:
    """A vendor's OpenAPI description, ready to be asked about requests."""

    def __init__(self, path: Path) -> None:
        self._document = json.loads(path.read_text(encoding="utf-8"))
        self._operations = [
            (method.upper(), template.strip("/").split("/"), operation)
            for template, methods in self._document["paths"].items()
            for method, operation in methods.items()
        ]
        self._validators: dict[int, Draft202012Validator] = {}

    def issues(self, exchange: Exchange) -> list[str]:
        """What the description says against a request; empty where nothing."""
        name = f"{exchange.method} {exchange.route}"
        operation = self._operation(exchange.method, exchange.path)
        if operation is None:
            return [] if name in UNDESCRIBED else [f"{name}: the description has no such operation"]
        more = UNDESCRIBED_PARAMETERS.get(name, {})
        found = [f"{name}: {text}" for text in _query_complaints(operation, exchange.query, more)]
        return found + [f"{name}: {text}" for text in self._body_complaints(operation, exchange)]

    def _operation(self, method: str, path: str) -> Any:
        segments = decode_segments(path)
        fitting = [
            (sum(part.startswith("{") for part in parts), operation)
            for known, parts, operation in self._operations
            if known == method and len(parts) == len(segments) and _fits(parts, segments)
        ]
        return min(fitting, key=lambda each: each[0])[1] if fitting else None

    def _body_complaints(self, operation: Any, exchange: Exchange) -> Iterable[str]:
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None or exchange.method not in _METHODS_WITH_BODY:
            return
        body = json.loads(exchange.request_body) if exchange.request_body else {}
        body = _without_undescribed(_with_defaults(body, exchange), f"{exchange.method} {exchange.route}")
        for error in self._validator(schema).iter_errors(body):
            place = "/".join(str(part) for part in error.absolute_path)
            yield f"body/{place}: {error.message[:300]}"

    def _validator(self, schema: Any) -> Draft202012Validator:
        if id(schema) not in self._validators:
            rooted = {**schema, "components": self._document["components"]}
            self._validators[id(schema)] = Draft202012Validator(rooted)
        return self._validators[id(schema)]


def check_exchanges(exchanges: Iterable[Exchange]) -> None:
    """Assert that Port accepted nothing that its description refuses, and answered nothing that was not sent."""
    exchanges = list(exchanges)
    check_requests(exchanges)
    ANSWERS.update(check_answers(exchanges))


ANSWERS: Counter[str] = Counter()
"""How many objects of which kind were looked at in answers, over all tests."""


def check_requests(exchanges: Iterable[Exchange], openapi_path: Path = PORT_OPENAPI) -> int:
    """Assert that every accepted request satisfies the vendor's description; how many were checked."""
    if not openapi_path.exists():
        return 0
    contract = _contract(openapi_path)
    accepted = [each for each in exchanges if each.service == "port" and 200 <= each.status < 300 and not each.note]
    issues = [text for each in accepted for text in contract.issues(each)]
    assert not issues, "\n".join(issues)
    return len(accepted)


@lru_cache(maxsize=2)
def _contract(path: Path) -> Contract:
    return Contract(path)


def _fits(parts: list[str], segments: list[str]) -> bool:
    pairs = zip(parts, segments, strict=True)
    return all(part.startswith("{") or part == segment for part, segment in pairs)


def _query_complaints(operation: Any, query: str, more: Iterable[str]) -> Iterable[str]:
    known = {*more, *(each["name"] for each in operation.get("parameters", []) if each["in"] == "query")}
    for name, _ in parse_qsl(query, keep_blank_values=True):
        if name.removesuffix("[]") not in known:
            yield f"unknown query parameter {name}"


def _with_defaults(body: Any, exchange: Exchange) -> Any:
    """The body with the keys that the description requires *and* gives a default (the switch `defaulted-keys`)."""
    route = exchange.route or ""
    if not isinstance(body, dict):
        return body
    if route.startswith("/v1/webhooks"):
        return {"enabled": True, **body}
    if route in ("/v1/blueprints", "/v1/blueprints/{blueprint}") and isinstance(body.get("relations"), dict):
        filled = {
            name: {**dict.fromkeys(_DEFAULTED_RELATION_KEYS, False), **each} if isinstance(each, dict) else each
            for name, each in body["relations"].items()
        }
        return {**body, "relations": filled}
    return body


def _without_undescribed(body: Any, name: str) -> Any:
    """The body without the keys that Port takes and its description refuses."""
    for path, value, _ in UNDESCRIBED_KEYS.get(name, ()):
        body = _without(body, path, value)
    return body


def _without(body: Any, path: tuple[str, ...], value: Any) -> Any:
    """The body without the key at the end of a path, where it has this value; `*` is every key or place."""
    name, *rest = path
    if isinstance(body, list) and name == "*":
        return [_without(each, tuple(rest), value) for each in body]
    if not isinstance(body, dict):
        return body
    names = list(body) if name == "*" else [name] if name in body else []
    if rest:
        return {**body, **{each: _without(body[each], tuple(rest), value) for each in names}}
    gone = [each for each in names if value is _EVERYTHING or body[each] == value]
    return {key: each for key, each in body.items() if key not in gone}
