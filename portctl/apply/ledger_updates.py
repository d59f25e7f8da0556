"""What the ledger remembers of a change: before the first write, and after the last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from portctl.compare.canonical import digest, managed_leaves
from portctl.compare.fingerprints import around, fingerprint, modified_marker_of
from portctl.compare.normalise import normalise
from portctl.compare.three_way import Desired, desired_side
from portctl.ledger.intents import maker_digest, remote_id
from portctl.model.change import Action, Change
from portctl.model.ledger import Entry, Ledger, Owned
from portctl.model.plan import Plan
from portctl.model.resource import Live, Management
from portctl.model.value import MISSING, Canonical, Masked, Unknown, Value, get, leaves
from portctl.plan.outputs import Lookup, resolve
from portctl.refresh.read import ABSENT, is_recent, projection_digest
from portctl.source import Path
from portctl.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerUpdates:
    """Makes ledger entries. `lookup` fills outputs, `now` is epoch seconds."""

    vault: Vault
    lookup: Lookup
    salt: bytes
    now: Callable[[], float]

    def claim(self, ledger: Ledger, plan: Plan) -> Ledger:
        """The ledger with everything that is about to become ours, so that a killed run's creations are known.

        Paths that are about to be ours are noted with what they will hold, as far as that can be known and told: by it
        the next run recognises what this one made, and whether a path stood there before cannot be seen later.
        """
        for change in plan.changes:
            if change.action is Action.REPLACE and change.key in ledger.entries:
                # For a while two objects have this identity, and soon the other one is ours.
                entry = ledger.entries[change.key]
                ledger = ledger.with_entry(replace(entry, remote="", former=self._former(change, entry)))
            if change.resource is None or change.action not in (Action.CREATE, Action.UPDATE, Action.RENAME):
                continue
            creating = change.action is Action.CREATE
            known = None if creating or change.anew else ledger.entries.get(change.key)
            entry = known or Entry(
                address=change.address,
                identity=change.identity,
                created=creating,
                claimed=True,
                depends=change.depends,
                protect=change.resource.meta.protect,
                on_delete=change.resource.meta.on_delete,
                labels=change.resource.meta.labels,
                merge=change.resource.management is Management.MERGE,
                remote=change.kind.foretold(change.identity) if creating and change.kind.foretold else "",
                makers=_makers(change, plan) if creating else (),
                before=(ABSENT,) if creating else (),
                written=self.now(),
            )
            desired = desired_side(change.resource, resolve(change.resource.attributes, self.lookup))
            paths = {
                path: Owned(_announced(get(desired.canonical, path)) if creating else "", not found)
                for path, found in self._found(change, desired).items()
            }
            ledger = ledger.with_entry(replace(entry, paths={**paths, **entry.paths}))
        return ledger

    def kept(self, said: str, before: str = "") -> str:
        """What a service says of an object, as the ledger may hold it: "" where a secret stands in it.

        `before` is what the ledger holds already, which was looked at when it got there.
        """
        return said if said == before or self.vault.told(said) == said else ""

    def _found(self, change: Change, desired: Desired) -> dict[Path, bool]:
        """The managed paths, and which of them stood there before."""
        live = change.live if change.action is not Action.REPLACE else None
        there = normalise(change.kind, live.attributes) if live else Canonical({})
        return {path: get(there, path) is not MISSING for path in managed_leaves(desired.canonical) if path}

    def done(
        self, change: Change, desired: Desired, live: Live, previous: Entry | None, earlier: Sequence[Live | None]
    ) -> Entry:
        """The entry of a change whose write succeeded; `earlier` are the states of the object before it."""
        known = "" if previous is None or previous.claimed else previous.remote
        marker = previous.modified_marker if previous else ""
        resource = desired.resource
        leaves = {path: value for path, value in managed_leaves(desired.canonical).items() if path}
        paths = owned_paths(leaves, frozenset(path for path, found in self._found(change, desired).items() if found))
        creating = change.action in (Action.CREATE, Action.REPLACE)
        if previous and not creating:
            kept = {path: owned.created for path, owned in previous.paths.items()}
            paths = {path: replace(owned, created=kept.get(path, owned.created)) for path, owned in paths.items()}
        if previous:
            paths = {**self._still_announced(change, previous), **paths}
        prints = {path: fingerprint(self.vault, text, self.salt) for path, text in desired.sealed.items()}
        texts = {path: around(self.vault, desired.sealed[path], self.salt) for path, print_ in prints.items() if print_}
        entry = Entry(
            address=change.address,
            identity=change.identity,
            created=creating or (previous is not None and previous.created),
            depends=change.depends,
            protect=resource.meta.protect,
            on_delete=resource.meta.on_delete,
            labels=resource.meta.labels,
            merge=desired.merge,
            paths=paths,
            fingerprints=_with_old(prints, previous.fingerprints if previous else {}),
            around=_with_old(dict.fromkeys(prints) | texts, previous.around if previous else {}),
            modified_marker=self.kept(modified_marker_of(change.kind, live), marker),
            remote="" if change.action is Action.REPLACE else self.kept(remote_id(change.kind, live), known) or known,
            former=self._former(change, previous) if change.action is Action.REPLACE else (),
        )
        after = projection_digest(live, entry)
        before = {projection_digest(state, entry): None for state in earlier}
        if previous is not None and is_recent(previous.written, self.now()):
            before.update(dict.fromkeys((*previous.before, previous.after)))
        before.pop(after, None)
        return replace(entry, before=tuple(name for name in before if name), after=after, written=self.now())

    def _former(self, change: Change, entry: Entry | None) -> tuple[str, ...]:
        """What the service tells those by that `change` replaces, and those that a replacement before it has left."""
        replaced = self.kept(remote_id(change.kind, change.live)) if change.live else ""
        return tuple(dict.fromkeys(filter(None, (*(entry.former if entry else ()), replaced))))

    def _still_announced(self, change: Change, previous: Entry) -> dict[Path, Owned]:
        """Paths that were claimed and that a later step of the same change will write."""
        announced = {
            path: Owned("", owned.created)
            for path, owned in previous.paths.items()
            if previous.claimed or not owned.hash
        }
        if not announced or change.resource is None:
            return {}
        desired = desired_side(change.resource, resolve(change.resource.attributes, self.lookup))
        return {path: announced[path] for path in managed_leaves(desired.canonical) if path in announced}

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
            entry = self.done(change, desired, change.live, previous, ())
            if previous is not None:
                entry = replace(
                    entry,
                    former=previous.former,
                    before=previous.before,
                    after=previous.after,
                    written=previous.written,
                    modified_marker=previous.modified_marker or entry.modified_marker,
                )
            if entry != previous:
                ledger = ledger.with_entry(entry)
        return ledger


def _makers(change: Change, plan: Plan) -> tuple[str, ...]:
    """Who the service may say that the maker of what `change` creates is."""
    infos = [info for info in plan.instances if f"{info.provider}@{info.name}" == change.key[0]]
    names = {name for info in infos for name in info.makers} if change.kind.maker else ()
    return tuple(sorted(maker_digest(change.identity, name) for name in names))


def _announced(value: Value) -> str:
    """The hash of what will stand at a path, "" where that is a secret or not known yet."""
    hidden = any(isinstance(leaf, Masked | Unknown) for _, leaf in leaves(value))
    return "" if hidden else digest(value)


def _with_old(new: Mapping[Path, str | None], old: Mapping[Path, str]) -> dict[Path, str]:
    """What is known of each path of `new`: what is so now, else what was."""
    found = {path: old.get(path) if now is None else now for path, now in new.items()}
    return {path: text for path, text in found.items() if text is not None}


def owned_paths(leaves: Mapping[Path, Value], found: frozenset[Path] = frozenset()) -> dict[Path, Owned]:
    """The ledger's record of managed leaves; `found` are those that stood there before us."""
    return {path: Owned(digest(value), path not in found) for path, value in leaves.items()}
