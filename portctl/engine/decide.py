"""Decide what has to happen to one declared resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypedDict

from portctl.engine.compare import (
    Desired,
    creation_edits,
    desired_side,
    dropped,
    edits,
    live_side,
    possible_losses,
    secret_edits,
)
from portctl.engine.ledger import Entry, Ledger
from portctl.engine.normalise import place, remove
from portctl.engine.outputs import Lookup, resolve
from portctl.engine.references import References
from portctl.errors import ExitCode
from portctl.model.address import Address
from portctl.model.change import Action, Change, Edit, Loss
from portctl.model.kind import Kind, matches
from portctl.model.plan import PlanOptions, Refusal
from portctl.model.resource import Adopt, Live, Management, RemoteKey, Renamed, Resource
from portctl.model.value import MISSING, get
from portctl.source import Path, path_text
from portctl.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Everything a decision stands on. `populated` asks the service whether an object holds other data."""

    resources: Mapping[Address, Resource]
    catalogue: Mapping[str, Kind]
    ledger: Ledger
    lives: Mapping[RemoteKey, Live]
    vault: Vault
    lookup: Lookup
    populated: Callable[[Change], bool]
    options: PlanOptions
    references: References


@dataclass(frozen=True, slots=True)
class Decision:
    """The change, and what stands in its way."""

    change: Change
    refusals: tuple[Refusal, ...] = ()


def decide(resource: Resource, ground: Ground) -> Decision:
    """What has to happen to `resource`. Asks the service nothing but whether lost data exists."""
    live = ground.lives.get(resource.remote_key)
    entry = ground.ledger.entries.get(resource.remote_key)
    if resource.management is Management.OBSERVE:
        return _observed(resource, live)
    desired = desired_side(resource, resolve(resource.attributes, ground.lookup))
    if live is None:
        return Decision(_creation(desired, entry, ground))
    renames = _pending_renames(resource, live)
    shown = _renamed(live, renames)
    if entry is None and not _comes_with_parent(resource, ground):
        return _found(desired, shown, live, renames, ground)
    return _known(desired, shown, live, renames, entry, ground)


def _observed(resource: Resource, live: Live | None) -> Decision:
    change = _change(resource, Action.NOOP, live=live)
    if live is not None:
        return Decision(change)
    refusal = Refusal(
        exit_code=ExitCode.INVALID,
        summary="Observed resource does not exist",
        detail=f"{resource.address} has management: observe, but there is no such object at the service",
        hint="Create it where it is managed, correct its identifier, or remove the manifest.",
        address=resource.address,
    )
    return Decision(change, (refusal,))


def _creation(desired: Desired, entry: Entry | None, ground: Ground) -> Change:
    why = "" if entry is None or entry.claimed else "it was deleted since the last apply"
    change = _change(desired.resource, Action.CREATE, **_edges(desired.resource, ground))
    return replace(change, after=desired.canonical, edits=creation_edits(desired), why=why)


def _found(desired: Desired, shown: Live, live: Live, renames: tuple[Renamed, ...], ground: Ground) -> Decision:
    """Something exists that the ledger does not know: adopt it when it equals, ask before touching it."""
    resource = desired.resource
    found = edits(desired, live_side(desired, shown), None)
    secrets = tuple(path for path in desired.sealed if _write_only(resource.kind, path))
    consent = resource.meta.adopt is Adopt.ALWAYS or resource.address in ground.options.adopt
    if consent and (found or secrets or renames):
        return _known(desired, shown, live, renames, None, ground, why="adopted, as allowed")
    if resource.meta.adopt is not Adopt.NEVER and not found and not secrets and not renames:
        why = "it exists and equals its manifest"
        return Decision(_change(resource, Action.ADOPT, live=live, why=why, **_edges(resource, ground)))
    if resource.meta.adopt is Adopt.NEVER and not consent:
        detail, hint = "its manifest says adopt: never", "Remove the object or the manifest, or allow its adoption."
    else:
        paths = [path_text(edit.path) for edit in found] + [path_text(path) for path in secrets]
        detail = f"it differs from its manifest at {', '.join(paths[:8])}" + (", ..." if len(paths) > 8 else "")
        hint = f"To take it over and overwrite these: --adopt '{resource.address}'"
    refusal = Refusal(
        exit_code=ExitCode.CONSENT,
        summary="Exists already and is not ours",
        detail=f"{resource.address} exists but is not in the ledger, and {detail}",
        hint=hint,
        address=resource.address,
    )
    return Decision(_change(resource, Action.ADOPT, live=live, why="needs consent"), (refusal,))


