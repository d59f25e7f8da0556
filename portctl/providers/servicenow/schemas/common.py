"""Parts that the schemas of several kinds share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

FLAG: Schema = {"enum": [True, False, "true", "false"]}
NUMBER: Schema = {"type": ["integer", "string"], "pattern": "^-?[0-9]+$", "description": "a whole number"}
SCALAR: Schema = {"type": ["string", "boolean", "number", "null"]}

TABLE: Schema = {
    "type": "string",
    "pattern": "^[a-z][a-z0-9_]*$",
    "maxLength": 80,
    "description": "the name of a table, such as change_request",
}


def closed(needed: Sequence[str] = (), /, **properties: Any) -> dict[str, Any]:
    """An object that may have these fields and no other."""
    return {"type": "object", "properties": properties, "required": list(needed), "additionalProperties": False}


def text(longest: int, pattern: str = "", description: str = "") -> dict[str, Any]:
    """Text of bounded length; `description` says in words what `pattern` asks for."""
    schema: dict[str, Any] = {"type": "string", "maxLength": longest}
    return {**schema, "pattern": pattern, "description": description} if pattern else schema


def name(longest: int) -> dict[str, Any]:
    """Text that a query can look for: not empty, no `^`, no control characters, no script."""
    words = 'a name without "^" and control characters, which does not begin with "javascript:"'
    return text(longest, r"^(?!javascript:)[^\x00-\x1f^]+$", words)


def one_of(*values: str) -> dict[str, Any]:
    """One of a few words."""
    return {"enum": list(values)}
