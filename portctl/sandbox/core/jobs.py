"""What happens later: jobs with a due time on the sandbox's clock, run by background threads or by `settle`."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portctl.sandbox.core.faults import FaultKind
from portctl.sandbox.core.state import Row, State
from portctl.sandbox.core.world import World

STORM = 10_000
"""So many jobs in one `settle` are a storm."""
_POLL_SECONDS = 0.05
_TABLE = "jobs"
_LAST_WORDS = 12


class Unsettled(RuntimeError):
    """Jobs set off jobs without end; the text ends with the journal's last lines."""


@dataclass(frozen=True, slots=True)
class Work:
    """How jobs of a kind are run. `outside`: without the world's lock, since it may call other services.

    Jobs that run inside keep their order; those outside are begun in order.
    """

    run: Callable[[Row], None]
    title: Callable[[Row], str]
    outside: bool = False


class JobQueue:
    """One service's queue. Jobs survive a restart; one that was under way then is run again.

    `name`: how jobs stand in the journal, and how faults hit them (service `name`, method RUN, path `/kind/title`):
    `delay` makes a job late, `duplicate` runs it twice, `cut` loses it.
    """

    def __init__(self, name: str, world: World, state: State, *, workers: int, tick: Callable[[], None]) -> None:
        self.name = name
        self._world = world
        self._state = state
        self._workers = workers
        self._tick = tick
        self._kinds: dict[str, Work] = {}
        self._running: set[str] = set()
        self._news = threading.Condition(world.lock)
        self._stopping = False
        self._threads: list[threading.Thread] = []
        self._added = 0
        self._ended = 0
        self._told = 0

    def register(self, kind: str, work: Work) -> None:
        self._kinds[kind] = work

    def add(self, kind: str, payload: dict[str, Any], *, delay_seconds: float = 0.0) -> None:
        """Have a job run so many seconds from now. Called with the world's lock held."""
        self._put(kind, payload, self._world.clock.seconds() + delay_seconds, delayed=False)

    def start(self) -> None:
        if self._threads:
            return
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"{self.name}-{number}", daemon=True)
            for number in range(self._workers)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads; what is under way is finished first."""
        with self._news:
            self._stopping = True
            self._news.notify_all()
        for thread in self._threads:
            thread.join()
        self._threads = []

    def reset(self) -> None:
        """Forget everything, and wait for what is under way. Called with the world's lock held."""
        self._state.load({})
        while self._running:
            self._news.wait()
            self._state.load({})
            self._world.journal.clear()
            self._world.ids.reset()
        self._told = self._ended

    def settle(self) -> int:
        """Run everything, whenever it is due, until nothing is left. Errors: Unsettled.

        How many have ended since this was asked last: what ended just before may have set off jobs of other services.
        """
        with self._world.lock:
            start = self._ended
        while True:
            with self._news:
                if self._ended - start > STORM:
                    raise self.storm(f"{STORM} jobs were run and there are still more")
                is_over = self._stopping and not self._running
                if is_over or not self._state.rows(_TABLE):
                    ended, self._told = self._ended - self._told, self._ended
                    return ended
            if not self._step(float("inf")):
                with self._news:
                    if self._running:
                        self._news.wait(_POLL_SECONDS)

    def storm(self, what: str) -> Unsettled:
        """The error that says so, with the last lines of the journal."""
        last = self._world.journal.exchanges()[-_LAST_WORDS:]
        lines = [f"{each.service} {each.method} {each.path} -> {each.status} {each.note or ''}" for each in last]
        return Unsettled("\n  ".join([f"{what}; the journal ends with:", *lines]))

    def _put(self, kind: str, payload: dict[str, Any], due: float, *, delayed: bool) -> None:
        self._added += 1
        key = f"{self._added:012}"
        row = {"key": key, "kind": kind, "due": due, "payload": payload, "delayed": delayed}
        self._state.put(_TABLE, key, row)
        self._news.notify_all()

    def load(self) -> None:
        """Go on with the numbers of jobs that were loaded."""
        self._added = max((int(key) for key in self._state.rows(_TABLE)), default=0)

    def _work(self) -> None:
        while True:
            with self._news:
                self._tick()
                if self._stopping:
                    return
            if not self._step(None):
                with self._news:
                    if not self._stopping:
                        self._news.wait(_POLL_SECONDS)

    def _step(self, now: float | None) -> bool:
        """Run the earliest job that is due (None: by the clock); whether there was one."""
        with self._world.lock:
            job = None if self._stopping else self._claim(self._world.clock.seconds() if now is None else now)
            if job is None:
                return False
            if not self._kinds[job["kind"]].outside:
                self._run(job)
                return True
        self._run(job)
        return True

    def _claim(self, now: float) -> Row | None:
        waiting = [row for key, row in self._state.rows(_TABLE).items() if key not in self._running]
        job = min(waiting, key=lambda row: (row["due"], row["key"]), default=None)
        if job is None or job["due"] > now:
            return None
        self._running.add(job["key"])
        return job

    def _run(self, job: Row) -> None:
        work = self._kinds[job["kind"]]
        path = f"/{job['kind']}/{work.title(job['payload'])}"
        fault = None if job["delayed"] else self._world.faults.take(self.name, "RUN", path)
        kind = fault.kind if fault else None
        try:
            if fault is not None and kind is FaultKind.DELAY:
                with self._world.lock:
                    due = max(job["due"], self._world.clock.seconds()) + fault.seconds
                    self._put(job["kind"], job["payload"], due, delayed=True)
            elif kind is not FaultKind.CUT:
                for _ in range(2 if kind is FaultKind.DUPLICATE else 1):
                    work.run(job["payload"])
        except Exception:
            self._world.crashes.append(traceback.format_exc())
        finally:
            self._finish(job, path, f"fault: {kind}" if kind else None)

    def _finish(self, job: Row, path: str, note: str | None) -> None:
        with self._news:
            self._state.drop(_TABLE, job["key"])
            self._running.discard(job["key"])
            self._ended += 1
            self._world.journal.record(
                at=self._world.clock.stamp(),
                service=self.name,
                method="RUN",
                path=path,
                query="",
                status=200,
                route=f"/{job['kind']}",
                caller="system",
                note=note,
                request_body=b"",
                response_body=None,
            )
            self._news.notify_all()
