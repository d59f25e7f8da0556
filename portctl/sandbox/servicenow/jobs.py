"""What happens later: jobs with a due time on the sandbox's clock, run in the background or by `settle`."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portctl.sandbox.core.faults import FaultKind
from portctl.sandbox.core.state import Row, State
from portctl.sandbox.core.world import World

SERVICE = "servicenow-jobs"
"""The name under which jobs stand in the journal, and under which faults hit them (method RUN)."""
STORM = 10_000
_POLL_SECONDS = 0.02
_TABLE = "_jobs"


class Unsettled(RuntimeError):
    """Jobs set off jobs without end."""


@dataclass(frozen=True, slots=True)
class Work:
    """How jobs of a kind are run. `outside`: without the world's lock, since it may call other services."""

    run: Callable[[Row], None]
    title: Callable[[Row], str]
    outside: bool = False


class Jobs:
    """The queue. Jobs survive a restart; one that was under way then is run again."""

    def __init__(self, world: World, state: State) -> None:
        self._world = world
        self._state = state
        self._kinds: dict[str, Work] = {}
        self._running: set[str] = set()
        self._ended = threading.Condition(world.lock)
        self._count = 0
        self._told = 0
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._settling = threading.Event()
        self._thread: threading.Thread | None = None

    def register(self, kind: str, work: Work) -> None:
        self._kinds[kind] = work

    def add(self, kind: str, delay_seconds: float, payload: dict[str, Any]) -> None:
        """Have a job run so many seconds from now."""
        self._put(kind, self._world.clock.seconds() + delay_seconds, payload, delayed=False)

    def pending(self) -> list[Row]:
        """What has not been run yet, earliest first."""
        waiting = (row for key, row in self._state.rows(_TABLE).items() if key not in self._running)
        return sorted(waiting, key=lambda row: (row["due"], row["number"]))

    def start(self) -> None:
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._work, name="servicenow-jobs", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def reset(self) -> None:
        """Wait for what is under way, so that it does not write into the fresh instance. Called with the lock held."""
        while self._running:
            self._ended.wait()
            self._world.journal.clear()

    def advance(self) -> None:
        """Run what is due and needs nobody else. Called with the world's lock held."""
        while True:
            job = self._next(self._world.clock.seconds(), inside_only=True)
            if job is None:
                return
            self._run(job)

    def settle(self) -> int:
        """Run everything, whenever it is due, until nothing is left. Errors: Unsettled.

        How many have ended since this was asked last: what ended just before may have set off jobs of other services.
        """
        self._settling.set()
        try:
            for _ in range(STORM):
                job = self._claim_any()
                if job is None:
                    ended, self._told = self._count - self._told, self._count
                    return ended
                self._run(job)
        finally:
            self._settling.clear()
        last = [exchange.path for exchange in self._world.journal.exchanges() if exchange.service == SERVICE][-5:]
        raise Unsettled(f"{STORM} jobs were run and there are still more; the last ones: {', '.join(last)}")

    def _claim_any(self) -> Row | None:
        """The next job, once nothing else is under way."""
        with self._world.lock:
            while self._running:
                self._ended.wait()
            return self._next(float("inf"))

    def _put(self, kind: str, due: float, payload: dict[str, Any], *, delayed: bool) -> None:
        key = self._world.ids.token(16)
        row = {
            "key": key,
            "number": self._world.ids.drawn,
            "kind": kind,
            "due": due,
            "payload": payload,
            "delayed": delayed,
        }
        self._state.put(_TABLE, key, row)
        self._wake.set()

    def _next(self, now: float, *, inside_only: bool = False) -> Row | None:
        """Claim the earliest job that is due. One at a time: what is sent out keeps its order."""
        if self._running and not inside_only:
            return None
        for row in self.pending():
            if row["due"] > now:
                return None
            if inside_only and self._kinds[row["kind"]].outside:
                continue
            self._running.add(row["key"])
            return row
        return None

    def _work(self) -> None:
        while not self._stopping.is_set():
            with self._world.lock:
                job = None if self._settling.is_set() else self._next(self._world.clock.seconds())
                is_idle = job is None and not self._state.rows(_TABLE)
            if job is not None:
                self._run(job)
            else:
                self._wake.wait(None if is_idle else _POLL_SECONDS)
                self._wake.clear()

    def _run(self, job: Row) -> None:
        work = self._kinds[job["kind"]]
        path = f"/{job['kind']}/{work.title(job['payload'])}"
        fault = None if job["delayed"] else self._world.faults.take(SERVICE, "RUN", path)
        kind = fault.kind if fault else None
        try:
            if fault is not None and kind is FaultKind.DELAY:
                with self._world.lock:
                    self._put(
                        job["kind"],
                        max(job["due"], self._world.clock.seconds()) + fault.seconds,
                        job["payload"],
                        delayed=True,
                    )
            elif kind is not FaultKind.CUT:
                for _ in range(2 if kind is FaultKind.DUPLICATE else 1):
                    self._perform(work, job["payload"])
        except Exception:
            self._world.crashes.append(traceback.format_exc())
        finally:
            self._finish(job, path, f"fault: {kind}" if kind else None)

    def _perform(self, work: Work, payload: dict[str, Any]) -> None:
        if work.outside:
            work.run(payload)
            return
        with self._world.lock:
            work.run(payload)

    def _finish(self, job: Row, path: str, note: str | None) -> None:
        with self._world.lock:
            self._state.drop(_TABLE, job["key"])
            self._running.discard(job["key"])
            self._count += 1
            self._ended.notify_all()
            self._world.journal.record(
                at=self._world.clock.stamp(),
                service=SERVICE,
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
