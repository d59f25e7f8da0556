"""Effects: carried out in their order, each as often as is safe, and none that counts is passed over."""

from __future__ import annotations

import json
import pathlib
from dataclasses import replace
from typing import Any

import httpx
import pytest

from portctl.errors import ApiError, PortctlError
from portctl.gate import effects
from portctl.gate.evidence import Ended, Question
from portctl.gate.gather import gather
from portctl.gate.marks import TakenBySomebodyElse
from portctl.gate.perform import _PERFORM, Performer, Refused
from tests.unit.gate.deployments import (
    CATALOGUE,
    COMMIT,
    ENDED,
    FIND,
    MARKS,
    MOVE,
    NOW,
    OPEN,
    PIPELINES,
    STARTED,
    TESTED,
    call,
    change_row,
    furnish,
    mark_reply,
    taking,
)
from tests.unit.gate.office import HOSTS, Office, Reply

READ_LOGS = "port GET /v1/actions/runs/r_one/logs"
LOGS, OWN_LOGS, OLD_LOGS = (f"port POST /v1/actions/runs/{run}/logs" for run in ("r_one", "r_own", "r_old"))
FORGET = "port DELETE /v1/blueprints/openDeployment/entities/r_one"
LINK = "port PATCH /v1/actions/runs/r_one"
TRIGGER = PIPELINES.replace("GET", "POST") + "/trigger/pipeline"
SHOW, PUT_BACK = f"port POST {CATALOGUE}", f"port PATCH {CATALOGUE}/{change_row()['sys_id']}"
WRITES = (COMMIT, LOGS, OWN_LOGS, OLD_LOGS, FORGET, LINK, SHOW, PUT_BACK)
URL = "https://gitlab.example/platform/deployment/-/pipelines/71"


def moving(request: httpx.Request) -> httpx.Response:
    """A change request that goes wherever it is sent."""
    return httpx.Response(200, json={"result": {"number": "CHG1", **json.loads(request.content)}})


def seated(office: Office, folder: pathlib.Path, **state: Any) -> Performer:
    """With every write answered well."""
    furnish(office, "look", **{"change": change_row(), **state})
    office.replies |= dict.fromkeys(WRITES, taking)
    office.replies |= {MOVE: moving, TRIGGER: (201, {"id": 71, "web_url": URL}), READ_LOGS: (200, {"runLogs": []})}
    desk = office.desk()
    evidence = gather(Question.LOOK, desk, call("look"), NOW)
    office.asked.clear()
    office.requests.clear()
    return Performer(desk, evidence, office.log.append, folder)


def writes(office: Office) -> list[str]:
    return [key for key in office.asked if " GET " not in key]


def bodies(office: Office, key: str) -> list[Any]:
    return [
        json.loads(request.content)
        for request in office.requests
        if f"{HOSTS[request.url.host]} {request.method} {request.url.raw_path.decode().partition('?')[0]}" == key
    ]


ONE_BY_ONE: list[tuple[effects.Effect, list[str]]] = [
    (effects.KeepTested(TESTED), [COMMIT]),
    (effects.TakeStart(), [COMMIT]),
    (effects.Close(ENDED), [COMMIT]),
    (effects.KeepEnd(ENDED), [COMMIT]),
    (effects.Catalogue(decision=True), [SHOW]),
    (effects.PutBack(), [PUT_BACK]),
    (effects.StartPipeline("Staging"), [TRIGGER, LINK]),
    (effects.Tell("told"), [LOGS]),
    (effects.EndRequest(ENDED), [LOGS, FORGET]),
    (effects.EndOwn(ENDED), [OWN_LOGS]),
    (effects.EndAbandoned("r_old"), [OLD_LOGS]),
    (effects.Note("noted"), [MOVE]),
    (effects.Implement(), [MOVE]),
    (effects.CloseChange(ENDED), [MOVE, MOVE, MOVE]),
]


@pytest.mark.parametrize(("effect", "wanted"), ONE_BY_ONE, ids=lambda each: type(each).__name__)
def test_an_effect_writes_what_it_says(
    office: Office, tmp_path: pathlib.Path, effect: effects.Effect, wanted: list[str]
) -> None:
    seated(office, tmp_path).perform((effect,))
    assert writes(office) == wanted


@pytest.mark.parametrize("backwards", [False, True])
def test_effects_are_carried_out_in_their_order(office: Office, tmp_path: pathlib.Path, backwards: bool) -> None:
    chosen = ONE_BY_ONE[::-1] if backwards else ONE_BY_ONE
    seated(office, tmp_path).perform(tuple(effect for effect, _ in chosen))
    assert writes(office) == [key for _, keys in chosen for key in keys]


