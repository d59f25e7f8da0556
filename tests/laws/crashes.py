"""Runs that break in the middle, and what has to be true after the next one: the law of recovery, case by case."""

from __future__ import annotations

import copy
import json
import pathlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from portctl import app
from portctl.app import Session, Workspace
from portctl.apply.execute import Approval
from portctl.cli.wiring import open_session
from portctl.errors import PortctlError
from portctl.model.plan import PlanOptions
from portctl.model.report import Report
from tests.laws.standing import Tables, standing, tables_of
from tests.laws.wire import OF_READS, Break, Killed, Wire
from tests.laws.world import World, acting

A_MINUTE = 60.0
CREATE, UPDATE, DESTROY = "create", "update", "destroy"


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """The `at`th write, or read, of a run breaks."""

    phase: str
    workers: int
    writes: bool
    at: int
    how: Break

    def __str__(self) -> str:
        what = "write" if self.writes else "read"
        return f"{self.phase}, {self.workers} workers, {what} {self.at}: {self.how}"


class Clocked(World):
    """A world without waits: whoever waits moves the sandbox's clock and the run's own. Manifests are not linted."""

    now_seconds = 0.0
    kept: dict[str, Workspace]

    def workspace(self) -> Workspace:
        """The same one while no file changes: secrets are fingerprinted slowly on purpose."""
        files = [path for path in sorted(self.root.rglob("*.y*ml")) if ".portctl" not in path.parts]
        key = json.dumps([str(self.workers), *(path.read_text("utf-8") for path in files)])
        self.kept = getattr(self, "kept", {})
        if key not in self.kept:
            self.kept[key] = replace(super().workspace(), rules=())
        return self.kept[key]

    def pass_time(self, seconds: float) -> None:
        self.now_seconds += seconds
        self.sandbox.world.clock.advance(seconds)

    @contextmanager
    def session(self, *, read_only: bool) -> Iterator[Session]:
        with open_session(self.workspace(), read_only=read_only, watch=self.watch, sleep=self.pass_time) as opened:
            yield Session(
                workspace=opened.workspace,
                connect=opened.connect,
                watch=opened.watch,
                run=opened.run,
                sleep=self.pass_time,
                now=lambda: 1_800_000_000.0 + self.now_seconds,
                providers=opened.providers,
            )

    @property
    def ledger(self) -> pathlib.Path:
        return self.root / ".portctl" / "ledger" / "sandbox.json"


@dataclass(slots=True)
class Snapshot:
    """A sandbox and a ledger at one moment, to go back to."""

    services: Mapping[str, Any]
    drawn: int
    repositories: pathlib.Path
    ledger: bytes | None

    @classmethod
    def of(cls, world: Clocked, folder: pathlib.Path) -> Snapshot:
        sandbox = world.sandbox
        sandbox.settle()
        with sandbox.world.lock:
            services = copy.deepcopy({name: service.dump() for name, service in sandbox.services.items()})
            kept = folder / "repositories"
            source = sandbox.gitlab.instance.repositories.path(0).parent
            if source.is_dir():
                shutil.copytree(source, kept)
        ledger = world.ledger.read_bytes() if world.ledger.exists() else None
        return cls(services, sandbox.world.ids.drawn, kept, ledger)

    def restore(self, world: Clocked) -> None:
        sandbox = world.sandbox
        sandbox.settle()
        with sandbox.world.lock:
            sandbox.journal.clear()
            sandbox.world.ids.drawn = self.drawn
            for name, service in sandbox.services.items():
                service.load(copy.deepcopy(self.services[name]))
            target = sandbox.gitlab.instance.repositories.path(0).parent
            shutil.rmtree(target, ignore_errors=True)
            if self.repositories.is_dir():
                shutil.copytree(self.repositories, target)
        if self.ledger is None:
            world.ledger.unlink(missing_ok=True)
        else:
            world.ledger.parent.mkdir(parents=True, exist_ok=True)
            world.ledger.write_bytes(self.ledger)


