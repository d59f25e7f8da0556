"""Faults, lag, the journal and the counters."""

from __future__ import annotations

import asyncio
import time
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest

from portctl.sandbox.core.app import ServiceApp
from portctl.sandbox.core.exchange import Answer, Request
from portctl.sandbox.core.faults import BadFault, Fault, FaultKind, parse_fault
from portctl.sandbox.port.service import PortService
from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import Body, blueprint
from tests.waiting import wait_until

THING = "/v1/blueprints/thing"


def exists(sandbox: Sandbox) -> bool:
    return sandbox.port.organisation.state.get("blueprints", "thing") is not None


def create(port: httpx.Client) -> httpx.Response:
    return port.post("/v1/blueprints", json=blueprint(description="Text"))


@pytest.mark.parametrize(
    ("status", "error"), [(429, "rate_limit_exceeded"), (500, "internal_error"), (404, "not_found")]
)
def test_a_status_is_answered_and_nothing_performed(
    sandbox: Sandbox, port: httpx.Client, status: int, error: str
) -> None:
    sandbox.faults.add(Fault(FaultKind.STATUS, method="POST", status=status, retry_after_seconds=7))
    answer = create(port)
    assert (answer.status_code, answer.json()["error"], answer.headers["retry-after"]) == (status, error, "7")
    assert not exists(sandbox)
    assert create(port).status_code == 201


@pytest.mark.parametrize(
    ("kind", "performed"), [(FaultKind.CUT, False), (FaultKind.LOSE_ANSWER, True), (FaultKind.TRUNCATE, True)]
)
def test_a_connection_is_cut_before_or_after_the_write(
    sandbox: Sandbox, port: httpx.Client, kind: FaultKind, performed: bool
) -> None:
    sandbox.faults.add(Fault(kind, method="POST", path="^/v1/blueprints$"))
    with pytest.raises(httpx.RemoteProtocolError):
        create(port)
    assert exists(sandbox) is performed
    last = sandbox.journal.exchanges()[-1].public()
    assert (last["status"], last["note"]) == (201 if performed else 0, f"fault: {kind}")


def test_a_web_page_is_answered_in_place_of_json(sandbox: Sandbox, port: httpx.Client) -> None:
    sandbox.faults.add(Fault(FaultKind.HTML))
    answer = create(port)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!doctype html>")
    assert not exists(sandbox)


@pytest.mark.parametrize("service", ["port", "gitlab", "servicenow"])
def test_answers_have_the_date_of_the_sandboxs_clock(sandbox: Sandbox, service: str) -> None:
    sandbox.world.clock.advance(86_400)
    before = int(sandbox.world.clock.seconds())
    answer = httpx.get(sandbox.urls[service])
    (date,) = answer.headers.get_list("date")
    assert before <= parsedate_to_datetime(date).timestamp() <= sandbox.world.clock.seconds()


def test_an_answer_may_be_late(sandbox: Sandbox, port: httpx.Client) -> None:
    sandbox.faults.add(Fault(FaultKind.DELAY, seconds=60))
    with pytest.raises(httpx.ReadTimeout):
        port.get(THING, timeout=httpx.Timeout(60, read=0.1))


def test_a_request_that_waits_across_a_reset_is_never_performed(sandbox: Sandbox, port: httpx.Client) -> None:
    sandbox.faults.add(Fault(FaultKind.DELAY, seconds=0.2))
    with pytest.raises(httpx.ReadTimeout):
        port.post("/v1/blueprints", json=blueprint(), timeout=httpx.Timeout(60, read=0.05))
    wait_until(lambda: sandbox.faults.listed()[0]["seen"])
    sandbox.reset()
    time.sleep(0.4)
    assert not exists(sandbox)
    assert sandbox.journal.exchanges() == []


@pytest.mark.parametrize(("value", "expected"), [(None, None), ("Other", "Other")])
def test_a_field_is_silently_dropped_or_altered(
    sandbox: Sandbox, port: httpx.Client, value: Any, expected: str | None
) -> None:
    sandbox.faults.add(Fault(FaultKind.DROP_FIELD, method="POST", field="description", value=value))
    answer = create(port)
    assert answer.status_code == 201
    assert answer.json()["blueprint"].get("description") == expected


@pytest.mark.parametrize(("value", "body"), [(None, {"ok": True}), ({"deleted": 1}, {"deleted": 1})])
def test_a_write_is_answered_and_not_performed(
    sandbox: Sandbox, port: httpx.Client, value: Any, body: dict[str, Any]
) -> None:
    create(port)
    sandbox.faults.add(Fault(FaultKind.IGNORE, method="DELETE", value=value))
    answer = port.delete(THING)
    assert (answer.status_code, answer.json(), exists(sandbox)) == (200, body, True)
    assert port.delete(THING).status_code == 200
    assert not exists(sandbox)


