"""The story with the shipped pipeline under a runner that shares nothing with the sandbox's own but GitLab's API.

Each scenario is played twice on one sandbox, first under the foreign runner, and has to end alike in everything that a
runner has a part in: pipelines, jobs, why they failed, coverage, files and reports.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from portctl.sandbox import launcher
from portctl.story.narration import Telling
from portctl.story.scenarios import SCENARIOS
from portctl.story.services import Services
from portctl.story.stage import stage
from tests.foreign_runner.api import Client
from tests.foreign_runner.runner import ForeignRunner
from tests.story.attended import Attended

ROOT = Path(__file__).parents[2]
REQUEST = ("request", "accept test-service open")
DECISION = ("decision", "decide")
DEPLOY = ("deploy", "start deploy finish")
PIPELINES = {
    "approve-in-port": [REQUEST, DECISION, DEPLOY],
    "reject-in-port": [REQUEST, DECISION],
    "pipeline-crash": [("request", "accept test-service report"), REQUEST, DEPLOY],
}
"""What each pipeline was called for, and which jobs have run."""


@pytest.fixture(scope="module")
def running() -> Iterator[launcher.Running]:
    with stage(ROOT) as running:
        yield running


@pytest.mark.parametrize("name", PIPELINES)
def test_the_scenario_ends_under_a_foreign_runner_as_under_the_sandboxs_own(
    running: launcher.Running, tmp_path: Path, name: str
) -> None:
    gitlab = running.urls()["gitlab"]
    launcher.call(running, "PUT", "/runner", {"paused": True})
    with closing(Services(running.document)) as services, closing(Client(gitlab)) as client:
        project = services.gitlab("GET", "projects/platform%2Fdeployment").body
        token = client.register(project["runners_token"], description="foreign")
        with ForeignRunner(gitlab, token, tmp_path) as runner, closing(Attended(running.document, runner)) as attended:
            foreign = _played(Telling(attended), name)
        client.unregister(token)
        assert runner.error is None
        launcher.call(running, "PUT", "/runner", {"paused": False})
        own = _played(Telling(services), name)
    assert [(row["call"], _ran(row)) for row in foreign] == PIPELINES[name]
    assert foreign == own


def _played(story: Telling, name: str) -> list[dict[str, Any]]:
    """What has become of every pipeline, without what differs from time to time."""
    SCENARIOS[name](story)
    story.settle()
    story.end()
    services = story.services
    return [
        {
            "call": row["name"].split(" ")[0],
            "status": row["status"],
            "jobs": {
                job["name"]: {
                    "status": job["status"],
                    "reason": job["failure_reason"],
                    "coverage": job["coverage"],
                    "files": sorted((each["file_type"], each["filename"]) for each in job["artifacts"]),
                }
                for job in services.jobs(row["id"])
            },
        }
        for row in story.pipelines()
    ]


def _ran(pipeline: dict[str, Any]) -> str:
    return " ".join(name for name, job in pipeline["jobs"].items() if job["status"] != "skipped")
