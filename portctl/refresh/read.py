"""Read what lives: one list per kind and scope, in parallel, and again where a service is known to lag behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from portctl.compare.canonical import digest
from portctl.compare.fingerprints import modified_marker_of
from portctl.compare.normalise import normalise
from portctl.errors import AccessDenied, ApiError
from portctl.ledger.intents import made_anew
from portctl.model.kind import Kind
from portctl.model.ledger import Entry, Ledger
from portctl.model.plan import InstanceInfo
from portctl.model.provider import About, Provider
from portctl.model.resource import Identity, Live, RemoteKey
from portctl.model.value import MISSING, Attributes, get
from portctl.pool import run_all

LAG_SECONDS = 30.0
"""How long after a write a list may still show the state before it."""

LAG_PAUSES = (0.5, 1.0, 1.5, 2.0, 2.0)
ABSENT = "absent"
_NOT_FOUND = 404
_Group = tuple[str, str, Identity]
"""Instance, kind, and, where objects are read one by one, the identity: what one task reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads through the providers of one run, keyed `provider@instance`."""

    providers: Mapping[str, Provider]
    catalogue: Mapping[str, Kind]
    workers: int = 8
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    waiting: Callable[[str], None] = lambda _: None

    def login(self, used: Iterable[str]) -> Mapping[str, InstanceInfo]:
        """Log in to every instance that is used, before anything else is asked of it."""
        names = sorted(used)
        infos = run_all(names, lambda name: self.providers[name].login(), workers=self.workers)
        return dict(zip(names, infos, strict=True))

    def read(
        self, wanted: Iterable[RemoteKey], ledger: Ledger, about: Mapping[RemoteKey, Attributes] | None = None
    ) -> dict[RemoteKey, Live]:
        """Those of `wanted`, and of what they lie under, that exist.

        `about` says what the manifests say, for kinds that are read in part. Waits, within bounds, for lists that have
        not seen our last writes yet.
        """
        keys = self._with_parents(wanted)
        told = [key for key in keys if self.catalogue[key[1]].partial or self.catalogue[key[1]].server_id]
        hints = {key: self._about(key, ledger, about or {}) for key in told}
        lives, gone = self._read_all(keys, {}, hints)
        for pause in LAG_PAUSES:
            late = [key for key in keys if key in gone or self._is_late(key, lives, ledger)]
            if not late:
                break
            self.waiting("the service does not show the last apply yet, reading again")
            self.sleep(pause)
            late.extend(above for key in gone if (above := self._above(key)))
            kinds = {(key[0], key[1]) for key in late}
            again = [key for key in keys if (key[0], key[1]) in kinds]
            known = {key: live for key, live in lives.items() if (key[0], key[1]) not in kinds}
            lives, gone = self._read_all(again, known, hints)
        for error in gone.values():
            raise error
        return {**lives, **self._unlisted(keys, lives, ledger)}

    def _unlisted(
        self, keys: Sequence[RemoteKey], lives: Mapping[RemoteKey, Live], ledger: Ledger
    ) -> Mapping[RemoteKey, Live]:
        """What the ledger holds and no list shows, and is there all the same: a list may be cut short unseen."""
        doubted = [
            key
            for key in keys
            if key in ledger.entries
            and key not in lives
            and self.catalogue[key[1]].collection
            and self.catalogue[key[1]].listed
            and ((above := self._above(key)) is None or above in lives)
        ]
        found = run_all(
            doubted, lambda key: self.providers[key[0]].fetch(self.catalogue[key[1]], key[2]), workers=self.workers
        )
        return {key: live for key, live in zip(doubted, found, strict=True) if live is not None}

    def _with_parents(self, wanted: Iterable[RemoteKey]) -> list[RemoteKey]:
        keys: dict[RemoteKey, None] = {}
        for key in wanted:
            above: RemoteKey | None = key
            while above is not None:
                keys[above] = None
                above = self._above(above)
        return list(keys)

    def _above(self, key: RemoteKey) -> RemoteKey | None:
        """What `key` lies under: its parent, or the object that scopes its list."""
        kind = self.catalogue[key[1]]
        if kind.parent:
            return (key[0], kind.parent, key[2][: len(key[2]) - len(kind.identity)])
        for ref in kind.references:
            if kind.scope == (ref.at,) and ref.to in self.catalogue:
                return (key[0], ref.to, key[2][:1])
        return None

    def _about(self, key: RemoteKey, ledger: Ledger, about: Mapping[RemoteKey, Attributes]) -> About:
        entry = ledger.entries.get(key)
        if entry is None:
            return About(about.get(key, {}), frozenset())
        return About(about.get(key, {}), frozenset(entry.paths), "" if entry.claimed else entry.remote, entry.former)

    def _read_all(
        self, keys: Sequence[RemoteKey], known: Mapping[RemoteKey, Live], hints: Mapping[RemoteKey, About]
    ) -> tuple[dict[RemoteKey, Live], dict[RemoteKey, ApiError]]:
        """What lives, `known` included, and what could not be read because what it lies under was not found."""
        lives, gone = dict(known), dict[RemoteKey, ApiError]()
        for wave in self._waves(keys):
            groups: dict[_Group, list[Identity]] = {}
            for key in wave:
                above = self._above(key)
                if above is None or above in lives:
                    alone = () if self.catalogue[key[1]].collection else key[2]
                    groups.setdefault((key[0], key[1], alone), []).append(key[2])
            results = run_all(list(groups.items()), lambda group: self._read_group(group, hints), workers=self.workers)
            for ((instance, kind, _), identities), found in zip(groups.items(), results, strict=True):
                if isinstance(found, ApiError):
                    gone.update(dict.fromkeys(((instance, kind, identity) for identity in identities), found))
                else:
                    lives.update({(instance, kind, identity): live for identity, live in found.items()})
        return lives, gone

    def _read_group(
        self, group: tuple[_Group, list[Identity]], hints: Mapping[RemoteKey, About]
    ) -> Mapping[Identity, Live] | ApiError:
        (instance, kind, _), identities = group
        about = {name: hints[(instance, kind, name)] for name in identities if (instance, kind, name) in hints}
        try:
            return self.providers[instance].read(self.catalogue[kind], identities, about)
        except ApiError as error:
            if error.status == _NOT_FOUND and self._above((instance, kind, identities[0])):
                return error
            raise

    def _waves(self, keys: Sequence[RemoteKey]) -> list[list[RemoteKey]]:
        by_depth: dict[int, list[RemoteKey]] = {}
        for key in keys:
            depth, above = 0, self._above(key)
            while above is not None:
                depth, above = depth + 1, self._above(above)
            by_depth.setdefault(depth, []).append(key)
        return [by_depth[depth] for depth in sorted(by_depth)]

    def _is_late(self, key: RemoteKey, lives: Mapping[RemoteKey, Live], ledger: Ledger) -> bool:
        """Whether what is shown is exactly what stood there before our last write, a moment ago.

        Or nothing, where the object must be there because it comes with another one that is; or the one before it.
        """
        live = lives.get(key)
        if live is None and self.catalogue[key[1]].create is None and self._above(key) in lives:
            return True
        deleted_at = ledger.deleted.get(key)
        if deleted_at is not None and live is not None:
            return is_recent(deleted_at, self.now())
        entry = ledger.entries.get(key)
        if entry is None or not entry.before or not is_recent(entry.written, self.now()):
            return False
        if live is not None and made_anew(live.kind, entry, live):
            return True
        shown = projection_digest(live, entry)
        return shown != entry.after and shown in entry.before


def is_recent(at: float, now: float) -> bool:
    """Whether lists may lag behind what was written at `at`. A time far ahead is of a clock that was set since."""
    return abs(now - at) < LAG_SECONDS


def projection_digest(live: Live | None, entry: Entry) -> str:
    """The hash of what `live` has at the paths that `entry` manages, of all of it where that is everything.

    With the time at which the service says that it was written, where that tells of values nobody can read.
    """
    if live is None:
        return ABSENT
    canonical = normalise(live.kind, live.attributes, hidden=entry.fingerprints)
    modified_marker = modified_marker_of(live.kind, live)
    if not entry.merge:
        return digest([modified_marker, canonical])
    return digest(
        [modified_marker, *([list(path), _hash(get(canonical, path))] for path in sorted(entry.paths, key=str))]
    )


def _hash(value: object) -> str:
    return "" if value is MISSING else digest(value)


def check_instances(infos: Mapping[str, InstanceInfo], ledger: Ledger, told: Callable[[str], str] = str) -> None:
    """Refuse an organisation or server other than the one this project and environment belong to.

    `told`: a name that a service gave, as it is shown and as the ledger holds it.
    """
    for name, info in infos.items():
        known = ledger.instances.get(name)
        if known not in (None, info.identity, told(info.identity)):
            raise AccessDenied(
                "Wrong organisation",
                f"{name} at {info.url} is {info.identity}, but this environment was applied to {known}",
                hint="Check the credentials and the -e option; nothing was read or written.",
            )
