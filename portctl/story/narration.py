"""A story while it is told: who did what where, what followed, and whether that is as it should be."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from portctl.errors import PortctlError
from portctl.story.services import Row, Services

Found = TypeVar("Found")
PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 0.1
_ENDED = ("success", "failed", "canceled", "skipped")
_LAST_WORDS = 8
DEPLOY_STEP = "DEPLOY STEP:"
_DEPLOY_LINE = re.compile(rf"^(?:[\d-]+T[\d:.]+Z \d\dO )?{DEPLOY_STEP}", re.MULTILINE)
"""GitLab's runner puts a time before every line of a log; the sandbox's does not."""


class Broken(PortctlError):
    """Something that the story says is not so."""


class LeftOut(Exception):
    """A story that cannot be told on this machine; the text says why."""


@dataclass(slots=True)
class Step:
    """`details`: what can be seen there (logs, stages). `holds`: what was found to be so."""

    after_seconds: float
    who: str
    where: str
    what: str
    details: list[str] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)


class Telling:
    """One scenario. Steps are handed to `on_step` when the next one begins, or the story ends.

    `lag_seconds`: how late reads of this sandbox are. Who waited for something has waited so long, too, before looking
    at what came with it.
    """

    def __init__(
        self, services: Services, on_step: Callable[[Step], None] = lambda _: None, *, lag_seconds: float = 0.0
    ) -> None:
        self.services = services
        self.steps: list[Step] = []
        self._on_step = on_step
        self._lag_seconds = lag_seconds
        self._handed = 0
        self._begin = time.monotonic()
        self.pass_time(60 + lag_seconds)  # limits of the minute before do not count
        self._older = {row["id"] for row in services.pipelines()}
        self._older_runs = {row["id"] for row in services.open_runs()}

    def step(self, who: str, where: str, what: str, *details: str) -> None:
        self._hand_on()
        self.steps.append(Step(round(time.monotonic() - self._begin, 2), who, where, what, list(details)))

    def show(self, *details: str) -> None:
        self.steps[-1].details.extend(details)

    def holds(self, what: str, true: object, found: object = "") -> None:
        """Errors: Broken where it is not so."""
        if not true:
            self._hand_on()
            raise Broken("The story does not hold", f"not so: {what}{f' (found {found})' if found != '' else ''}")
        self.steps[-1].holds.append(what)

    def wait(self, what: str, look: Callable[[], Found], patience_seconds: float = PATIENCE_SECONDS) -> Found:
        """What `look` sees once that is true of something. Errors: Broken when it does not come."""
        deadline = time.monotonic() + patience_seconds
        while True:
            found = look()
            if found:
                self._catch_up()
                return found
            if time.monotonic() > deadline:
                self._hand_on()
                raise Broken("The story stands still", f"waited {patience_seconds:.0f} seconds until {what}")
            time.sleep(_POLL_SECONDS)

    def pass_time(self, seconds: float) -> None:
        self.services.steer("POST", "/advance", {"seconds": seconds})

    def settle(self) -> None:
        """Let everything that is under way come to its end. Errors: Broken when it has none."""
        answer = self.services.steer("POST", "/settle")
        if "error" in answer:
            raise Broken("The story does not end", str(answer["error"]))
        self._catch_up()

    def _catch_up(self) -> None:
        """Let late reads come in."""
        if self._lag_seconds:
            self.pass_time(self._lag_seconds)

    def end(self) -> None:
        self._hand_on()

    def pipelines(self) -> list[Row]:
        """Those that this story has started, oldest first."""
        return [row for row in self.services.pipelines() if row["id"] not in self._older]

    def open_runs(self) -> list[str]:
        """Runs that this story has started and nobody has ended."""
        rows = (row for row in self.services.open_runs() if row["id"] not in self._older_runs)
        return [f"{row['action']['identifier']} {row['id']}" for row in rows]

    def deploy_starts(self) -> int:
        """How often a deploy step was begun, as the logs of the jobs tell."""
        return sum(len(_DEPLOY_LINE.findall(self.services.trace(job["id"]))) for job in self.deploy_jobs())

    def deploy_jobs(self) -> list[Row]:
        """Jobs that deploy, or were to."""
        rows = (job for pipeline in self.pipelines() for job in self.services.jobs(pipeline["id"]))
        return [job for job in rows if job["name"] == "deploy"]

    def stages(self, pipeline: Row) -> str:
        jobs = self.services.jobs(pipeline["id"])
        return f"pipeline {pipeline['id']}: " + ", ".join(f"{job['name']} {job['status']}" for job in jobs)

    def show_failures(self, pipeline: Row) -> None:
        """The last words of jobs that failed."""
        for job in self.services.jobs(pipeline["id"]):
            if job["status"] == "failed":
                said = self.services.trace(job["id"]).splitlines()
                self.show(*(f"  {job['name']} | {line}" for line in said[-_LAST_WORDS:]))

    def show_log(self, run_id: str) -> None:
        run = self.services.run(run_id)
        self.show(f"{run['action']['identifier']} {run_id}: {run['status']}")
        self.show(*(f"  | {line}" for line in self.services.log(run_id)))

    def pipelines_ended(self, count: int) -> list[Row]:
        """Wait until so many pipelines of this story are there and have ended."""

        def look() -> list[Row]:
            rows = self.pipelines()
            return rows if len(rows) >= count and all(row["status"] in _ENDED for row in rows) else []

        return self.wait(f"{count} pipelines have ended", look)

    def ended(self, run_id: str) -> Row:
        """Wait for the end of a run."""

        def look() -> Row | None:
            run = self.services.run(run_id)
            return None if run["status"] in ("IN_PROGRESS", "WAITING_FOR_APPROVAL") else run

        found = self.wait(f"run {run_id} has ended", look)
        assert found is not None
        return found

    def _hand_on(self) -> None:
        for step in self.steps[self._handed :]:
            self._on_step(step)
        self._handed = len(self.steps)
