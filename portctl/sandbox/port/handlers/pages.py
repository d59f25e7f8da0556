"""Routes of pages: reading only. Source: Port API reference, "Pages"."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.port.context import Call, ok
from portctl.sandbox.port.errors import not_found


def list_all(call: Call) -> Answer:
    return ok(pages=list(call.tables.rows("pages").values()))


def read(call: Call) -> Answer:
    row = call.tables.get("pages", call.params["page"])
    if row is None:
        raise not_found("Page", call.params["page"])
    return ok(page=row)