def test_a_part_of_a_list_is_answered_as_a_part(sandbox: Sandbox, port: httpx.Client) -> None:
    create(port)
    whole = port.get("/v1/blueprints").json()["blueprints"]
    sandbox.faults.add(Fault(FaultKind.PARTIAL, method="GET"))
    answer = port.get("/v1/blueprints")
    names = [each["identifier"] for each in answer.json()["blueprints"]]
    assert names == [each["identifier"] for each in whole][: len(whole) // 2]
    assert (answer.status_code, answer.headers["content-range"]) == (206, f"bytes 0-{len(answer.content) - 1}/*")


def test_the_nth_request_is_hit_so_many_times(sandbox: Sandbox, port: httpx.Client) -> None:
    sandbox.faults.add(Fault(FaultKind.STATUS, service="port", method="GET", path="actions", nth=2, times=2))
    assert [port.get("/v1/actions").status_code for _ in range(4)] == [200, 500, 500, 200]
    assert port.get("/v1/blueprints").status_code == 200
    sandbox.faults.add(Fault(FaultKind.STATUS, times=None))
    assert [port.get("/v1/actions").status_code for _ in range(3)] == [500] * 3
    sandbox.faults.clear()
    assert port.get("/v1/actions").status_code == 200


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"kind": "explode"}, "kind is one of"),
        ({}, "kind is one of"),
        ({"kind": "cut", "often": 2}, "unknown key 'often'"),
        ({"kind": "cut", "path": "("}, "missing \\)"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(document: Body, message: str) -> None:
    with pytest.raises(BadFault, match=message):
        parse_fault(document)


def test_reads_lag_behind_writes(sandbox: Sandbox, port: httpx.Client) -> None:
    sandbox.set_lag(2)
    create(port)
    early = [port.get(THING).status_code, len(port.get("/v1/blueprints").json()["blueprints"])]
    sandbox.world.clock.advance(3)
    late = [port.get(THING).status_code, len(port.get("/v1/blueprints").json()["blueprints"])]
    port.put(THING, json=blueprint(description="New"))
    stale = port.get(THING).json()["blueprint"]["description"]
    port.delete(THING)
    present = port.get(THING).status_code
    sandbox.world.clock.advance(3)
    assert (early, late, stale, present) == ([404, 7], [200, 8], "Text", 200)
    assert port.get(THING).status_code == 404


def test_searches_of_entities_lag_too(sandbox: Sandbox, port: httpx.Client) -> None:
    sandbox.set_lag(2)
    answer = port.post("/v1/blueprints/domain/entities", json={"identifier": "new"})
    assert answer.json()["entity"]["identifier"] == "new"
    search = "/v1/blueprints/domain/entities/search"
    early = len(port.post(search, json={}).json()["entities"])
    sandbox.world.clock.advance(3)
    assert (early, len(port.post(search, json={}).json()["entities"])) == (1, 2)


def test_the_journal_tells_what_happened_without_secrets(sandbox: Sandbox, port: httpx.Client) -> None:
    port.get("/v1/actions", params={"version": "v3", "token": "hush"})
    body = {"secretName": "A", "secretValue": "hush"}
    port.post("/v1/organization/secrets", json=body)
    login, listing, write = sandbox.journal.exchanges()
    client = sandbox.credentials["port"]["default"]["clientId"]
    assert {**listing.public(), "at": "x"} == {
        "number": 2,
        "at": "x",
        "service": "port",
        "method": "GET",
        "path": "/v1/actions",
        "query": "version=v3&token=***",
        "status": 422,
        "route": "/v1/actions",
        "caller": client,
        "note": None,
        "moved": [],
    }
    assert login.public()["caller"] == client
    assert "hush" not in str(write.public())
    assert b"hush" in write.request_body


def test_counters_count_by_route(sandbox: Sandbox, port: httpx.Client) -> None:
    port.get("/v1/blueprints/service")
    port.get("/v1/blueprints/domain")
    assert sandbox.counters == {
        "port GET /v1/blueprints/{blueprint}": 2,
        "port POST /v1/auth/access_token": 1,
    }


class Defective(PortService):
    """A service with a defect."""

    def respond(self, request: Request) -> Answer:
        raise AttributeError(request.path)


def test_a_request_that_the_sandbox_fails_on_is_not_told_as_a_fault() -> None:
    world = Sandbox().world
    transport = httpx.ASGITransport(app=ServiceApp(Defective(world), world))

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://port") as client:
            return await client.get(THING)

    answer = asyncio.run(ask())
    why = "The sandbox itself failed on this request, which is a defect of it; GET /health has the traceback"
    expected = {"ok": False, "error": "internal_error", "message": why}
    assert (answer.status_code, answer.json()) == (500, expected)
    assert [trace.splitlines()[-1] for trace in world.crashes] == [f"AttributeError: {THING}"]
    assert world.journal.exchanges()[-1].note == "the sandbox itself failed; see its log"
