"""A small catalogue that has one of everything that kinds can be."""

from __future__ import annotations

from collections.abc import Mapping

from portctl.model.kind import Coverage, Kind, Merge, OnDelete, Output, Ref
from portctl.model.value import Value

SYSTEM = "_[a-z]+"


def schema() -> Mapping[str, Value]:
    return {"type": "object"}


BLUEPRINT = Kind(
    provider="port",
    name="Blueprint",
    source="tests",
    summary="A schema.",
    identity=("identifier",),
    collection="/blueprints",
    folder="blueprints",
    references=(Ref("relations.*.target", "port/Blueprint", SYSTEM),),
    options={"catalogPage": "whether a page comes with it"},
    schema=schema,
)
ACTION = Kind(
    provider="port",
    name="Action",
    source="tests",
    summary="A form.",
    identity=("identifier",),
    collection="/actions",
    folder="actions",
    merge=Merge.NONE,
    references=(
        Ref("trigger.blueprint", "port/Blueprint", SYSTEM),
        Ref("also", "port/Blueprint", also=("port/Webhook",)),
    ),
    schema=schema,
)
PERMISSIONS = Kind(
    provider="port",
    name="ActionPermissions",
    source="tests",
    summary="Who may.",
    identity=(),
    parent="port/Action",
    collection="",
    deletable=False,
    coverage=Coverage.DECLARED,
    on_delete=OnDelete.KEEP,
    schema=schema,
)
ENTITY = Kind(
    provider="port",
    name="Entity",
    source="tests",
    summary="An entry.",
    identity=("blueprint", "identifier"),
    collection="/entities",
    coverage=Coverage.DECLARED,
    references=(
        Ref("blueprint", "port/Blueprint", SYSTEM),
        Ref("owners", "port/Entity", within="blueprint"),
        Ref("relations.*", "port/Entity", loose=True),
    ),
    schema=schema,
)
WEBHOOK = Kind(
    provider="port",
    name="Webhook",
    source="tests",
    summary="A door.",
    identity=("identifier",),
    collection="/webhooks",
    outputs=(Output("url", "url"), Output("key", "webhookKey", secret=True)),
    schema=schema,
)
STEP = Kind(
    provider="port",
    name="Step",
    source="tests",
    summary="A part of an action.",
    identity=("position.index",),
    parent="port/Action",
    collection="/actions/{parent}/steps",
    schema=schema,
)
CATALOGUE = {kind.full_name: kind for kind in (BLUEPRINT, ACTION, PERMISSIONS, ENTITY, WEBHOOK, STEP)}
