"""Read what lives: one list per kind and scope, in parallel, and again where a service is known to lag behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from portctl.engine.canonical import digest
from portctl.engine.ledger import Entry, Ledger
from portctl.engine.normalise import normalise
from portctl.engine.pool import run_all
from portctl.errors import AccessDenied
from portctl.model.kind import Kind
from portctl.model.plan import InstanceInfo
from portctl.model.provider import Provider
from portctl.model.resource import Identity, Live, RemoteKey
from portctl.model.value import MISSING, get

LAG_SECONDS = 30.0
"""How long after a write a list may still show the state before it."""

LAG_PAUSES = (0.5, 1.0, 1.5, 2.0, 2.0)
ABSENT = "absent"


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

    def read(self, wanted: Iterable[RemoteKey], ledger: Ledger) -> dict[RemoteKey, Live]:
        """Those of `wanted` that exist. Waits, within bounds, for lists that have not seen our last writes yet."""
        keys = dict.fromkeys(wanted)
        lives = self._read_all(keys)
        for pause in LAG_PAUSES:
            late = [key for key in keys if self._is_late(key, lives.get(key), ledger)]
            if not late:
                break
            self.waiting("the service does not show the last apply yet, reading again")
            self.sleep(pause)
            kinds = {(key[0], key[1]) for key in late}
            again = dict.fromkeys(key for key in keys if (key[0], key[1]) in kinds)
            lives = {key: live for key, live in lives.items() if (key[0], key[1]) not in kinds}
            lives.update(self._read_all(again))
        return lives

    def _read_all(self, keys: Collection[RemoteKey]) -> dict[RemoteKey, Live]:
        lives: dict[RemoteKey, Live] = {}
        for wave in self._waves(keys):
            groups: dict[tuple[str, str], list[Identity]] = {}
            for key in wave:
                if self._parent_is_there(key, lives, keys):
                    groups.setdefault((key[0], key[1]), []).append(key[2])
            for (instance, kind), found in zip(
                groups, run_all(list(groups.items()), self._read_group, workers=self.workers), strict=True
            ):
                lives.update({(instance, kind, identity): live for identity, live in found.items()})
        return lives

    def _read_group(self, group: tuple[tuple[str, str], list[Identity]]) -> Mapping[Identity, Live]:
        (instance, kind), identities = group
        return self.providers[instance].read(self.catalogue[kind], identities)

    def _waves(self, keys: Collection[RemoteKey]) -> list[list[RemoteKey]]:
        by_depth: dict[int, list[RemoteKey]] = {}
        for key in keys:
            depth, parent = 0, self.catalogue[key[1]].parent
            while parent:
                depth, parent = depth + 1, self.catalogue[parent].parent
            by_depth.setdefault(depth, []).append(key)
        return [by_depth[depth] for depth in sorted(by_depth)]

    def _parent_is_there(self, key: RemoteKey, lives: Mapping[RemoteKey, Live], keys: Collection[RemoteKey]) -> bool:
        kind = self.catalogue[key[1]]
        if not kind.parent:
            return True
        above = (key[0], kind.parent, key[2][: len(key[2]) - len(kind.identity)])
        return above in lives or above not in keys

    def _is_late(self, key: RemoteKey, live: Live | None, ledger: Ledger) -> bool:
        """Whether `live` is exactly what stood there before our last write, a moment ago."""
        deleted_at = ledger.deleted.get(key)
        if deleted_at is not None and live is not None:
            return self.now() - deleted_at < LAG_SECONDS
        entry = ledger.entries.get(key)
        if entry is None or not entry.before or self.now() - entry.written >= LAG_SECONDS:
            return False
        shown = projection_digest(live, entry)
        return shown != entry.after and shown in entry.before


def projection_digest(live: Live | None, entry: Entry) -> str:
    """The hash of what `live` has at the paths that `entry` manages, or of all of it where the manifest speaks for all."""
    if live is None:
        return ABSENT
    canonical = normalise(live.kind, live.attributes, hidden=entry.fingerprints)
    if not entry.merge:
        return digest(canonical)
    return digest([[list(path), _hash(get(canonical, path))] for path in sorted(entry.paths, key=str)])


def _hash(value: object) -> str:
    return "" if value is MISSING else digest(value)


def check_instances(infos: Mapping[str, InstanceInfo], ledger: Ledger) -> None:
    """Refuse an organisation or server other than the one this project and environment belong to."""
    for name, info in infos.items():
        known = ledger.instances.get(name)
        if known is not None and known != info.identity:
            raise AccessDenied(
                "Wrong organisation",
                f"{name} at {info.url} is {info.identity}, but this environment was applied to {known}",
                hint="Check the credentials and the -e option; nothing was read or written.",
            )
