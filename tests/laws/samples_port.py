"""One rich example of every kind of Port."""

from __future__ import annotations

from typing import Any

MANIFESTS: dict[str, list[dict[str, Any]]] = {}
"""File name -> documents of that file."""


def manifest(kind: str, spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "portctl/v1", "kind": kind, "metadata": metadata, "spec": spec}


MANIFESTS["blueprints.yaml"] = [
    manifest(
        "port/Blueprint",
        {"identifier": "service", "title": "Service", "schema": {"properties": {}}},
        management="observe",
    ),
    manifest(
        "port/Blueprint",
        {
            "identifier": "release",
            "title": "Release",
            "icon": "Deployment",
            "description": "One release of a service",
            "ownership": {"type": "Direct", "title": "Owners"},
            "schema": {
                "properties": {
                    "version": {"type": "string", "title": "Version", "pattern": "^v", "minLength": 2},
                    "stage": {
                        "type": "string",
                        "title": "Stage",
                        "enum": ["alpha", "beta", "final"],
                        "enumColors": {"alpha": "red", "beta": "yellow", "final": "green"},
                        "default": "alpha",
                    },
                    "score": {"type": "number", "title": "Score", "minimum": 0, "maximum": 10},
                    "risky": {"type": "boolean", "title": "Risky", "default": False},
                    "notes": {"type": "string", "format": "markdown", "title": "Notes"},
                    "released": {"type": "string", "format": "date-time", "title": "Released"},
                    "tags": {"type": "array", "title": "Tags", "items": {"type": "string"}},
                    "details": {"type": "object", "title": "Details"},
                },
                "required": ["version", "stage"],
            },
            "calculationProperties": {
                "slug": {"title": "Slug", "type": "string", "calculation": ".title | ascii_downcase"}
            },
            "mirrorProperties": {"serviceTitle": {"title": "Service title", "path": "service.$title"}},
            "aggregationProperties": {
                "changes": {
                    "title": "Changes",
                    "type": "number",
                    "target": "change",
                    "calculationSpec": {"calculationBy": "entities", "func": "count"},
                }
            },
            "relations": {
                "service": {"title": "Service", "target": "service", "required": False, "many": False},
                "changes": {"title": "Changes", "target": "change", "required": False, "many": True},
            },
        },
    ),
    manifest(
        "port/Blueprint",
        {
            "identifier": "change",
            "title": "Change",
            "schema": {"properties": {"summary": {"type": "string", "title": "Summary"}}, "required": []},
            "relations": {
                "release": {"title": "Release", "target": "release", "required": False, "many": False},
                "follows": {"title": "Follows", "target": "change", "required": False, "many": False},
            },
            "mirrorProperties": {"version": {"title": "Version", "path": "release.version"}},
        },
    ),
]
MANIFESTS["actions.yaml"] = [
    manifest(
        "port/Action",
        {
            "identifier": "ship_release",
            "title": "Ship release",
            "icon": "Deployment",
            "description": "Ships one release",
            "trigger": {
                "type": "self-service",
                "operation": "DAY-2",
                "blueprintIdentifier": "release",
                "userInputs": {
                    "properties": {
                        "environment": {
                            "type": "string",
                            "title": "Environment",
                            "enum": ["Staging", "Production"],
                            "default": "Staging",
                            "enumColors": {"Staging": "lightGray", "Production": "red"},
                        },
                        "count": {"type": "number", "title": "Count", "minimum": 1},
                        "force": {"type": "boolean", "title": "Force", "default": False},
                        "reviewers": {"type": "array", "title": "Reviewers", "items": {"type": "string"}},
                    },
                    "required": ["environment"],
                    "order": ["environment", "count", "force", "reviewers"],
                },
            },
            "invocationMethod": {
                "type": "WEBHOOK",
                "url": "https://ci.example.com/start?token={{ .secrets.LAW_TOKEN }}",
                "agent": False,
                "synchronized": False,
                "method": "POST",
                "headers": {"X-Run": "{{ .run.id }}"},
                "body": {"inputs": "{{ .inputs }}", "list": [1, 2.5, True, None, "text"], "nested": {"a": {"b": 0}}},
            },
            "requiredApproval": False,
        },
    )
]
MANIFESTS["automations.yaml"] = [
    manifest(
        "port/Automation",
        {
            "identifier": "tell_release",
            "title": "Tell about a release",
            "description": "Tells somebody",
            "trigger": {
                "type": "automation",
                "event": {"type": "ENTITY_UPDATED", "blueprintIdentifier": "release"},
                "condition": {
                    "type": "JQ",
                    "expressions": [
                        ".diff.before.properties.stage != .diff.after.properties.stage",
                        '.diff.after.properties.stage == "final"',
                    ],
                    "combinator": "and",
                },
            },
            "invocationMethod": {
                "type": "WEBHOOK",
                "url": "https://ci.example.com/tell",
                "method": "PUT",
                "body": {"stage": "{{ .event.diff.after.properties.stage }}"},
            },
            "publish": True,
        },
    )
]
MANIFESTS["access.yaml"] = [
    manifest(
        "port/ActionPermissions",
        {
            "execute": {
                "roles": ["Admin", "Member"],
                "users": ["dev@example.com"],
                "teams": ["shop"],
                "ownedByTeam": True,
                "policy": None,
            },
            "approve": {"roles": ["Admin"], "users": [], "teams": ["platform"], "policy": None},
        },
        **{"in": "port/Action:ship_release"},
    ),
    manifest(
        "port/Secret",
        {"secretName": "LAW_TOKEN", "secretValue": "<% secret('LAW_TOKEN') %>", "description": "For the laws"},
    ),
    manifest(
        "port/Webhook",
        {
            "identifier": "release-hook",
            "title": "Release hook",
            "description": "Takes releases",
            "icon": "Webhook",
            "enabled": True,
            "mappings": [
                {
                    "blueprint": "release",
                    "operation": "create",
                    "filter": ".body.id != null",
                    "entity": {
                        "identifier": ".body.id",
                        "title": ".body.title",
                        "properties": {"version": ".body.version", "stage": ".body.stage"},
                        "relations": {"service": ".body.service"},
                    },
                },
                {
                    "blueprint": "change",
                    "operation": "delete",
                    "filter": ".body.gone",
                    "entity": {"identifier": ".body.id"},
                },
            ],
            "security": {
                "secret": "<% secret('LAW_SIGNING') %>",
                "signatureHeaderName": "X-Signature",
                "signatureAlgorithm": "sha256",
                "signaturePrefix": "sha256=",
                "requestIdentifierPath": ".body.id",
            },
        },
    ),
]
MANIFESTS["entities.yaml"] = [
    manifest(
        "port/Entity",
        {
            "identifier": "checkout-1",
            "blueprint": "release",
            "title": "Checkout 1",
            "icon": "Rocket",
            "team": ["platform", "shop"],
            "properties": {
                "version": "v1.0",
                "stage": "beta",
                "score": 4.5,
                "risky": False,
                "notes": "Line one\nLine two\n",
                "released": "2026-01-01T10:00:00+02:00",
                "tags": ["b", "a"],
                "details": {"depth": {"value": 0, "flag": True, "nothing": ""}},
            },
            "relations": {"service": "shop/checkout", "changes": ["CHG1"]},
        },
    ),
    manifest(
        "port/Entity",
        {
            "identifier": "CHG1",
            "blueprint": "change",
            "title": "First change",
            "properties": {"summary": "First"},
            "relations": {"release": "checkout-1"},
        },
    ),
]
