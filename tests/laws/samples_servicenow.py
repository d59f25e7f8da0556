"""One rich example of every kind of ServiceNow, fed by an address of Port."""

from __future__ import annotations

from typing import Any


def _manifest(kind: str, spec: dict[str, Any], name: str, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "portctl/v1",
        "kind": f"servicenow/{kind}",
        "metadata": {"name": name, **metadata},
        "spec": spec,
    }


MANIFESTS: dict[str, list[dict[str, Any]]] = {
    "servicenow.yaml": [
        _manifest(
            "Column",
            {
                "name": "change_request",
                "element": "u_law",
                "column_label": "Law",
                "internal_type": "string",
                "max_length": 255,
                "mandatory": False,
                "active": True,
                "default_value": "none",
                "comments": "What the laws are tried on",
            },
            "law",
            onDelete="delete",
        ),
        _manifest(
            "RestMessage",
            {
                "name": "Laws",
                "rest_endpoint": "<% output('port/Webhook:release-hook', 'url') %>",
                "description": "Sends what the laws send",
                "access": "package_private",
                "headers": {"Accept": "application/json"},
                "functions": {
                    "post": {
                        "http_method": "post",
                        "content": "${body}\nend",
                        "headers": {"Content-Type": "application/json", "X-Law": "<% secret('LAW_SIGNING') %>"},
                    },
                    "Default GET": {"http_method": "GET", "rest_endpoint": "https://laws.example.com/get"},
                },
            },
            "laws",
        ),
        _manifest(
            "BusinessRule",
            {
                "name": "Laws",
                "collection": "change_request",
                "when": "async",
                "active": False,
                "order": 250,
                "action_insert": True,
                "action_update": True,
                "advanced": True,
                "filter_condition": "u_lawISNOTEMPTY^EQ",
                "condition": "current.approval.changes()",
                "script": "(function (current) {\n  gs.info('law ' + current.getValue('u_law'));\n})(current);\n",
                "description": "Sends what the laws send",
            },
            "laws",
            dependsOn=["servicenow/Column:law", "servicenow/RestMessage:laws"],
        ),
        _manifest(
            "Record",
            {
                "table": "sys_user_group",
                "key": "name=Laws",
                "references": {"manager": "sys_user"},
                "columns": {
                    "description": "Keeps the laws",
                    "active": True,
                    "email": "laws@example.com",
                    "manager.user_name": "pat.platform",
                },
            },
            "laws-group",
        ),
        _manifest(
            "Record",
            {
                "table": "sys_user_grmember",
                "key": "user.user_name=portctl.gate^group.name=Laws",
                "references": {"user": "sys_user", "group": "sys_user_group"},
            },
            "laws-member",
            dependsOn=["servicenow/Record:laws-group"],
        ),
    ]
}
