"""Fill the placeholders that outputs of other resources leave, as far as those outputs can be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from portctl.model.address import Address
from portctl.model.resource import Live, Resource
from portctl.model.value import (
    MISSING,
    Attributes,
    Encoded,
    OutputRef,
    Part,
    Pending,
    SecretRef,
    Value,
    get,
    leaves,
    map_leaves,
    pending,
    thaw,
)
from portctl.vault import Vault

Lookup: TypeAlias = Callable[[OutputRef], "Value | SecretRef"]
"""The value of an output, a `SecretRef` to where the vault now keeps it, or MISSING while it cannot be known."""


def output_refs(attributes: Value) -> Iterator[OutputRef]:
    """Every output that `attributes` use."""
    for _, leaf in leaves(attributes):
        if isinstance(leaf, Pending):
            yield from (placeholder for placeholder in leaf.placeholders() if isinstance(placeholder, OutputRef))


def lookup_in(resources: Mapping[Address, Resource], lives: Mapping[Address, Live], vault: Vault) -> Lookup:
    """Look outputs up in `lives`; a secret one goes into the vault and only its name travels on."""

    def lookup(ref: OutputRef) -> Value | SecretRef:
        live = lives.get(ref.address)
        if live is None or ref.address not in resources:
            return MISSING
        output = live.kind.output(ref.field)
        if output is None:
            return MISSING
        value = get(live.attributes, tuple(output.at.split(".")))
        if value is MISSING or value is None:
            return MISSING
        if not ref.secret:
            return value
        name = f"{ref.address} {ref.field}"
        vault.add(name, str(value))
        return SecretRef(name)

    return lookup


def resolve(attributes: Attributes, lookup: Lookup) -> Attributes:
    """`attributes` with every output filled that can be; a leaf that is one whole output keeps its JSON type."""

    def fill(_: object, leaf: Value) -> Value:
        return resolve_leaf(leaf, lookup) if isinstance(leaf, Pending) else leaf

    resolved = map_leaves(attributes, fill)
    assert isinstance(resolved, Mapping)
    return resolved


def resolve_leaf(leaf: Pending, lookup: Lookup) -> Value:
    if len(leaf.parts) == 1 and isinstance(leaf.parts[0], OutputRef):
        value = lookup(leaf.parts[0])
        if value is MISSING:
            return leaf
        return pending((value,)) if isinstance(value, SecretRef) else value
    parts = tuple(_resolve_part(part, lookup) for part in leaf.parts)
    if all(isinstance(part, str) for part in parts):
        return "".join(part for part in parts if isinstance(part, str))
    return pending(parts)


def _resolve_part(part: Part, lookup: Lookup) -> Part:
    if isinstance(part, OutputRef):
        value = lookup(part)
        if value is MISSING:
            return part
        return value if isinstance(value, SecretRef) else _as_text(value)
    if isinstance(part, Encoded):
        inner = tuple(_resolve_part(item, lookup) for item in part.parts)
        if all(isinstance(item, str) for item in inner):
            return part.codec.encode("".join(item for item in inner if isinstance(item, str)))
        return Encoded(part.codec, inner)
    return part


def _as_text(value: Value) -> str:
    """A value inside text: text as it is, anything else as JSON spells it."""
    return value if isinstance(value, str) else json.dumps(thaw(value), ensure_ascii=False)
