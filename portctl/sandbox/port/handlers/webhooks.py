"""Routes of webhook data sources; the wrapper is `integration`. Source: Port API reference, "Webhook"."""

from __future__ import annotations

from typing import Any

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.port.context import Call, ok
from portctl.sandbox.port.errors import not_found
from portctl.sandbox.port.schemas.webhook import check_webhook
from portctl.sandbox.port.store import webhooks


def list_all(call: Call) -> Answer:
    rows = call.tables.rows("webhooks").values()
    return ok(integrations=[webhooks.shown(call.organisation, row) for row in rows])


def read(call: Call) -> Answer:
    row = call.tables.get("webhooks", call.params["webhook"])
    if row is None:
        raise not_found("Webhook", call.params["webhook"])
    return _shown(call, row)


def create(call: Call) -> Answer:
    return _shown(call, webhooks.create(call.organisation, _body(call, whole=True), call.by), 201)


def replace(call: Call) -> Answer:
    body = _body(call, whole=True)
    return _shown(call, webhooks.replace(call.organisation, call.params["webhook"], body, call.by))


def change(call: Call) -> Answer:
    body = _body(call, whole=False)
    return _shown(call, webhooks.change(call.organisation, call.params["webhook"], body, call.by))


def delete(call: Call) -> Answer:
    webhooks.delete(call.organisation, call.params["webhook"], call.by)
    return ok()


def _body(call: Call, *, whole: bool) -> Any:
    body = call.body()
    check_webhook(body, whole=whole, strict=call.organisation.strict("defaulted-keys"))
    return body


def _shown(call: Call, row: Row, status: int = 200) -> Answer:
    return ok(status, integration=webhooks.shown(call.organisation, row))
