"""How deployments end that somebody disturbs: who waits is told the truth, and nothing is deployed wrongly."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator
from contextlib import closing

import pytest

from portctl.story.scenarios.common import ask, ask_with_low_coverage, decide_in_servicenow, nothing_is_left_open
from portctl.story.services import Row, Services
from portctl.story.stage import stage
from portctl.story.telling import Telling

ROOT = pathlib.Path(__file__).parents[2]
PIPELINES = "projects/platform%2Fdeployment/pipelines"
CATALOG = "shop/catalog"
LOOK_SECONDS = 46 * 60
SPY = """import os
import pathlib
import subprocess
import unittest

NAMES = ("PORT_CLIENT_SECRET", "SERVICENOW_API_TOKEN", "SERVICE_READ_TOKEN", "DEPLOYMENT_TOKEN")


class Spy(unittest.TestCase):
    def test_it(self) -> None:
        looked, pid = [], os.getpid()
        while pid > 1:
            folder = pathlib.Path(f"/proc/{pid}")
            environment = folder.joinpath("environ").read_bytes().decode(errors="replace")
            if "CI_JOB_ID=" not in environment and looked[1:]:
                break
            looked.append([name for name in NAMES if f"{name}=" in environment])
            pid = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[1])
        remote = subprocess.run(["git", "push", "--dry-run", "origin", "HEAD:refs/tags/mine"], cwd="..")
        print("SPY", len(looked), sum(looked, []), remote.returncode != 0)
