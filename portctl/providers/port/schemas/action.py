"""The body of an action, and of an automation: one resource at Port, told apart by `trigger.type`.

Source: docs.port.io, API reference, "Create an action/automation". No key beyond these is accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.providers.port.schemas.common import (
    FLAG,
    FLAG_OR_JQ,
    FREE,
    JQ,
    JSON_TYPES,
    PART_NAME,
    TEXT,
    TEXTS,
    Schema,
    by,
    closed,
    identifier,
    one_of,
    opened,
)
from portctl.providers.port.schemas.query import dataset_definitions, query_definitions

_INPUT_FORMATS = (
    *("date-time", "url", "email", "ipv4", "ipv6", "yaml", "entity"),
    *("user", "team", "proto", "markdown", "multi-line", "labeled-url"),
)
_INPUT_NAME = {key: value for key, value in PART_NAME.items() if key != "maxLength"}
_FLAG_OR_TEMPLATE: Schema = {"type": ["boolean", "string"]}
_LIST_OR_MAP: Schema = {"type": ["array", "object"]}
_TEXT_OR_TEXTS: Schema = {"type": ["string", "array"], "items": TEXT}
_BUTTON: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 15,
    "pattern": r"^[^\s].*[^\s]$",
    "description": "text without blanks at its ends",
}
_ENTITY_EVENTS = ("ENTITY_CREATED", "ENTITY_UPDATED", "ENTITY_DELETED", "ANY_ENTITY_CHANGE")
_RUN_EVENTS = ("RUN_CREATED", "RUN_UPDATED", "ANY_RUN_CHANGE")


def action() -> Mapping[str, Any]:
    """The schema of port/Action."""
    return _body({"self-service": _self_service()}, {"automation": "This is an automation: use kind port/Automation."})


def automation() -> Mapping[str, Any]:
    """The schema of port/Automation."""
    return _body({"automation": _automation()}, {"self-service": "This is an action: use kind port/Action."})


def _body(triggers: Mapping[str, Any], hints: Mapping[str, str]) -> Mapping[str, Any]:
    return {
        **closed(
            ["identifier", "trigger", "invocationMethod"],
            identifier=identifier("@_.+:=-"),
            title=TEXT,
            icon=TEXT,
            description=TEXT,
            trigger={"type": "object", **by("type", triggers, hints)},
            invocationMethod={"type": "object", **by("type", _backends())},
            requiredApproval={**closed(["type"], type=one_of("ANY", "ALL")), "type": ["boolean", "object"]},
            approvalNotification={
                "type": "object",
                **by(
                    "type",
                    {
                        "email": closed((), type={}),
                        "webhook": closed(["url"], type={}, url=TEXT, format=one_of("json", "slack")),
                    },
                ),
            },
            publish=FLAG,
            allowAnyoneToViewRuns=FLAG,
        ),
        "$defs": {**query_definitions(), **dataset_definitions()},
    }


def _self_service() -> Schema:
    fields = {
        "type": {},
        "operation": {},
        "blueprintIdentifier": TEXT,
        "userInputs": _user_inputs(),
        "actionCardButtonText": _BUTTON,
        "executeActionButtonText": _BUTTON,
    }
    rules = {"type": "array", "items": {"$ref": "#/$defs/queryItem"}}
    condition = closed(
        ["type", "rules", "combinator"], type=one_of("SEARCH"), rules=rules, combinator=one_of("and", "or")
    )
    bound = {
        **closed(["userInputs"], **fields, condition=condition),
        "dependentRequired": {"condition": ["blueprintIdentifier"]},
    }
    return by("operation", {"CREATE": closed(["userInputs"], **fields), "DAY-2": bound, "DELETE": bound})


def _user_inputs() -> Schema:
    titles = opened(
        (),
        title={"type": "string", "minLength": 1, "maxLength": 140},
        description={"type": "string", "maxLength": 1000},
        visible=FLAG_OR_JQ,
    )
    return {
        **closed(
            ["properties"],
            properties={"type": "object", "propertyNames": _INPUT_NAME, "additionalProperties": _input()},
            required={**JQ, "type": ["array", "object"], "items": TEXT},
            order=TEXTS,
            steps={"type": "array", "items": closed(["title"], title=TEXT, order=TEXTS, visible=FLAG_OR_JQ)},
            titles={"type": "object", "propertyNames": _INPUT_NAME, "additionalProperties": titles},
        ),
        "dependentSchemas": {"order": {"properties": {"steps": False}}},
    }


def _input() -> Schema:
    return opened(
        ["type"],
        type=one_of(*JSON_TYPES),
        jqQuery={"type": "null"},
        format=one_of(*_INPUT_FORMATS),
        blueprint=TEXT,
        dependsOn=TEXTS,
        visible=FLAG_OR_JQ,
        icon=TEXT,
        dataset={"$ref": "#/$defs/dataset"},
        sort=opened(["property", "order"], property=TEXT, order=one_of("ASC", "DESC")),
    )


def _automation() -> Schema:
    timer = closed(
        ["blueprintIdentifier", "propertyIdentifier"], type={}, blueprintIdentifier=TEXT, propertyIdentifier=TEXT
    )
    events = {
        **dict.fromkeys(_ENTITY_EVENTS, closed(["blueprintIdentifier"], type={}, blueprintIdentifier=TEXT)),
        "TIMER_PROPERTY_EXPIRED": timer,
        **dict.fromkeys(_RUN_EVENTS, closed(["actionIdentifier"], type={}, actionIdentifier=TEXT)),
    }
    return closed(
        ["event"],
        type={},
        event={"type": "object", **by("type", events)},
        condition=closed(["type", "expressions"], type=one_of("JQ"), expressions=TEXTS, combinator=one_of("and", "or")),
    )


def _backends() -> dict[str, Schema]:
    """What a run calls, by type. `SLACK` and `JENKINS` in Port's pages are webhooks; the API refuses them."""
    return {
        "WEBHOOK": closed(
            ["url"],
            type={},
            url=TEXT,
            method=one_of("POST", "GET", "PUT", "PATCH", "DELETE"),
            headers={"type": "object", "additionalProperties": TEXT},
            body=_LIST_OR_MAP,
            agent=_FLAG_OR_TEMPLATE,
            synchronized=_FLAG_OR_TEMPLATE,
        ),
        "KAFKA": closed((), type={}, payload=_LIST_OR_MAP),
        "GITHUB": closed(
            ["org", "repo", "workflow"],
            type={},
            org=TEXT,
            repo=TEXT,
            workflow=TEXT,
            workflowInputs=FREE,
            reportWorkflowStatus=_FLAG_OR_TEMPLATE,
        ),
        "GITLAB": closed(
            ["projectName", "groupName"],
            type={},
            projectName=TEXT,
            groupName=TEXT,
            defaultRef=TEXT,
            pipelineVariables=FREE,
        ),
        "AZURE_DEVOPS": closed(["webhook", "org"], type={}, webhook=TEXT, org=TEXT, payload=_LIST_OR_MAP),
        "INTEGRATION_ACTION": closed(
            ["installationId", "integrationActionType", "integrationActionExecutionProperties"],
            type={},
            installationId=TEXT,
            integrationActionType=one_of("dispatch_workflow", "trigger_pipeline"),
            integrationActionExecutionProperties=FREE,
        ),
        "UPSERT_ENTITY": closed(
            ["blueprintIdentifier", "mapping"], type={}, blueprintIdentifier=TEXT, mapping=_mapping()
        ),
    }


def _mapping() -> Schema:
    relations = {"type": "object", "additionalProperties": {"type": ["string", "array", "null"], "items": TEXT}}
    return opened((), identifier=TEXT, title=TEXT, team=_TEXT_OR_TEXTS, icon=TEXT, properties=FREE, relations=relations)
