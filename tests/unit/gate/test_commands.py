"""The jobs of the gate: what each leaves, tells and ends with, and what it does when it is second."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from portctl.errors import AccessDenied, AnswerLost, PortctlError
from portctl.gate.commands import Gate, run_gate
from portctl.gate.evidence import Question
from tests.unit.gate.deployments import (
    CHANGE,
    COMMIT,
    ENDED,
    FIND,
    MARKS,
    NOW,
    PIPELINES,
    STARTED,
    TESTED,
    approval_row,
    call,
    change_row,
    furnish,
    mark_reply,
    run_reply,
    run_row,
    taking,
)
from tests.unit.gate.office import Office, Reply

SERVICE = "port GET /v1/blueprints/service/entities/shop%2Fcheckout"
LOGS, OWN_LOGS = (f"port POST /v1/actions/runs/{run}/logs" for run in ("r_one", "r_own"))
READ_LOGS = "port GET /v1/actions/runs/r_one/logs"
FORGET = "port DELETE /v1/blueprints/openDeployment/entities/r_one"
TRIGGER = PIPELINES.replace("GET", "POST") + "/trigger/pipeline"
URL = "https://gitlab.example/platform/deployment/-/pipelines/71"
LEFT = {"project": "shop/checkout", "sha": "a" * 40, "deploy": 'sh deploy.sh "$ENVIRONMENT"', "report": "coverage.xml"}
COVERED = "<coverage line-rate='0.9'/>"


def gate(office: Office, kind: str, **changes: Any) -> Gate:
    office.replies |= dict.fromkeys((LOGS, OWN_LOGS, FORGET, COMMIT, *LINKS), taking)
    office.replies |= {SERVICE: (200, {"entity": {"properties": {}}}), READ_LOGS: (200, {"runLogs": []})}
    return Gate(
        settings=office.settings, call=replace(call(kind), **changes), now=NOW, rim=office.rim, root=office.folder
    )


LINKS = tuple(f"port PATCH /v1/actions/runs/{run}" for run in ("r_one", "r_own"))


def leave(office: Office, report: str | None = COVERED) -> None:
    """As the jobs before have left it: what was fetched in an artifact, the report where GitLab keeps it."""
    (office.folder / "gate").mkdir()
    (office.folder / "gate" / "service.json").write_text(json.dumps(LEFT), encoding="utf-8")
    job = {"id": 1, "name": "test-service", "status": "success", "started_at": "2026-11-21T09:59:00Z"}
    kept: Reply = (404, {"message": "404 Not Found"}) if report is None else (200, report)
    office.replies |= {
        f"{PIPELINES}/pipelines/70/jobs": (200, [job]),
        f"{PIPELINES}/jobs/1/artifacts/coverage.xml": kept,
    }


def ends(office: Office, key: str = LOGS) -> list[str]:
    """What a run was ended with."""
    path = key.partition("POST ")[2]
    sent = [json.loads(each.content) for each in office.sent_to("port") if each.url.path == path and each.content]
    return [f"{body['terminationStatus']}: {body['message']}" for body in sent if "terminationStatus" in body]


def told(office: Office, key: str = LOGS) -> list[str]:
    """What was said to a run, its end included."""
    path = key.partition("POST ")[2]
    sent = [json.loads(each.content) for each in office.sent_to("port") if each.url.path == path and each.content]
    return [body["message"] for body in sent if "message" in body]


def writes(office: Office) -> list[str]:
    return [key for key in office.asked if " GET " not in key]


@pytest.mark.parametrize("question", list(Question))
def test_a_call_that_is_not_genuine_is_refused_and_nobody_is_told(office: Office, question: Question) -> None:
    kind = {"wait": "decision", "look": "look", "start": "deploy", "finish": "deploy"}.get(question, "request")
    furnish(office, kind).replies["port GET /v1/actions/runs/r_one"] = (404, {"ok": False})
    if question is Question.OPEN:
        leave(office)
    code = run_gate(question, gate(office, kind))
    assert code == (0 if question is Question.REPORT else 1)
    assert writes(office) == []
    assert office.log[-2] == "Refused: Port does not know the run r_one"
    assert f"Port {len(office.sent_to('port'))}" in office.log[-1]


def test_enough_coverage_starts_the_deployment(office: Office) -> None:
    furnish(office, "request", tested=None).replies[TRIGGER] = (201, {"id": 71, "web_url": URL})
    leave(office)
    assert run_gate(Question.OPEN, gate(office, "request")) == 0
    assert writes(office) == [COMMIT, LOGS, TRIGGER, LINKS[0], OWN_LOGS]
    assert office.log == [
        "The tests of shop/checkout passed; coverage is 90%, 80% are required",
        f"Started {URL}",
        "r_own SUCCESS: The pipeline that deploys shop/checkout to Staging was started",
        "open: enough-coverage",
        "Requests: Port 7, GitLab as MARKS_TOKEN 5, GitLab as SERVICE_READ_TOKEN 2, GitLab, pipelines 1",
    ]


def test_no_report_ends_the_request(office: Office) -> None:
    furnish(office, "request", tested=None)
    leave(office, report=None)
    assert run_gate(Question.OPEN, gate(office, "request")) == 0
    assert ends(office) == ["FAILURE: The tests left no coverage report: nothing was deployed"]
    assert ends(office, OWN_LOGS) == ["FAILURE: The tests left no coverage report: nothing was deployed"]


@pytest.mark.parametrize("text", [None, "", "[]", "null", "7", "[" * 100_000, "{"])
def test_an_artifact_that_is_lost_is_told(office: Office, text: str | None) -> None:
    (office.folder / "gate").mkdir()
    if text is not None:
        (office.folder / "gate" / "service.json").write_text(text, encoding="utf-8")
    furnish(office, "request", tested=None)
    with pytest.raises(PortctlError) as caught:
        run_gate(Question.OPEN, gate(office, "request"))
    path = office.folder / "gate" / "service.json"
    assert str(caught.value) == f"Artifact lost: {path} is not there, or cannot be read"
    assert writes(office) == []


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        ((404, {"ok": False}), "Port has no service 'shop/checkout'"),
        ({"repository": "checkout"}, "'checkout' is not the path of a project"),
        ({"repository": "ext::sh -c id"}, "'ext::sh -c id' is not the path of a project"),
        ({"repository": "Platform/Deployment"}, "Platform/Deployment is no project of a service"),
        ({"branch": "--upload-pack=x"}, "'--upload-pack=x' is not the name of a branch"),
        ({"deployCommand": 7}, "the property deployCommand of shop/checkout is no text that can be used"),
    ],
)
def test_a_service_that_cannot_be_fetched_is_told_and_fails_the_job(
    office: Office, properties: Any, problem: str
) -> None:
    made = gate(furnish(office, "request"), "request")
    reply = properties if isinstance(properties, tuple) else (200, {"entity": {"properties": properties}})
    office.replies[SERVICE] = reply
    assert run_gate(Question.ACCEPT, made) == 1
    text = f"The code of shop/checkout cannot be had: {problem}"
    assert (told(office), ends(office)) == ([text], [])
    assert office.log[-2] == f"Refused: {text}"
    assert not (office.folder / "gate").exists()


def test_an_environment_that_is_not_deployed_to_is_told_and_fails_the_job(office: Office) -> None:
    made = gate(furnish(office, "request"), "request")
    row = run_row("r_one", "deploy_service_to_cluster", properties={"environment": "Moon"})
    office.replies["port GET /v1/actions/runs/r_one"] = run_reply(row)
    assert run_gate(Question.ACCEPT, made) == 1
    assert told(office)[0].startswith("The code of shop/checkout cannot be had: 'Moon' is no environment")


APPROVED: dict[str, Any] = {"change": change_row(), "approvals": (approval_row(),)}


def test_a_decision_is_carried_out(office: Office) -> None:
    furnish(office, "decision", **APPROVED).replies[TRIGGER] = (201, {"id": 71, "web_url": URL})
    assert run_gate(Question.WAIT, gate(office, "decision")) == 0
    assert office.log[-2] == "wait: approved"


def test_an_announced_decision_that_nobody_took_is_put_back_once(office: Office) -> None:
    """Then it is looked at again: somebody may have decided meanwhile."""
    made = gate(furnish(office, "decision", change=change_row(state="-4", approval="approved")), "decision")
    put_back = f"port PATCH /v1/blueprints/servicenowChangeRequest/entities/{change_row()['sys_id']}"
    office.replies |= {put_back: taking, f"snow PATCH {CHANGE}": (200, {"result": {"number": "CHG1"}})}
    assert run_gate(Question.WAIT, made) == 0
    assert writes(office).count(put_back) == 1
    assert office.log[-2] == "wait: nobody-decided"
    assert office.waits == [1.0] * 6


def test_whoever_is_second_decides_again(office: Office) -> None:
    """It gives the deployment up, and finds that it was started."""
    made = gate(furnish(office, "look", change=change_row(state="4")), "look")
    mark = f"gitlab GET {MARKS}/files/deployments%2F2026-11%2Fr_one%2Fstarted.json"
    absent: Reply = (404, {"message": "404 File Not Found"})
    office.replies |= {COMMIT: (400, {"message": "exists"}), mark: [absent, mark_reply(STARTED)]}
    office.replies["port POST /v1/blueprints/servicenowChangeRequest/entities"] = taking
    assert run_gate(Question.LOOK, made) == 0
    assert "Somebody else was faster (started.json): deciding again" in office.log
    assert office.log[-2] == "look: being-deployed"


def test_a_race_without_an_end_is_told(office: Office) -> None:
    made = gate(furnish(office, "look", change=change_row(state="4")), "look")
    mark = f"gitlab GET {MARKS}/files/deployments%2F2026-11%2Fr_one%2Fstarted.json"
    absent: Reply = (404, {"message": "404 File Not Found"})
    office.replies |= {COMMIT: (400, {"message": "exists"}), mark: [*[absent, mark_reply(STARTED)] * 4, absent]}
    office.replies["port POST /v1/blueprints/servicenowChangeRequest/entities"] = taking
    with pytest.raises(PortctlError, match="No decision: somebody else was faster 4 times"):
        run_gate(Question.LOOK, made)


def test_a_start_without_a_handover_fails_its_job(office: Office) -> None:
    """An approver is the requester: the deployment is given up, and the deploy job must not run."""
    rows = (approval_row(approver={"value": "u_dora"}),)
    made = gate(furnish(office, "deploy", change=change_row(), approvals=rows), "deploy")
    office.replies[f"snow PATCH {CHANGE}"] = (200, {"result": {"number": "CHG1"}})
    assert run_gate(Question.START, made) == 1
    assert office.log[-2] == "start: self-approved"
    assert not (office.folder / "gate").exists()


def test_a_change_that_is_canceled_while_the_code_is_fetched_is_not_deployed(office: Office) -> None:
    git = office.folder / "bin" / "git"
    git.parent.mkdir()
    git.write_text('#!/bin/sh\ncase "$*" in *rev-parse*) echo aaaa ;; esac\n', encoding="utf-8")
    git.chmod(0o755)
    office.secrets = {**office.secrets, "PATH": str(git.parent)}
    made = gate(furnish(office, "deploy", **APPROVED), "deploy")
    before, after = ((200, {"result": change_row(**changes)}) for changes in ({}, {"state": "4"}))
    office.replies |= {FIND: [before, after], f"snow PATCH {CHANGE}": after}
    assert run_gate(Question.START, made) == 1
    assert office.log[-2] == "start: change-canceled"
    assert not (office.folder / "gate" / "job").exists()


def test_a_start_that_was_taken_before_fails_its_job(office: Office) -> None:
    made = gate(furnish(office, "deploy", started=STARTED, **APPROVED), "deploy")
    assert run_gate(Question.START, made) == 1
    assert office.log[0].startswith("Refused: The deployment was started, or given up, before")


def test_code_that_cannot_be_had_any_more_is_given_up_before_the_start_is_taken(office: Office) -> None:
    tested = replace(TESTED, project="ext::sh -c id")
    made = gate(furnish(office, "deploy", tested=tested, **APPROVED), "deploy")
    office.replies[f"snow PATCH {CHANGE}"] = (200, {"result": {"number": "CHG1"}})
    assert run_gate(Question.START, made) == 1
    why = "What was tested cannot be had any more: 'ext::sh -c id' is not the path of a project"
    assert ends(office) == [f"FAILURE: {why}: nothing was deployed, ask again"]
    assert office.log[-2] == "start: no-code"
    assert not (office.folder / "gate" / "job").exists()


def test_old_marks_go_when_a_deployment_has_ended_and_nothing_depends_on_it(office: Office) -> None:
    made = gate(furnish(office, "deploy", started=STARTED, ended=ENDED), "deploy")
    tree = f"gitlab GET {MARKS}/tree"
    old = {"type": "tree", "name": "2025-01", "path": "deployments/2025-01"}
    file = {"type": "blob", "name": "tested.json", "path": "deployments/2025-01/r/tested.json"}
    office.replies[tree] = [(200, [old]), (200, [file])]
    assert run_gate(Question.FINISH, made) == 0
    assert "Removed 1 old marks" in office.log
    for failure in ((500, {"message": "no"}), httpx.ReadError("cut"), (404, {"message": "404 Tree Not Found"})):
        office.replies[tree] = failure
        assert run_gate(Question.FINISH, made) == 0


def test_what_a_service_refuses_is_raised_and_requests_are_counted(office: Office) -> None:
    furnish(office, "look").replies["port GET /v1/actions/runs/r_one"] = (403, {"ok": False, "message": "no"})
    with pytest.raises(AccessDenied):
        run_gate(Question.LOOK, gate(office, "look"))
    assert office.log == ["Requests: Port 2"]


def test_a_lost_answer_says_who_goes_on(office: Office) -> None:
    furnish(office, "decision", **APPROVED).replies[TRIGGER] = httpx.ReadError("cut")
    with pytest.raises(AnswerLost) as caught:
        run_gate(Question.WAIT, gate(office, "decision"))
    assert caught.value.hint == "Whoever looks at this deployment next reads what is there, and goes on from it."
    assert office.asked.count(TRIGGER) == 1


class Closing(httpx.MockTransport):
    """Counts how often it is closed: once by each client that was used."""

    closed = 0

    def close(self) -> None:
        self.closed += 1


def test_a_job_leaves_no_client_open(office: Office) -> None:
    furnish(office, "look").replies[FIND] = httpx.ConnectError("refused")
    transport = office.transport = Closing(office)
    with pytest.raises(PortctlError):
        run_gate(Question.LOOK, gate(office, "look"))
    assert office.log[-1] == "Requests: Port 4, GitLab as MARKS_TOKEN 4, ServiceNow 6"
    assert transport.closed == 3
