"""What the ledger remembers of a change: before the first write, and after the last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from portctl.engine.canonical import managed_leaves
from portctl.engine.compare import Desired, desired_side, fingerprint, witness_of
from portctl.engine.ledger import Entry, Ledger, owned_paths
from portctl.engine.normalise import normalise
from portctl.engine.outputs import Lookup, resolve
from portctl.engine.read import projection_digest
from portctl.model.change import Action, Change
from portctl.model.plan import Plan
from portctl.model.resource import Live, Management
from portctl.model.value import MISSING, get
from portctl.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Makes ledger entries. `lookup` fills outputs, `now` is epoch seconds."""

    vault: Vault
    lookup: Lookup
    salt: bytes
    now: Callable[[], float]

    def claim(self, ledger: Ledger, plan: Plan) -> Ledger:
        """The ledger with everything that is about to become ours, so that a killed run's creations are known."""
        for change in plan.changes:
            known = change.key in ledger.entries
            if change.resource is None or known or change.action not in (Action.CREATE, Action.UPDATE, Action.RENAME):
                continue
            entry = Entry(
                address=change.address,
                identity=change.identity,
                created=change.action is Action.CREATE,
                claimed=True,
                depends=change.depends,
                protect=change.resource.meta.protect,
                on_delete=change.resource.meta.on_delete,
                before="absent" if change.action is Action.CREATE else "",
                written=self.now(),
            )
            ledger = ledger.with_entry(entry)
        return ledger

    def done(self, change: Change, desired: Desired, live: Live, previous: Entry | None) -> Entry:
        """The entry of a change whose write succeeded."""
        resource = desired.resource
        leaves = managed_leaves(desired.canonical)
        there = normalise(change.kind, change.live.attributes) if change.live else None
        found = frozenset(path for path in leaves if there is not None and get(there, path) is not MISSING)
        paths = owned_paths(leaves, found)
        if previous:
            kept = {path: owned.created for path, owned in previous.paths.items()}
            paths = {path: replace(owned, created=kept.get(path, owned.created)) for path, owned in paths.items()}
        prints = {path: fingerprint(self.vault, text, self.salt) for path, text in desired.sealed.items()}
        old = previous.fingerprints if previous else {}
        entry = Entry(
            address=change.address,
            identity=change.identity,
            created=previous.created if previous else change.action is Action.CREATE,
            depends=change.depends,
            protect=resource.meta.protect,
            on_delete=resource.meta.on_delete,
            labels=resource.meta.labels,
            merge=desired.merge,
            paths=paths,
            fingerprints={path: print_ or old[path] for path, print_ in prints.items() if print_ or path in old},
            witness=witness_of(change.kind, live),
        )
        return replace(entry, before=projection_digest(change.live, entry), written=self.now())

    def refresh(self, ledger: Ledger, plan: Plan) -> Ledger:
        """The ledger with what changed in manifests without needing a write: labels, protection, edges, renamed names.

        Also where nothing had to be written although the ledger remembered something else (somebody made the same
        change by hand).
        """
        for change in plan.changes:
            resource = change.resource
            if change.action is not Action.NOOP or resource is None or change.live is None:
                continue
            if resource.management is Management.OBSERVE:
                continue
            previous = ledger.entries.get(change.key)
            desired = desired_side(resource, resolve(resource.attributes, self.lookup))
            entry = self.done(change, desired, change.live, previous)
            if previous is not None:
                entry = replace(
                    entry, before=previous.before, written=previous.written, witness=previous.witness or entry.witness
                )
            if entry != previous:
                ledger = ledger.with_entry(entry)
        return ledger
