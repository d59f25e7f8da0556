"""The story with the shipped pipeline's jobs in BusyBox's `sh`, with only what its image must have."""

from __future__ import annotations

import shutil
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

ROOT = Path(__file__).parents[2]
SHELL = {"name": "busybox", "programs": ["git", "python3"]}
PIPELINES = {
    "approve-in-servicenow": ["success", "success", "success"],
    "reject-in-servicenow": ["success", "success"],
    "coverage-met": ["success", "success"],
    "pipeline-crash": ["failed", "success", "failed"],
    "forged-trigger": ["success", "failed", "failed", "failed", "success", "success"],
    "missing-repository": ["failed"],
}

pytestmark = pytest.mark.skipif(shutil.which("busybox") is None, reason="BusyBox is not installed")


@pytest.fixture(scope="module")
def document() -> Iterator[dict[str, Any]]:
    """The address file of a sandbox with this project applied to it, whose jobs run in BusyBox."""
    with stage(ROOT) as running:
        assert launcher.call(running, "PUT", "/shell", SHELL) == SHELL
        yield running.document


@pytest.mark.parametrize("name", PIPELINES)
def test_the_scenario_goes_as_it_should_in_busybox(document: dict[str, Any], name: str) -> None:
    with closing(Services(document)) as services:
        story = Telling(services)
        SCENARIOS[name](story)
        story.end()
        rows = story.pipelines()
        traces = [services.trace(job["id"]) for row in rows for job in services.jobs(row["id"]) if job["started_at"]]
    assert [row["status"] for row in rows] == PIPELINES[name]
    assert [trace for trace in traces if "busybox sh" not in trace] == []
    assert [trace for trace in traces if ": not found" in trace or "applet not found" in trace] == []