"""


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    with stage(ROOT) as running, closing(Services(running.document)) as services:
        yield services


@pytest.fixture
def story(services: Services) -> Iterator[Telling]:
    story = Telling(services)
    yield story
    services.steer("DELETE", "/faults")
    services.steer("PUT", "/runner", {"paused": False})


def pause(story: Telling, *, paused: bool) -> None:
    story.services.steer("PUT", "/runner", {"paused": paused})


def told(story: Telling, run: str) -> tuple[str, str]:
    """How a run has ended, and the last line of its log, without addresses."""
    ended = story.ended(run)
    story.settle()
    return ended["status"], re.sub(r": http\S+$", "", story.services.log(run)[-1])


def cancel(story: Telling) -> None:
    """The newest pipeline."""
    pipeline = story.wait("there is a pipeline", story.pipelines)[-1]
    assert story.services.gitlab("POST", f"{PIPELINES}/{pipeline['id']}/cancel").is_good


def newest_job(story: Telling, name: str) -> Row | None:
    pipelines = story.pipelines()
    jobs = story.services.jobs(pipelines[-1]["id"]) if pipelines else []
    return next((job for job in jobs if job["name"] == name), None)


def is_at(story: Telling, name: str, status: str, pipelines: int = 1) -> bool:
    if len(story.pipelines()) < pipelines:
        return False
    job = newest_job(story, name)
    return job is not None and job["status"] == status


def test_the_code_of_a_service_finds_no_secret_and_cannot_push(story: Telling) -> None:
    story.services.commit(CATALOG, "Look around", {"test_spy.py": SPY})
    run = ask(story, CATALOG)
    assert told(story, run) == ("SUCCESS", f"{CATALOG} is deployed to Staging")
    story.services.commit(CATALOG, "Take it back", {"test_spy.py": None})
    job = newest_job(story, "test-service")
    assert job is not None
    (line,) = re.findall(r"SPY .*", story.services.trace(job["id"]))
    assert re.fullmatch(r"SPY [2-9] \[\] True", line), line


def test_a_pipeline_that_is_cancelled_before_it_begins_is_found_by_the_look(story: Telling) -> None:
    pause(story, paused=True)
    run = ask(story)
    cancel(story)
    pause(story, paused=False)
    story.settle()
    assert story.services.run(run)["status"] == "IN_PROGRESS"
    for _ in range(3):
        story.pass_time(LOOK_SECONDS)
        story.settle()
    assert told(story, run) == ("FAILURE", "No pipeline works on it any more, and nothing was deployed: ask again")
    nothing_is_left_open(story)


def test_a_pipeline_that_is_cancelled_at_its_gate_tells_at_once(story: Telling) -> None:
    slow = {"kind": "delay", "service": "servicenow", "method": "GET", "path": "sys_user_group", "seconds": 20}
    story.services.steer("POST", "/faults", slow)
    run = ask(story)
    story.wait("the gate works", lambda: is_at(story, "gate", "running"))
    story.wait("it has asked ServiceNow", lambda: "are asked for" in "".join(story.services.log(run)))
    cancel(story)
    assert told(story, run) == ("FAILURE", "The pipeline was cancelled, nothing was deployed")
    assert story.deploy_starts() == 0
    nothing_is_left_open(story)


def test_a_deployment_that_is_cancelled_has_an_unknown_outcome(story: Telling) -> None:
    own = str(story.services.file(CATALOG, "deploy.sh").body)
    story.services.commit(CATALOG, "Deploy slowly", {"deploy.sh": "sleep 60\n"})
    run = ask(story, CATALOG)
    story.wait("it is deployed", lambda: story.deploy_starts() == 1)
    cancel(story)
    status, text = told(story, run)
    story.services.commit(CATALOG, "Take it back", {"deploy.sh": own})
    assert (status, text.partition(":")[0]) == ("FAILURE", "Outcome unknown")
    nothing_is_left_open(story)


def test_what_was_tested_is_deployed_and_not_what_came_later(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    said = story.services.commit("shop/checkout", "Come late", {"late.py": "LATE = True\n"})
    decide_in_servicenow(story, change, "approved", "go")
    story.ended(run)
    story.settle()
    job = newest_job(story, "deploy")
    story.services.commit("shop/checkout", "Take it back", {"late.py": None})
    assert job is not None
    (deployed,) = re.findall(r"DEPLOY STEP: \S+ at ([0-9a-f]{40})", story.services.trace(job["id"]))
    assert deployed == said.body["parent_ids"][0]
    assert deployed in change["description"]


def held(story: Telling, change: Row) -> None:
    place = f"/api/now/table/change_request/{change['sys_id']}"
    said = story.services.snow("PATCH", place, {"on_hold": "true", "on_hold_reason": "wait"}, person="admin")
    assert said.is_good, said.reason


def test_a_change_that_is_put_on_hold_before_the_pipeline_looks_is_not_deployed(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    pause(story, paused=True)
    decide_in_servicenow(story, change, "approved", "go")
    story.wait("there is a second pipeline", lambda: len(story.pipelines()) == 2)
    held(story, change)
    pause(story, paused=False)
    text = f"Change request {change['number']} is approved and on hold: nothing was deployed, ask again"
    assert told(story, run) == ("FAILURE", text)
    assert story.deploy_starts() == 0
    nothing_is_left_open(story)


def test_a_change_that_is_put_on_hold_between_gate_and_deployment_is_not_deployed(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    slow = {"kind": "delay", "service": "port", "method": "PATCH", "path": "/actions/runs/", "seconds": 3}
    story.services.steer("POST", "/faults", slow)
    decide_in_servicenow(story, change, "approved", "go")
    story.wait("the gate works", lambda: is_at(story, "gate", "running", pipelines=2))
    pause(story, paused=True)
    story.wait("the gate is passed", lambda: is_at(story, "gate", "success"))
    held(story, change)
    pause(story, paused=False)
    text = f"Nothing was deployed: {change['number']} is on hold meanwhile; ask again"
    assert told(story, run) == ("FAILURE", text)
    assert story.deploy_starts() == 0
    nothing_is_left_open(story)


def test_a_payload_with_real_runs_of_others_ends_none_of_theirs(story: Telling) -> None:
    """Whoever holds the trigger token knows ids: of a rejected change, and of runs that wait."""
    rejected, old = ask_with_low_coverage(story)
    decide_in_servicenow(story, old, "rejected", "no")
    assert told(story, rejected)[0] == "FAILURE"
    pause(story, paused=True)
    run = ask(story, CATALOG)
    check = story.wait(
        "the check",
        lambda: [
            row for row in story.services.runs("pre_deployment_check") if row["properties"]["deploy_run_id"] == run
        ],
    )[0]
    pause(story, paused=False)
    url, token = story.services.trigger()
    request = {"approval_status": "pending", "entity": CATALOG, "environment": "Staging", "deploy_run_id": run}
    forged = [
        {"approval_status": "rejected", "system_id": old["sys_id"], "deploy_run_id": rejected},
        {"approval_status": "approved", "system_id": "0" * 32, "deploy_run_id": run},
        {"approval_status": "look", "deploy_run_id": run},
        {**request, "environment": "Production"},
        {**request, "entity": "shop/payments"},
    ]
    for payload in forged:
        body = {**payload, "port_context": {"runId": check["id"]}}
        assert story.services.anybody("POST", f"{url}?token={token}", body).status == 201
    assert told(story, run) == ("SUCCESS", f"{CATALOG} is deployed to Staging")
    assert story.services.run(check["id"])["status"] == "SUCCESS"
    statuses = [row["status"] for row in story.pipelines()]
    assert statuses == ["success", "success", "success", *["failed"] * len(forged)]
    assert story.deploy_starts() == 1


def test_an_approved_change_of_somebody_else_approves_nothing(story: Telling) -> None:
    """Its columns say what ours would, written by somebody who may write changes."""
    run, change = ask_with_low_coverage(story)
    decide_in_servicenow(story, change, "rejected", "no")
    assert told(story, run)[0] == "FAILURE"
    columns = {"short_description": "Mine", "correlation_id": run, "u_external_tags": run, "type": "normal"}
    made = story.services.snow("POST", "/api/now/table/change_request", columns, person="admin")
    assert made.is_good, made.reason
    url, token = story.services.trigger()
    payload = {
        "approval_status": "approved",
        "system_id": made.body["result"]["sys_id"],
        "deploy_run_id": run,
        "port_context": {"runId": "r_0000000000000000"},
    }
    assert story.services.anybody("POST", f"{url}?token={token}", payload).status == 201
    story.settle()
    gate = newest_job(story, "gate")
    assert gate is not None
    assert "belongs to another deployment" in story.services.trace(gate["id"])
    assert story.deploy_starts() == 0
