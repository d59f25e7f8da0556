"""Who may execute and approve a Port action. Source: Port API reference, "Update an action's permissions"."""

from __future__ import annotations

from portctl.model.kind import Coverage, Kind, Merge, OnDelete, Privilege, Verb
from portctl.providers.port.fields import SHOWN
from portctl.providers.port.schemas.permissions import action_permissions

KIND = Kind(
    provider="port",
    name="ActionPermissions",
    source="Port API reference, Actions, permissions",
    summary="Who may execute an action and who approves it.",
    identity=(),
    parent="port/Action",
    collection="",
    item="/v1/actions/{parent}/permissions",
    envelope=("permissions",),
    create=None,
    update=Verb.PATCH,
    deletable=False,
    coverage=Coverage.DECLARED,
    merge=Merge.PATCH,
    patch_depth=2,
    clear={"*.roles": (), "*.users": (), "*.teams": (), "*.ownedByTeam": False, "*.policy": None},
    eventual=True,
    defaults={"*.ownedByTeam": False, "*.policy": None},
    empty=("*.roles", "*.users", "*.teams"),
    sets=("*.roles", "*.users", "*.teams"),
    on_delete=OnDelete.KEEP,
    remarks=(
        "Port has no list of permissions: they are read with one request per managed action.",
        "They come and go with their action. When the manifest goes, they stay as they are.",
    ),
    readable=SHOWN,
    schema=action_permissions,
    privilege=Privilege(read="any member", write="Admin, or the credentials of the organisation"),
)
