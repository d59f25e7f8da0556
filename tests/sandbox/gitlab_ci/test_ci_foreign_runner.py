"""The same pipeline under the sandbox's own runner and under one that shares nothing with it but GitLab's API."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.foreign_runner.api import Client
from tests.foreign_runner.runner import ForeignRunner
from tests.sandbox.gitlab_ci.workshop import PROJECT, Workshop

PATIENCE_SECONDS = 60.0
STAMP = re.compile(r"^[\d-]+T[\d:.]+Z \d\dO ")
ENDED = ("success", "failed", "canceled", "manual")
WHOLE = """
stages: [make, use, after]
variables: {WHERE: out, NESTED: "$WHERE/deep"}
make:
  stage: make
  before_script: [mkdir -p "$NESTED"]
  script:
    - printf 'made\\n' > "$NESTED/file.txt"; chmod +x "$NESTED/file.txt"; echo x > out/not.tmp
    - printf 'SAID=by make\\n' > said.env
    - printf '<coverage/>' > cover.xml
    - 'echo "secret: $SECRET, job token: $CI_JOB_TOKEN"'
    - 'echo "TOTAL 83.5%"'
    - grep -o '"n":1' "$TRIGGER_PAYLOAD"
  after_script: ['echo "make was $CI_JOB_STATUS; ${WHERE}"']
  coverage: '/TOTAL ([\\d.]+)%/'
  artifacts:
    name: "$WHERE-of-make"
    access: none
    paths: [out/]
    exclude: ["out/*.tmp"]
    reports:
      dotenv: said.env
      coverage_report: {coverage_format: cobertura, path: cover.xml}
use:
  stage: use
  script:
    - cat out/deep/file.txt; test -x out/deep/file.txt; ls out
    - echo "$SAID"; git rev-parse HEAD | grep -c "$CI_COMMIT_SHA"
narrow: {stage: use, dependencies: [], variables: {GIT_STRATEGY: empty}, script: ['echo "[$SAID]"; ls -A']}
other: {stage: use, needs: [{job: make, artifacts: false}], script: ['echo "[$SAID]"; test ! -e out']}
wrong:
  stage: use
  allow_failure: {exit_codes: 7}
  script: [echo left > left.txt, exit 7]
  after_script: ['echo "wrong was $CI_JOB_STATUS"']
  artifacts: {paths: [left.txt], when: on_failure}
last: {stage: after, script: [cat left.txt out/deep/file.txt]}
"""
LONG = """
a:
  script: [echo begun, sleep 64]
  after_script: ['echo "a was $CI_JOB_STATUS"']
"""


@pytest.fixture
def foreign(workshop: Workshop, tmp_path: Path) -> Iterator[ForeignRunner]:
    """Registered for the project, while the sandbox's own is paused."""
    httpx.put(f"{workshop.sandbox.control}/runner", json={"paused": True}).raise_for_status()
    gitlab = workshop.sandbox.urls["gitlab"]
    client = Client(gitlab)
    token = client.register(workshop.client.get(PROJECT).json()["runners_token"], description="foreign")
    with ForeignRunner(gitlab, token, tmp_path) as runner:
        yield runner
    client.unregister(token)
    client.close()
    assert runner.error is None


def ended(workshop: Workshop, runner: ForeignRunner) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while workshop.pipeline()["status"] not in ENDED:
        assert runner.error is None, runner.error
        assert time.monotonic() < deadline, workshop.states()
        time.sleep(0.05)


def unstamped(line: str) -> str:
    return STAMP.sub("", line)


def printed(workshop: Workshop, name: str) -> list[str]:
    """The log without what a runner says itself, and without the commands."""
    runners = ("$ ", "Running with", "Getting source", "Checking out", "Downloading", "Uploading", "Executing", "Job ")
    return [
        line
        for line in map(unstamped, workshop.log(name).splitlines())
        if not line.startswith((*runners, "ERROR: Job failed"))
    ]


def seen(workshop: Workshop) -> dict[str, Any]:
    jobs = {
        job["name"]: (
            job["status"],
            job["failure_reason"],
            job["coverage"],
            sorted((each["file_type"], each["file_format"], each["filename"]) for each in job["artifacts"]),
            printed(workshop, job["name"]),
        )
        for job in workshop.jobs()
    }
    return {"status": workshop.pipeline()["status"], "coverage": workshop.pipeline()["coverage"], **jobs}


@pytest.mark.fact("ci-153")
def test_a_pipeline_ends_under_a_foreign_runner_as_under_the_sandboxs_own(
    workshop: Workshop, foreign: ForeignRunner
) -> None:
    workshop.variable("SECRET", "hidden-value", masked=True)
    workshop.commit(WHOLE)
    workshop.last = workshop.trigger({"n": 1})
    ended(workshop, foreign)
    found = seen(workshop)
    log = ("trace", None, "job.log")
    archive = ("archive", "zip", "out-of-make.zip")
    reports = [("cobertura", "gzip", "cobertura-coverage.xml.gz"), ("dotenv", "gzip", ".env.gz")]
    made = ["secret: [MASKED], job token: [MASKED]", "TOTAL 83.5%", '"n":1', "make was success; out"]
    assert found == {
        "status": "success",
        "coverage": "83.50",
        "make": ("success", None, 83.5, sorted([archive, *reports, log], key=str), made),
        "use": ("success", None, None, [log], ["made", "deep", "by make", "1"]),
        "narrow": ("success", None, None, [log], ["[]"]),
        "other": ("success", None, None, [log], ["[]"]),
        "wrong": (
            "failed",
            "script_failure",
            None,
            [("archive", "zip", "artifacts.zip"), log],
            ["wrong was failed"],
        ),
        "last": ("success", None, None, [log], ["left", "made"]),
    }
    assert sorted(foreign.ran) == sorted(["make", "use", "narrow", "other", "wrong", "last"])
    assert {job["runner"]["description"] for job in workshop.jobs()} == {"foreign"}
    httpx.put(f"{workshop.sandbox.control}/runner", json={"paused": False}).raise_for_status()
    foreign.paused = True
    workshop.last = workshop.trigger({"n": 1})
    workshop.settle()
    assert {job["runner"]["description"] for job in workshop.jobs()} == {"sandbox"}
    assert seen(workshop) == found


@pytest.mark.fact("ci-153")
@pytest.mark.parametrize("force", [False, True])
def test_a_foreign_runner_ends_a_canceled_job_and_after_script_is_told(
    workshop: Workshop, foreign: ForeignRunner, force: bool
) -> None:
    workshop.commit(LONG)
    workshop.last = workshop.trigger()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "begun" not in printed(workshop, "a"):
        assert time.monotonic() < deadline, workshop.states()
        time.sleep(0.05)
    job = f"{PROJECT}/jobs/{workshop.job('a')['id']}"
    workshop.client.post(f"{job}/cancel").raise_for_status()
    if force:
        workshop.client.post(f"{job}/cancel", json={"force": True}).raise_for_status()
    ended(workshop, foreign)
    assert (workshop.states(), workshop.pipeline()["status"]) == ({"a": "canceled"}, "canceled")
    if not force:
        assert printed(workshop, "a") == ["begun", "a was canceled"]
