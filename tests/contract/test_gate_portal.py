"""The gate's runs in Port: seen late, told once, ended once, whatever happens to the answers."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from portctl.errors import AccessDenied, ApiError, PortctlError
from portctl.gate.connections import PORT_CLIENT
from portctl.gate.evidence import Ended
from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from tests.contract.gate_desk import Seat, action, seated, variables
from tests.sandbox.listener import listening
from tests.servers import port_client

SERVICE = "shop/checkout"
GOOD = Ended(success=True, text="Deployed")
BAD = Ended(success=False, text="Not deployed")


@pytest.fixture
def seat(sandbox: Sandbox, tmp_path: pathlib.Path) -> Iterator[Seat]:
    with seated(sandbox, tmp_path) as made:
        yield made


@pytest.fixture
def run(sandbox: Sandbox) -> Iterator[str]:
    """Of a developer, about a service; its backend takes it and says nothing more."""
    with listening() as backend, port_client(sandbox) as port:
        asks = action("deploy_service_to_cluster", backend.url, environment="Environment", requested_by="Address")
        port.post("/v1/actions", json=asks).raise_for_status()
        sandbox.world.clock.advance(1)
        yield started(sandbox)
        sandbox.settle()


def started(sandbox: Sandbox) -> str:
    with port_client(sandbox, "developer") as dora:
        body = {"entity": SERVICE, "properties": {"environment": "Staging", "requested_by": "dora@example.com"}}
        answer = dora.post("/v1/actions/deploy_service_to_cluster/runs", json=body).raise_for_status()
    found: str = answer.json()["run"]["id"]
    return found


def shown(sandbox: Sandbox, run: str) -> dict[str, Any]:
    with port_client(sandbox) as port:
        row: dict[str, Any] = port.get(f"/v1/actions/runs/{run}", params={"version": "v2"}).json()["run"]
    return row


def lines(sandbox: Sandbox, run: str) -> list[str]:
    with port_client(sandbox) as port:
        found = port.get(f"/v1/actions/runs/{run}/logs").raise_for_status().json()["runLogs"]
    return [row["message"] for row in found]


def test_a_run_is_read_with_what_was_asked_for(seat: Seat, sandbox: Sandbox, run: str) -> None:
    found = seat.desk.portal.run(run)
    assert found is not None
    told = (found.action, found.service, found.environment, found.requested_by, found.is_open)
    assert told == ("deploy_service_to_cluster", SERVICE, "Staging", "dora@example.com", True)
    assert found.created_by == shown(sandbox, run)["createdBy"]
    assert seat.desk.portal.service(SERVICE) is not None
    assert seat.desk.portal.service("shop/nothing") is None


def test_a_run_that_shows_late_is_waited_for(seat: Seat, sandbox: Sandbox, run: str) -> None:
    sandbox.world.clock.advance(60)
    late = started(sandbox)
    sandbox.set_lag(3)
    assert seat.desk.portal.run(run) is not None
    assert seat.waits == []
    assert seat.desk.portal.run(late) is not None
    assert 1 <= len(seat.waits) <= 4


def test_a_run_that_nobody_started_is_none(seat: Seat) -> None:
    assert seat.desk.portal.run("r_nothing") is None
    assert seat.waits == [1.0] * 10


def test_a_line_is_told_once_however_long_the_log(seat: Seat, sandbox: Sandbox, run: str) -> None:
    portal = seat.desk.portal
    portal.tell(run, "the first")
    for number in range(110):
        portal.tell(run, f"line {number}")
    portal.tell(run, "the first", once=True)
    portal.tell(run, "line 60", once=True)
    portal.tell(run, "the last", once=True)
    said = portal.log(run)
    assert (len(said), said[0], said[-1]) == (112, "the first", "the last")
    assert len(set(said)) == 112
    assert len(lines(sandbox, run)) == 50


@pytest.mark.parametrize("kind", [FaultKind.LOSE_ANSWER, FaultKind.CUT, FaultKind.TRUNCATE, FaultKind.HTML])
def test_a_run_is_ended_once_whatever_happens_to_the_answer(
    seat: Seat, sandbox: Sandbox, run: str, kind: FaultKind
) -> None:
    sandbox.faults.add(Fault(kind, service="port", method="POST", path="/logs"))
    seat.desk.portal.end(run, GOOD)
    assert shown(sandbox, run)["status"] == "SUCCESS"
    assert not seat.desk.portal.end(run, BAD)
    assert shown(sandbox, run)["status"] == "SUCCESS"
    assert lines(sandbox, run).count("Deployed") == 1


def test_who_comes_second_ends_nothing(seat: Seat, sandbox: Sandbox, run: str) -> None:
    assert seat.desk.portal.end(run, BAD)
    assert not seat.desk.portal.end(run, GOOD)
    assert shown(sandbox, run)["status"] == "FAILURE"
    with pytest.raises(ApiError) as caught:
        seat.desk.portal.link(run, "https://gitlab.example/p/70")
    assert caught.value.status == 422


def test_a_run_that_nobody_started_cannot_be_ended(seat: Seat) -> None:
    with pytest.raises(PortctlError):
        seat.desk.portal.end("r_nothing", GOOD)


def test_a_token_that_has_ended_is_renewed(seat: Seat, sandbox: Sandbox, run: str) -> None:
    """The clock of the job stands still: it learns of it from a refusal."""
    assert seat.desk.portal.run(run) is not None
    sandbox.world.clock.advance(4 * 3600)
    assert seat.desk.portal.run(run) is not None
    signed_in = [key for key in sandbox.counters if "access_token" in key]
    assert seat.waits == []
    assert [sandbox.counters[key] >= 2 for key in signed_in] == [True]


def test_too_many_sign_ins_are_waited_out(seat: Seat, sandbox: Sandbox, run: str) -> None:
    with httpx.Client(base_url=sandbox.urls["port"]) as client:
        while client.post("/v1/auth/access_token", json={"clientId": "x", "clientSecret": "y"}).status_code != 429:
            pass
    assert seat.desk.portal.run(run) is not None
    assert 0 < sum(seat.waits) <= 300
    (line,) = seat.log
    assert line.endswith(f" UTC ({sum(seat.waits):.0f} s): it limits requests")


def test_a_secret_that_is_wrong_is_told_without_it(sandbox: Sandbox, tmp_path: pathlib.Path) -> None:
    environ = {**variables(sandbox), PORT_CLIENT[1]: "canary-not-the-secret"}
    with seated(sandbox, tmp_path, environ) as seat, pytest.raises(AccessDenied) as caught:
        seat.desk.portal.run("r_one")
    assert "canary" not in f"{caught.value}{caught.value.hint}"


def test_open_runs_are_those_that_nobody_has_ended(seat: Seat, sandbox: Sandbox, run: str) -> None:
    other = started(sandbox)
    seat.desk.portal.end(run, GOOD)
    assert [each.id for each in seat.desk.portal.open_runs()] == [other]
