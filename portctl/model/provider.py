"""What the engine asks of a provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from portctl.model.kind import Kind
from portctl.model.plan import InstanceInfo
from portctl.model.resource import Identity, Live, Resource
from portctl.model.value import Attributes
from portctl.source import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRequest:
    """A write about to happen.

    `attributes` is everything the object should have (outputs filled, secrets still sealed). For an update,
    `changed` are the paths that differ and `removed` the paths to clear; with `merge` only those may be touched.
    """

    identity: Identity
    attributes: Attributes
    changed: tuple[Path, ...] = ()
    removed: tuple[Path, ...] = ()
    merge: bool = False
    options: Mapping[str, bool | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class About:
    """What is known of an object before it is read: what its manifest says, and the paths that the ledger holds.

    `remote` is what the service tells it by, as far as the ledger knows it (`Kind.server_id`), and `former` likewise
    those that it has replaced.
    """

    attributes: Attributes
    paths: frozenset[Path]
    remote: str = ""
    former: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ValidationIssue:
    """What a service has against a body that is about to be written, at `path` of its attributes."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Something in the manifest of `resource`, at `path` of its attributes, that a server is too old to do."""

    resource: Resource
    path: Path
    text: str
    hint: str


class Provider(Protocol):
    """One instance of one service. Safe to use from several threads."""

    name: str
    width: int
    """How many requests it may have under way at once."""

    def login(self) -> InstanceInfo:
        """Log in and say which organisation this is. Raises AccessDenied or Unreachable."""

    def read(
        self, kind: Kind, identities: Sequence[Identity], about: Mapping[Identity, About] = ...
    ) -> Mapping[Identity, Live]:
        """Those of `identities` that exist, with one list per kind and scope.

        `about` matters for kinds that are read in part; the provider remembers it for later calls.
        A list that may be cut short raises; what cannot be told from absent raises AccessDenied.
        """

    def fetch(self, kind: Kind, identity: Identity) -> Live | None:
        """One object, read now."""

    def check(self, kind: Kind, identity: Identity, attributes: Attributes) -> Sequence[ValidationIssue]:
        """The service's own opinion of `attributes`, without writing anything; for kinds that are `checked`."""

    def shortfalls(self, resources: Sequence[Resource]) -> Sequence[Shortfall]:
        """What of `resources`, all that is declared of this instance, its server cannot do. Only reads."""

    def create(self, kind: Kind, write: WriteRequest) -> Live:
        """Create. Raises AnswerLost when it may have happened."""

    def update(self, kind: Kind, live: Live, write: WriteRequest) -> Live: ...

    def delete(self, kind: Kind, live: Live, *, cascade: bool = False) -> None:
        """Delete; an object that is gone already is fine. `cascade`: with the objects that hang on it."""

    def rename(self, kind: Kind, live: Live, path: Path, before: str) -> Live:
        """The vendor's own rename of a part (property, mirror, relation), keeping its data."""

    def populated(self, kind: Kind, live: Live, *, besides: int = 0) -> bool:
        """Whether deleting or retyping parts of `live` would lose data that more than `besides` objects hold."""

    def close(self) -> None:
        """Close what connections are open."""

    def requests(self) -> int:
        """How many requests were sent so far."""
