"""A secret of the organisation, which templates read as `.secrets.NAME`.

Source: docs.port.io, API reference, "Create a secret".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.providers.port.schemas.common import TEXT, closed


def secret() -> Mapping[str, Any]:
    """The schema of port/Secret."""
    return closed(
        ["secretName", "secretValue"],
        secretName={
            "type": "string",
            "minLength": 1,
            "maxLength": 100,
            "pattern": "^[A-Za-z0-9_-]*$",
            "description": "letters, digits, - and _",
        },
        secretValue=TEXT,
        description={"type": "string", "maxLength": 200},
    )
