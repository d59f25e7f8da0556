"""Services of a sandbox whose own runner is paused, since another one has come."""

from __future__ import annotations

import time
from typing import Any, Protocol

from portctl.story.services import ORGANISATION, Row, Said, Services

PATIENCE_SECONDS = 120.0
JOBS = "projects/platform%2Fdeployment/jobs?scope[]=pending&scope[]=running&scope[]=waiting_for_resource"
POLL_SECONDS = 0.05


class Attendant(Protocol):
    """The runner that came. `error`: what has ended it too early."""

    error: Exception | None
    paused: bool


class Attended(Services):
    """What is to settle waits for the jobs of the other runner, too."""

    def __init__(self, document: dict[str, Any], runner: Attendant) -> None:
        super().__init__(document)
        self._runner = runner

    def port(self, method: str, path: str, body: Any = None, *, person: str = ORGANISATION) -> Said:
        """Errors: whatever has ended the runner, which nobody else would notice."""
        if self._runner.error is not None:
            raise self._runner.error
        return super().port(method, path, body, person=person)

    def steer(self, method: str, path: str, body: Any = None) -> Any:
        """Who pauses the runner means the one that is there."""
        if path == "/runner":
            self._runner.paused = body["paused"]
            return body
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            was_busy = path == "/settle" and self._is_busy()
            answer = super().steer(method, path, body)
            if path != "/settle" or "error" in answer or not (was_busy or self._is_busy()):
                return answer
            assert time.monotonic() < deadline, "the jobs do not end"
            time.sleep(POLL_SECONDS)

    def _is_busy(self) -> bool:
        if self._runner.error is not None:
            raise self._runner.error
        jobs: list[Row] = self.gitlab("GET", JOBS).body
        return jobs != []
