"""The body of the token endpoint."""

from __future__ import annotations

from portctl.sandbox.port.schemas.check import compile_schema, object_of, text

TOKEN_BODY = compile_schema(
    object_of({"clientId": text(), "clientSecret": text()}, required=("clientId", "clientSecret"))
)
