"""Compare one resource with what lives, and say who moved: three-way, per path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from portctl.engine.canonical import digest, managed_leaves
from portctl.engine.diff import Difference, differences, whole
from portctl.engine.ledger import Entry
from portctl.engine.normalise import declared_paths, normalise, project
from portctl.model.change import Edit, Loss, Why
from portctl.model.kind import Kind, matches
from portctl.model.resource import Live, Management, Resource
from portctl.model.value import (
    MISSING,
    Attributes,
    Canonical,
    Masked,
    OutputRef,
    Pending,
    Unknown,
    Value,
    get,
    leaves,
    pending,
)
from portctl.source import Path
from portctl.vault import Vault


@dataclass(frozen=True, slots=True)
class Desired:
    """The desired side of a comparison.

    `canonical` is what the manifest wants, `declared` every path it speaks about (values that equal absence
    included), `sealed` the texts that hold secrets or go to write-only fields.
    """

    resource: Resource
    attributes: Attributes
    canonical: Canonical
    declared: Mapping[Path, Value]
    sealed: Mapping[Path, Pending]

    @property
    def merge(self) -> bool:
        return self.resource.management is not Management.FULL


def desired_side(resource: Resource, attributes: Attributes) -> Desired:
    """`attributes` are the resource's, with every output filled that is known."""
    kind = resource.kind
    canonical = normalise(kind, attributes)
    declared = declared_paths(kind, attributes)
    if resource.management is not Management.FULL:
        declared = {path: value for path, value in declared.items() if not (isinstance(value, Mapping) and not value)}
        canonical = project(canonical, frozenset(declared))
    return Desired(resource, attributes, canonical, declared, dict(_sealed(kind, attributes)))


def live_side(desired: Desired, live: Live) -> Canonical:
    """The part of `live` that the manifest speaks for, masked where the manifest has secrets."""
    canonical = normalise(desired.resource.kind, live.attributes, like=desired.canonical)
    return project(canonical, frozenset(desired.declared)) if desired.merge else canonical


def edits(desired: Desired, before: Canonical, entry: Entry | None) -> tuple[Edit, ...]:
    """What differs at paths that can be read, each with its reason."""
    found = []
    for difference in differences(before, desired.canonical, desired.resource.kind.aligned):
        after = difference.after
        if after is MISSING:
            after = desired.declared.get(difference.path, MISSING)
        found.append(Edit(difference.path, difference.before, after, _why(difference, desired, before, entry)))
    return tuple(found)


def creation_edits(desired: Desired) -> tuple[Edit, ...]:
    """Everything that a new object will have."""
    return tuple(Edit(path, MISSING, value, Why.NEW) for path, value in managed_leaves(desired.canonical).items())


def dropped(desired: Desired, live: Live, entry: Entry | None) -> tuple[Edit, ...]:
    """Paths that we created in an object that is only partly ours, and that the manifest no longer names."""
    if entry is None or not desired.merge:
        return ()
    canonical = normalise(desired.resource.kind, live.attributes)
    gone = []
    for path, owned in entry.paths.items():
        value = get(canonical, path)
        if owned.created and value is not MISSING and not _is_declared(path, desired.declared):
            why = Why.MANIFEST if digest(value) == owned.hash else Why.CONFLICT
            gone.append(Edit(path, value, MISSING, why))
    return tuple(gone)


@dataclass(frozen=True, slots=True)
class SecretVerdict:
    """Edits that send secrets again, and notes on those that could not be judged."""

    edits: tuple[Edit, ...]
    notes: tuple[str, ...]


