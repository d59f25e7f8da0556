"""Decide what has to happen to one declared resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypedDict

from portctl.compare.fingerprints import Judge, is_write_only, secret_edits
from portctl.compare.normalise import normalise
from portctl.compare.paths import with_value, without
from portctl.compare.three_way import (
    Desired,
    creation_edits,
    desired_side,
    dropped,
    edits,
    live_side,
)
from portctl.errors import ExitCode
from portctl.ledger.intents import made_anew, made_by_claim, made_by_somebody_else
from portctl.model.address import Address
from portctl.model.change import Action, Change, Edit, Loss
from portctl.model.kind import Kind, OutputClass, Rename, matches, pattern_parts
from portctl.model.ledger import Entry, Ledger
from portctl.model.plan import PlanOptions, Refusal
from portctl.model.resource import Adopt, Live, Management, RemoteKey, Renamed, Resource
from portctl.model.value import MISSING, Attributes, Canonical, OutputRef, SecretRef, Value, get
from portctl.plan.data_loss import possible_losses
from portctl.plan.outputs import Lookup, resolve
from portctl.plan.references import References
from portctl.source import Path, path_text
from portctl.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanInputs:
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
    arriving: frozenset[Address] = frozenset()
    """Resources that this run replaces: their outputs will be others than those that can be read now."""

    def known(self, ref: OutputRef) -> Value | SecretRef:
        """The value of an output that will still be right after this run, or MISSING."""
        return MISSING if ref.address in self.arriving else self.lookup(ref)


@dataclass(frozen=True, slots=True)
class Decision:
    """The change, and what stands in its way."""

    change: Change
    refusals: tuple[Refusal, ...] = ()


def decide(resource: Resource, inputs: PlanInputs) -> Decision:
    """What has to happen to `resource`. Asks the service nothing but whether lost data exists."""
    live = inputs.lives.get(resource.remote_key)
    entry = inputs.ledger.entries.get(resource.remote_key)
    if resource.management is Management.OBSERVE:
        return _observed(resource, live, entry)
    if entry is not None and live is not None and _is_of_others(resource.kind, entry, live):
        decision = _decided(resource, live, None, inputs)
        return replace(decision, change=replace(decision.change, anew=True))
    if entry is not None and live is not None and not made_by_claim(resource.kind, entry, live):
        entry = None
    return _decided(resource, live, entry, inputs)


def _is_of_others(kind: Kind, entry: Entry, live: Live) -> bool:
    return made_anew(kind, entry, live) or (
        entry.claimed and entry.created and made_by_somebody_else(kind, entry, live)
    )


def _decided(resource: Resource, live: Live | None, entry: Entry | None, inputs: PlanInputs) -> Decision:
    desired = desired_side(resource, resolve(resource.attributes, inputs.known))
    if live is None:
        hidden = _hidden(resource, inputs)
        return Decision(_change(resource, Action.NOOP) if hidden else _creation(desired, entry, inputs), hidden)
    renames = _pending_renames(resource, live)
    shown = _renamed(live, renames)
    if entry is None and not _came_with_parent(resource, inputs):
        return _found(desired, shown, live, renames, inputs)
    return _known(desired, shown, live, renames, entry, inputs)


def _hidden(resource: Resource, inputs: PlanInputs) -> tuple[Refusal, ...]:
    """What comes with an object that is there, and cannot be seen, is not absent."""
    parent = inputs.resources.get(resource.meta.within) if resource.meta.within else None
    if resource.kind.create is not None or parent is None or parent.remote_key not in inputs.lives:
        return ()
    refusal = Refusal(
        exit_code=ExitCode.DENIED,
        summary="Cannot be seen",
        detail=f"{parent.address} is there, and {resource.address}, which comes with it, is not shown",
        hint="Check that these credentials may read it; right after its creation, plan again in a moment.",
        address=resource.address,
    )
    return (refusal,)


def _observed(resource: Resource, live: Live | None, entry: Entry | None) -> Decision:
    change = replace(_change(resource, Action.NOOP, live=live), notes=live.notes if live else ())
    if live is not None and entry is not None:
        return Decision(replace(change, action=Action.FORGET, why="it is only observed from now on"))
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


def _creation(desired: Desired, entry: Entry | None, inputs: PlanInputs) -> Change:
    why = "" if entry is None or entry.claimed else "it was deleted since the last apply"
    change = _change(desired.resource, Action.CREATE, **_edges(desired.resource, inputs))
    return replace(change, after=desired.canonical, edits=creation_edits(desired), why=why)


def _found(desired: Desired, shown: Live, live: Live, renames: tuple[Renamed, ...], inputs: PlanInputs) -> Decision:
    """Something exists that the ledger does not know: adopt it when it equals, ask before touching it."""
    resource = desired.resource
    replaced = resource.remote_key in inputs.ledger.entries and not inputs.ledger.entries[resource.remote_key].claimed
    found = edits(desired, live_side(desired, shown), None)
    verdict = secret_edits(resource.kind, desired.sealed, live, None, _judge(inputs), rotate=False)
    readable = {edit.path for edit in verdict.edits}
    secrets = tuple(path for path in desired.sealed if is_write_only(resource.kind, path) or path in readable)
    consent = resource.meta.adopt is Adopt.ALWAYS or resource.address in inputs.options.adopt
    if consent and (found or secrets or renames):
        return _known(desired, shown, live, renames, None, inputs, why="adopted, as allowed")
    if (consent or resource.meta.adopt is not Adopt.NEVER) and not found and not secrets and not renames:
        why = "it was made anew and equals its manifest" if replaced else "it exists and equals its manifest"
        change = _change(resource, Action.ADOPT, live=live, why=why, **_edges(resource, inputs))
        return Decision(replace(change, notes=live.notes))
    if resource.meta.adopt is Adopt.NEVER and not consent:
        detail, hint = "its manifest says adopt: never", "Remove the object or the manifest, or allow its adoption."
    else:
        paths = [path_text(edit.path) for edit in found] + [path_text(path) for path in secrets]
        paths += [renamed.path for renamed in renames]
        adding = all(edit.before is MISSING for edit in found) and not secrets and not renames
        what, doing = ("lacks", "add") if adding else ("differs from its manifest at", "overwrite")
        detail = f"it {what} {', '.join(paths[:8])}" + (", ..." if len(paths) > 8 else "")
        hint = f"To take it over and {doing} these: --adopt '{resource.address}'"
    known = "exists but is not in the ledger"
    if replaced:
        known = "is not the object that is in the ledger: that is gone, and somebody has made another one"
    refusal = Refusal(
        exit_code=ExitCode.CONSENT,
        summary="Exists already and is not ours",
        detail=f"{resource.address} {known}, and {detail}",
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
    inputs: PlanInputs,
    *,
    why: str = "",
) -> Decision:
    """Something that is ours, or is becoming ours."""
    resource = desired.resource
    before = live_side(desired, shown, entry)
    removed = dropped(desired, shown, entry)
    rotate = resource.address in inputs.options.rotate
    secrets = secret_edits(resource.kind, desired.sealed, live, entry, _judge(inputs), rotate=rotate)
    touched = _without_duplicates((*edits(desired, before, entry), *removed, *secrets.edits))
    moved = entry.address if entry and entry.address != resource.address else None
    change = replace(
        _change(resource, Action.NOOP, live=live, why=why, **_edges(resource, inputs)),
        before=before,
        after=desired.canonical,
        edits=touched,
        removals=tuple(edit.path for edit in (*removed, *secrets.edits) if edit.after is MISSING),
        renames=renames,
        was=moved,
        notes=(*live.notes, *secrets.notes, *_to_record(resource, entry)),
        needed=entry.depends if entry else (),
    )
    replaced = why_replaced(change, rotate=rotate)
    if replaced:
        return _replacement(replace(change, action=Action.REPLACE, why=replaced), inputs)
    if rotate and not desired.sealed:
        return Decision(change, (_nothing_to_rotate(resource),))
    if touched:
        losses = possible_losses(resource.kind, desired.canonical, [edit for edit in touched if edit not in removed])
        losses += possible_losses(resource.kind, after_removal(shown, removed), removed)
        return guarded(replace(change, action=Action.UPDATE), losses, inputs)
    if renames:
        return Decision(replace(change, action=Action.RENAME))
    return Decision(replace(change, action=Action.MOVE) if moved else change)


def _to_record(resource: Resource, entry: Entry | None) -> tuple[str, ...]:
    """What only the ledger has to learn from the manifest."""
    meta = resource.meta
    if entry is None or entry.claimed:
        return ()
    was = {"protect": entry.protect, "onDelete": entry.on_delete, "labels": dict(entry.labels)}
    now = {"protect": meta.protect, "onDelete": meta.on_delete, "labels": dict(meta.labels)}
    changed = [name for name in was if was[name] != now[name]]
    return (f"{', '.join(changed)}: recorded in the ledger by the next apply, nothing is sent",) if changed else ()


def why_replaced(change: Change, *, rotate: bool) -> str:
    """Why the object must be made anew rather than written, "" when it need not be."""
    kind = change.kind
    fixed = [path_text(edit.path) for edit in change.edits if any(matches(at, edit.path) for at in kind.immutable)]
    if fixed:
        return f"{', '.join(fixed)} cannot be changed in place"
    if rotate and any(output.cls is not OutputClass.READABLE for output in kind.outputs):
        return "rotated, as asked"
    return ""


def _nothing_to_rotate(resource: Resource) -> Refusal:
    return Refusal(
        exit_code=ExitCode.INVALID,
        summary="Nothing to rotate",
        detail=f"--rotate names {resource.address}, which has no secret",
        hint="Only what sends a secret, or hands one out, can be rotated.",
        address=resource.address,
    )


def _replacement(change: Change, inputs: PlanInputs) -> Decision:
    """A replacement deletes the old object, with all that this loses."""
    if change.resource is None or "replace" not in change.resource.meta.protect:
        hazard = change.kind.deletion_hazard
        return guarded(change, (Loss((), hazard),) if hazard else (), inputs)
    refusal = Refusal(
        exit_code=ExitCode.CONSENT,
        summary="Protected from replacement",
        detail=f"{change.address} would have to be replaced ({change.why}), and it says protect: [replace]",
        hint="Keep it as it is, or remove the protection first.",
        address=change.address,
    )
    return Decision(change, (refusal,))


def guarded(change: Change, losses: tuple[Loss, ...], inputs: PlanInputs) -> Decision:
    """Add what the change would lose, and refuse what was not allowed."""
    if not losses or not inputs.populated(change):
        return Decision(change)
    change = replace(change, losses=losses)
    if change.address in inputs.options.allow_destroy:
        return Decision(change)
    return Decision(change, (_loss_refusal(change),))


def after_removal(live: Live, removed: tuple[Edit, ...]) -> Canonical:
    """`live` without what goes, for telling what would be lost with it."""
    left: Attributes = normalise(live.kind, live.attributes)
    for edit in removed:
        left = without(left, edit.path)
    return Canonical(left)


def _loss_refusal(change: Change) -> Refusal:
    losses = change.losses
    what = "; ".join(f"{path_text(loss.path)}: {loss.why}" if loss.path else loss.why for loss in losses)
    renamed = ", ".join(_renaming(change))
    keeping = f"If it is only called otherwise now, its data stays with this under metadata: renamed: [{renamed}]\n"
    return Refusal(
        exit_code=ExitCode.CONSENT,
        summary="Would lose data",
        detail=f"{change.address}: {what}",
        hint=(keeping if renamed else "") + f"If that is meant: --allow-destroy '{change.address}'",
        address=change.address,
    )


def _renaming(change: Change) -> Iterator[str]:
    """The entries of `metadata.renamed` that would keep what is lost; a single new part is taken for its new name."""
    for path in (loss.path for loss in change.losses):
        if any(matches(rename.at, path) for rename in change.kind.renames):
            before, after = (get(side or {}, path[:-1]) for side in (change.before, change.after))
            names = after.keys() if isinstance(after, Mapping) else ()
            if path[-1] not in names:
                beside = sorted(set(names) - set(before if isinstance(before, Mapping) else ()))
                new = beside[0] if len(beside) == 1 else "NEW_NAME"
                yield f"{{path: {path_text((*path[:-1], new))}, from: {path[-1]}}}"


def _came_with_parent(resource: Resource, inputs: PlanInputs) -> bool:
    """Whether the object came into being with a parent that we created, so that no consent is needed to set it."""
    parent = inputs.resources.get(resource.meta.within) if resource.meta.within else None
    if resource.kind.create is not None or parent is None:
        return False
    entry = inputs.ledger.entries.get(parent.remote_key)
    return entry is not None and entry.created


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
        attributes = with_value(without(attributes, old), path, get(attributes, old))
        for where in (pattern_parts(each) for rename in live.kind.renames for each in _named_in(rename, path)):
            names = get(attributes, where)
            if isinstance(names, tuple) and renamed.before in names:
                changed = tuple(path[-1] if name == renamed.before else name for name in names)
                attributes = with_value(attributes, where, changed)
    return replace(live, attributes=attributes)


def _named_in(rename: Rename, path: Path) -> tuple[str, ...]:
    return rename.named_in if matches(rename.at, path) else ()


class _Edges(TypedDict):
    depends: tuple[RemoteKey, ...]
    firmly: tuple[RemoteKey, ...]


def _edges(resource: Resource, inputs: PlanInputs) -> _Edges:
    references = inputs.references
    return {"depends": references.needs(resource), "firmly": references.needs(resource, skeleton=True)}


def _judge(inputs: PlanInputs) -> Judge:
    def arriving(address: Address) -> bool:
        source = inputs.resources.get(address)
        gone = source is not None and source.remote_key not in inputs.lives
        return gone or address in inputs.arriving

    return Judge(vault=inputs.vault, salt=bytes.fromhex(inputs.ledger.salt), arriving=arriving)


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
