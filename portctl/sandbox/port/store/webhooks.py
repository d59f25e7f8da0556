"""Webhook data sources: their definitions. Deliveries belong to the run-time."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.errors import not_found, taken
from portctl.sandbox.port.store.organisation import STAMPS, Organisation

MASK = "******"
_KEPT = ("id", "webhookKey", *STAMPS)


def find(organisation: Organisation, identifier: str) -> Row:
    """The stored webhook, secret included. Errors: 404."""
    row = organisation.state.get("webhooks", identifier)
    if row is None:
        raise not_found("Webhook", identifier)
    return row


def create(organisation: Organisation, body: Row, by: str) -> Row:
    identifier = body.get("identifier") or organisation.world.ids.token(16)
    if organisation.state.get("webhooks", identifier) is not None:
        raise taken("Webhook", identifier)
    own = {"id": organisation.world.ids.prefixed("wh"), "webhookKey": organisation.world.ids.token(16)}
    return _store(organisation, None, {**own, **body, "identifier": identifier}, by)


def replace(organisation: Organisation, identifier: str, body: Row, by: str) -> Row:
    before = find(organisation, identifier)
    kept = {name: before[name] for name in _KEPT}
    return _store(organisation, before, {"identifier": identifier, **body, **kept}, by)


def change(organisation: Organisation, identifier: str, body: Row, by: str) -> Row:
    before = find(organisation, identifier)
    return _store(organisation, before, {**before, **body}, by)


def delete(organisation: Organisation, identifier: str, by: str) -> None:
    before = find(organisation, identifier)
    organisation.state.drop("webhooks", identifier)
    organisation.audit("webhook", identifier, by, before=shown(organisation, before), after=None)


def shown(organisation: Organisation, row: Row) -> Row:
    """The webhook as it is read: with the address to deliver to, without its secret."""
    shown_row = {**row, "url": f"{organisation.address.url}/ingest/{row['webhookKey']}"}
    security = row.get("security")
    if security and security.get("secret") is not None and organisation.strict("webhook-secret"):
        shown_row["security"] = {**security, "secret": MASK}
    return shown_row


def _store(organisation: Organisation, before: Row | None, after: Row, by: str) -> Row:
    if before is not None and after["identifier"] != before["identifier"]:
        if organisation.state.get("webhooks", after["identifier"]) is not None:
            raise taken("Webhook", after["identifier"])
        organisation.state.drop("webhooks", before["identifier"])
    for mapping in after.get("mappings", []):
        if organisation.state.get("blueprints", mapping["blueprint"]) is None:
            raise not_found("Blueprint", mapping["blueprint"])
    row = organisation.stamped(_completed(organisation, after), by, before)
    organisation.state.put("webhooks", row["identifier"], row)
    was = None if before is None else shown(organisation, before)
    organisation.audit("webhook", row["identifier"], by, before=was, after=shown(organisation, row))
    return row


def is_enabled(webhook: Row) -> bool:
    return bool(webhook.get("enabled", True))


def _completed(organisation: Organisation, row: Row) -> Row:
    """The webhook as it is, or with every default (switch `filled-defaults`)."""
    if not organisation.strict("filled-defaults"):
        return row
    mappings = [{"operation": "create", "filter": "true", **mapping} for mapping in row.get("mappings", [])]
    return {"enabled": True, "security": {}, "integrationType": "custom", **row, "mappings": mappings}