def secret_edits(
    desired: Desired, live: Live, entry: Entry | None, vault: Vault, salt: bytes, *, rotate: bool
) -> SecretVerdict:
    """Which secrets must be sent (again): a changed fingerprint, a value written by somebody else, or on request."""
    kind = desired.resource.kind
    found: list[Edit] = []
    notes: list[str] = []
    tampered = bool(entry and entry.witness and kind.witness and witness_of(kind, live) != entry.witness)
    for path, text in desired.sealed.items():
        mask = Masked(text.label())
        recorded = entry.fingerprints.get(path) if entry else None
        current = fingerprint(vault, text, salt)
        write_only = any(matches(pattern, path) for pattern in kind.write_only)
        if rotate:
            found.append(Edit(path, mask, mask, Why.SECRET))
        elif tampered and write_only:
            found.append(Edit(path, mask, mask, Why.DRIFT))
            notes.append(f"written by somebody else at {witness_of(kind, live)}")
        elif current is None and recorded is not None:
            notes.append(f"secret {text.label()} is not available here: assumed unchanged")
        elif current is None or current != recorded:
            found.append(Edit(path, mask, mask, Why.SECRET))
    if entry:
        found.extend(
            Edit(path, Masked(""), MISSING, Why.MANIFEST)
            for path in entry.fingerprints
            if path not in desired.sealed and not desired.merge and get(desired.canonical, path) is MISSING
        )
    return SecretVerdict(tuple(found), tuple(notes))


def fingerprint(vault: Vault, text: Pending, salt: bytes) -> str | None:
    """The fingerprint of a text with secrets, None while it needs an output or a secret that is not there."""
    if any(isinstance(hole, OutputRef) for hole in text.holes()):
        return None
    return vault.fingerprint(text, salt)


def witness_of(kind: Kind, live: Live) -> str:
    """The time at which the service says that the object was last written, as it gives it."""
    value = get(live.attributes, tuple(kind.witness.split("."))) if kind.witness else MISSING
    return value if isinstance(value, str) else ""


def possible_losses(kind: Kind, before: Canonical, after: Canonical, touched: tuple[Edit, ...]) -> tuple[Loss, ...]:
    """The data that `touched` would lose if the object is populated."""
    found: dict[Path, Loss] = {}
    for edit in touched:
        paths = [(*edit.path, *below) for below, _ in leaves(edit.before)] if edit.before is not MISSING else []
        for path in paths:
            for end in range(1, len(path) + 1):
                for hazard in kind.hazards:
                    prefix = path[:end]
                    if not matches(hazard.at, prefix) or get(before, prefix) is MISSING:
                        continue
                    removed = get(after, prefix) is MISSING
                    if (removed and hazard.removed) or (not removed and hazard.changed):
                        found.setdefault(prefix, Loss(prefix, hazard.why))
    return tuple(loss for path, loss in found.items() if not any(path[:end] in found for end in range(1, len(path))))


def _why(difference: Difference, desired: Desired, live: Canonical, entry: Entry | None) -> Why:
    if isinstance(difference.after, Unknown):
        return Why.UNKNOWN
    if entry is None:
        return Why.NEW
    reasons = {
        _why_leaf(path, desired.canonical, live, entry) for path in _units(whole(difference.path), desired, live)
    } - {None}
    if len(reasons) == 1:
        return reasons.pop() or Why.MANIFEST
    return Why.CONFLICT if reasons else Why.MANIFEST


def _units(path: Path, desired: Desired, live: Canonical) -> set[Path]:
    units: set[Path] = set()
    for side in (desired.canonical, live):
        value = get(side, path)
        if value is not MISSING:
            units.update((*path, *below) for below in managed_leaves(value))
    return units


def _why_leaf(path: Path, desired: Canonical, live: Canonical, entry: Entry) -> Why | None:
    wanted, there = (None if value is MISSING else digest(value) for value in (get(desired, path), get(live, path)))
    if wanted == there:
        return None
    owned = entry.paths.get(path)
    applied = owned.hash if owned else None
    if applied == wanted:
        return Why.DRIFT
    if applied == there:
        return Why.MANIFEST
    if entry.claimed:
        return Why.NEW
    return Why.CONFLICT


def _is_declared(path: Path, declared: Mapping[Path, Value]) -> bool:
    return any(path[:end] in declared for end in range(len(path) + 1)) or any(
        other[: len(path)] == path for other in declared
    )


def _sealed(kind: Kind, attributes: Attributes) -> Iterator[tuple[Path, Pending]]:
    for path, value in leaves(kind.canonical(attributes) if kind.canonical else attributes):
        hidden = any(matches(pattern, path) for pattern in (*kind.sensitive, *kind.write_only))
        if isinstance(value, Pending) and (
            hidden or any(not isinstance(h, OutputRef) or h.secret for h in value.holes())
        ):
            yield path, value
        elif hidden and isinstance(value, str) and value:
            yield path, pending((value,))
