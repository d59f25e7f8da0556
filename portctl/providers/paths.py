"""Addresses of objects: templates of the kinds, filled with percent-encoded identities."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from portctl.model.kind import Kind
from portctl.model.resource import Identity

_HOLE = re.compile(r"\{(\w+)\}")


def collection_path(kind: Kind, identity: Identity) -> str:
    """The collection that holds `identity`."""
    return place_path("{collection}", kind, identity)


def item_path(kind: Kind, identity: Identity) -> str:
    """The object that `identity` names."""
    return place_path("{item}", kind, identity)


def item_query(kind: Kind, identity: Identity) -> Mapping[str, str]:
    """The query of a request for the object that `identity` names, not encoded."""
    values = dict(zip(kind.identity, identity[len(identity) - len(kind.identity) :], strict=True))
    return {name: _HOLE.sub(lambda placeholder: values[placeholder[1]], text) for name, text in kind.item_query.items()}


def place_path(template: str, kind: Kind, identity: Identity, **further: str) -> str:
    """`template` with `{collection}`, `{item}`, `{parent}`, `{identity}`, identity attributes and `further` filled."""
    parent = identity[: len(identity) - len(kind.identity)]
    values = dict(zip(kind.identity, identity[len(parent) :], strict=True)) | further
    if parent:
        values["parent"] = parent[-1]
    if identity:
        values["identity"] = identity[-1]
    filled = {name: quote(value, safe="") for name, value in values.items()}

    def fill(placeholder: re.Match[str]) -> str:
        name = placeholder[1]
        if name == "collection":
            return _HOLE.sub(fill, kind.collection)
        if name == "item":
            return _HOLE.sub(fill, kind.item)
        return filled[name]

    return _HOLE.sub(fill, template)


def scope_of(kind: Kind, identity: Identity) -> Identity:
    """The part of `identity` that selects the list it is read with: its parent's, then what the kind names."""
    parent = identity[: len(identity) - len(kind.identity)]
    own = zip(kind.identity, identity[len(parent) :], strict=True)
    return (*parent, *(part for name, part in own if name in kind.scope))


def own_path(template: str, kind: Kind) -> str:
    """`template` as documentation shows it: `{collection}` and `{item}` resolved, identities left as placeholders."""
    shown = template.replace("{item}", kind.item).replace("{collection}", kind.collection)
    return shown.replace("{identity}", f"{{{kind.identity[-1]}}}" if kind.identity else "{parent}")
