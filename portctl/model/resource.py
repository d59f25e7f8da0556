"""A manifest, the resource it renders to, and what lives at the service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from portctl.model.address import Address
from portctl.model.kind import Coverage, Kind, OnDelete
from portctl.model.value import Attributes
from portctl.source import Path, SourceMap

Identity = tuple[str, ...]
"""What the service knows an object by: the identity of its parent, if any, then its own parts."""

RemoteKey = tuple[str, str, Identity]
"""`provider@instance`, full name of the kind, identity: what two resources may never share."""


class Management(StrEnum):
    """How much of a remote object a manifest speaks for."""

    FULL = "full"
    MERGE = "merge"
    OBSERVE = "observe"


class Adopt(StrEnum):
    """What to do with an object that exists and is not in the ledger."""

    EQUAL = "equal"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Renamed:
    """A property, mirror or relation that was called `before` and stands at `path` now."""

    path: str
    before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """The `metadata` of a manifest, checked. `management` and `on_delete` are None where the kind decides."""

    within: Address | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[Address, ...] = ()
    management: Management | None = None
    adopt: Adopt = Adopt.EQUAL
    protect: frozenset[str] = frozenset()
    on_delete: OnDelete | None = None
    moved: tuple[Address, ...] = ()
    renamed: tuple[Renamed, ...] = ()
    options: Mapping[str, bool | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One document of a manifest file: envelope read, body untouched (placeholders still in it)."""

    address: Address
    kind: Kind
    body: Attributes
    meta: Meta
    sources: SourceMap
    """Places of the whole document; the body's paths start at `body_at`."""

    body_at: Path = ("spec",)


@dataclass(frozen=True, slots=True)
class Resource:
    """A manifest with every placeholder filled; only secrets and outputs may still stand as placeholders."""

    address: Address
    kind: Kind
    identity: Identity
    attributes: Attributes
    meta: Meta
    sources: SourceMap
    body_at: Path = ("spec",)
    origins: Mapping[Path, str] = field(default_factory=dict)
    """For `render --explain`: path -> where its values came from."""

    @property
    def management(self) -> Management:
        if self.meta.management is not None:
            return self.meta.management
        return Management.FULL if self.kind.coverage is Coverage.WHOLE and not self.shared else Management.MERGE

    @property
    def shared(self) -> bool:
        """Whether the service itself defines the object, so that a manifest can only add to it."""
        return any(re.fullmatch(self.kind.shared, part) for part in self.identity[-1:])

    @property
    def on_delete(self) -> OnDelete:
        return self.meta.on_delete or self.kind.on_delete

    @property
    def remote_key(self) -> RemoteKey:
        return (f"{self.address.provider}@{self.address.instance}", self.kind.full_name, self.identity)


@dataclass(frozen=True, slots=True)
class Live:
    """An object as the API gave it. `attributes` still hold what the server owns; outputs are read from them.

    `notes` are what a reader of the plan should know beside the differences, such as a change that waits for review.
    """

    kind: Kind
    identity: Identity
    attributes: Attributes
    notes: tuple[str, ...] = ()
