"""Routes of the organisation itself. Source: Port API reference, "Organization"."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.port.context import Call, ok


def read(call: Call) -> Answer:
    return ok(organization=call.tables.get("organisation", "self"))
