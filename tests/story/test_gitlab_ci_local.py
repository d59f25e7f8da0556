"""The story with the shipped pipeline under gitlab-ci-local, which none of us wrote, in place of the sandbox's runner.

Every scenario is played as it is, with all that it checks: runs of Port, change requests, logs, starts of the deploy
step.

`both-at-once` is left out: several of its pipelines run at once, and it is `resource_group` that lets one after the
other deploy. The tool knows neither other pipelines nor `resource_group`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from portctl.sandbox import launcher
from portctl.story.narration import Telling
from portctl.story.scenarios import SCENARIOS
from portctl.story.services import Row
from portctl.story.stage import stage
from tests.story.attended import Attended
from tests.story.gitlab_ci_local import TOOL, VERSION, Runner

ROOT = Path(__file__).parents[2]


LOOKS = {"lost-message", "refused-pipeline"}
PIPELINES = {
    "approve-in-port": ["success", "success", "success"],
    "approve-in-servicenow": ["success", "success", "success"],
    "reject-in-port": ["success", "success"],
    "reject-in-servicenow": ["success", "success"],
    "coverage-met": ["success", "success"],
    "pipeline-crash": ["failed", "success", "failed"],
    "forged-webhook": ["success", "success", "success"],
    "forged-trigger": ["success", "failed", "failed", "failed", "success", "success"],
    "word-only-patch": ["success", "success", "success", "success"],
    "approved-then-edited": ["success", "success", "success"],
    "rejected-then-approved": ["success", "success", "success", "success"],
    "lost-message": ["success", "success"],
    "refused-pipeline": ["success", "success"],
    "two-stages": ["success", "success", "success"],
    "hold-and-resume": ["success", "success", "success", "success"],
    "own-approval": ["success", "success"],
    "other-languages": ["success", "success", "success", "success"],
    "missing-repository": ["failed"],
    "opened-before-upgrade": ["success", "success"],
}
"""Of those with looks, what was asked for and what was deployed: a look, and the decision that Port hears of by it,
both start the deployment, and the second one is refused.
"""
DIED = {"pipeline-crash": [[], [], ["deploy"]]}
AT_ONCE = {"both-at-once"}

pytestmark = [
    pytest.mark.skipif(TOOL is None, reason=f"gitlab-ci-local {VERSION} is not installed"),
    pytest.mark.skipif(shutil.which("rsync") is None, reason="rsync, which gitlab-ci-local needs, is not installed"),
]


@dataclass(frozen=True, slots=True)
class Attendance:
    """A sandbox whose own runner is paused, and the runner that came instead."""

    document: dict[str, Any]
    runner: Runner


@pytest.fixture(scope="module")
def attended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attendance]:
    with stage(ROOT) as running:
        token = launcher.call(running, "PUT", "/runner", {"paused": True})["token"]
        with Runner(running.urls()["gitlab"], token, tmp_path_factory.mktemp("runner")) as runner:
            yield Attendance(running.document, runner)


@pytest.mark.parametrize("name", PIPELINES)
def test_the_scenario_goes_as_it_should_under_gitlab_ci_local(attended: Attendance, name: str) -> None:
    with closing(Attended(attended.document, attended.runner)) as services:
        story = Telling(services)
        SCENARIOS[name](story)
        story.end()
        rows = story.pipelines()
        made = [{job["name"] for job in services.jobs(row["id"])} for row in rows]
    ran = [attended.runner.ran[row["id"]] for row in rows]
    counted = [row for row in rows if name not in LOOKS or _has_done_it(row)]
    assert [row["status"] for row in counted] == PIPELINES[name]
    assert [set(each.jobs) for each in ran] == made, "the tool has other jobs than GitLab"
    assert [each.died for each in ran] == DIED.get(name, [[]] * len(ran))


def _has_done_it(row: Row) -> bool:
    return row["status"] == "success" and row["name"].split(" ")[0] in ("request", "deploy")


def test_every_scenario_with_one_pipeline_at_a_time_is_played() -> None:
    assert set(PIPELINES) == set(SCENARIOS) - AT_ONCE
