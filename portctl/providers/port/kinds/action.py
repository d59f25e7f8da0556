"""Port self-service action. Source: Port API reference, "Action Runs / Actions" (version 2)."""

from __future__ import annotations

from collections.abc import Mapping

from portctl.model.kind import Hold, Kind, Privilege, Ref, Verb
from portctl.model.value import Attributes
from portctl.providers.port.fields import (
    MADE_AT,
    MADE_BY,
    SERVER_OWNED,
    SHOWN_AND_CALLED,
    SYSTEM_BLUEPRINT,
    SYSTEM_OR_TEMPLATE,
)
from portctl.providers.port.schemas.action import action

COLLECTION = "/v1/actions"
VERSION = {"version": "v2"}
"""Without it Port may list the shape it had before automations existed."""

DEFAULTS = {
    "publish": True,
    "requiredApproval": False,
    "approvalNotification": {"type": "email"},
    "allowAnyoneToViewRuns": True,
    "invocationMethod.agent": False,
    "invocationMethod.synchronized": False,
    "invocationMethod.method": "POST",
    "invocationMethod.reportWorkflowStatus": True,
    "invocationMethod.integrationActionExecutionProperties.reportWorkflowStatus": True,
}
EMPTY = ("icon", "title", "description", "invocationMethod.headers", "invocationMethod.body")
UPSERT_TARGET = Ref("invocationMethod.blueprintIdentifier", "port/Blueprint", SYSTEM_OR_TEMPLATE)


def trigger_type(attributes: Attributes) -> str:
    """`self-service` or `automation`: the two share one collection."""
    trigger = attributes.get("trigger")
    return str(trigger.get("type", "")) if isinstance(trigger, Mapping) else ""


def _belongs(attributes: Attributes) -> bool:
    return trigger_type(attributes) == "self-service"


KIND = Kind(
    provider="port",
    name="Action",
    source="Port API reference, Actions",
    summary="A self-service action: a form, who may send it, and what is called with it.",
    folder="actions",
    identity=("identifier",),
    collection=COLLECTION,
    list_query=VERSION,
    belongs=_belongs,
    envelope=("action",),
    list_envelope=("actions",),
    update=Verb.PUT,
    server_owned=SERVER_OWNED,
    server_id=MADE_AT,
    maker=MADE_BY,
    defaults=DEFAULTS,
    empty=(
        *EMPTY,
        "trigger.userInputs.required",
        "trigger.userInputs.order",
        "trigger.userInputs.steps",
        "trigger.userInputs.titles",
        "trigger.userInputs.properties",
        "trigger.userInputs",
    ),
    sets=("trigger.userInputs.required",),
    text=("description",),
    references=(
        Ref("trigger.blueprintIdentifier", "port/Blueprint", SYSTEM_BLUEPRINT),
        Ref("trigger.userInputs.properties.*.blueprint", "port/Blueprint", SYSTEM_BLUEPRINT),
        Ref("trigger.userInputs.properties.*.items.blueprint", "port/Blueprint", SYSTEM_BLUEPRINT),
        UPSERT_TARGET,
    ),
    hold=Hold("publish", False, "port/ActionPermissions"),
    readable=SHOWN_AND_CALLED,
    schema=action,
    privilege=Privilege(read="any member", write="Admin, or the credentials of the organisation"),
)
