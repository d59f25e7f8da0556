"""What the ledger knows, as text and as documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from portctl.model.address import Address
from portctl.model.kind import OnDelete
from portctl.model.resource import Identity
from portctl.source import Path, path_text
from portctl.views.escape import escape
from portctl.views.json import Document


class ManagedPath(Protocol):
    """Whether we put the value there, or found it."""

    @property
    def created(self) -> bool: ...


class KnownObject(Protocol):
    """The part of a ledger's entry that is shown."""

    @property
    def address(self) -> Address: ...
    @property
    def identity(self) -> Identity: ...
    @property
    def created(self) -> bool: ...
    @property
    def claimed(self) -> bool: ...
    @property
    def merge(self) -> bool: ...
    @property
    def protect(self) -> frozenset[str]: ...
    @property
    def on_delete(self) -> OnDelete | None: ...
    @property
    def labels(self) -> Mapping[str, str]: ...
    @property
    def depends(self) -> Sequence[tuple[str, str, Identity]]: ...
    @property
    def paths(self) -> Mapping[Path, ManagedPath]: ...


def state_document(entry: KnownObject) -> Document:
    """One entry; `paths` says of every managed path whether it was created or found."""
    return {
        "address": str(entry.address),
        "identity": list(entry.identity),
        "origin": _origin(entry),
        "management": "merge" if entry.merge else "full",
        "protect": sorted(entry.protect),
        "onDelete": entry.on_delete.value if entry.on_delete else "",
        "labels": dict(entry.labels),
        "dependsOn": [f"{kind}:{'/'.join(identity)}" for _, kind, identity in entry.depends],
        "paths": {path_text(path): "created" if owned.created else "found" for path, owned in entry.paths.items()},
    }


def state_list_text(documents: Sequence[Document]) -> str:
    """One line for each object: its address, then where it comes from."""
    if not documents:
        return "The ledger holds no resources."
    width = max(len(document["address"]) for document in documents)
    return "\n".join(f"{escape(document['address']):<{width}}  {document['origin']}" for document in documents)


def state_show_text(document: Document) -> str:
    """Everything the ledger knows of one object. There are hashes of values in it, never values."""
    return "\n".join([escape(document["address"]), *(f"  {escape(line)}" for line in _facts(document))])


def _facts(document: Document) -> Iterator[str]:
    yield f"identity:   {' / '.join(document['identity'])}"
    yield f"origin:     {document['origin']}"
    yield f"management: {document['management']}"
    for title, items in (
        ("protect:   ", document["protect"]),
        ("labels:    ", [f"{key}={value}" for key, value in document["labels"].items()]),
        ("dependsOn: ", document["dependsOn"]),
    ):
        if items:
            yield f"{title} {', '.join(items)}"
    if document["onDelete"]:
        yield f"onDelete:   {document['onDelete']}"
    if document["paths"]:
        yield "paths:"
        yield from (f"  {path} ({origin})" for path, origin in document["paths"].items())


def _origin(entry: KnownObject) -> str:
    if entry.claimed:
        return "claimed: announced by a run whose result was never recorded"
    return "created" if entry.created else "found"