@dataclass(slots=True)
class Crashes:
    """Two states of one project, `first` and `second`, each made by a function that writes its files."""

    world: Clocked
    wire: Wire
    first: Callable[[], None]
    second: Callable[[], None]
    folder: pathlib.Path
    seeded: Tables = field(default_factory=dict)
    starts: dict[str, Snapshot] = field(default_factory=dict)
    expected: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    counts: dict[str, dict[bool, int]] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)
    """The writes of each undisturbed run, in the order of one worker."""

    def prepare(self) -> None:
        """Play everything undisturbed: what it leaves is what every disturbed run has to leave."""
        world = self.world
        self.seeded = copy.deepcopy(tables_of(world.sandbox))
        self.first()
        backend = world.workspace().backend
        backend.save(backend.load())  # one salt for all runs: what is hashed slowly on purpose is hashed once
        self.starts[CREATE] = Snapshot.of(world, self._folder(CREATE))
        self._apply_all()
        self.expected[CREATE] = (self._standing(), self._remembered())
        world.pass_time(A_MINUTE)
        self.starts[UPDATE] = self.starts[DESTROY] = Snapshot.of(world, self._folder(UPDATE))
        self.second()
        self._apply_all()
        self.expected[UPDATE] = (self._standing(), self._remembered())
        world.pass_time(A_MINUTE)
        self._destroy_all()
        self.expected["nothing after update"] = (self._standing(), self._remembered())
        self.starts[UPDATE].restore(world)
        self.first()
        self._destroy_all()
        self.expected[DESTROY] = (self._standing(), self._remembered())
        for phase in (CREATE, UPDATE, DESTROY):
            self._begin(phase, workers=1)
            self.wire.arm(None, writes=True, at=0, dies=lambda: None)
            self._run(phase)
            self.counts[phase] = dict(self.wire.counts)
            self.asked[phase] = list(self.wire.writes_seen)

    def cases(self) -> list[Case]:
        return [
            Case(phase, workers, writes, at, how)
            for phase, counts in sorted(self.counts.items())
            for workers in (1, 8)
            for writes in (True, False)
            for at in range(1, counts[writes] + 1)
            for how in (Break if writes else OF_READS)
        ]

    def broken(self, case: Case) -> list[str]:
        """What is wrong after `case`, its resumption, and the destruction of everything; empty where nothing is."""
        hit = self._break(case)
        return [f"{case} ({hit or 'not reached'}): {wrong}" for wrong in self._resumed(case)]

    def abandoned(self, case: Case) -> list[str]:
        """What is left where everything is destroyed right after `case`, a creation, without any resumption.

        Projects are kept on purpose, and with them their repositories.
        """
        hit = self._break(case)
        self.world.pass_time(A_MINUTE)
        wrong = self._wrong(lambda: self._run(DESTROY))
        kept = ("gitlab tables projects", "gitlab tables protected_branches")
        stands, expected = self._standing(), self.expected[DESTROY][0]
        stands["repositories"] = [row for row in stands["repositories"] if any(row[1].values())]
        for table in sorted({*stands} - {*kept}):
            wrong += [f"{table}: left: {row}" for row in stands[table] if row not in expected.get(table, [])]
        wrong += [f"remembered: {entry['address']}" for entry in self._remembered()]
        return [f"{case} ({hit or 'not reached'}), destroyed at once: {each}" for each in wrong]

    def _break(self, case: Case) -> str:
        """Play `case` up to where it ends; the request that broke."""
        world, wire = self.world, self.wire
        self._begin(case.phase, case.workers)
        kept: list[bytes | None] = []
        wire.arm(case.how, writes=case.writes, at=case.at, dies=lambda: kept.append(self._ledger_bytes()))
        try:
            self._run(case.phase)
        except Killed:
            if kept[0] is not None:
                world.ledger.write_bytes(kept[0])
        except PortctlError:
            pass
        finally:
            hit = wire.hit
            wire.disarm()
        return hit

    def _resumed(self, case: Case) -> list[str]:
        self.world.pass_time(A_MINUTE)
        found = self._wrong(lambda: self._run(case.phase))
        if found:
            return [f"the next run: {each}" for each in found]
        wrong = self._unlike(self.expected[case.phase])
        if case.phase == DESTROY:
            return wrong
        left = acting(self.world.plan())
        wrong += [f"the plan is not empty: {left}"] if left else []
        self.world.pass_time(A_MINUTE)
        found = self._wrong(lambda: self._run(DESTROY))
        wrong += [f"destroy: {each}" for each in found]
        last = DESTROY if case.phase == CREATE else "nothing after update"
        return wrong + [f"after destroy: {each}" for each in self._unlike(self.expected[last])]

    def _wrong(self, run: Callable[[], Report]) -> list[str]:
        try:
            report = run()
        except PortctlError as error:
            return [f"{error.summary}: {error.detail}"]
        return [f"{outcome.step.key}: {outcome.status} {outcome.error}" for outcome in report.outcomes if outcome.error]

    def _begin(self, phase: str, workers: int) -> None:
        self.world.workers = workers
        self.starts[phase].restore(self.world)
        (self.second if phase == UPDATE else self.first)()

    def _run(self, phase: str) -> Report:
        with self.world.session(read_only=False) as session:
            plan = app.plan(session, PlanOptions(destroy=phase == DESTROY))
            return app.apply(session, plan, Approval.given(plan))

    def _apply_all(self) -> None:
        report = self._run(CREATE)
        assert report.complete, [(outcome.step.key, str(outcome.error)) for outcome in report.outcomes if outcome.error]
        assert acting(self.world.plan()) == {}

    def _destroy_all(self) -> None:
        report = self._run(DESTROY)
        assert report.complete, [(outcome.step.key, str(outcome.error)) for outcome in report.outcomes if outcome.error]

    def _standing(self) -> dict[str, list[Any]]:
        return standing(self.world.sandbox, self.seeded)

    def _ledger_bytes(self) -> bytes | None:
        return self.world.ledger.read_bytes() if self.world.ledger.exists() else None

    def _remembered(self) -> list[Any]:
        """The ledger's entries without times, ids and what is salted."""
        entries = json.loads(self.world.ledger.read_text("utf-8"))["entries"] if self.world.ledger.exists() else []
        for entry in entries:
            entry["fingerprints"] = [path for path, _ in entry["fingerprints"]]
            for name in ("written", "before", "after", "witness", "remote", "former"):
                entry.pop(name, None)
        return [_hashless(entry) for entry in entries]

    def _unlike(self, expected: tuple[Any, Any]) -> list[str]:
        stands, remembers = expected
        wrong = [f"stands otherwise: {text}" for text in _differences(stands, self._standing())]
        now = {tuple(each["address"].split()): each for each in self._remembered()}
        then = {tuple(each["address"].split()): each for each in remembers}
        differing = sorted(key for key in {*now, *then} if now.get(key) != then.get(key))
        return wrong + [f"remembers otherwise: {key[0]}: {_told(then.get(key), now.get(key))}" for key in differing]

    def _folder(self, name: str) -> pathlib.Path:
        path = self.folder / name
        path.mkdir(parents=True)
        return path


def _hashless(entry: dict[str, Any]) -> dict[str, Any]:
    """Hashes of values that services make up (addresses, tokens), and salted ones, differ between runs; that they are
    there does not.
    """
    return {
        **entry,
        "paths": [[path, bool(hash_), created] for path, hash_, created in entry["paths"]],
        "around": [[path, bool(hash_)] for path, hash_ in entry["around"]],
    }


def _told(then: Any, now: Any) -> str:
    if then is None or now is None:
        return "it should not be there" if then is None else "it is not there"
    return ", ".join(f"{key}: {then[key]} became {now.get(key)}" for key in then if then[key] != now.get(key))


def _differences(then: Mapping[str, list[Any]], now: Mapping[str, list[Any]]) -> Iterator[str]:
    for table in sorted({*then, *now}):
        old = [json.dumps(row, sort_keys=True) for row in then.get(table, [])]
        new = [json.dumps(row, sort_keys=True) for row in now.get(table, [])]
        lacking = [row for row in old if old.count(row) > new.count(row)]
        added = [row for row in new if new.count(row) > old.count(row)]
        if lacking or added:
            yield f"{table}: lacks {lacking} has {added}"
