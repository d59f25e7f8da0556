"""Routes of migrations: watching those that delete entities. Source: Port API reference, "Migrations"."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.port.context import Call, ok
from portctl.sandbox.port.errors import not_found
from portctl.sandbox.port.store import migrations


def list_all(call: Call) -> Answer:
    return ok(migrations=[migrations.public(row) for row in call.organisation.state.rows("migrations").values()])


def read(call: Call) -> Answer:
    row = call.organisation.state.get("migrations", call.params["migration"])
    if row is None:
        raise not_found("Migration", call.params["migration"])
    return ok(migration=migrations.public(row))
