"""How deployments end that somebody disturbs: who waits is told the truth, and nothing is deployed wrongly."""

from __future__ import annotations

import re

from portctl.story.narration import Telling
from portctl.story.scenarios.common import ask, ask_with_low_coverage, decide_in_servicenow, nothing_is_left_open
from portctl.story.services import Row
from tests.story.playing import (
    CATALOG,
    PROJECT,
    call,
    cancel,
    is_at,
    jobs,
    looked_at,
    newest,
    pause,
    statuses,
    told,
    trace,
)

SPY = """import os
import pathlib
import subprocess
import unittest

NAMES = (
    "PORT_CLIENT_ID", "PORT_CLIENT_SECRET", "SERVICE_READ_TOKEN", "SERVICENOW_SECRET", "MARKS_TOKEN", "TRIGGER_TOKEN"
)


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


def test_the_code_of_a_service_finds_no_secret_and_cannot_push(story: Telling) -> None:
    """Neither while it is tested nor while it is deployed."""
    own = str(story.services.file(CATALOG, "deploy.sh").body)
    files = {"test_spy.py": SPY, "deploy.sh": "python3 -m unittest -q test_spy\n"}
    story.services.commit(CATALOG, "Look around", files)
    run = ask(story, CATALOG)
    assert told(story, run) == ("SUCCESS", f"Deployed {CATALOG} to Staging")
    story.services.commit(CATALOG, "Take it back", {"test_spy.py": None, "deploy.sh": own})
    for name in ("test-service", "deploy"):
        (line,) = re.findall(r"SPY .*", trace(story, name))
        assert re.fullmatch(r"SPY [2-9] \[\] True", line), (name, line)


def test_a_pipeline_that_is_cancelled_before_it_begins_is_found_by_the_look(story: Telling) -> None:
    pause(story, paused=True)
    run = ask(story)
    cancel(story)
    pause(story, paused=False)
    story.settle()
    assert story.services.run(run)["status"] == "IN_PROGRESS"
    looked_at(story, 3)
    assert told(story, run) == ("FAILURE", "No pipeline works on it any more, and nothing was deployed: ask again")
    nothing_is_left_open(story)


def test_a_pipeline_that_is_cancelled_at_its_gate_tells_at_once(story: Telling) -> None:
    slow = {"kind": "delay", "service": "servicenow", "method": "GET", "path": "sys_user_group", "seconds": 20}
    story.services.steer("POST", "/faults", slow)
    run = ask(story)
    story.wait("the gate works", lambda: is_at(story, "open", "running"))
    story.wait("it has asked ServiceNow", lambda: "are required" in "".join(story.services.log(run)))
    cancel(story)
    assert told(story, run) == ("FAILURE", "The pipeline was cancelled, nothing was deployed: URL")
    assert story.deploy_starts() == 0
    nothing_is_left_open(story)


def test_a_deployment_that_is_cancelled_has_an_unknown_outcome(story: Telling) -> None:
    """GitLab runs nothing of a pipeline that is cancelled: the next look tells."""
    own = str(story.services.file(CATALOG, "deploy.sh").body)
    story.services.commit(CATALOG, "Deploy slowly", {"deploy.sh": "sleep 60\n"})
    run = ask(story, CATALOG)
    story.wait("it is deployed", lambda: story.deploy_starts() == 1)
    cancel(story)
    story.settle()
    assert story.services.run(run)["status"] == "IN_PROGRESS"
    looked_at(story)
    text = "Outcome unknown: the deploy job died, or was cancelled while it ran. Look what it did, then ask again: URL"
    assert told(story, run) == ("FAILURE", text)
    story.services.commit(CATALOG, "Take it back", {"deploy.sh": own})
    assert story.deploy_starts() == 1
    nothing_is_left_open(story)


def test_what_was_tested_is_deployed_and_not_what_came_later(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    said = story.services.commit("shop/checkout", "Come late", {"late.py": "LATE = True\n"})
    decide_in_servicenow(story, change, "approved", "go")
    story.ended(run)
    story.settle()
    story.services.commit("shop/checkout", "Take it back", {"late.py": None})
    (deployed,) = re.findall(r"DEPLOY STEP: \S+ at ([0-9a-f]{40})", trace(story, "deploy"))
    assert deployed == said.body["parent_ids"][0]
    assert deployed in change["description"]


def put_on_hold(story: Telling, change: Row, *, held: bool = True) -> None:
    place = f"/api/now/table/change_request/{change['sys_id']}"
    body = {"on_hold": "true", "on_hold_reason": "wait"} if held else {"on_hold": "false"}
    said = story.services.snow("PATCH", place, body, person="admin")
    assert said.is_good, said.reason


def waits_while_on_hold(story: Telling, run: str, change: Row) -> None:
    """And is deployed when somebody releases it."""
    story.settle()
    assert story.services.run(run)["status"] == "IN_PROGRESS"
    assert story.services.log(run)[-1] == f"Change request {change['number']} is approved and on hold: it waits"
    assert story.deploy_starts() == 0
    put_on_hold(story, change, held=False)
    assert told(story, run) == ("SUCCESS", f"Deployed shop/checkout to Staging under {change['number']}")
    assert story.deploy_starts() == 1
    nothing_is_left_open(story)


def test_a_change_that_is_put_on_hold_before_the_pipeline_looks_is_not_deployed(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    pause(story, paused=True)
    decide_in_servicenow(story, change, "approved", "go")
    story.wait("there is a second pipeline", lambda: len(story.pipelines()) == 2)
    put_on_hold(story, change)
    pause(story, paused=False)
    story.pipelines_ended(2)
    waits_while_on_hold(story, run, change)
    assert statuses(story) == ["success"] * 4


def test_a_change_that_is_put_on_hold_between_gate_and_deployment_is_not_deployed(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    slow = {"kind": "delay", "service": "port", "method": "PATCH", "path": "/actions/runs/", "seconds": 3}
    story.services.steer("POST", "/faults", slow)
    decide_in_servicenow(story, change, "approved", "go")
    story.wait("the gate works", lambda: is_at(story, "decide", "running"))
    pause(story, paused=True)
    story.wait("the gate is passed", lambda: is_at(story, "decide", "success"))
    put_on_hold(story, change)
    pause(story, paused=False)
    story.pipelines_ended(3)
    assert newest(story, "deploy")["status"] == "skipped"
    waits_while_on_hold(story, run, change)
    assert statuses(story) == ["success", "success", "failed", "success", "success"]


def test_calls_with_real_runs_of_others_end_none_of_theirs(story: Telling) -> None:
    """Whoever holds the trigger token knows ids: of a rejected change, and of runs that wait."""
    rejected, old = ask_with_low_coverage(story)
    decide_in_servicenow(story, old, "rejected", "no")
    assert told(story, rejected)[0] == "FAILURE"
    pause(story, paused=True)
    run = ask(story, CATALOG)
    check = story.wait("the check", lambda: checks_of(story, run))[0]["id"]
    pause(story, paused=False)
    forged = (
        {"call": "request", "deploy_run": rejected, "run": check},
        {"call": "decision", "deploy_run": rejected, "run": check},
        {"call": "decision", "deploy_run": run, "run": check},
        {"call": "look", "deploy_run": run, "run": check},
        {"call": "request", "deploy_run": run, "run": run},
        {"call": "deploy", "deploy_run": run, "environment": "Production"},
        {"call": "deploy", "deploy_run": rejected, "environment": "Staging"},
        {"call": "deploy", "deploy_run": check, "environment": "Staging"},
    )
    said = [call(story, **inputs) for inputs in forged]
    assert [each.status for each in said] == [201] * len(forged)
    assert told(story, run) == ("SUCCESS", f"Deployed {CATALOG} to Staging")
    assert story.services.run(check)["status"] == "SUCCESS"
    started = {each.body["id"] for each in said}
    rows = story.pipelines()
    assert [row["status"] for row in rows if row["id"] in started] == ["failed"] * len(forged)
    assert [row["status"] for row in rows if row["id"] not in started] == ["success"] * 4
    assert story.deploy_starts() == 1
    nothing_is_left_open(story)


def checks_of(story: Telling, run: str) -> list[Row]:
    rows = story.services.runs("pre_deployment_check")
    return [row for row in rows if row["properties"]["deploy_run_id"] == run]


def test_an_approved_change_of_somebody_else_approves_nothing(story: Telling) -> None:
    """Its columns say what ours would, written by somebody who may write changes; those who decide approve it."""
    run, change = ask_with_low_coverage(story)
    decide_in_servicenow(story, change, "rejected", "no")
    assert told(story, run)[0] == "FAILURE"
    columns = {
        "short_description": "Mine",
        "correlation_id": run,
        "u_external_tags": run,
        "type": "normal",
        "risk": "4",
        "assignment_group": change["assignment_group"]["value"],
    }
    made = story.services.snow("POST", "/api/now/table/change_request", columns, person="admin")
    assert made.is_good, made.reason
    other = made.body["result"]["sys_id"]
    said = story.services.snow("PATCH", f"/api/now/table/change_request/{other}", {"state": "-4"}, person="admin")
    assert said.is_good, said.reason
    story.pass_time(2)
    assert story.services.decide(other, "approved", "why not").is_good
    story.pass_time(2)
    story.wait("Port shows it", lambda: story.services.entity(other)["properties"]["approval"] == "approved")
    story.settle()
    assert story.deploy_starts() == 0
    assert statuses(story) == ["success"] * 2


def test_a_record_that_somebody_has_made_in_place_of_the_change_request_is_refused(story: Telling) -> None:
    """Its sys_id can be told from the run, and whoever may write changes may choose it."""
    from portctl.gate.servicenow import sys_id_of

    pause(story, paused=True)
    run = ask(story)
    columns = {"sys_id": sys_id_of(run), "correlation_id": run, "u_external_tags": run, "short_description": "Mine"}
    made = story.services.snow("POST", "/api/now/table/change_request", columns, person="admin")
    assert made.body["result"]["sys_id"] == sys_id_of(run)
    pause(story, paused=False)
    assert told(story, run) == ("FAILURE", "The pipeline failed in its job open (URL), nothing was deployed: URL")
    assert f"{made.body['result']['number']} does not name {run}" in trace(story, "open")
    assert story.deploy_starts() == 0
    nothing_is_left_open(story)


def test_jobs_of_a_deployment_that_are_run_again_refuse(story: Telling) -> None:
    run = ask(story, CATALOG)
    assert told(story, run) == ("SUCCESS", f"Deployed {CATALOG} to Staging")
    for name, why in (("deploy", "this deployment was started before"), ("start", "was started, or given up, before")):
        assert story.services.retry(newest(story, name)["id"]).status == 201
        story.settle()
        assert len(jobs(story, name)) == 2
        assert newest(story, name)["status"] == "failed"
        assert why in trace(story, name)
    assert story.deploy_starts() == 1
    assert told(story, run) == ("SUCCESS", f"Deployed {CATALOG} to Staging")


def test_an_artifact_that_is_lost_is_named(story: Telling) -> None:
    slow = {"test_slow.py": "import time\n\ntime.sleep(3)\n"}
    story.services.commit(CATALOG, "Test slowly", slow)
    run = ask(story, CATALOG)
    story.wait("it is tested", lambda: is_at(story, "test-service", "running"))
    pause(story, paused=True)
    story.wait("the tests have ended", lambda: is_at(story, "test-service", "success"))
    accepted = newest(story, "accept")["id"]
    assert story.services.gitlab("DELETE", f"{PROJECT}/jobs/{accepted}/artifacts").status == 204
    pause(story, paused=False)
    ended = told(story, run)
    story.services.commit(CATALOG, "Take it back", {"test_slow.py": None})
    assert ended == ("FAILURE", "The pipeline failed in its job open (URL), nothing was deployed: URL")
    said = trace(story, "open")
    assert "Artifact lost" in said
    assert "Was the artifact of the job before deleted?" in said
    assert story.deploy_starts() == 0
    nothing_is_left_open(story)
