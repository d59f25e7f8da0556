"""Port's large request schemas in pieces small enough to generate from: one piece per alternative, and how a body
is built around what it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.contract.vendor_bodies import NAMES, inlined, request_body

Json = Any


@dataclass(frozen=True, slots=True)
class Piece:
    """`schema` generates a part; `wrap` makes a whole body of kind `name` of it."""

    label: str
    name: str
    schema: Json
    wrap: Callable[[Json], Json]


def all_pieces() -> tuple[Piece, ...]:
    return (*_blueprint(), *_action(), *_permissions(), *_queries(), *_secret(), *_webhook(), *_entity())


def _whole(name: str) -> Json:
    return inlined(request_body(*NAMES[name]))


def _same(part: Json) -> Json:
    return part


def _secret() -> Iterator[Piece]:
    yield Piece("secret", "secret", _whole("secret"), _same)


def _blueprint() -> Iterator[Piece]:
    whole = _whole("blueprint")
    for field in whole["properties"]:
        if field not in whole["required"]:
            yield Piece(f"blueprint {field}", "blueprint", whole["properties"][field], _blueprint_with(field))
    schema = whole["properties"].pop("schema")
    yield Piece("blueprint schema", "blueprint", schema, _blueprint_with("schema"))
    for field in ("calculationProperties", "mirrorProperties", "aggregationProperties", "relations"):
        del whole["properties"][field]
    whole["required"].remove("schema")
    yield Piece("blueprint top", "blueprint", whole, lambda part: {"schema": {"properties": {}}, **part})


def _blueprint_with(field: str) -> Callable[[Json], Json]:
    return lambda part: {"identifier": "b", "title": "B", "schema": {"properties": {}}, field: part}


def _action() -> Iterator[Piece]:
    whole = _whole("action")
    triggers = whole["properties"]["trigger"]["oneOf"]
    backends = whole["properties"]["invocationMethod"]["oneOf"]
    for trigger in triggers[:2]:
        operation = "/".join(trigger["properties"]["operation"]["enum"])
        trigger["properties"].pop("condition", None)
        inputs = trigger["properties"].pop("userInputs")["oneOf"]
        trigger["required"].remove("userInputs")
        yield Piece(f"trigger {operation}", "action", trigger, _with_trigger)
        for variant in inputs:
            variant["properties"]["properties"]["additionalProperties"]["properties"].pop("dataset")
            yield Piece(f"inputs {operation} {variant['required'][-1]}", "action", variant, _with_inputs)
    for event in triggers[2]["properties"]["event"]["oneOf"]:
        label = f"event {event['properties']['type']['enum'][0]}"
        yield Piece(label, "action", event, lambda part: _action_body({"type": "automation", "event": part}))
    condition = triggers[2]["properties"]["condition"]
    event = {"type": "RUN_CREATED", "actionIdentifier": "a"}
    yield Piece(
        "automation condition",
        "action",
        condition,
        lambda part: _action_body({"type": "automation", "event": event, "condition": part}),
    )
    for backend in backends:
        yield Piece(f"backend {backend['properties']['type']['enum'][0]}", "action", backend, _with_backend)
    for field in ("trigger", "invocationMethod"):
        del whole["properties"][field]
        whole["required"].remove(field)
    yield Piece("action top", "action", whole, lambda part: {**_action_body(_SELF_SERVICE), **part})


_SELF_SERVICE = {"type": "self-service", "operation": "CREATE", "userInputs": {"properties": {}}}


def _action_body(trigger: Json) -> Json:
    return {"identifier": "a", "trigger": trigger, "invocationMethod": {"type": "KAFKA"}}


def _with_trigger(part: Json) -> Json:
    return _action_body({"userInputs": {"properties": {}}, **part})


def _with_inputs(part: Json) -> Json:
    return _action_body({**_SELF_SERVICE, "userInputs": part})


def _with_backend(part: Json) -> Json:
    return {**_action_body(_SELF_SERVICE), "invocationMethod": part}


def _permissions() -> Iterator[Piece]:
    whole = _whole("permissions")
    for part in ("execute", "approve"):
        del whole["properties"][part]["properties"]["policy"]
    yield Piece("permissions", "permissions", whole, _same)


def _queries() -> Iterator[Piece]:
    """Every alternative of a search rule, in each place where Port accepts searches."""
    rules = inlined(request_body(*NAMES["action"]))["properties"]["trigger"]["oneOf"][0]["properties"]
    inputs = rules["userInputs"]["oneOf"][0]["properties"]["properties"]["additionalProperties"]["properties"]
    for label, alternatives, wrap in (
        ("condition", rules["condition"]["properties"]["rules"]["items"]["anyOf"], _with_condition),
        ("dataset", inputs["dataset"]["properties"]["rules"]["items"]["anyOf"], _with_dataset),
        ("policy", _policy_rules(), _with_policy),
    ):
        name = "permissions" if label == "policy" else "action"
        for number, rule in enumerate(alternatives):
            yield Piece(f"{label} rule {number}", name, rule, wrap)


def _policy_rules() -> Json:
    execute = _whole("permissions")["properties"]["execute"]["properties"]
    return execute["policy"]["properties"]["queries"]["additionalProperties"]["properties"]["rules"]["items"]["anyOf"]


def _with_condition(rule: Json) -> Json:
    condition = {"type": "SEARCH", "combinator": "and", "rules": [rule]}
    trigger = {**_SELF_SERVICE, "operation": "DAY-2", "blueprintIdentifier": "b", "condition": condition}
    return _action_body(trigger)


def _with_dataset(rule: Json) -> Json:
    dataset = {"combinator": "or", "rules": [{"combinator": "and", "rules": [rule]}]}
    return _with_inputs({"properties": {"i": {"type": "string", "dataset": dataset}}})


def _with_policy(rule: Json) -> Json:
    query = {"combinator": "and", "rules": [rule]}
    return {"execute": {"policy": {"queries": {"q": query}, "conditions": ["true"]}}}


def _webhook() -> Iterator[Piece]:
    whole = _whole("webhook")
    mapping = whole["properties"].pop("mappings")["items"]
    yield Piece("webhook", "webhook", whole, lambda part: {"identifier": "w", **part})
    for label, branch in (("delete", mapping["then"]), ("create", mapping["else"])):
        branch = {**branch, "type": "object", "additionalProperties": False}
        yield Piece(
            f"webhook {label}",
            "webhook",
            branch,
            lambda part: {"identifier": "w", "title": "t", "enabled": True, "mappings": [part]},
        )


def _entity() -> Iterator[Piece]:
    whole = _whole("entity")
    for field in ("relations", "team"):
        yield Piece(f"entity {field}", "entity", whole["properties"][field], _entity_with(field))
    del whole["properties"]["identifier"]
    yield Piece("entity", "entity", whole, lambda part: {**part, "identifier": "e"})


def _entity_with(field: str) -> Callable[[Json], Json]:
    return lambda part: {"identifier": "e", field: part}
