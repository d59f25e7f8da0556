"""Routes of organisation secrets. Source: Port API reference, "Organization"."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.port.context import Call, ok
from portctl.sandbox.port.errors import not_found
from portctl.sandbox.port.schemas import administration as schema
from portctl.sandbox.port.schemas.check import check
from portctl.sandbox.port.store import secrets


def list_all(call: Call) -> Answer:
    return ok(secrets=[secrets.shown(row) for row in call.tables.rows("secrets").values()])


def read(call: Call) -> Answer:
    row = call.tables.get("secrets", call.params["secret"])
    if row is None:
        raise not_found("Secret", call.params["secret"])
    return ok(secret=secrets.shown(row))


def create(call: Call) -> Answer:
    body = call.body()
    check(schema.SECRET, body)
    return ok(201, secret=secrets.shown(secrets.create(call.organisation, body, call.by)))


def change(call: Call) -> Answer:
    body = call.body()
    check(schema.SECRET_CHANGE, body)
    return ok(secret=secrets.shown(secrets.change(call.organisation, call.params["secret"], body, call.by)))


def delete(call: Call) -> Answer:
    secrets.delete(call.organisation, call.params["secret"], call.by)
    return ok()
