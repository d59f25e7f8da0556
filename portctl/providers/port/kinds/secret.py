"""Secret of a Port organisation. Source: Port API reference, "Organization", secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.model.kind import Kind, Merge, Verb
from portctl.providers.port.fields import SERVER_OWNED


def _schema() -> Mapping[str, Any]:
    from portctl.providers.port.schemas.secret import secret

    return secret()


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
    empty=("description",),
    sensitive=("secretValue",),
    write_only=("secretValue",),
    witness="updatedAt",
    schema=_schema,
    privilege="read and write: Admin, or the credentials of the organisation",
)
