"""Routes of the organisation itself. Source: Port API reference, "Organization"."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.port.context import Call, ok
from portctl.sandbox.port.schemas import administration as schema
from portctl.sandbox.port.schemas.check import check


def read(call: Call) -> Answer:
    return ok(organization=call.tables.get("organisation", "self"))


def change(call: Call) -> Answer:
    """PUT and PATCH answer no more than that it went well."""
    body = call.body()
    check(schema.ORGANISATION, body)
    before = call.organisation.state.get("organisation", "self") or {}
    row = call.organisation.stamped({**before, **body}, call.by, before)
    call.organisation.state.put("organisation", "self", row)
    call.organisation.audit("organization", row["id"], call.by, before=before, after=row)
    return ok()
