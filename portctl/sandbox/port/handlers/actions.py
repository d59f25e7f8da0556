"""Routes of actions and automations. Source: Port API reference, "Actions"."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.port.context import Call, ok
from portctl.sandbox.port.errors import PortError, invalid, not_emulated, not_found
from portctl.sandbox.port.schemas import permissions as permissions_schema
from portctl.sandbox.port.schemas.action import EVENTS, check_action
from portctl.sandbox.port.schemas.check import check
from portctl.sandbox.port.store import actions, permissions

_OPERATIONS = ("CREATE", "DAY-2", "DELETE")


def list_all(call: Call) -> Answer:
    """Always in the shape of v2, whatever the parameter says."""
    call.choice("version", ("v1", "v2"))
    kind = call.choice("trigger_type", ("self-service", "automation"))
    published = call.flag("published") if call.request.query("published") is not None else None
    rows = list(call.tables.rows("actions").values())
    wanted = {
        "blueprint_identifier": call.request.query_list("blueprint_identifier"),
        "action_identifier": call.request.query_list("action_identifier"),
        "operation": _listed(call, "operation", _OPERATIONS),
        "trigger_event": _listed(call, "trigger_event", tuple(EVENTS)),
        "trigger_event_action_identifier": call.request.query_list("trigger_event_action_identifier"),
    }
    chosen = [row for row in rows if kind in (None, row["trigger"]["type"])]
    chosen = [row for row in chosen if published in (None, actions.is_published(row))]
    for name, values in wanted.items():
        chosen = [row for row in chosen if not values or _key(row, name) in values]
    return ok(actions=chosen)


def read(call: Call) -> Answer:
    row = call.tables.get("actions", call.params["action"])
    if row is None:
        raise not_found("Action", call.params["action"])
    return ok(action=row)


def create(call: Call) -> Answer:
    body = call.body()
    check_action(body)
    return ok(201, action=actions.create(call.organisation, body, call.by))


def replace(call: Call) -> Answer:
    body = call.body()
    check_action(body)
    return ok(action=actions.replace(call.organisation, call.params["action"], body, call.by))


def delete(call: Call) -> Answer:
    actions.delete(call.organisation, call.params["action"], call.by)
    return ok()


def no_patch(call: Call) -> Answer:
    """Actions have no PATCH: the real service knows no such route."""
    raise PortError(404, "not_found", f"Route PATCH:{call.request.path} not found")


def read_permissions(call: Call) -> Answer:
    return ok(permissions=permissions.of_action(call.organisation, call.tables, call.params["action"]))


def change_permissions(call: Call) -> Answer:
    body = call.body()
    check(permissions_schema.ACTION, body)
    changed = permissions.change_action(call.organisation, call.params["action"], body, call.by)
    return ok(permissions=changed)


def read_blueprint_permissions(call: Call) -> Answer:
    return ok(permissions=permissions.of_blueprint(call.organisation, call.tables, call.params["blueprint"]))


def change_blueprint_permissions(call: Call) -> Answer:
    body = call.body()
    check(permissions_schema.BLUEPRINT, body)
    if "readProperties" in body.get("entities", {}):
        raise not_emulated("readProperties, read restrictions of single properties")
    changed = permissions.change_blueprint(call.organisation, call.params["blueprint"], body, call.by)
    return ok(permissions=changed)


def _listed(call: Call, name: str, allowed: tuple[str, ...]) -> list[str]:
    values = call.request.query_list(name)
    if any(value not in allowed for value in values):
        raise invalid(f"querystring/{name} must be equal to one of the allowed values")
    return values


def _key(row: Row, name: str) -> str | None:
    trigger = row["trigger"]
    event = trigger.get("event", {})
    keys: dict[str, str | None] = {
        "blueprint_identifier": trigger.get("blueprintIdentifier") or event.get("blueprintIdentifier"),
        "action_identifier": row["identifier"],
        "operation": trigger.get("operation"),
        "trigger_event": event.get("type"),
        "trigger_event_action_identifier": event.get("actionIdentifier"),
    }
    return keys[name]
