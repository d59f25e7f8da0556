"""Self-service actions and automations."""

from __future__ import annotations

from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.errors import not_found, taken
from portctl.sandbox.port.store import references
from portctl.sandbox.port.store.organisation import STAMPS, Organisation

SERVER_OWNED = ("id", *STAMPS)


def find(organisation: Organisation, identifier: str) -> Row:
    """The action. Errors: 404."""
    row = organisation.state.get("actions", identifier)
    if row is None:
        raise not_found("Action", identifier)
    return row


def create(organisation: Organisation, body: Row, by: str) -> Row:
    identifier = body["identifier"]
    if organisation.state.get("actions", identifier) is not None:
        raise taken("Action", identifier)
    _refuse_unknown(organisation, body)
    row = organisation.stamped({"id": organisation.world.ids.prefixed("action"), **_completed(organisation, body)}, by)
    organisation.state.put("actions", identifier, row)
    organisation.audit("action", identifier, by, before=None, after=row)
    return row


def replace(organisation: Organisation, identifier: str, body: Row, by: str) -> Row:
    """PUT: what the body leaves out is removed. Another identifier in the body renames the action."""
    before, new = find(organisation, identifier), body["identifier"]
    if new != identifier and organisation.state.get("actions", new) is not None:
        raise taken("Action", new)
    _refuse_unknown(organisation, body)
    row = organisation.stamped({"id": before["id"], **_completed(organisation, body)}, by, before)
    if new != identifier:
        organisation.state.drop("actions", identifier)
        references.action_renamed(organisation, identifier, new)
    organisation.state.put("actions", new, row)
    organisation.audit("action", new, by, before=before, after=row)
    return row


def delete(organisation: Organisation, identifier: str, by: str) -> None:
    before = find(organisation, identifier)
    organisation.state.drop("actions", identifier)
    organisation.state.drop("action_permissions", identifier)
    organisation.audit("action", identifier, by, before=before, after=None)


def _refuse_unknown(organisation: Organisation, body: Row) -> None:
    """Errors: 404 for a blueprint or action that is named and does not exist."""
    trigger = body["trigger"]
    needed = [trigger.get("blueprintIdentifier"), body["invocationMethod"].get("blueprintIdentifier")]
    if organisation.strict("automation-references"):
        needed = references.bound_to(body)
        action = trigger.get("event", {}).get("actionIdentifier")
        if action not in (None, body["identifier"]) and organisation.state.get("actions", action) is None:
            raise not_found("Action", action)
    for name in needed:
        if name is not None and organisation.state.get("blueprints", name) is None:
            raise not_found("Blueprint", name)


def _completed(organisation: Organisation, body: Row) -> Row:
    """The body as it is, or with every default (switch `filled-defaults`)."""
    if not organisation.strict("filled-defaults"):
        return body
    row: Row = {**_DEFAULTS, **body}
    method = row["invocationMethod"]
    row["invocationMethod"] = {**_INVOCATION_DEFAULTS.get(method["type"], {}), **method}
    condition = row["trigger"].get("condition")
    if row["trigger"]["type"] == "automation" and condition is not None:
        row["trigger"] = {**row["trigger"], "condition": {"combinator": "and", **condition}}
    return row


def is_published(action: Row) -> bool:
    """Whether an action can be executed, or an automation fires; they do unless they say otherwise."""
    return bool(action.get("publish", True))


_DEFAULTS: Row = {
    "publish": True,
    "requiredApproval": False,
    "approvalNotification": {"type": "email"},
    "allowAnyoneToViewRuns": True,
}
_INVOCATION_DEFAULTS: dict[str, dict[str, Any]] = {
    "WEBHOOK": {"agent": False, "synchronized": False, "method": "POST", "headers": {}, "body": {}},
    "GITHUB": {"reportWorkflowStatus": True},
}
