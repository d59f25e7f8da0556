"""The ledger: what this project created or found, per environment. No bodies and no secrets, only names and hashes.

Entries are kept by remote key (instance, kind, identity), because that is what a service knows; the address is a label
that may be renamed without touching anything remote.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from portctl.engine.canonical import digest
from portctl.engine.ledger_form import misfit, misnamed
from portctl.errors import PortctlError
from portctl.json_text import parse
from portctl.model.address import Address
from portctl.model.kind import Kind, OnDelete
from portctl.model.resource import Identity, RemoteKey
from portctl.source import Path

FORMAT = 1
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
    witness: str = ""
    remote: str = ""
    """What the service tells the object by (`Kind.server_id`); of a claim, what will be asked for. "" where unknown."""

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


def new_ledger(project: str, environment: str) -> Ledger:
    return Ledger(project=project, environment=environment, lineage=uuid.uuid4().hex, salt=uuid.uuid4().hex)


def owned_paths(leaves: Mapping[Path, Any], found: frozenset[Path] = frozenset()) -> dict[Path, Owned]:
    """The ledger's record of managed leaves; `found` are those that stood there before us."""
    return {path: Owned(digest(value), path not in found) for path, value in leaves.items()}


def dump_ledger(ledger: Ledger) -> str:
    """The ledger as the JSON text that backends keep."""
    document = {
        "format": FORMAT,
        "tool": ledger.tool,
        "project": ledger.project,
        "environment": ledger.environment,
        "lineage": ledger.lineage,
        "serial": ledger.serial,
        "salt": ledger.salt,
        "instances": dict(ledger.instances),
        "entries": [_dump_entry(ledger.entries[key]) for key in sorted(ledger.entries)],
        "runs": [
            {
                "id": run.id,
                "who": run.who,
                "commit": run.commit,
                "started": run.started,
                "operations": dict(run.operations),
            }
            for run in ledger.runs
        ],
        "consumed": list(ledger.consumed),
        "deleted": [[*_dump_key(key), at] for key, at in sorted(ledger.deleted.items())],
    }
    return json.dumps(document, indent=1) + "\n"


def load_ledger(text: str, where: str, catalogue: Mapping[str, Kind] = MappingProxyType({})) -> Ledger:
    """The ledger that `text` spells. Raises PortctlError when it is not one, or is from a newer portctl.

    The identities in it must be such as the kinds of `catalogue` have.
    """
    try:
        document = parse(text)
        written = document["format"] if isinstance(document, dict) else None
        if isinstance(written, int) and written > FORMAT:
            raise PortctlError(
                "Ledger from a newer portctl",
                f"{where} has format {written}; this version reads up to {FORMAT}",
                hint="Upgrade portctl.",
            )
        wrong = misfit(document)
        if wrong:
            raise unreadable(where, f"{wrong} has another form than portctl writes")
        ledger = _parse_ledger(document)
    except json.JSONDecodeError as error:
        raise unreadable(where, f"it is not JSON (line {error.lineno}, column {error.colno})") from error
    except KeyError as error:
        raise unreadable(where, f"it lacks {json.dumps(error.args[0])}") from error
    except _Twice as error:
        raise unreadable(where, str(error)) from error
    except (TypeError, ValueError, IndexError) as error:
        raise unreadable(where, "something in it has another form than portctl writes") from error
    wrong = misnamed(_keys(ledger), catalogue)
    if wrong:
        raise unreadable(where, wrong)
    return ledger


class _Twice(Exception):
    """Two entries of one object. The text says which."""


def unreadable(where: str, why: str) -> PortctlError:
    return PortctlError(
        "Unreadable ledger",
        f"{where} is not a ledger of portctl: {why}",
        hint="Restore it from a backup; without it portctl does not know what it created.",
    )


def _parse_ledger(document: Any) -> Ledger:
    entries: dict[RemoteKey, Entry] = {}
    for index, row in enumerate(document["entries"]):
        entry = _parse_entry(row)
        if entry.key in entries:
            raise _Twice(f"entries[{index}] is of the same object as entries[{list(entries).index(entry.key)}]")
        entries[entry.key] = entry
    return Ledger(
        project=document["project"],
        environment=document["environment"],
        lineage=document["lineage"],
        salt=document["salt"],
        serial=document["serial"],
        tool=document["tool"],
        instances=document["instances"],
        entries=entries,
        runs=tuple(Run(**run) for run in document["runs"]),
        consumed=tuple(document["consumed"]),
        deleted={_parse_key(row[:3]): float(row[3]) for row in document["deleted"]},
    )


def _keys(ledger: Ledger) -> Iterator[tuple[str, RemoteKey]]:
    """The objects with their places in the document that was read."""
    yield from ((f"entries[{index}].identity", key) for index, key in enumerate(ledger.entries))
    yield from ((f"deleted[{index}][2]", key) for index, key in enumerate(ledger.deleted))


def _dump_key(key: RemoteKey) -> list[Any]:
    return [key[0], key[1], list(key[2])]


def _parse_key(row: Any) -> RemoteKey:
    return (str(row[0]), str(row[1]), tuple(row[2]))


def _dump_entry(entry: Entry) -> dict[str, Any]:
    return {
        "address": str(entry.address),
        "identity": list(entry.identity),
        "created": entry.created,
        "claimed": entry.claimed,
        "made": entry.made,
        "depends": [_dump_key(key) for key in entry.depends],
        "protect": sorted(entry.protect),
        "onDelete": str(entry.on_delete) if entry.on_delete else "",
        "labels": dict(entry.labels),
        "merge": entry.merge,
        "paths": [[list(path), owned.hash, owned.created] for path, owned in sorted_paths(entry.paths)],
        "fingerprints": [[list(path), print_] for path, print_ in sorted_paths(entry.fingerprints)],
        "witness": entry.witness,
        "remote": entry.remote,
        "before": list(entry.before),
        "after": entry.after,
        "written": entry.written,
    }


def _parse_entry(row: Any) -> Entry:
    address = Address.parse(row["address"])
    if address is None:
        raise ValueError("address")
    return Entry(
        address=address,
        identity=tuple(row["identity"]),
        created=row["created"],
        claimed=row["claimed"],
        made=row["made"],
        depends=tuple(_parse_key(key) for key in row["depends"]),
        protect=frozenset(row["protect"]),
        on_delete=OnDelete(row["onDelete"]) if row["onDelete"] else None,
        labels=row["labels"],
        merge=row["merge"],
        paths={tuple(path): Owned(hash_, created) for path, hash_, created in row["paths"]},
        fingerprints={tuple(path): print_ for path, print_ in row["fingerprints"]},
        witness=row["witness"],
        remote=row.get("remote", ""),
        before=tuple(row["before"]),
        after=row["after"],
        written=row["written"],
    )


def sorted_paths(paths: Mapping[Path, Any]) -> list[tuple[Path, Any]]:
    return sorted(paths.items(), key=lambda item: [str(part) for part in item[0]])
