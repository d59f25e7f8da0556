"""Organisation secrets. The value is kept for the run-time and never shown."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.errors import not_found, taken
from portctl.sandbox.port.store.organisation import Organisation


def find(organisation: Organisation, name: str) -> Row:
    """The stored secret, value included. Errors: 404."""
    row = organisation.state.get("secrets", name)
    if row is None:
        raise not_found("Secret", name)
    return row


def create(organisation: Organisation, body: Row, by: str) -> Row:
    name = body["secretName"]
    if organisation.state.get("secrets", name) is not None:
        raise taken("Secret", name)
    row = organisation.stamped(body, by)
    organisation.state.put("secrets", name, row)
    organisation.audit("secret", name, by, before=None, after=shown(row))
    return row


def change(organisation: Organisation, name: str, body: Row, by: str) -> Row:
    before = find(organisation, name)
    row = organisation.stamped({**before, **body}, by, before)
    organisation.state.put("secrets", name, row)
    organisation.audit("secret", name, by, before=shown(before), after=shown(row))
    return row


def delete(organisation: Organisation, name: str, by: str) -> None:
    before = find(organisation, name)
    organisation.state.drop("secrets", name)
    organisation.audit("secret", name, by, before=shown(before), after=None)


def shown(row: Row) -> Row:
    """Name and metadata."""
    return {name: row[name] for name in ("secretName", "description", "createdAt", "updatedAt") if name in row}
