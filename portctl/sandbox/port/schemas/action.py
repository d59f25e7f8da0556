"""Bodies of the action routes: every part is told apart by its type first, so that a refusal names the field."""

from __future__ import annotations

from typing import Any

from portctl.sandbox.port.errors import invalid
from portctl.sandbox.port.schemas import search
from portctl.sandbox.port.schemas.check import (
    ACTION_ID,
    Schema,
    check,
    compile_schema,
    list_of,
    map_of,
    object_of,
    one_of,
    text,
)
from portctl.sandbox.port.schemas.user_inputs import FORMS

_BOOLEAN_OR_TEMPLATE: Schema = {"oneOf": [{"type": "boolean"}, text()]}
_PAYLOAD: Schema = {"oneOf": [{"type": "array"}, {"type": "object"}]}
_OBJECT: Schema = {"type": "object"}
_BUTTON = text(minLength=1, maxLength=15, pattern=r"^[^\s].*[^\s]\Z")

TOP = compile_schema(
    object_of(
        {
            "identifier": ACTION_ID,
            "title": text(),
            "icon": text(),
            "description": text(),
            "trigger": _OBJECT,
            "invocationMethod": _OBJECT,
            "requiredApproval": {
                "oneOf": [
                    object_of({"type": one_of("ANY", "ALL")}, required=("type",)),
                    {"type": "boolean"},
                ]
            },
            "approvalNotification": {
                "oneOf": [
                    object_of(
                        {"type": one_of("webhook"), "url": text(format="uri"), "format": one_of("json", "slack")},
                        required=("type", "url"),
                    ),
                    object_of({"type": one_of("email")}, required=("type",)),
                ]
            },
            "publish": {"type": "boolean"},
            "allowAnyoneToViewRuns": {"type": "boolean"},
        },
        required=("identifier", "trigger", "invocationMethod"),
    )
)


def _variant(kind: str, properties: dict[str, Schema], *required: str) -> Any:
    schema = object_of({"type": one_of(kind), **properties}, required=("type", *required))
    return compile_schema({**schema, "$defs": search.DEFINITIONS})


_SELF_SERVICE: dict[str, Schema] = {
    "operation": one_of("CREATE", "DAY-2", "DELETE"),
    "blueprintIdentifier": text(),
    "userInputs": _OBJECT,
    "actionCardButtonText": _BUTTON,
    "executeActionButtonText": _BUTTON,
}
_CREATE = _variant("self-service", _SELF_SERVICE, "operation", "userInputs")
_DAY_2 = _variant("self-service", {**_SELF_SERVICE, "condition": search.CONDITION}, "operation", "userInputs")
_AUTOMATION = _variant(
    "automation",
    {
        "event": _OBJECT,
        "condition": object_of(
            {"type": one_of("JQ"), "expressions": list_of(text()), "combinator": one_of("and", "or")},
            required=("type", "expressions"),
        ),
    },
    "event",
)

_BLUEPRINT = {"blueprintIdentifier": text()}
_ACTION = {"actionIdentifier": text()}
EVENTS = {
    **{
        name: _variant(name, _BLUEPRINT, "blueprintIdentifier")
        for name in ("ENTITY_CREATED", "ENTITY_UPDATED", "ENTITY_DELETED", "ANY_ENTITY_CHANGE")
    },
    "TIMER_PROPERTY_EXPIRED": _variant(
        "TIMER_PROPERTY_EXPIRED",
        {**_BLUEPRINT, "propertyIdentifier": text()},
        "blueprintIdentifier",
        "propertyIdentifier",
    ),
    **{name: _variant(name, _ACTION, "actionIdentifier") for name in ("RUN_CREATED", "RUN_UPDATED", "ANY_RUN_CHANGE")},
}

_MAPPING: Schema = {
    "type": "object",
    "properties": {
        "identifier": text(),
        "title": text(),
        "team": {"oneOf": [text(), list_of(text())]},
        "icon": text(),
        "properties": _OBJECT,
        "relations": map_of({"oneOf": [text(), list_of(text()), {"type": "null"}]}),
    },
}
INVOCATIONS = {
    "WEBHOOK": _variant(
        "WEBHOOK",
        {
            "url": text(),
            "method": one_of("POST", "GET", "PUT", "PATCH", "DELETE"),
            "headers": map_of(text()),
            "body": _PAYLOAD,
            "agent": _BOOLEAN_OR_TEMPLATE,
            "synchronized": _BOOLEAN_OR_TEMPLATE,
        },
        "url",
    ),
    "KAFKA": _variant("KAFKA", {"payload": _PAYLOAD}),
    "GITHUB": _variant(
        "GITHUB",
        {
            "org": text(),
            "repo": text(),
            "workflow": text(),
            "workflowInputs": _OBJECT,
            "reportWorkflowStatus": _BOOLEAN_OR_TEMPLATE,
        },
        *("org", "repo", "workflow"),
    ),
    "GITLAB": _variant(
        "GITLAB",
        {"projectName": text(), "groupName": text(), "defaultRef": text(), "pipelineVariables": _OBJECT},
        *("projectName", "groupName"),
    ),
    "AZURE_DEVOPS": _variant("AZURE_DEVOPS", {"org": text(), "webhook": text(), "payload": _PAYLOAD}, "org", "webhook"),
    "INTEGRATION_ACTION": _variant(
        "INTEGRATION_ACTION",
        {
            "installationId": text(),
            "integrationActionType": one_of("dispatch_workflow"),
            "integrationActionExecutionProperties": _OBJECT,
        },
        *("installationId", "integrationActionType", "integrationActionExecutionProperties"),
    ),
    "UPSERT_ENTITY": _variant("UPSERT_ENTITY", {**_BLUEPRINT, "mapping": _MAPPING}, "blueprintIdentifier", "mapping"),
}


def check_action(body: Any) -> None:
    """Refuse a body that is no action. Errors: 422 invalid_request, naming the first place."""
    check(TOP, body)
    trigger = body["trigger"]
    kind = _known(trigger, "body/trigger", ("self-service", "automation"))
    if kind == "automation":
        check(_AUTOMATION, trigger, "body/trigger")
        event = trigger["event"]
        check(EVENTS[_known(event, "body/trigger/event", tuple(EVENTS))], event, "body/trigger/event")
    else:
        _check_self_service(trigger)
    method = body["invocationMethod"]
    variant = INVOCATIONS[_known(method, "body/invocationMethod", tuple(INVOCATIONS))]
    check(variant, method, "body/invocationMethod")


def _check_self_service(trigger: Any) -> None:
    check(_CREATE if trigger.get("operation") == "CREATE" else _DAY_2, trigger, "body/trigger")
    if "condition" in trigger and "blueprintIdentifier" not in trigger:
        raise invalid("body/trigger must have property blueprintIdentifier when property condition is present")
    inputs = trigger["userInputs"]
    if "order" in inputs and "steps" in inputs:
        raise invalid("body/trigger/userInputs must match exactly one schema in oneOf")
    form = "order" if "order" in inputs else "steps" if "steps" in inputs else "plain"
    check(FORMS[form], inputs, "body/trigger/userInputs")


def _known(part: Any, at: str, allowed: tuple[str, ...]) -> str:
    kind = part.get("type")
    if kind is None:
        raise invalid(f"{at} must have required property 'type'")
    if not isinstance(kind, str) or kind not in allowed:
        raise invalid(f"{at}/type must be equal to one of the allowed values")
    return kind