def _known(
    desired: Desired,
    shown: Live,
    live: Live,
    renames: tuple[Renamed, ...],
    entry: Entry | None,
    ground: Ground,
    *,
    why: str = "",
) -> Decision:
    """Something that is ours, or is becoming ours."""
    resource = desired.resource
    before = live_side(desired, shown)
    removed = dropped(desired, shown, entry)
    readable = (*edits(desired, before, entry), *removed)
    rotate = resource.address in ground.options.rotate
    secrets = secret_edits(desired, live, entry, ground.vault, bytes.fromhex(ground.ledger.salt), rotate=rotate)
    touched = _without_duplicates((*readable, *secrets.edits))
    moved = entry.address if entry and entry.address != resource.address else None
    change = replace(
        _change(resource, Action.NOOP, live=live, why=why, **_edges(resource, ground)),
        before=before,
        after=desired.canonical,
        edits=touched,
        removals=tuple(edit.path for edit in touched if edit.after is MISSING),
        renames=renames,
        was=moved,
        notes=secrets.notes,
    )
    if touched:
        return _guarded(replace(change, action=Action.UPDATE), ground)
    if renames:
        return Decision(replace(change, action=Action.RENAME))
    return Decision(replace(change, action=Action.MOVE) if moved else change)


def _guarded(change: Change, ground: Ground) -> Decision:
    """Add what the change would lose, and refuse what was not allowed."""
    if change.before is None or change.after is None:
        return Decision(change)
    refusals: list[Refusal] = []
    losses = possible_losses(change.kind, change.before, change.after, change.edits)
    if losses and ground.populated(change):
        change = replace(change, losses=losses)
        if change.address not in ground.options.allow_destroy:
            refusals.append(loss_refusal(change.address, losses))
    return Decision(change, tuple(refusals))


def loss_refusal(address: Address, losses: tuple[Loss, ...]) -> Refusal:
    what = "; ".join(f"{path_text(loss.path)}: {loss.why}" for loss in losses)
    return Refusal(
        exit_code=ExitCode.CONSENT,
        summary="Would lose data",
        detail=f"{address}: {what}",
        hint=f"If that is meant: --allow-destroy '{address}'",
        address=address,
    )


def _comes_with_parent(resource: Resource, ground: Ground) -> bool:
    """Whether the object came into being with a parent that is ours, so that no consent is needed to set it."""
    parent = ground.resources.get(resource.meta.within) if resource.meta.within else None
    return resource.kind.create is None and parent is not None and parent.management is not Management.OBSERVE


def _pending_renames(resource: Resource, live: Live) -> tuple[Renamed, ...]:
    """The renames of the manifest that the service has not seen: the old name stands there and the new one does not."""
    found = []
    for renamed in resource.meta.renamed:
        path = tuple(renamed.path.split("."))
        old = (*path[:-1], renamed.before)
        if get(live.attributes, path) is MISSING and get(live.attributes, old) is not MISSING:
            found.append(renamed)
    return tuple(found)


def _renamed(live: Live, renames: tuple[Renamed, ...]) -> Live:
    """`live` as it will be after `renames`."""
    attributes = live.attributes
    for renamed in renames:
        path: Path = tuple(renamed.path.split("."))
        old = (*path[:-1], renamed.before)
        attributes = place(remove(attributes, old), path, get(attributes, old))
        required = get(attributes, ("schema", "required"))
        if isinstance(required, tuple) and renamed.before in required and path[:2] == ("schema", "properties"):
            names = tuple(path[-1] if name == renamed.before else name for name in required)
            attributes = place(attributes, ("schema", "required"), names)
    return replace(live, attributes=attributes)


class _Edges(TypedDict):
    depends: tuple[RemoteKey, ...]
    firmly: tuple[RemoteKey, ...]


def _edges(resource: Resource, ground: Ground) -> _Edges:
    references = ground.references
    return {"depends": references.needs(resource), "firmly": references.needs(resource, skeleton=True)}


def _write_only(kind: Kind, path: Path) -> bool:
    return any(matches(pattern, path) for pattern in kind.write_only)


def _without_duplicates(found: tuple[Edit, ...]) -> tuple[Edit, ...]:
    return tuple({edit.path: edit for edit in reversed(found)}.values())[::-1]


def _change(
    resource: Resource,
    action: Action,
    *,
    live: Live | None = None,
    why: str = "",
    depends: tuple[RemoteKey, ...] = (),
    firmly: tuple[RemoteKey, ...] = (),
) -> Change:
    return Change(
        address=resource.address,
        kind=resource.kind,
        identity=resource.identity,
        action=action,
        resource=resource,
        live=live,
        why=why,
        depends=depends,
        firmly=firmly,
    )
