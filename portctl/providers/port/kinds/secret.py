"""Secret of a Port organisation. Source: Port API reference, "Organization", secrets."""

from __future__ import annotations

from portctl.model.kind import Kind, Merge, Privilege, Verb
from portctl.providers.port.fields import MADE_AT, MADE_BY, SERVER_OWNED, SHOWN
from portctl.providers.port.schemas.secret import secret

KIND = Kind(
    provider="port",
    name="Secret",
    source="Port API reference, Organization, secrets",
    summary="A secret that actions and automations use as `{{ .secrets.NAME }}`. Port never gives its value back.",
    identity=("secretName",),
    collection="/v1/organization/secrets",
    envelope=("secret",),
    list_envelope=("secrets", "organizationSecrets"),
    update=Verb.PATCH,
    merge=Merge.PATCH,
    clear={"description": ""},
    server_owned=SERVER_OWNED,
    server_id=MADE_AT,
    maker=MADE_BY,
    empty=("description",),
    sensitive=("secretValue",),
    write_only=("secretValue",),
    modified_marker="updatedAt",
    remarks=("The value is sent when its fingerprint in the ledger changed, or with `--rotate`.",),
    readable=SHOWN,
    schema=secret,
    privilege=Privilege(read="any member", write="Admin, or the credentials of the organisation"),
)
