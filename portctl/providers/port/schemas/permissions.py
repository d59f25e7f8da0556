"""Who may run an action, and who may approve a run.

Source: docs.port.io, API reference, "Update action permissions".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.providers.port.schemas.common import FLAG, TEXTS, Schema, closed
from portctl.providers.port.schemas.query import query_definitions


def action_permissions() -> Mapping[str, Any]:
    """The schema of port/ActionPermissions."""
    allowed: dict[str, Any] = {"users": TEXTS, "roles": TEXTS, "teams": TEXTS, "policy": _policy()}
    return {
        **closed((), execute=closed((), **allowed, ownedByTeam=FLAG), approve=closed((), **allowed)),
        "$defs": query_definitions(),
    }


def _policy() -> Schema:
    """Null takes a policy away; leaving the key out does not."""
    queries = {"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#/$defs/query"}}
    conditions = {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}
    return {**closed(["queries", "conditions"], queries=queries, conditions=conditions), "type": ["object", "null"]}
