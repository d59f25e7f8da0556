"""Who may execute and approve a Port action. Source: Port API reference, "Update an action's permissions"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.model.kind import Coverage, Kind, Merge, OnDelete, Verb
from portctl.model.value import Attributes

_ABSENT: Mapping[str, Any] = {"roles": (), "users": (), "teams": (), "ownedByTeam": False, "policy": None}
_SIDES: Mapping[str, tuple[str, ...]] = {
    "execute": ("roles", "users", "teams", "ownedByTeam", "policy"),
    "approve": ("roles", "users", "teams", "policy"),
}


def _schema() -> Mapping[str, Any]:
    from portctl.providers.port.schemas.permissions import action_permissions

    return action_permissions()


def _decode(answer: Attributes) -> Attributes:
    """Spell out what Port leaves out: an empty list that a manifest declares on purpose then equals nothing."""
    filled = dict(answer)
    for side, names in _SIDES.items():
        given = answer.get(side)
        present = given if isinstance(given, Mapping) else {}
        filled[side] = {**{name: _ABSENT[name] for name in names}, **present}
    return filled


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
    sets=("*.roles", "*.users", "*.teams"),
    on_delete=OnDelete.KEEP,
    decode=_decode,
    schema=_schema,
    privilege="read and write: Admin, or the credentials of the organisation",
)
