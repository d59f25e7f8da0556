"""Builders for request bodies: the least that Port accepts, and what a test adds."""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]


def blueprint(identifier: str = "thing", properties: Body | None = None, **more: Any) -> Body:
    required = more.pop("required", [])
    schema = {"properties": properties or {}, "required": required}
    return {"identifier": identifier, "title": identifier.title(), "schema": schema, **more}


def relation(target: str, *, required: bool = False, many: bool = False) -> Body:
    return {"target": target, "required": required, "many": many}


def action(identifier: str = "deploy", **more: Any) -> Body:
    trigger = more.pop("trigger", {"type": "self-service", "operation": "CREATE", "userInputs": {"properties": {}}})
    method = more.pop("invocationMethod", {"type": "WEBHOOK", "url": "https://example.com"})
    return {"identifier": identifier, "trigger": trigger, "invocationMethod": method, **more}


def automation(identifier: str = "react", event: Body | None = None, **more: Any) -> Body:
    event = event or {"type": "ENTITY_CREATED", "blueprintIdentifier": "service"}
    return action(identifier, trigger={"type": "automation", "event": event, **more.pop("trigger", {})}, **more)


def self_service(**more: Any) -> Body:
    return {"type": "self-service", "operation": "DAY-2", "userInputs": {"properties": {}}, **more}


def webhook(identifier: str = "hook", **more: Any) -> Body:
    return {"identifier": identifier, "title": "Hook", "enabled": True, **more}


def rules(*wanted: Body, combinator: str = "and") -> Body:
    return {"combinator": combinator, "rules": list(wanted)}


def refusal(error: str, message: str, **details: Any) -> Body:
    """The whole envelope of a refusal."""
    body = {"ok": False, "error": error, "message": message}
    return {**body, "details": details} if details else body
