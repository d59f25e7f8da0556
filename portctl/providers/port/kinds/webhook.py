"""Port webhook data source: an address that receives events and maps them to entities.

Source: Port API reference, "Webhooks". Port wraps one as `integration` and many as `integrations`.
The address contains the key, and Port shows both to every member, so both outputs are readable and not masked;
what keeps strangers out is the signature that `security` demands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.model.kind import Kind, Merge, Output, Privilege, Ref, Verb
from portctl.model.value import Attributes
from portctl.providers.port.fields import MADE_AT, MADE_BY, SERVER_OWNED, SHOWN, SYSTEM_BLUEPRINT
from portctl.providers.port.schemas.webhook import webhook


def _canonical(attributes: Attributes) -> Attributes:
    """`operation: {type: create}` says the same as `operation: create`."""
    mappings = attributes.get("mappings")
    if not isinstance(mappings, tuple):
        return attributes
    return {**attributes, "mappings": tuple(_plain_operation(mapping) for mapping in mappings)}


def _plain_operation(mapping: Any) -> Any:
    operation = mapping.get("operation") if isinstance(mapping, Mapping) else None
    if isinstance(operation, Mapping) and set(operation) == {"type"}:
        return {**mapping, "operation": operation["type"]}
    return mapping


KIND = Kind(
    provider="port",
    name="Webhook",
    source="Port API reference, Webhooks",
    summary="An address that other systems send events to, and how events become entities.",
    identity=("identifier",),
    collection="/v1/webhooks",
    envelope=("integration", "webhook"),
    list_envelope=("integrations", "webhooks"),
    update=Verb.PUT,
    merge=Merge.PATCH,
    server_owned=(*SERVER_OWNED, "url", "webhookKey"),
    server_id=MADE_AT,
    maker=MADE_BY,
    defaults={
        "enabled": True,
        "integrationType": "custom",
        "mappings.*.operation": "create",
        "mappings.*.filter": "true",
    },
    empty=(
        "icon",
        "description",
        "mappings",
        "security.secret",
        "security.signatureHeaderName",
        "security.signatureAlgorithm",
        "security.signaturePrefix",
        "security.requestIdentifierPath",
        "security",
    ),
    text=("description",),
    canonical=_canonical,
    references=(Ref("mappings.*.blueprint", "port/Blueprint", SYSTEM_BLUEPRINT),),
    sensitive=("security.secret",),
    write_only=("security.secret",),
    modified_marker="updatedAt",
    outputs=(Output("url", "url"), Output("webhookKey", "webhookKey")),
    remarks=(
        "Whoever knows `url` can send events unless `security` demands a signature; Port shows it to every member.",
    ),
    readable=SHOWN,
    schema=webhook,
    privilege=Privilege(read="any member", write="Admin, or the credentials of the organisation"),
)
