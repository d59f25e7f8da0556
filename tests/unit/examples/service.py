"""A shop that keeps its objects in memory, with everything that can go wrong between it and us.

It is a service, not a stand-in for code of ours: it refuses what a strict service refuses (a second object of the same
name, references to nothing, the deletion of what is still needed) and touches only what a request names.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from portctl.errors import AnswerLost, ApiError
from portctl.model.kind import Kind, Verb, matches
from portctl.model.plan import InstanceInfo
from portctl.model.provider import WriteRequest
from portctl.model.resource import Identity, Live
from portctl.model.value import Attributes, Pending, freeze, leaves, map_leaves, thaw
from portctl.source import Path
from portctl.vault import Vault
from tests.unit.examples.kinds import OFFER, RIGHTS

Stored = dict[tuple[str, Identity], dict[str, Any]]


class Killed(BaseException):
    """The process ends here."""


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 1_000_000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@dataclass(slots=True)
class Faults:
    """What goes wrong. Keys are `(verb, identity)`; a lost answer names whether the write was done before."""

    refuse: dict[tuple[str, Identity], Exception] = field(default_factory=dict)
    lose: dict[tuple[str, Identity], list[str]] = field(default_factory=dict)
    unreadable: set[Identity] = field(default_factory=set)
    drop: set[Path] = field(default_factory=set)
    populated: dict[Identity, int] = field(default_factory=dict)
    """How many other objects hang on one."""

    ignore: set[tuple[str, Identity]] = field(default_factory=set)
    """Writes that are answered as if they had been done."""

    hide: set[tuple[str, Identity]] = field(default_factory=set)
    """Writes after which their object cannot be read any more."""

    unlisted: set[Identity] = field(default_factory=set)
    """Objects that lists leave out."""

    lag: float = 0.0
    late: float = 0.0
    """How long a single object is still shown as it was, as lists are by `lag`."""

    kill_at: int = 0
    """The number of the write at which the process ends; negative: after the write was done."""

    interrupt_at: int = 0
    """The number of the write during which somebody presses Ctrl-C; its answer is never seen."""


class Shop:
    """Implements `model.provider.Provider`."""

    def __init__(self, vault: Vault, clock: Clock, identity: str = "shop-1") -> None:
        self.name = "default"
        self.width = 8
        self.identity = identity
        self.faults = Faults()
        self.objects: Stored = {}
        self.done: list[tuple[str, str, Identity]] = []
        """The writes that took effect."""

        self.dies: Callable[[], object] = dict
        """Called when the process is killed."""

        self.keeps: set[Path] = set()
        """Paths that a write cannot clear."""

        self.writes: list[tuple[str, str, Identity]] = []
        self.lists: list[str] = []
        self.dead = False
        self.next_number = 0
        self._past: list[tuple[float, Stored]] = [(0.0, {})]
        self._vault = vault
        self._clock = clock
        self._lock = threading.RLock()
        self._requests = 0

    def login(self) -> InstanceInfo:
        return InstanceInfo(provider="shop", name=self.name, identity=self.identity, url="http://shop.test")

    def close(self) -> None:
        """Nothing is open."""

    def requests(self) -> int:
        return self._requests

    def read(
        self,
        kind: Kind,
        identities: Sequence[Identity],
        about: Mapping[Identity, Any] = MappingProxyType({}),  # noqa: ARG002
    ) -> Mapping[Identity, Live]:
        """Lists show the shop as it was `lag` seconds ago."""
        with self._lock:
            self._requests += 1
            self.lists.append(kind.full_name)
            seen = self._seen(self.faults.lag)
            return {
                identity: self._live(kind, identity, seen[kind.full_name, identity])
                for identity in identities
                if (kind.full_name, identity) in seen and identity not in self.faults.unlisted
            }

    def fetch(self, kind: Kind, identity: Identity) -> Live | None:
        with self._lock:
            self._requests += 1
            if identity in self.faults.unreadable:
                raise _refusal("GET", identity, 500, "out of order")
            seen = self._seen(self.faults.late) if self.faults.late else self.objects
            stored = seen.get((kind.full_name, identity))
            return None if stored is None else self._live(kind, identity, stored)

    def _seen(self, seconds_ago: float) -> Stored:
        return next(stored for at, stored in reversed(self._past) if at <= self._clock.now() - seconds_ago)

    def check(self, kind: Kind, identity: Identity, attributes: Attributes) -> Sequence[Any]:  # noqa: ARG002
        """The shop has no opinion before a write."""
        return ()

    def shortfalls(self, resources: Sequence[Any]) -> Sequence[Any]:  # noqa: ARG002
        """The shop is never too old."""
        return ()

    def create(self, kind: Kind, write_request: WriteRequest) -> Live:
        def perform() -> Live:
            if (kind.full_name, write_request.identity) in self.objects:
                raise _refusal("POST", write_request.identity, 409, "exists already")
            self._keep(kind, write_request.identity, self._revealed(write_request.attributes))
            if kind is OFFER:
                self.objects[RIGHTS.full_name, write_request.identity] = {"sell": {"roles": ["everybody"], "limit": 10}}
            return self._live(kind, write_request.identity, self.objects[kind.full_name, write_request.identity])

        made: Live = self._write("POST", kind, write_request.identity, perform)
        return made

    def update(self, kind: Kind, live: Live, write_request: WriteRequest) -> Live:
        """A PUT keeps nothing that it does not name; a PATCH touches exactly the paths that it names."""

        def perform() -> Live:
            stored = copy.deepcopy(self._existing(kind, live.identity))
            if not write_request.merge and kind.update is Verb.PUT:
                stored = self._revealed(write_request.attributes)
            else:
                for path in write_request.removed:
                    if path not in self.keeps:
                        _clear(stored, path)
                for path in write_request.changed:
                    _put(stored, path, self._revealed({"it": _at(write_request.attributes, path)})["it"])
            self._keep(kind, live.identity, stored)
            return self._live(kind, live.identity, self.objects[kind.full_name, live.identity])

        written: Live = self._write("PUT" if kind.update is Verb.PUT else "PATCH", kind, live.identity, perform)
        return written

    def delete(self, kind: Kind, live: Live, *, cascade: bool = False) -> None:
        def perform() -> None:
            needed_by = [key for key, stored in self.objects.items() if self._needs(key, stored, kind, live.identity)]
            if needed_by and not cascade:
                raise _refusal("DELETE", live.identity, 409, "still needed")
            self.objects.pop((kind.full_name, live.identity), None)
            if kind is OFFER:
                self.objects.pop((RIGHTS.full_name, live.identity), None)

        self._write("DELETE", kind, live.identity, perform)

    def rename(self, kind: Kind, live: Live, path: Path, before: str) -> Live:
        def perform() -> Live:
            stored = self._existing(kind, live.identity)
            holder = _at(stored, path[:-1])
            if before not in holder:
                raise _refusal("PATCH", live.identity, 404, "nothing of that name")
            holder[path[-1]] = holder.pop(before)
            return self._live(kind, live.identity, stored)

        renamed: Live = self._write("RENAME", kind, live.identity, perform)
        return renamed

    def populated(self, kind: Kind, live: Live, *, besides: int = 0) -> bool:  # noqa: ARG002
        with self._lock:
            self._requests += 1
            return self.faults.populated.get(live.identity, 0) > besides

    def put(self, kind: Kind, identity: Identity, attributes: Mapping[str, Any]) -> None:
        """Somebody else writes an object, at the service itself."""
        with self._lock:
            self._keep(kind, identity, thaw(attributes))
            self._snapshot()

    def drop(self, kind: Kind, identity: Identity) -> None:
        """Somebody else removes an object."""
        with self._lock:
            del self.objects[kind.full_name, identity]
            self._snapshot()

    def shows(self) -> dict[str, Any]:
        """Every object without what the server made up, for comparing two histories."""
        return {
            f"{kind} {'/'.join(identity)}": {
                name: value for name, value in stored.items() if name not in ("createdAt", "updatedAt", "number")
            }
            for (kind, identity), stored in sorted(self.objects.items())
        }

    def _write(self, verb: str, kind: Kind, identity: Identity, perform: Any) -> Any:
        with self._lock:
            self._requests += 1
            self._clock.time += 0.01
            self.writes.append((verb, kind.full_name, identity))
            if self.dead or self.faults.kill_at == len(self.writes):
                raise self._death()
            refusal = self.faults.refuse.get((verb, identity))
            if refusal is not None:
                raise refusal
            if self.faults.interrupt_at == len(self.writes):
                raise KeyboardInterrupt
            lost = self.faults.lose.get((verb, identity)) or [""]
            when = lost.pop(0)
            if when == "before":
                raise AnswerLost("Answer lost", f"{verb} {'/'.join(identity)}")
            if (verb, identity) in self.faults.ignore:
                return None
            answer = perform()
            self.done.append((verb, kind.full_name, identity))
            if (verb, identity) in self.faults.hide:
                self.faults.unreadable.add(identity)
            self._snapshot()
            if self.faults.kill_at == -len(self.writes):
                raise self._death()
            if when == "after":
                raise AnswerLost("Answer lost", f"{verb} {'/'.join(identity)}")
            return answer

    def _death(self) -> Killed:
        """Nothing leaves a process that is gone, from no thread of it."""
        self.dead = self.faults.kill_at != 0
        self.dies()
        return Killed()

    def _keep(self, kind: Kind, identity: Identity, stored: dict[str, Any]) -> None:
        """Store what a write asked for; references to nothing are refused."""
        for ref, text in _references(kind, stored):
            own = ref == kind.full_name and (text,) == identity
            if not own and (ref, (text,)) not in self.objects:
                raise _refusal("POST", identity, 422, f"{text} does not exist")
        for path in self.faults.drop:
            _clear(stored, path)
        before = self.objects.get((kind.full_name, identity), {})
        stored["createdAt"] = before.get("createdAt", self._stamp())
        stored["updatedAt"] = self._stamp()
        if kind is OFFER:
            stored["number"] = before.get("number", self.next_number or len(self.writes) + 100)
        if kind.name == "Door":
            stored["token"] = before.get("token", f"door-token-{'/'.join(identity)}")
        self.objects[kind.full_name, identity] = stored

    def _existing(self, kind: Kind, identity: Identity) -> dict[str, Any]:
        if (kind.full_name, identity) not in self.objects:
            raise _refusal("PUT", identity, 404, "not found")
        return self.objects[kind.full_name, identity]

    def _needs(self, key: tuple[str, Identity], stored: dict[str, Any], kind: Kind, identity: Identity) -> bool:
        from tests.unit.examples.kinds import CATALOGUE

        wanted = (kind.full_name, identity[-1])
        return key != (kind.full_name, identity) and wanted in _references(CATALOGUE[key[0]], stored)

    def _revealed(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        def revealed(_: Path, leaf: Any) -> Any:
            return self._vault.reveal(leaf) if isinstance(leaf, Pending) else leaf

        body: dict[str, Any] = thaw(map_leaves(attributes, revealed))
        return body

    def _live(self, kind: Kind, identity: Identity, stored: Mapping[str, Any]) -> Live:
        shown = copy.deepcopy(dict(stored))
        for pattern in kind.write_only:
            _clear(shown, tuple(pattern.split(".")))
        return Live(kind, identity, freeze(shown))

    def _snapshot(self) -> None:
        self._past.append((self._clock.now(), copy.deepcopy(self.objects)))

    def _stamp(self) -> str:
        return f"{self._clock.now():.2f}/{len(self.writes)}"


def _references(kind: Kind, stored: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (ref.to, value)
        for path, value in leaves(stored)
        for ref in kind.references
        if matches(ref.at, path) and isinstance(value, str)
    ]


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value[part]
    return value


def _put(value: dict[str, Any], path: Path, leaf: Any) -> None:
    for part in path[:-1]:
        if not isinstance(value.get(str(part)), dict):
            value[str(part)] = {}
        value = value[str(part)]
    value[str(path[-1])] = leaf


def _clear(value: dict[str, Any], path: Path) -> None:
    for part in path[:-1]:
        value = value.get(str(part), {}) if isinstance(value, dict) else {}
    if isinstance(value, dict):
        value.pop(str(path[-1]), None)


def _refusal(verb: str, identity: Identity, status: int, what: str) -> ApiError:
    name = "/".join(identity)
    return ApiError("Refused", f"{verb} {name}: {what}", method=verb, path=f"/{name}", status=status)
