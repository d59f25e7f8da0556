"""The gate's change requests on ServiceNow: opened once, decided by others, closed from wherever they stand."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from portctl.errors import AccessDenied, ApiError, PortctlError
from portctl.gate import evidence
from portctl.gate.connections import SERVICENOW_SECRET
from portctl.gate.evidence import Change, Ended, State
from portctl.gate.servicenow import awaited, sys_id_of
from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from tests.contract.gate_desk import Seat, seated, variables
from tests.servers import servicenow_client

TESTED = evidence.Tested(
    service="shop/checkout",
    project="shop/checkout",
    sha="a" * 40,
    environment="Staging",
    deploy="make",
    coverage=65.0,
    needs_change=True,
    email="DEV.DORA@example.com",
)
ONE = f"/api/now/table/change_request/{sys_id_of('r_one')}"


@pytest.fixture(autouse=True)
def column(sandbox: Sandbox) -> None:
    """`u_external_tags`, which `portctl apply` adds."""
    row = {"name": "change_request", "element": "u_external_tags", "column_label": "External tags"}
    with servicenow_client(sandbox, "admin") as client:
        body = {**row, "internal_type": "string", "max_length": "100"}
        client.post("/api/now/table/sys_dictionary", json=body).raise_for_status()


@pytest.fixture
def seat(sandbox: Sandbox, tmp_path: pathlib.Path) -> Iterator[Seat]:
    with seated(sandbox, tmp_path) as made:
        yield made


def opened(seat: Seat) -> Change:
    account = seat.desk.changes.user_of("DEV.DORA@example.com")
    seat.desk.changes.open("r_one", replace(TESTED, account=account), "what and why", {})
    change = seat.desk.change("r_one")
    assert change is not None
    return change


def columns(sandbox: Sandbox) -> Mapping[str, Any]:
    with servicenow_client(sandbox, "admin") as client:
        row: Mapping[str, Any] = client.get(ONE, params={"sysparm_exclude_reference_link": "true"}).json()["result"]
    return row


def approved(sandbox: Sandbox, seat: Seat) -> Change:
    """By a member of the group, who is asked at Assess."""
    change = opened(seat)
    seat.desk.changes.move(change, State.ASSESS)
    sandbox.settle()
    query = {"sysparm_query": f"sysapproval={change.sys_id}^state=requested", "sysparm_fields": "sys_id,approver"}
    with servicenow_client(sandbox, "approver") as client:
        me = client.get("/api/now/table/sys_user", params={"sysparm_query": "user_name=pat.platform"}).json()
        rows = client.get("/api/now/table/sysapproval_approver", params=query).json()["result"]
        mine = [row for row in rows if row["approver"]["value"] == me["result"][0]["sys_id"]]
        path = f"/api/now/table/sysapproval_approver/{mine[0]['sys_id']}"
        client.patch(path, json={"state": "approved"}).raise_for_status()
    sandbox.settle()
    found = seat.desk.change("r_one")
    assert found is not None
    return found


def test_a_change_request_as_it_was_sent(seat: Seat, sandbox: Sandbox) -> None:
    change = opened(seat)
    assert change == Change(
        sys_id=sys_id_of("r_one"),
        number="CHG0030001",
        state="-5",
        approval="not requested",
        on_hold=False,
        is_ours=True,
    )
    row = columns(sandbox)
    assert {name: row[name] for name in ("type", "risk", "short_description", "correlation_display")} == {
        "type": "normal",
        "risk": "4",
        "short_description": "Deploy shop/checkout to Staging",
        "correlation_display": "Port",
    }
    with servicenow_client(sandbox, "admin") as client:
        person = client.get(f"/api/now/table/sys_user/{row['requested_by']}").json()["result"]
    assert person["user_name"] == "dev.dora"


def test_it_is_made_once_whoever_tries(seat: Seat) -> None:
    opened(seat)
    with pytest.raises((ApiError, AccessDenied)):
        seat.desk.changes.open("r_one", TESTED, "what and why", {})


def test_one_that_another_has_made_is_not_ours(seat: Seat, sandbox: Sandbox) -> None:
    """Whoever knows the developer's run can work out its sys_id."""
    tags = {"u_external_tags": "r_one", "correlation_id": "r_one"}
    with servicenow_client(sandbox, "admin") as client:
        body = {"sys_id": sys_id_of("r_one"), "short_description": "x", **tags}
        client.post("/api/now/table/change_request", json=body).raise_for_status()
    change = seat.desk.change("r_one")
    assert change is not None
    assert not change.is_ours


