"""An entity of the catalogue, with the blueprint it belongs to.

Source: docs.port.io, API reference, "Create an entity". Port can make identifiers up and find them by search; a
manifest names its entity, so that the next plan finds it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.providers.port.schemas.common import FREE, TEXT, TEXT_OR_NULL, Schema, identifier, opened
from portctl.providers.port.schemas.query import lookup_definitions

_IDENTIFIER = identifier("@_.+:\\/=-", 1000)
_SEARCH: Schema = {"if": {"type": "object"}, "then": {"$ref": "#/$defs/lookup"}}


def entity() -> Mapping[str, Any]:
    """The schema of port/Entity."""
    related = {
        **_IDENTIFIER,
        "type": ["string", "array", "null", "object"],
        "items": identifier("@_.+:\\/=-"),
        **_SEARCH,
    }
    return {
        **opened(
            ["blueprint", "identifier"],
            blueprint=identifier("@_.+:\\/-", 100),
            identifier=_IDENTIFIER,
            title=TEXT_OR_NULL,
            icon=TEXT_OR_NULL,
            team={"type": ["string", "array", "object"], "items": TEXT, **_SEARCH},
            properties=FREE,
            relations={"type": "object", "additionalProperties": related},
        ),
        "$defs": lookup_definitions(),
    }
