"""The address that webhooks are delivered to. Source: port.md 1.4, 7.2."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from portctl.sandbox.core.exchange import Answer, Request
from portctl.sandbox.core.state import Row
from portctl.sandbox.port.context import parse_body
from portctl.sandbox.port.errors import PortError, not_found
from portctl.sandbox.port.store.organisation import Organisation
from portctl.sandbox.port.store.webhooks import is_enabled

ROUTE = "/ingest/{key}"
INGEST = "ingest"
"""The kind of job that maps a delivery."""
LIMIT_BYTES = 512 * 1024


def receive(organisations: Iterable[Organisation], key: str, request: Request) -> Answer:
    """Take a delivery: 202 at once, mapped later. Errors: 404, 413, 401, 400."""
    organisation, webhook = _find(organisations, key)
    if len(request.body) > LIMIT_BYTES:
        raise PortError(413, "payload_too_large", "Request body is too large (limit is 512KiB)")
    _verify(webhook.get("security") or {}, request)
    body = parse_body(request)
    if is_enabled(webhook):
        payload = {
            "organisation": organisation.identifier,
            "webhook": webhook["identifier"],
            "data": {"body": body, "headers": dict(request.headers), "queryParams": dict(request.queries())},
        }
        organisation.runtime.later(INGEST, payload)
    return Answer(202, {"ok": True}, caller=webhook["identifier"], note=None if is_enabled(webhook) else "dropped")


def _find(organisations: Iterable[Organisation], key: str) -> tuple[Organisation, Row]:
    for organisation in organisations:
        for row in organisation.state.rows("webhooks").values():
            if row["webhookKey"] == key:
                return organisation, row
    raise not_found("Webhook", key)


def _verify(security: Row, request: Request) -> None:
    """Errors: 401 where the signature is not that of the webhook's secret."""
    secret, header = security.get("secret"), security.get("signatureHeaderName")
    if not secret or not header:
        return
    given = request.headers.get(header.lower(), "")
    prefix = security.get("signaturePrefix") or ""
    algorithm = security.get("signatureAlgorithm") or "plain"
    wanted = secret
    if algorithm != "plain":
        wanted = hmac.new(secret.encode(), request.body, hashlib.new(algorithm).name).hexdigest()
    if not hmac.compare_digest(given.encode(), f"{prefix}{wanted}".encode()):
        raise PortError(401, "invalid_signature", f"The header {header} does not carry the signature of this webhook")
