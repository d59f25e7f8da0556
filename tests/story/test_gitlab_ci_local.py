"""The story with the shipped pipeline under gitlab-ci-local, which none of us wrote, in place of the sandbox's runner.

Every scenario is played as it is, with all that it checks: runs of Port, change requests, logs, starts of the deploy
step.

`both-at-once` is left out: several of its pipelines run at once, and it is `resource_group` that lets one after the
other deploy. The tool knows neither other pipelines nor `resource_group`.
"""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portctl.sandbox import control
from portctl.story.scenarios import SCENARIOS
from portctl.story.services import ORGANISATION, Row, Said, Services
from portctl.story.stage import stage
from portctl.story.telling import Telling
from tests.story.gitlab_ci_local import TOOL, VERSION, Runner

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120.0
JOBS = "projects/platform%2Fdeployment/jobs?scope[]=pending&scope[]=running&scope[]=waiting_for_resource"
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Ended:
    """A pipeline: how GitLab shows it, how the tool ended, and which jobs it then ran one by one."""

    status: str
    code: int
    alone: tuple[str, ...] = ()


WELL = Ended("success", 0)
FAILED = Ended("failed", 1, ("report-failure",))
DIED = Ended("failed", -signal.SIGKILL, ("report-failure", "deploy"))
PIPELINES = {
    "approve-in-port": [WELL, WELL],
    "approve-in-servicenow": [WELL, WELL],
    "reject-in-port": [WELL, WELL],
    "reject-in-servicenow": [WELL, WELL],
    "coverage-met": [WELL],
    "pipeline-crash": [FAILED, DIED],
    "forged-webhook": [WELL, WELL],
    "forged-trigger": [WELL, FAILED, FAILED, FAILED, WELL],
    "word-only-patch": [WELL, WELL, WELL],
    "approved-then-edited": [WELL, WELL],
    "rejected-then-approved": [WELL, WELL, WELL],
    "lost-message": [WELL, WELL, WELL],
    "refused-pipeline": [WELL, WELL],
}
AT_ONCE = {"both-at-once"}

pytestmark = [
    pytest.mark.skipif(TOOL is None, reason=f"gitlab-ci-local {VERSION} is not installed"),
    pytest.mark.skipif(shutil.which("rsync") is None, reason="rsync, which gitlab-ci-local needs, is not installed"),
]


class Attended(Services):
    """Services of a sandbox whose jobs somebody else runs: what is to settle waits for them, too."""

    def __init__(self, document: dict[str, Any], runner: Runner) -> None:
        super().__init__(document)
        self._runner = runner

    def port(self, method: str, path: str, body: Any = None, *, person: str = ORGANISATION) -> Said:
        """Errors: whatever has ended the runner, which nobody else would notice."""
        if self._runner.error is not None:
            raise self._runner.error
        return super().port(method, path, body, person=person)

    def steer(self, method: str, path: str, body: Any = None) -> Any:
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


@dataclass(frozen=True, slots=True)
class Attendance:
    """A sandbox whose own runner is paused, and the runner that came instead."""

    document: dict[str, Any]
    runner: Runner


@pytest.fixture(scope="module")
def attended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attendance]:
    with stage(ROOT) as running:
        token = control.call(running, "PUT", "/runner", {"paused": True})["token"]
        with Runner(running.urls()["gitlab"], token, tmp_path_factory.mktemp("runner")) as runner:
            yield Attendance(running.document, runner)


@pytest.mark.parametrize("name", PIPELINES)
def test_the_scenario_goes_as_it_should_under_gitlab_ci_local(attended: Attendance, name: str) -> None:
    with closing(Attended(attended.document, attended.runner)) as services:
        story = Telling(services)
        SCENARIOS[name](story)
        story.end()
        rows = story.pipelines()
    ran = [attended.runner.ran[row["id"]] for row in rows]
    ended = [Ended(row["status"], each.code, tuple(each.alone)) for row, each in zip(rows, ran, strict=True)]
    assert ended == PIPELINES[name]
    assert [each.unasked for each in ran] == [{}] * len(ran), "the tool ran what GitLab did not"


def test_every_scenario_with_one_pipeline_at_a_time_is_played() -> None:
    assert set(PIPELINES) == set(SCENARIOS) - AT_ONCE
