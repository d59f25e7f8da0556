"""What this project created or found, per environment. No bodies and no secrets, only names and hashes.

Entries are kept by remote key (instance, kind, identity), because that is what a service knows; the address is a label
that may be renamed without touching anything remote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from portctl.model.address import Address
from portctl.model.kind import OnDelete
from portctl.model.resource import Identity, RemoteKey
from portctl.source import Path

RUNS_KEPT = 20
PLANS_KEPT = 200


@dataclass(frozen=True, slots=True)
class Owned:
    """One managed path: the hash of what was last applied, and whether we put it there or found it."""

    hash: str
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is known of one remote object.

    `claimed` entries were announced before a run's first write and their result was never recorded.
    `after` is the hash of the managed projection after the last write, `before` those of the states that stood there
    shortly before ("absent" before a create), `written` the time: with them, a list that is late can be told from a
    change made by somebody else.
    """

    address: Address
    identity: Identity
    created: bool
    claimed: bool = False
    made: bool = False
    """Claimed, and the service has answered that it is there: not as wanted, or only half made."""

    depends: tuple[RemoteKey, ...] = ()
    protect: frozenset[str] = frozenset()
    on_delete: OnDelete | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    merge: bool = False
    paths: Mapping[Path, Owned] = field(default_factory=dict)
    fingerprints: Mapping[Path, str] = field(default_factory=dict)
    around: Mapping[Path, str] = field(default_factory=dict)
    """Of each text with a fingerprint, what it is without its secrets (`compare.fingerprints.around`)."""

    modified_marker: str = ""
    remote: str = ""
    """What the service tells the object by (`Kind.server_id`); of a claim, what will be asked for. "" where unknown."""

    former: tuple[str, ...] = ()
    """What the service told those by that this one has replaced: while they stand there, they are ours to delete."""

    makers: tuple[str, ...] = ()
    """Of a claim: digests of whom the service may name as the maker. What others made is not the claimed object."""

    before: tuple[str, ...] = ()
    after: str = ""
    written: float = 0.0

    @property
    def key(self) -> RemoteKey:
        return (f"{self.address.provider}@{self.address.instance}", self.address.kind_name, self.identity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One apply: who, from which commit, when (epoch seconds), and how many operations of each sort."""

    id: str
    who: str
    commit: str
    started: float
    operations: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Everything known of one project and environment. `serial` counts saves; `lineage` never changes."""

    project: str
    environment: str
    lineage: str
    salt: str
    serial: int = 0
    tool: str = ""
    instances: Mapping[str, str] = field(default_factory=dict)
    entries: Mapping[RemoteKey, Entry] = field(default_factory=dict)
    runs: tuple[Run, ...] = ()
    consumed: tuple[str, ...] = ()
    deleted: Mapping[RemoteKey, float] = field(default_factory=dict)
    """Objects deleted a short while ago, with the time: lists may still show them."""

    def by_address(self, address: Address) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries.values() if entry.address == address)

    def with_entry(self, entry: Entry) -> Ledger:
        deleted = {key: at for key, at in self.deleted.items() if key != entry.key}
        return replace(self, entries={**self.entries, entry.key: entry}, deleted=deleted)

    def without(self, key: RemoteKey, *, deleted_at: float | None = None) -> Ledger:
        entries = {other: entry for other, entry in self.entries.items() if other != key}
        deleted = dict(self.deleted)
        if deleted_at is not None:
            deleted[key] = deleted_at
        return replace(self, entries=entries, deleted=deleted)

    def with_run(self, run: Run) -> Ledger:
        others = tuple(other for other in self.runs if other.id != run.id)
        return replace(self, runs=(*others, run)[-RUNS_KEPT:])

    def with_consumed(self, plan_id: str) -> Ledger:
        return replace(self, consumed=(*self.consumed, plan_id)[-PLANS_KEPT:])
