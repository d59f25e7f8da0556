"""Outbound REST messages. Source: ServiceNow docs, "Outbound REST web service"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.providers.servicenow.schemas.common import closed, name, one_of, text

_URL = text(1024)


def _headers() -> dict[str, Any]:
    return {
        "type": "object",
        "propertyNames": {"pattern": "^[!#$%&'*+.0-9A-Z^_`a-z|~-]+$", "maxLength": 255},
        "additionalProperties": text(4000),
    }


def rest_message() -> Mapping[str, Any]:
    """The schema of servicenow/RestMessage: functions and headers by name."""
    function = closed(
        ["http_method"],
        http_method=one_of("get", "post", "put", "patch", "delete", "GET", "POST", "PUT", "PATCH", "DELETE"),
        rest_endpoint=_URL,
        authentication_type=one_of("inherit_from_parent", "no_authentication", "noAuth", "basic", "oauth2"),
        content=text(65_000),
        headers=_headers(),
    )
    return closed(
        ["name", "rest_endpoint", "functions"],
        name=name(100),
        rest_endpoint=_URL,
        description=text(4000),
        authentication_type=one_of("noAuth", "basic", "oauth2"),
        access=one_of("package_private", "public"),
        headers=_headers(),
        functions={"type": "object", "propertyNames": name(100), "additionalProperties": function, "minProperties": 1},
    )
