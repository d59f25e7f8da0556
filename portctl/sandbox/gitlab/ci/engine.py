"""What keeps pipelines going: jobs become ready, wait for their resource group, run, are run again, and end.

One thread looks at what has changed; every job runs in a thread of its own. All state is in the rows, so that a restart
goes on where the last process stood; a job that was under way then has failed.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
import traceback
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.ci import deploying, orders
from portctl.sandbox.gitlab.ci.runner.job import Machine, Order, Outcome, Signals, run_job
from portctl.sandbox.gitlab.ci.runner.process import end_marked
from portctl.sandbox.gitlab.ci.runner.shells import Find, bash
from portctl.sandbox.gitlab.ci.status import ALIVE, COMPLETED, composite, is_wanted
from portctl.sandbox.gitlab.store import jobs, pipelines, runners
from portctl.sandbox.gitlab.store.instance import Instance

CONCURRENT_JOBS = 4
SETTLE_SECONDS = 300.0


_LOST = Outcome(status="failed", failure_reason="runner_system_failure")


class Unsettled(RuntimeError):
    """Jobs do not end in time."""


@dataclass(slots=True)
class _Running:
    thread: threading.Thread
    signals: Signals


class Engine:
    """`shell` says what jobs run in; `concurrent` how many at once. `hidden` are files that are not for jobs."""

    def __init__(self, instance: Instance, hidden: Callable[[], tuple[Path, ...]]) -> None:
        self.shell: Find = bash
        self.concurrent = CONCURRENT_JOBS
        self.settle_seconds = SETTLE_SECONDS
        self._instance = instance
        self._hidden = hidden
        self._workspaces: Path | None = None
        self._world = instance.world
        self._changed = threading.Condition(instance.world.lock)
        self._rung: set[int] = set()
        self._ready: set[int] = set()
        self._running: dict[int, _Running] = {}
        self._ended = 0
        self._told = 0
        self._generation = 0
        self._is_halted = False
        self._is_paused = False
        self._stopping = False
        self._thread: threading.Thread | None = None
        instance.bell.ring = self.ring

    def ring(self, pipeline_id: int) -> None:
        """Something about a pipeline has changed. Called with the world's lock held."""
        self._rung.add(pipeline_id)
        self._changed.notify_all()

    def start(self) -> None:
        if self._thread is None:
            self._stopping = False
            self._thread = threading.Thread(target=self._work, name="gitlab-pipelines", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End every job and the engine itself. Called without the world's lock."""
        self.halt()
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        with self._changed:
            self._thread = None
            self._changed.notify_all()  # whoever waits for jobs to settle
        self._is_halted = False

    def halt(self) -> None:
        """End every job and start none until the next reset; back when all of them are gone."""
        with self._changed:
            self._is_halted = True
            self._end_jobs()

    def reset(self) -> None:
        """Forget everything. Called with the world's lock held, which is given away while jobs end."""
        self._generation += 1
        self._end_jobs()
        self._rung.clear()
        self._ready.clear()
        self._told = self._ended
        self._is_halted = False
        self._is_paused = False
        self.shell = bash

    @property
    def is_paused(self) -> bool:
        return self._is_paused

    def pause(self, *, paused: bool) -> None:
        """Start no more jobs, or go on with those that wait; what runs goes on. Called without the world's lock."""
        with self._changed:
            self._is_paused = paused
            self._changed.notify_all()

    def load(self) -> None:
        """Take up what another process has left: what was running has failed, the rest goes on."""
        with self._changed:
            for row in list(self._instance.state.rows(jobs.TABLE).values()):
                if row["status"] in ("running", "canceling"):
                    end_marked(orders.mark(self._instance, row))
                    self._finish(row["id"], _LOST)
            for row in self._instance.state.rows(pipelines.TABLE).values():
                if row["status"] in ALIVE:
                    self._rung.add(row["id"])

    def settle(self) -> int:
        """Wait until no job of ours runs or is about to; how many have ended since the last time. Errors: Unsettled.

        Nobody waits for jobs that wait for a paused runner.
        """
        deadline = time.monotonic() + self.settle_seconds
        with self._changed:
            while self._thread is not None and (self._rung or self._running or self._may_start()):
                if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                    raise Unsettled(f"after {self.settle_seconds:g} seconds these jobs still run: {self._names()}")
            ended, self._told = self._ended - self._told, self._ended
            return ended

    def _names(self) -> str:
        rows = (self._instance.state.get(jobs.TABLE, str(job_id)) for job_id in [*self._running, *self._ready])
        return ", ".join(f"{row['name']} ({row['id']})" for row in rows if row is not None)

    def _end_jobs(self) -> None:
        for running in self._running.values():
            running.signals.stop()
        while self._running:
            self._changed.wait()

    def _work(self) -> None:
        with self._changed:
            while not self._stopping:
                try:
                    is_idle = not self._advance()
                except Exception:
                    self._world.crashes.append(traceback.format_exc())
                    self._rung.clear()
                    is_idle = True
                if is_idle:
                    self._changed.wait()

    def _advance(self) -> bool:
        """One round; whether there was anything to do."""
        rung, self._rung = self._rung, set()
        for pipeline_id in sorted(rung):
            row = self._instance.state.get(pipelines.TABLE, str(pipeline_id))
            if row is not None:
                self._process(row)
        if rung:
            self._tell_running()
            self._changed.notify_all()
        started = self._start_ready()
        return bool(rung) or started

    def _tell_running(self) -> None:
        for job_id, running in self._running.items():
            row = self._instance.state.get(jobs.TABLE, str(job_id))
            if row is None:
                running.signals.stop()
            elif row["status"] == "canceling":
                running.signals.cancel(force=row["forced"])

    def _process(self, pipeline: Row) -> None:
        """Let every job that waits look at what has ended, stage by stage, until nothing moves."""
        latest: list[Row] = []
        moved = True
        while moved:
            latest = jobs.of_pipeline(self._instance.state, pipeline)
            moved = any(self._decide(row, latest) for row in latest if row["status"] == "created")
        if any(row["spec"]["resource_group"] for row in latest):
            orders.hand_out(self._instance, pipeline["project_id"])
        alive = jobs.of_pipeline(self._instance.state, pipeline)
        own = runners.own(self._instance)
        self._ready |= {row["id"] for row in alive if row["status"] == "pending" and runners.takes(own, row)}
        pipelines.follow(self._instance, pipeline)

    def _decide(self, row: Row, latest: list[Row]) -> bool:
        spec = jobs.spec_of(row)
        by_needs = spec.needs is not None
        names = {need.job for need in spec.needs or ()}
        before = [
            other
            for other in latest
            if (other["name"] in names if by_needs else other["spec"]["stage_index"] < spec.stage_index)
        ]
        status = composite((jobs.state_of(other) for other in before), by_needs=by_needs) or "success"
        if status not in COMPLETED:
            return False
        if not is_wanted(spec.when, status, by_needs=by_needs):
            jobs.change(self._instance, row, status="skipped", finished_at=self._instance.now())
        else:
            deploying.process(self._instance, row, spec)
        return True

    def _may_start(self) -> bool:
        return bool(self._ready) and not self._is_paused

    def _start_ready(self) -> bool:
        started = False
        while self._may_start() and len(self._running) < self.concurrent and not (self._is_halted or self._stopping):
            job_id = min(self._ready)
            self._ready.discard(job_id)
            row = self._instance.state.get(jobs.TABLE, str(job_id))
            if row is not None and row["status"] == "pending":
                self._start(row)
                started = True
        return started

    def _start(self, row: Row) -> None:
        if not orders.starts(self._instance, row):
            self._ended += 1
            return
        row = orders.hand_over(self._instance, row, runners.own(self._instance))
        try:
            machine = self._machine()
            order = orders.order_of(self._instance, row, self.shell(machine.tools), machine)
        except Exception:
            self._world.crashes.append(traceback.format_exc())
            self._finish(row["id"], _LOST)
            return
        signals = Signals()
        arguments = (order, signals, self._generation)
        thread = threading.Thread(target=self._run, args=arguments, name=f"gitlab-job-{row['id']}", daemon=True)
        self._running[row["id"]] = _Running(thread, signals)
        thread.start()

    def _machine(self) -> Machine:
        if self._workspaces is None:  # outside of whatever repository the sandbox's own files lie in
            self._workspaces = Path(tempfile.mkdtemp(prefix="sandbox-jobs-")).resolve()
            weakref.finalize(self, shutil.rmtree, self._workspaces, ignore_errors=True)
        tools = self._instance.repositories.path(0).parent / "shells"
        return Machine(workspaces=self._workspaces, tools=tools.resolve(), hidden=self._hidden())

    def _run(self, order: Order, signals: Signals, generation: int) -> None:
        try:
            outcome = run_job(order, signals, self._world.clock.lived_seconds)
        except Exception:
            self._world.crashes.append(traceback.format_exc())
            outcome = _LOST
        with self._changed:
            del self._running[order.job_id]
            if generation == self._generation:
                self._finish(order.job_id, outcome)
            self._changed.notify_all()

    def _finish(self, job_id: int, outcome: Outcome) -> None:
        self._ended += 1
        orders.hand_in(self._instance, job_id, outcome)
