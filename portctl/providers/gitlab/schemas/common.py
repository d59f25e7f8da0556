"""Parts that the schemas of several kinds share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "integer"}
TEXTS: Schema = {"type": "array", "items": TEXT}


def closed(needed: Sequence[str] = (), /, **properties: Any) -> dict[str, Any]:
    """An object that may have these fields and no other."""
    return {"type": "object", "properties": properties, "required": list(needed), "additionalProperties": False}


def one_of(*values: str) -> dict[str, Any]:
    """One of a few words."""
    return {"enum": list(values)}


def text(longest: int, pattern: str = "", description: str = "") -> dict[str, Any]:
    """Text of bounded length; `description` says in words what `pattern` asks for."""
    schema: dict[str, Any] = {"type": "string", "maxLength": longest}
    return {**schema, "pattern": pattern, "description": description} if pattern else schema


FULL_PATH: Schema = text(
    255,
    r"^[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+$",
    "the full path, as group/project",
)
GROUP_PATH: Schema = text(
    255,
    r"^[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*)*$",
    "the full path of a group, as group/subgroup",
)