def test_who_is_asked_is_named(seat: Seat, sandbox: Sandbox) -> None:
    change = opened(seat)
    assert seat.desk.changes.approvals(change) == []
    seat.desk.changes.move(change, State.ASSESS)
    sandbox.settle()
    assert set(awaited(seat.desk.changes.approvals(change))) == {"Pat Platform", "Portctl Approvals"}


def test_an_approval_names_its_person(seat: Seat, sandbox: Sandbox) -> None:
    change = approved(sandbox, seat)
    assert (change.state, change.approval) == (State.SCHEDULED, "approved")
    people = [row for row in seat.desk.changes.approvals(change) if row["state"] == "approved"]
    person = {
        "approver": seat.desk.changes.user_of("pat.platform@example.com"),
        "user": "pat.platform",
        "email": "pat.platform@example.com",
        "name": "Pat Platform",
    }
    assert people == [{"state": "approved", "group": "Platform Engineering", **person}]


def test_a_user_is_found_by_an_address_that_one_user_has(seat: Seat, sandbox: Sandbox) -> None:
    with servicenow_client(sandbox, "admin") as client:
        for name in ("twin.one", "twin.two"):
            body = {"user_name": name, "email": "twin@example.com"}
            client.post("/api/now/table/sys_user", json=body).raise_for_status()
        query = {"sysparm_query": "user_name=dev.dora"}
        (dora,) = client.get("/api/now/table/sys_user", params=query).json()["result"]
    user_of = seat.desk.changes.user_of
    assert user_of("Dev.Dora@example.com") == dora["sys_id"]
    assert [user_of(email) for email in ("twin@example.com", "nobody@example.com", "a^b@example.com", "")] == [""] * 4


@pytest.mark.parametrize("success", [True, False])
@pytest.mark.parametrize("before", [(), (State.IMPLEMENT,), (State.IMPLEMENT, State.REVIEW)])
def test_it_is_closed_from_wherever_it_stands(
    seat: Seat, sandbox: Sandbox, before: tuple[str, ...], success: bool
) -> None:
    change = approved(sandbox, seat)
    for state in before:
        seat.desk.changes.move(change, state)
    now = seat.desk.change("r_one")
    assert now is not None
    for _ in range(2):  # again is as once
        seat.desk.changes.close(now, Ended(success, "told"))
        now = seat.desk.change("r_one")
        assert now is not None
    row = columns(sandbox)
    code = "successful" if success else "unsuccessful"
    assert (row["state"], row["close_code"], row["close_notes"]) == ("3", code, "told")


def test_one_that_was_canceled_stays_so(seat: Seat, sandbox: Sandbox) -> None:
    opened(seat)
    with servicenow_client(sandbox, "admin") as client:
        client.patch(ONE, json={"state": "4"}).raise_for_status()
    change = seat.desk.change("r_one")
    assert change is not None
    seat.desk.changes.close(change, Ended(success=False, text="told"))
    assert columns(sandbox)["state"] == "4"


@pytest.mark.parametrize("reading", ["strict", "lenient"])
def test_a_step_that_the_server_does_not_take_is_told(seat: Seat, sandbox: Sandbox, reading: str) -> None:
    """Refused, or taken with 200 and ignored."""
    sandbox.switches.set({"aborted-transition": reading})
    change = opened(seat)
    with pytest.raises(PortctlError):
        seat.desk.changes.move(change, State.IMPLEMENT)
    assert columns(sandbox)["state"] == "-5"


def test_a_move_whose_answer_was_lost_is_made(seat: Seat, sandbox: Sandbox) -> None:
    change = opened(seat)
    sandbox.faults.add(Fault(FaultKind.LOSE_ANSWER, service="servicenow", method="PATCH", path="/change_request/"))
    seat.desk.changes.move(change, State.ASSESS)
    assert columns(sandbox)["state"] == "-4"


def test_a_password_that_is_wrong_is_told_without_it(sandbox: Sandbox, tmp_path: pathlib.Path) -> None:
    environ = {**variables(sandbox), SERVICENOW_SECRET: "canary-not-the-password"}
    with seated(sandbox, tmp_path, environ) as seat, pytest.raises(AccessDenied) as caught:
        seat.desk.change("r_one")
    assert "canary" not in f"{caught.value}{caught.value.hint}"
