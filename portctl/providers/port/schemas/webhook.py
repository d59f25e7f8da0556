"""A webhook that feeds the catalogue.

Source: docs.port.io, API reference, "Create a webhook"; "Custom integration, webhook mapping".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.providers.port.schemas.common import FLAG, FREE, TEXT, TEXT_OR_NULL, Schema, closed, one_of, opened

_SHORT: Schema = {"type": "string", "maxLength": 30}
_DELETES: Schema = {
    "required": ["operation"],
    "properties": {
        "operation": {
            "anyOf": [
                {"const": "delete"},
                {"type": "object", "required": ["type"], "properties": {"type": {"const": "delete"}}},
            ]
        }
    },
}


def webhook() -> Mapping[str, Any]:
    """The schema of port/Webhook. Port makes an identifier up when there is none; a manifest must name it."""
    return closed(
        ["identifier", "title", "enabled"],
        identifier=_SHORT,
        title=_SHORT,
        description={"type": "string", "maxLength": 200},
        icon=TEXT,
        enabled=FLAG,
        integrationType=one_of("custom", "template"),
        mappings={"type": "array", "items": {"type": "object", "if": _DELETES, "then": _delete(), "else": _create()}},
        security=closed(
            (),
            secret=TEXT_OR_NULL,
            signatureHeaderName=TEXT_OR_NULL,
            signatureAlgorithm={"enum": ["sha1", "sha256", "plain", None]},
            signaturePrefix=TEXT_OR_NULL,
            requestIdentifierPath=TEXT_OR_NULL,
        ),
    )


def _create() -> Schema:
    entity = closed(
        ["identifier"],
        identifier=_jq_or_search(),
        title=TEXT,
        icon=TEXT,
        team=_jq_or_search(),
        properties=FREE,
        relations=FREE,
    )
    operation = _operation(closed(["type"], type=one_of("create", "delete")))
    return closed(
        ["blueprint", "entity"], operation=operation, blueprint=TEXT, filter=TEXT, itemsToParse=TEXT, entity=entity
    )


def _delete() -> Schema:
    operation = _operation(closed(["type"], type=one_of("delete"), deleteDependents=FLAG))
    entity = closed(["identifier"], identifier=TEXT)
    return opened(
        ["blueprint", "entity"], operation=operation, blueprint=TEXT, filter=TEXT, itemsToParse=TEXT, entity=entity
    )


def _operation(shape: Schema) -> Schema:
    return {**shape, "type": ["string", "object"], "if": {"type": "string"}, "then": one_of("create", "delete")}


def _jq_or_search() -> Schema:
    """A jq program, or a search whose values are jq programs."""
    search = closed(["combinator", "rules"], combinator=TEXT, rules={"type": "array", "items": FREE})
    return {**search, "type": ["string", "object"]}
