"""Port, seen from a pipeline: runs that show late or have ended, logs of many pages, answers that were lost."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import httpx
import pytest

from portctl.errors import AccessDenied, AnswerLost, ApiError, PortctlError
from portctl.gate.evidence import Call, Change, Ended, Kind, Run
from tests.unit.gate.office import SIGN_IN, Office, Reply

RUN = "port GET /v1/actions/runs/r_one"
LOGS = "/v1/actions/runs/r_one/logs"
RUNS = "port GET /v1/actions/runs"
NONE = (404, {"ok": False, "error": "not_found", "message": "Action run was not found"})
ENDED = (422, {"ok": False, "error": "invalid_request", "message": "The run has ended"})
CALL = Call(kind=Kind.REQUEST, deploy_run="r_one", run="r_own")
SUCCESS = Ended(success=True, text="Deployed")


def row(identifier: str = "r_one", **changes: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "status": "IN_PROGRESS",
        "createdAt": "2026-11-21T10:00:00.000Z",
        "createdBy": "user_1",
        "action": {"identifier": "deploy_service_to_cluster"},
        "entity": {"identifier": "shop/checkout"},
        "properties": {"environment": "Staging"},
        **changes,
    }


def shown(**changes: Any) -> Reply:
    return (200, {"ok": True, "run": row(**changes)})


def test_a_run_as_the_gate_sees_it(office: Office) -> None:
    office.replies[RUN] = shown()
    assert office.desk().portal.run("r_one") == Run(
        id="r_one",
        action="deploy_service_to_cluster",
        is_open=True,
        created_at=1_795_255_200.0,
        created_by="user_1",
        service="shop/checkout",
        environment="Staging",
    )


@pytest.mark.parametrize(
    ("changes", "about"),
    [
        ({"properties": {"deploy_run_id": "r_two"}}, "r_two"),
        ({"payload": {"body": {"inputs": {"deploy_run": "r_three"}}}}, "r_three"),
        ({"properties": {"deploy_run_id": 7}}, ""),
        ({"properties": None, "payload": None}, ""),
        ({"payload": {"body": "text"}}, ""),
    ],
)
def test_the_deployment_that_a_run_names(office: Office, changes: dict[str, Any], about: str) -> None:
    office.replies[RUN] = shown(**changes)
    run = office.desk().portal.run("r_one")
    assert run is not None
    assert run.about == about


@pytest.mark.parametrize("stamp", ["2026-11-21T10:00:00.000Z", "2026-11-21T10:00:00", "2026-11-21T11:00:00+01:00"])
def test_a_time_means_the_same_wherever_the_job_runs(
    office: Office, monkeypatch: pytest.MonkeyPatch, stamp: str
) -> None:
    office.replies[RUN] = shown(createdAt=stamp)
    for zone in ("America/New_York", "Asia/Tokyo", "UTC"):
        with monkeypatch.context() as patched:
            patched.setenv("TZ", zone)
            time.tzset()
            run = office.desk().portal.run("r_one")
        time.tzset()
        assert run is not None
        assert run.created_at == 1_795_255_200.0


@pytest.mark.parametrize("stamp", ["", "yesterday", None, 7, "x" * 500])
def test_a_run_without_a_time_cannot_be_judged(office: Office, stamp: Any) -> None:
    office.replies[RUN] = shown(createdAt=stamp)
    with pytest.raises(PortctlError, match=r"^Not what Port answers: '.{0,40}' is no time$"):
        office.desk().portal.run("r_one")


@pytest.mark.parametrize(
    ("status", "is_open"), [("IN_PROGRESS", True), ("WAITING_FOR_APPROVAL", True), ("SUCCESS", False),
                            ("FAILURE", False), ("DECLINED", False), ("something new", False), (None, False)],
)  # fmt: skip
def test_a_run_that_is_open(office: Office, status: str | None, is_open: bool) -> None:
    office.replies[RUN] = shown(status=status)
    run = office.desk().portal.run("r_one")
    assert run is not None
    assert run.is_open is is_open


def test_a_run_that_shows_late_is_waited_for(office: Office) -> None:
    office.replies[RUN] = [NONE, NONE, shown()]
    assert office.desk().portal.run("r_one") is not None
    assert office.waits == [1.0, 1.0]


def test_a_run_that_never_shows_is_none(office: Office) -> None:
    office.replies[RUN] = NONE
    assert office.desk().portal.run("r_one") is None
    assert office.waits == [1.0] * 10


@pytest.mark.parametrize("body", [{}, {"run": None}, {"run": []}, {"run": {"id": 7}}, []])
def test_an_answer_without_a_run_is_none(office: Office, body: Any) -> None:
    office.replies[RUN] = (200, body)
    assert office.desk().portal.run("r_one") is None


@pytest.mark.parametrize(("status", "error"), [(401, AccessDenied), (403, AccessDenied), (422, ApiError)])
def test_a_run_that_may_not_be_seen_is_not_none(office: Office, status: int, error: type[Exception]) -> None:
    office.replies[RUN] = (status, {"ok": False, "message": "no"})
    with pytest.raises(error):
        office.desk().portal.run("r_one")


def test_a_token_that_has_ended_is_renewed_once(office: Office) -> None:
    office.replies[RUN] = [(401, {"ok": False, "error": "unauthorized"}), shown()]
    assert office.desk().portal.run("r_one") is not None
    assert [request.url.path for request in office.requests].count("/v1/auth/access_token") == 2


def test_signing_in_too_often_is_waited_out(office: Office) -> None:
    """Port counts sign-ins in windows of five minutes, and says when the next one begins."""
    limited = httpx.Response(429, json={"ok": False}, headers={"x-ratelimit-reset": "250"})
    office.replies |= {RUN: shown(), SIGN_IN: [lambda _: limited, (200, {"accessToken": "canary", "expiresIn": 60})]}
    assert office.desk().portal.run("r_one") is not None
    assert office.waits == [250.0]
    (line,) = office.log
    assert re.fullmatch(r"waiting for Port until \d\d:\d\d:\d\d UTC \(250 s\): it limits requests", line)


def test_all_of_a_log_is_read(office: Office) -> None:
    lines = [f"line {number}" for number in range(120)]

    def page(request: httpx.Request) -> httpx.Response:
        start, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        rows = [{"message": line} for line in lines[start : start + min(limit, 50)]]
        return httpx.Response(200, json={"ok": True, "runLogs": rows})

    office.replies[f"port GET {LOGS}"] = page
    portal = office.desk().portal
    assert portal.log("r_one") == lines
    for line in (lines[0], lines[60], lines[-1]):
        portal.tell("r_one", line, once=True)
    assert all(key.startswith("port GET") for key in office.asked)
    office.replies[f"port POST {LOGS}"] = (201, {"ok": True})
    portal.tell("r_one", "something new", once=True)
    portal.tell("r_one", lines[0])
    sent = [json.loads(request.content) for request in office.requests if request.url.path == LOGS and request.content]
    assert sent == [{"message": "something new"}, {"message": "line 0"}]


def test_a_log_without_an_end_is_not_read_for_ever(office: Office) -> None:
    office.replies[f"port GET {LOGS}"] = (200, {"runLogs": [{"message": "again"}] * 50})
    assert len(office.desk().portal.log("r_one")) == 1000


def test_a_run_is_ended(office: Office) -> None:
    office.replies[f"port POST {LOGS}"] = (201, {"ok": True})
    assert office.desk().portal.end("r_one", SUCCESS)
    assert json.loads(office.requests[-1].content) == {"message": "Deployed", "terminationStatus": "SUCCESS"}


@pytest.mark.parametrize("reply", [ENDED, httpx.ReadError("cut"), (502, "<html>"), (500, {"ok": False})])
def test_a_run_that_has_ended_stays_as_it_is(office: Office, reply: Reply) -> None:
    office.replies |= {f"port POST {LOGS}": reply, RUN: shown(status="FAILURE")}
    assert not office.desk().portal.end("r_one", SUCCESS)
    assert (office.asked, office.waits) == ([f"port POST {LOGS}", RUN], [])


@pytest.mark.parametrize("reply", [httpx.ReadError("cut"), (503, "<html>"), (500, {"ok": False})])
def test_an_end_that_was_lost_on_the_way_is_told_again(office: Office, reply: Reply) -> None:
    office.replies |= {f"port POST {LOGS}": [reply, (201, {"ok": True})], RUN: shown()}
    assert office.desk().portal.end("r_one", SUCCESS)
    assert office.waits == [1.0]


def test_an_end_that_port_does_not_take_is_told(office: Office) -> None:
    office.replies |= {f"port POST {LOGS}": httpx.ReadError("cut"), RUN: shown()}
    with pytest.raises(AnswerLost):
        office.desk().portal.end("r_one", SUCCESS)
    assert office.waits == [1.0, 2.0]


def test_open_runs(office: Office) -> None:
    office.replies[RUNS] = (200, {"runs": [row("r_1"), {"id": None}, row("r_2", status="WAITING_FOR_APPROVAL"), "x"]})
    assert [run.id for run in office.desk().portal.open_runs()] == ["r_1", "r_2"]
    assert dict(office.requests[-1].url.params) == {"version": "v2", "active": "true", "limit": "1000"}


def decision(created_by: str, **changes: Any) -> dict[str, Any]:
    said = {
        "action": {"identifier": "approve_and_deploy_service"},
        "entity": {"identifier": "abc"},
        "properties": {"approval_status": "approved"},
        "status": "SUCCESS",
        "createdBy": created_by,
    }
    return row("r_d", **{**said, **changes})


def test_who_has_approved_in_port(office: Office) -> None:
    """What the query should have left out does not count."""
    rows = [
        decision("user_1"),
        decision("user_2", status="IN_PROGRESS"),
        decision("user_3", status="FAILURE"),
        decision("user_4", properties={"approval_status": "rejected"}),
        decision("user_5", entity={"identifier": "another"}),
        decision("user_6", action={"identifier": "another"}),
        decision("user_7", properties=None),
    ]
    office.replies[RUNS] = (200, {"runs": rows})
    assert office.desk().portal.approvers_of("abc") == {"user_1", "user_2"}
    assert dict(office.requests[-1].url.params) == {
        "version": "v2", "action": "approve_and_deploy_service", "entity": "abc", "limit": "1000",
    }  # fmt: skip


def test_more_decisions_than_port_lists_tell_nothing(office: Office) -> None:
    office.replies[RUNS] = (200, {"runs": [decision("user_1")] * 999})
    assert office.desk().portal.approvers_of("abc") == {"user_1"}
    office.replies[RUNS] = (200, {"runs": [decision("user_1")] * 1000})
    assert office.desk().portal.approvers_of("abc") == frozenset()


@pytest.mark.parametrize("body", [{}, {"runs": None}, {"runs": {}}, []])
def test_a_list_that_is_none_is_told(office: Office, body: Any) -> None:
    office.replies[RUNS] = (200, body)
    with pytest.raises(PortctlError, match="Not what Port answers: an answer without runs"):
        office.desk().portal.open_runs()


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ((200, {"entity": {"properties": {"branch": "main"}}}), {"branch": "main"}),
        ((200, {"entity": {}}), {}),
        ((404, {"ok": False, "error": "not_found"}), None),
    ],
)
def test_a_service(office: Office, reply: Reply, found: dict[str, str] | None) -> None:
    office.replies["port GET /v1/blueprints/service/entities/shop%2Fcheckout"] = reply
    assert office.desk().portal.service("shop/checkout") == found


OPEN = "port DELETE /v1/blueprints/openDeployment/entities/r_one"


def test_an_open_deployment_that_is_gone_is_forgotten(office: Office) -> None:
    for status, body in ((200, {"ok": True}), NONE):
        office.replies[OPEN] = (status, body)
        office.desk().portal.forget_open_deployment(CALL)
        assert dict(office.requests[-1].url.params) == {"run_id": "r_own"}
    office.desk().portal.forget_open_deployment(Call(kind=Kind.DEPLOY, deploy_run="r_one"))
    assert dict(office.requests[-1].url.params) == {}
    office.replies[OPEN] = ENDED
    with pytest.raises(ApiError):
        office.desk().portal.forget_open_deployment(CALL)


CHANGE = Change(sys_id="abc", number="CHG1", state="-4", approval="requested", on_hold=False, is_ours=True)
COLUMNS = {
    "short_description": "Deploy", "description": "Coverage", "priority": "4", "category": "", "active": "true",
    "sys_created_by": "portctl.gate", "sys_created_on": "2026-11-21 10:00:00",
}  # fmt: skip


@pytest.mark.parametrize("decision", [False, True])
def test_a_change_request_in_the_catalogue(office: Office, decision: bool) -> None:
    office.replies["port POST /v1/blueprints/servicenowChangeRequest/entities"] = (201, {"ok": True})
    office.desk().portal.catalogue(CALL, CHANGE, COLUMNS, "shop/checkout", decision=decision)
    request = office.requests[-1]
    assert dict(request.url.params) == {"upsert": "true", "merge": "true", "run_id": "r_own"}
    properties = {
        "number": "CHG1", "description": "Coverage", "priority": "4", "externalTags": "r_one", "isActive": True,
        "createdBy": "portctl.gate", "createdOn": "2026-11-21T10:00:00Z",
    }  # fmt: skip
    more = {"approval": "requested", "state": "-4", "onHold": False} if decision else {}
    assert json.loads(request.content) == {
        "identifier": "abc",
        "title": "Deploy",
        "icon": "Servicenow",
        "properties": {**properties, **more},
        "relations": {"service": "shop/checkout"},
    }
