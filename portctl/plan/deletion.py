"""Decide what happens to objects that the ledger knows and no manifest names any more.

An object is deleted if and only if it is in the ledger, was created by us (or says onDelete: delete), nothing rendered
resolves to it, the rendered set is complete, a fresh read shows it, it is not protected, and the guards allow it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from portctl.compare.normalise import normalise, project
from portctl.compare.three_way import taken_back
from portctl.errors import ExitCode
from portctl.ledger.intents import made_anew, made_by_claim
from portctl.model.address import Address
from portctl.model.change import Action, Change, Loss
from portctl.model.kind import Kind, OnDelete
from portctl.model.ledger import Entry
from portctl.model.plan import Refusal
from portctl.model.project import Guards
from portctl.model.resource import Live, RemoteKey
from portctl.model.value import Canonical
from portctl.plan.data_loss import possible_losses
from portctl.plan.decide import Decision, PlanInputs, after_removal, guarded


def orphans(inputs: PlanInputs, wanted: frozenset[RemoteKey]) -> tuple[Entry, ...]:
    """Ledger entries that this run may touch and that no rendered resource resolves to."""
    options = inputs.options
    if options.labels and not options.destroy:
        return ()
    entries = [entry for key, entry in sorted(inputs.ledger.entries.items()) if key not in wanted]
    if options.targets:
        entries = [entry for entry in entries if entry.address in options.targets]
    return tuple(entry for entry in entries if options.takes(entry.labels))


def unknown_entries(
    entries: Sequence[Entry], catalogue: Mapping[str, Kind], instances: frozenset[str]
) -> Iterator[Refusal]:
    """Entries of kinds or instances that the configuration no longer has: they cannot even be read."""
    for entry in entries:
        kind_known = entry.address.kind_name in catalogue
        if kind_known and entry.key[0] in instances:
            continue
        what = f"the instance {entry.key[0]}" if kind_known else f"the kind {entry.address.kind_name}"
        yield Refusal(
            exit_code=ExitCode.CONSENT,
            summary="In the ledger, but no longer configured",
            detail=f"{entry.address} is in the ledger, and {what} is not configured any more",
            hint=f"Configure it again, or forget the object: portctl state rm '{entry.address}'",
            address=entry.address,
        )


def decide_orphan(entry: Entry, inputs: PlanInputs) -> Decision:
    """Delete, release what we added, or forget."""
    kind = inputs.catalogue[entry.address.kind_name]
    live = inputs.lives.get(entry.key)
    if live is None:
        return Decision(_change(entry, kind, Action.FORGET, None, "it is gone already"))
    if made_anew(kind, entry, live):
        why = "ours is gone already, and somebody has made another one: left as it is"
        return Decision(_change(entry, kind, Action.FORGET, live, why))
    if not kind.deletable:
        return Decision(_change(entry, kind, Action.FORGET, live, "it stays as it is: it goes with its parent"))
    if (entry.on_delete or kind.on_delete) is OnDelete.KEEP:
        return Decision(_change(entry, kind, Action.FORGET, live, "kept on purpose (onDelete: keep)"))
    if not entry.created and entry.on_delete is not OnDelete.DELETE:
        return _leave(entry, kind, live, inputs)
    if not made_by_claim(kind, entry, live):
        why = "an interrupted run announced it, and it is not what that would have made: left as it is"
        return Decision(replace(_change(entry, kind, Action.FORGET, live, why), unclear=True))
    why = _why_gone(entry, inputs)
    change = replace(
        _change(entry, kind, Action.DELETE, live, why),
        before=_managed(entry, live),
        spare=_going_too(entry, kind, inputs),
    )
    if "delete" in entry.protect:
        refusal = Refusal(
            exit_code=ExitCode.CONSENT,
            summary="Protected from deletion",
            detail=f"{entry.address} was applied with protect: [delete]",
            hint="Bring its manifest back, apply it without the protection, then remove it; or: portctl state rm.",
            address=entry.address,
        )
        return Decision(change, (refusal,))
    return guarded(change, (Loss((), kind.deletion_hazard),) if kind.deletion_hazard else (), inputs)


def with_parents(changes: Sequence[Change]) -> tuple[Change, ...]:
    """`changes`, where what stands in an object that is deleted is said to go with it, however it would be left."""
    going = {change.key: change.address for change in changes if change.action is Action.DELETE}
    return tuple(_with_parent(change, going) for change in changes)


def _with_parent(change: Change, going: Mapping[RemoteKey, Address]) -> Change:
    kind, instance = change.kind, change.key[0]
    above = change.identity[: len(change.identity) - len(kind.identity)]
    parent = going.get((instance, kind.parent, above))
    if change.action is not Action.FORGET or change.live is None or parent is None:
        return change
    return replace(change, goes_with=parent, why=f"it goes with {parent}")


def _why_gone(entry: Entry, inputs: PlanInputs) -> str:
    if inputs.options.destroy:
        return ""
    successor = inputs.resources.get(entry.address)
    if successor is None:
        return "its manifest is gone"
    return f"{'/'.join(entry.identity)} is now {'/'.join(successor.identity)} in the manifest"


def _going_too(entry: Entry, kind: Kind, inputs: PlanInputs) -> int:
    """How many of the objects that hang on `entry` are ours and are deleted by this run as well."""
    if kind.count is None:
        return 0
    kept = frozenset() if inputs.options.destroy else {r.remote_key for r in inputs.resources.values()}
    return sum(
        1
        for key, other in inputs.ledger.entries.items()
        if other.address.kind_name == kind.count.of
        and entry.key in other.depends
        and key not in kept
        and key in inputs.lives
        and other.created
    )


def _leave(entry: Entry, kind: Kind, live: Live, inputs: PlanInputs) -> Decision:
    """An object that stood there before us: take back the paths that we created in it, leave the rest."""
    if entry.merge:
        edits = taken_back(kind, live, entry, {})
        if edits:
            change = replace(
                _change(entry, kind, Action.UPDATE, live, "its manifest is gone: what we added is removed"),
                before=_managed(entry, live),
                edits=edits,
                removals=tuple(edit.path for edit in edits),
            )
            return guarded(change, possible_losses(kind, after_removal(live, edits), edits), inputs)
    return Decision(_change(entry, kind, Action.FORGET, live, "left as it is: it was there before us"))


def _managed(entry: Entry, live: Live) -> Canonical:
    """What was seen of our part of `live` when this was decided."""
    canonical = normalise(live.kind, live.attributes, hidden=entry.fingerprints)
    return project(canonical, frozenset(path for path in entry.paths if path)) if entry.merge else canonical


def guard_refusals(
    changes: Sequence[Change], inputs: PlanInputs, guards: Guards, *, declared: int
) -> Iterator[Refusal]:
    """The limits on how much one apply may delete."""
    deletes = [change for change in changes if change.action is Action.DELETE]
    options = inputs.options
    if options.destroy or not deletes:
        return
    if declared == 0 and not options.selective:
        yield Refusal(
            exit_code=ExitCode.CONSENT,
            summary="Nothing is declared any more",
            detail=f"there is no manifest, and the ledger holds {len(inputs.ledger.entries)} objects",
            hint="If everything shall go: portctl destroy. Otherwise check the manifest folders in portctl.yaml.",
        )
        return
    known = len(inputs.ledger.entries)
    share = max(1, math.floor(known * guards.delete_share))
    limit = min(guards.deletes, share) if options.allow_deletes is None else options.allow_deletes
    if len(deletes) > limit:
        if options.allow_deletes is not None:
            rule = f"--allow-deletes {limit}"
        elif share < guards.deletes:
            rule = f"{guards.delete_share:.0%} of the {known} objects in the ledger, which is {share}"
        else:
            rule = f"{guards.deletes} deletes"
        yield Refusal(
            exit_code=ExitCode.CONSENT,
            summary="Too many deletes",
            detail=f"this plan deletes {len(deletes)} objects; the guard allows {rule}",
            hint=f"If all of them shall go: --allow-deletes {len(deletes)}",
        )


def _change(entry: Entry, kind: Kind, action: Action, live: Live | None, why: str) -> Change:
    return Change(
        address=entry.address,
        kind=kind,
        identity=entry.identity,
        action=action,
        live=live,
        why=why,
        depends=entry.depends,
    )
