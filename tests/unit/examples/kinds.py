"""Kinds of a small shop: between them they use everything that a kind may declare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.model.kind import (
    Coverage,
    Hazard,
    Hold,
    Kind,
    Merge,
    OnDelete,
    Output,
    Ref,
    Rename,
    Verb,
)


def anything() -> Mapping[str, Any]:
    """A JSON Schema that accepts everything."""
    return {}


SERVER_OWNED = ("createdAt", "updatedAt")

SHELF = Kind(
    provider="shop",
    name="Shelf",
    source="these tests",
    summary="Written whole; shelves point at each other in cycles, and goods stand on them.",
    identity=("id",),
    collection="/shelves",
    server_owned=SERVER_OWNED,
    defaults={"size": 1, "fields.*.many": False},
    empty=("title", "links", "tags", "note"),
    sets=("tags",),
    references=(Ref("links.*.target", "shop/Shelf", system="_.*"),),
    deferrable=("links",),
    hazards=(
        Hazard("fields.*", "the values of this field are lost", changed=False),
        Hazard("fields.*.type", "values of the old type are lost", removed=False),
        Hazard("fields.*.many", "lists are cut to one"),
    ),
    renames=(Rename("fields.*", "{item}/fields/{before}", "name"),),
    immutable=("sort",),
    deletion_hazard="its goods are lost",
    schema=anything,
)

OFFER = Kind(
    provider="shop",
    name="Offer",
    source="these tests",
    summary="Written whole; published only after its rights are set.",
    identity=("id",),
    collection="/offers",
    server_owned=(*SERVER_OWNED, "number"),
    defaults={"publish": True},
    empty=("title", "lines"),
    text=("title",),
    references=(Ref("shelf", "shop/Shelf"),),
    outputs=(Output("number", "number"),),
    hold=Hold("publish", False, "shop/Rights"),
    schema=anything,
)

RIGHTS = Kind(
    provider="shop",
    name="Rights",
    source="these tests",
    summary="Comes and goes with its offer.",
    identity=(),
    parent="shop/Offer",
    collection="",
    item="/offers/{parent}/rights",
    create=None,
    update=Verb.PATCH,
    patch_depth=2,
    deletable=False,
    coverage=Coverage.DECLARED,
    merge=Merge.PATCH,
    clear={"sell.roles": ()},
    empty=("sell.roles",),
    sets=("sell.roles",),
    on_delete=OnDelete.KEEP,
    schema=anything,
)

KEY = Kind(
    provider="shop",
    name="Key",
    source="these tests",
    summary="Its value is never given back.",
    identity=("id",),
    collection="/keys",
    update=Verb.PATCH,
    merge=Merge.PATCH,
    server_owned=SERVER_OWNED,
    empty=("note",),
    sensitive=("value",),
    write_only=("value",),
    modified_marker="updatedAt",
    schema=anything,
)

GOOD = Kind(
    provider="shop",
    name="Good",
    source="these tests",
    summary="Only what the manifest names is compared and written.",
    identity=("shelf", "id"),
    collection="/shelves/{shelf}/goods",
    scope=("shelf",),
    update=Verb.PATCH,
    coverage=Coverage.DECLARED,
    merge=Merge.PATCH,
    patch_depth=2,
    server_owned=SERVER_OWNED,
    defaults={"values.*": None},
    empty=("title", "values"),
    references=(Ref("shelf", "shop/Shelf"),),
    schema=anything,
)

DOOR = Kind(
    provider="shop",
    name="Door",
    source="these tests",
    summary="Written whole; its texts may hold secrets that can be read, its lock cannot.",
    identity=("id",),
    collection="/doors",
    server_owned=(*SERVER_OWNED, "token"),
    empty=("headers", "lock", "url"),
    sensitive=("lock.code",),
    write_only=("lock.code",),
    modified_marker="updatedAt",
    outputs=(Output("token", "token", secret=True),),
    schema=anything,
)

CATALOGUE: Mapping[str, Kind] = {kind.full_name: kind for kind in (SHELF, OFFER, RIGHTS, KEY, GOOD, DOOR)}