FAILURES: dict[str, Reply] = {
    "refused": (403, {"ok": False, "message": "no", "error": {"message": "no", "detail": ""}}),
    "not found": (404, {"ok": False, "message": "no", "error": {"message": "no", "detail": ""}}),
    "broken": (500, {"ok": False, "message": "no", "error": {"message": "no", "detail": ""}}),
    "lost": httpx.ReadError("cut"),
    "a page": (200, "<html>"),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize(
    ("effect", "key", "told"),
    [
        (effects.Tell("told"), LOGS, "Port took no log line"),
        (effects.Note("noted"), MOVE, "ServiceNow took no work note"),
        (effects.Implement(), MOVE, "The change request stays where it is"),
        (effects.CloseChange(ENDED), MOVE, "The change request stays open"),
    ],
)
def test_what_is_only_told_stops_nothing(
    office: Office, tmp_path: pathlib.Path, effect: effects.Effect, key: str, told: str, failure: str
) -> None:
    performer = seated(office, tmp_path)
    office.replies[key] = FAILURES[failure]
    performer.perform((effect, effects.KeepEnd(ENDED)))
    assert writes(office)[-1] == COMMIT
    assert any(line.startswith(f"{told}: ") for line in office.log)


@pytest.mark.parametrize("failure", ["refused", "lost"])
@pytest.mark.parametrize("key", [FORGET, LINK])
def test_an_end_and_a_start_count_without_their_trimmings(
    office: Office, tmp_path: pathlib.Path, key: str, failure: str
) -> None:
    performer = seated(office, tmp_path)
    office.replies[key] = FAILURES[failure]
    performer.perform((effects.EndRequest(ENDED), effects.StartPipeline("Staging"), effects.EndOwn(ENDED)))
    assert writes(office)[-1] == OWN_LOGS


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize(
    ("effect", "key"),
    [
        (effects.KeepTested(TESTED), COMMIT),
        (effects.TakeStart(), COMMIT),
        (effects.Close(ENDED), COMMIT),
        (effects.KeepEnd(ENDED), COMMIT),
        (effects.EndRequest(ENDED), LOGS),
        (effects.EndOwn(ENDED), OWN_LOGS),
        (effects.StartPipeline("Staging"), TRIGGER),
        (effects.Catalogue(), SHOW),
        (effects.PutBack(), PUT_BACK),
    ],
)
def test_what_counts_stops_what_comes_after(
    office: Office, tmp_path: pathlib.Path, effect: effects.Effect, key: str, failure: str
) -> None:
    performer = seated(office, tmp_path, tested=None)
    office.replies[key] = FAILURES[failure]
    with pytest.raises(PortctlError):
        performer.perform((effect, effects.Tell("after")))
    assert set(writes(office)) == {key}


def test_a_start_that_somebody_else_has_taken(office: Office, tmp_path: pathlib.Path) -> None:
    performer = seated(office, tmp_path)
    theirs = replace(STARTED, by="https://gitlab.example/j/99")
    office.replies |= {
        COMMIT: (400, {"message": "A file with this name already exists"}),
        f"gitlab GET {MARKS}/files/deployments%2F2026-11%2Fr_one%2Fstarted.json": mark_reply(theirs),
    }
    for effect in (effects.TakeStart(), effects.Close(ENDED)):
        with pytest.raises(TakenBySomebodyElse):
            performer.perform((effect, effects.Tell("after")))
    assert writes(office) == [COMMIT, COMMIT]


def test_the_mark_names_the_job_that_deploys_and_who_took_it(office: Office, tmp_path: pathlib.Path) -> None:
    seated(office, tmp_path).perform((effects.TakeStart(),))
    (body,) = bodies(office, COMMIT)
    assert body["branch"] == "main"
    assert body["commit_message"] == "started r_one"
    assert json.loads(body["actions"][0]["content"]) == {
        "pipeline_url": "https://gitlab.example/p/70",
        "by": "https://gitlab.example/j/6",
        "job": 7,
    }


def test_a_pipeline_whose_deploy_job_has_run_takes_no_start(office: Office, tmp_path: pathlib.Path) -> None:
    performer = seated(office, tmp_path)
    rows = [{"id": 7, "name": "deploy", "status": "failed", "started_at": "2026-11-21T10:00:00Z"}]
    office.replies[f"{PIPELINES}/pipelines/70/jobs"] = (200, rows)
    with pytest.raises(PortctlError, match="Not a pipeline that can deploy"):
        performer.perform((effects.TakeStart(),))
    assert writes(office) == []


def test_a_refusal_is_for_the_jobs_log_alone(office: Office, tmp_path: pathlib.Path) -> None:
    with pytest.raises(Refused, match=r"^not genuine$"):
        seated(office, tmp_path).perform((effects.Refuse("not genuine"), effects.Tell("after")))
    assert office.asked == []


def test_a_run_that_has_ended_is_said_to_have(office: Office, tmp_path: pathlib.Path) -> None:
    performer = seated(office, tmp_path)
    performer.perform((effects.EndOwn(ENDED), effects.EndOwn(Ended(success=False, text="no"))))
    assert office.log == ["r_own SUCCESS: Deployed", "r_own FAILURE: no"]
    office.replies |= {OWN_LOGS: (422, {"ok": False}), "port GET /v1/actions/runs/r_own": ended("r_own")}
    performer.perform((effects.EndOwn(ENDED),))
    assert office.log[-1] == "r_own has ended before"


def ended(identifier: str) -> Reply:
    return (200, {"run": {"id": identifier, "status": "FAILURE", "createdAt": "2026-11-21T10:00:00Z"}})


@pytest.mark.parametrize("state", ["-1", "0", "3", "-4"])
def test_only_a_scheduled_change_request_is_moved_to_implement(
    office: Office, tmp_path: pathlib.Path, state: str
) -> None:
    seated(office, tmp_path, change=change_row(state=state)).perform((effects.Implement(),))
    assert writes(office) == []


# -- opening a change request


GROUPS, USERS = (f"snow GET /api/now/table/{name}" for name in ("sys_user_group", "sys_user"))
NONE: Reply = (404, {"error": {"message": "No Record found", "detail": ""}})
NEW: Reply = (200, {"result": change_row(state="-5", approval="not requested")})


def opening(office: Office, folder: pathlib.Path, *answers: Reply, arrives: bool = True) -> Performer:
    """`answers` to each attempt to open; whether the first attempt makes the record, whatever is answered."""
    performer = seated(office, folder, change=None)
    made: list[bool] = []
    waiting = list(answers)

    def make(_: httpx.Request) -> httpx.Response:
        if arrives or len(waiting) == 1:
            made.append(True)
        reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(reply, Exception):
            raise reply
        assert isinstance(reply, tuple)
        return httpx.Response(reply[0], json=reply[1])

    def find(_: httpx.Request) -> httpx.Response:
        reply = NEW if made else NONE
        assert isinstance(reply, tuple)
        return httpx.Response(reply[0], json=reply[1])

    group = {"sys_id": "g1", "name": "Platform Engineering"}
    office.replies |= {
        OPEN: make,
        FIND: find,
        GROUPS: (200, {"result": [group]}),
        USERS: (200, {"result": []}),
    }
    return performer


MADE: Reply = (201, {"result": {"sys_id": "x"}})
BUSY: Reply = (500, {"error": {"message": "Transaction cancelled", "detail": ""}})


def test_a_change_request_is_opened_and_approval_asked_for(office: Office, tmp_path: pathlib.Path) -> None:
    opening(office, tmp_path, MADE).perform((effects.OpenChange(TESTED),))
    assert writes(office) == [OPEN, LOGS, MOVE]
    assert bodies(office, MOVE) == [{"state": "-4"}]


@pytest.mark.parametrize("lost", [httpx.ReadError("cut"), httpx.ReadTimeout("late"), BUSY])
@pytest.mark.parametrize(("arrives", "sent"), [(True, 1), (False, 2)])
def test_an_answer_that_is_lost_makes_no_second_one(
    office: Office, tmp_path: pathlib.Path, lost: Reply, arrives: bool, sent: int
) -> None:
    opening(office, tmp_path, lost, MADE, arrives=arrives).perform((effects.OpenChange(TESTED),))
    assert writes(office) == [*[OPEN] * sent, LOGS, MOVE]


def test_one_that_is_there_is_taken_as_it_is(office: Office, tmp_path: pathlib.Path) -> None:
    performer = seated(office, tmp_path, change=change_row(state="-4", approval="requested"))
    performer.perform((effects.OpenChange(TESTED),))
    assert writes(office) == [LOGS]


def test_one_that_never_comes_is_told_after_some_tries(office: Office, tmp_path: pathlib.Path) -> None:
    performer = opening(office, tmp_path, httpx.ReadError("cut"), BUSY, BUSY, MADE, arrives=False)
    with pytest.raises(ApiError, match="Transaction cancelled"):
        performer.perform((effects.OpenChange(TESTED),))
    assert writes(office) == [OPEN] * 3
    assert office.waits == [1.0, 2.0, 3.0]


def test_one_whose_columns_were_not_taken_is_told(office: Office, tmp_path: pathlib.Path) -> None:
    """ServiceNow drops a column that it does not have, and says nothing."""
    performer = seated(office, tmp_path, change=change_row(u_external_tags=""))
    with pytest.raises(PortctlError) as caught:
        performer.perform((effects.OpenChange(TESTED),))
    assert str(caught.value) == (
        "Change request is not as it was sent: CHG1 does not name r_one, or was not made by portctl.gate"
    )
    assert caught.value.hint == (
        "Is the column u_external_tags there, may this account write it, and is the account's name right?"
    )
    assert writes(office) == []


@pytest.mark.parametrize(("state", "approval"), [("-4", "requested"), ("-2", "approved"), ("-5", "rejected")])
def test_approval_is_asked_for_where_nobody_has(
    office: Office, tmp_path: pathlib.Path, state: str, approval: str
) -> None:
    row = change_row(state=state, approval=approval)
    seated(office, tmp_path, change=row).perform((effects.AskForApproval(),))
    assert writes(office) == []


def test_every_effect_can_be_carried_out() -> None:
    assert set(_PERFORM) == set(effects.Effect.__args__)
