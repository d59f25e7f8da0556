"""The gate starts pipelines on GitLab: with inputs, past its limit, and never one more than it was asked for."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from portctl.errors import AnswerLost, ApiError
from portctl.gate.evidence import JobState, Started
from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from tests.contract.gate_desk import Seat, seated
from tests.servers import gitlab_client

PROJECT = "/projects/platform%2Fpipelines"
FILE = """\
spec:
  inputs:
    call: { default: none }
    deploy_run: { default: "" }
    environment: { default: none }
---
deploy: { script: ["echo $[[ inputs.deploy_run ]] to $[[ inputs.environment ]]"], when: manual }
"""
MOST = 25


@pytest.fixture
def seat(sandbox: Sandbox, tmp_path: pathlib.Path) -> Iterator[Seat]:
    with seated(sandbox, tmp_path) as made:
        yield made


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    """Of a trigger, with a pipeline file in place."""
    with gitlab_client(sandbox) as client:
        actions = [{"action": "create", "file_path": ".gitlab-ci.yml", "content": FILE}]
        body = {"branch": "main", "commit_message": "Try", "actions": actions}
        client.post(f"{PROJECT}/repository/commits", json=body).raise_for_status()
        made = client.post(f"{PROJECT}/triggers", json={"description": "gate"}).raise_for_status().json()
    found: str = made["token"]
    return found


def pipelines(sandbox: Sandbox) -> list[dict[str, Any]]:
    with gitlab_client(sandbox) as client:
        rows: list[dict[str, Any]] = client.get(f"{PROJECT}/pipelines", params={"per_page": "100"}).json()
    return rows


def start(seat: Seat, token: str, run: str = "r_one") -> str:
    return seat.desk.starter.start(token, "main", run, "Staging")


def test_a_pipeline_is_started_with_inputs(seat: Seat, sandbox: Sandbox, token: str) -> None:
    url = start(seat, token)
    (row,) = pipelines(sandbox)
    assert (row["web_url"], row["source"]) == (url, "trigger")
    job = seat.desk.pipelines.deploy_job(row["id"])
    assert seat.desk.pipelines.state(Started(pipeline_url=url, by="b", job=job)) is JobState.BLOCKED
    assert seat.desk.pipelines.failed_job(row["id"]) == ""


@pytest.mark.parametrize("reading", ["strict", "lenient"])
def test_one_pipeline_too_many_is_started_a_minute_later(
    seat: Seat, sandbox: Sandbox, token: str, reading: str
) -> None:
    """GitLab says so with 429, or with 400 and a text."""
    sandbox.switches.set({"pipeline-limit-status": reading})
    for number in range(MOST):
        start(seat, token, f"r_{number}")
    assert (seat.waits, seat.log) == ([], [])
    start(seat, token)
    assert len(pipelines(sandbox)) == MOST + 1
    assert seat.waits in ([5.0, 15.0, 40.0], [5.0, 15.0, 40.0, 60.0])
    status = 429 if reading == "strict" else 400
    assert all(f"({status})" in line for line in seat.log)


@pytest.mark.parametrize("kind", [FaultKind.LOSE_ANSWER, FaultKind.TRUNCATE])
def test_a_pipeline_whose_answer_was_lost_is_not_started_again(
    seat: Seat, sandbox: Sandbox, token: str, kind: FaultKind
) -> None:
    sandbox.faults.add(Fault(kind, service="gitlab", method="POST", path="/trigger/pipeline"))
    with pytest.raises(AnswerLost):
        start(seat, token)
    assert len(pipelines(sandbox)) == 1


def test_a_token_that_is_none_is_told_without_it(seat: Seat, sandbox: Sandbox, token: str) -> None:
    with pytest.raises(ApiError) as caught:
        start(seat, "glptt-canary-of-nobody")
    assert "canary" not in f"{caught.value}{caught.value.hint}"
    assert (pipelines(sandbox), seat.waits) == ([], [])
    assert token.startswith("glptt-")


def test_a_job_that_is_gone_is_lost(seat: Seat, token: str) -> None:
    start(seat, token)
    assert seat.desk.pipelines.state(Started(pipeline_url="p", by="b", job=999_999)) is JobState.LOST
