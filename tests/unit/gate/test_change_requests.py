"""Change requests: what ServiceNow answers is believed as far as it is what was asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from portctl.errors import AccessDenied, AnswerLost, ApiError, InvalidInput, PortctlError
from portctl.gate import evidence
from portctl.gate.evidence import Change, Ended, State, Verdict
from portctl.gate.servicenow import awaited, sys_id_of
from tests.unit.gate.office import Office, Reply
from tests.unit.gate.settings_file import document

SYS_ID = sys_id_of("r_one")
CHANGES = "/api/now/table/change_request"
ONE = f"{CHANGES}/{SYS_ID}"
FIND, MOVE, OPEN = f"snow GET {ONE}", f"snow PATCH {ONE}", f"snow POST {CHANGES}"
APPROVERS, GROUPS, USERS = (
    f"snow GET /api/now/table/{name}" for name in ("sysapproval_approver", "sys_user_group", "sys_user")
)
NONE = (404, {"error": {"message": "No Record found", "detail": "Record doesn't exist or ACL restricts the record"}})
RECORD = {
    "sys_id": SYS_ID,
    "number": "CHG1",
    "state": "-2",
    "approval": "approved",
    "on_hold": "false",
    "u_external_tags": "r_one",
    "correlation_id": "r_one",
    "sys_created_by": "portctl.gate",
}
CHANGE = Change(sys_id=SYS_ID, number="CHG1", state="-2", approval="approved", on_hold=False, is_ours=True)
TESTED = evidence.Tested(
    service="shop/checkout",
    project="shop/checkout",
    sha="a" * 40,
    environment="Staging",
    deploy="make",
    coverage=65.0,
    needs_change=True,
    email="dora@example.com",
)


def found(office: Office, **changes: Any) -> Change | None:
    record = {name: value for name, value in {**RECORD, **changes}.items() if value is not None}
    office.replies[FIND] = (200, {"result": record})
    return office.desk().change("r_one")


def test_the_sys_id_is_derived_from_the_run() -> None:
    assert (len(SYS_ID), SYS_ID) == (32, sys_id_of("r_one"))
    assert sys_id_of("r_two") != SYS_ID


def test_a_change_request_is_found_by_its_sys_id_alone(office: Office) -> None:
    assert found(office) == CHANGE
    (request,) = office.requests
    assert set(request.url.params["sysparm_fields"].split(",")) >= set(RECORD)


def test_none_is_none(office: Office) -> None:
    office.replies[FIND] = NONE
    assert office.desk().change("r_one") is None


@pytest.mark.parametrize(("status", "error"), [(401, AccessDenied), (403, AccessDenied), (400, ApiError)])
def test_one_that_may_not_be_seen_is_told(office: Office, status: int, error: type[Exception]) -> None:
    office.replies[FIND] = (status, {"error": {"message": "no", "detail": ""}})
    with pytest.raises(error):
        office.desk().change("r_one")


@pytest.mark.parametrize(
    "changes",
    [
        {"u_external_tags": "r_two"},
        {"u_external_tags": ""},
        {"u_external_tags": None},
        {"correlation_id": "r_two"},
        {"correlation_id": None},
        {"u_external_tags": "R_ONE"},
        {"sys_created_by": "dev.dora"},
        {"sys_created_by": None},
    ],
)
def test_columns_that_somebody_changed_or_hid_make_it_not_ours(office: Office, changes: dict[str, Any]) -> None:
    change = found(office, **changes)
    assert change is not None
    assert not change.is_ours


@pytest.mark.parametrize("sys_id", [None, "", "0" * 32, SYS_ID.upper()])
def test_another_record_is_not_believed(office: Office, sys_id: str | None) -> None:
    with pytest.raises(PortctlError, match=f"another record than {SYS_ID}"):
        found(office, sys_id=sys_id)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.APPROVED),
        ({"on_hold": "true"}, Verdict.HELD),
        ({"on_hold": None}, Verdict.HELD),
        ({"on_hold": ""}, Verdict.HELD),
        ({"on_hold": "0"}, Verdict.HELD),
        ({"approval": None}, Verdict.UNDECIDED),
        ({"approval": "Approved"}, Verdict.UNDECIDED),
        ({"state": None}, Verdict.UNDECIDED),
        ({"state": "Scheduled"}, Verdict.UNDECIDED),
        ({"state": {"value": "-2", "display_value": "Scheduled"}}, Verdict.UNDECIDED),
    ],
)
def test_a_column_that_is_hidden_or_odd_never_approves(
    office: Office, changes: dict[str, Any], verdict: Verdict
) -> None:
    change = found(office, **changes)
    assert change is not None
    assert change.verdict is verdict


@pytest.mark.parametrize("body", [{}, {"result": []}, {"result": [RECORD]}, {"result": None}, [], {"result": "x"}])
def test_an_answer_without_a_record_is_told(office: Office, body: Any) -> None:
    office.replies[FIND] = (200, body)
    with pytest.raises(PortctlError, match="Not what ServiceNow answers: an answer without a record"):
        office.desk().change("r_one")


GROUP = {"sys_id": "g1", "name": "Platform Engineering"}
DORA = {"sys_id": "u1", "email": "Dora@Example.com"}


def opened(office: Office, groups: list[Any], users: list[Any], email: str = "dora@example.com") -> dict[str, Any]:
    office.replies |= {
        GROUPS: (200, {"result": groups}),
        USERS: (200, {"result": users}),
        OPEN: (201, {"result": {"sys_id": SYS_ID}}),
    }
    changes = office.desk().changes
    tested = replace(TESTED, email=email, account=changes.user_of(email))
    changes.open("r_one", tested, "what and why", {"business_service": "s1", "risk": ""})
    sent: dict[str, Any] = json.loads(office.requests[-1].content)
    return sent


def test_what_is_sent_for_a_new_change_request(office: Office) -> None:
    assert opened(office, [GROUP], [DORA]) == {
        "type": "normal",
        "business_service": "s1",
        "requested_by": "u1",
        "sys_id": SYS_ID,
        "correlation_id": "r_one",
        "correlation_display": "Port",
        "u_external_tags": "r_one",
        "assignment_group": "g1",
        "short_description": "Deploy shop/checkout to Staging",
        "description": "what and why",
    }


@pytest.mark.parametrize(
    ("users", "requested_by"),
    [
        ([], None),
        ([DORA, {"sys_id": "u2", "email": "dora@example.com"}], None),
        ([{"sys_id": "u2", "email": "another@example.com"}], None),
        ([{"sys_id": "u2"}], None),
        ([DORA, {"sys_id": "u2", "email": "adora@example.com"}], "u1"),
    ],
)
def test_a_requester_is_named_where_exactly_one_has_the_address(
    office: Office, users: list[Any], requested_by: str | None
) -> None:
    assert opened(office, [GROUP], users).get("requested_by") == requested_by


@pytest.mark.parametrize("email", ["", "a^b@example.com", "javascript:gs.log(1)", "a\nb@example.com", "a\u202eb"])
def test_an_address_that_would_be_more_than_that_is_not_looked_for(office: Office, email: str) -> None:
    assert "requested_by" not in opened(office, [GROUP], [DORA], email)
    assert USERS not in office.asked


@pytest.mark.parametrize(
    ("groups", "count"),
    [
        ([], 0),
        ([GROUP, {**GROUP, "sys_id": "g2"}], 2),
        ([{"sys_id": "g1", "name": "platform engineering"}], 0),
        ([{}], 0),
    ],
)
def test_a_group_that_is_not_one_is_told(office: Office, groups: list[Any], count: int) -> None:
    with pytest.raises(PortctlError) as caught:
        opened(office, groups, [DORA])
    said = f"Assignment group not found: ServiceNow has {count} groups named 'Platform Engineering'"
    assert str(caught.value) == said
    assert OPEN not in office.asked


def test_a_new_change_request_is_never_sent_twice(office: Office) -> None:
    office.replies |= {GROUPS: (200, {"result": [GROUP]}), USERS: (200, {"result": []})}
    for reply in (httpx.ReadError("cut"), (502, "<html>"), (503, "<html>"), (201, "<html>")):
        office.asked.clear()
        office.replies[OPEN] = reply
        with pytest.raises(AnswerLost):
            office.desk().changes.open("r_one", TESTED, "what and why", {})
        assert office.asked.count(OPEN) == 1


def moved(state: str) -> Reply:
    return (200, {"result": {"state": state}})


def test_a_change_request_that_does_not_move_is_told(office: Office) -> None:
    office.replies[MOVE] = moved("-2")
    with pytest.raises(PortctlError, match="CHG1 is in state -2, not -1"):
        office.desk().changes.move(CHANGE, State.IMPLEMENT)
    office.replies[MOVE] = (403, {"error": {"message": "Operation Failed", "detail": "no"}})
    with pytest.raises(AccessDenied):
        office.desk().changes.move(CHANGE, State.IMPLEMENT)
    office.replies[MOVE] = (200, {"result": {}})
    with pytest.raises(PortctlError, match="CHG1 is in state , not -1"):
        office.desk().changes.move(CHANGE, State.IMPLEMENT)


@pytest.mark.parametrize(
    ("state", "path"),
    [
        (State.SCHEDULED, ["-1", "0", "3"]),
        (State.IMPLEMENT, ["0", "3"]),
        (State.REVIEW, ["3"]),
        (State.CLOSED, []),
        (State.CANCELED, []),
    ],
)
@pytest.mark.parametrize("success", [True, False])
def test_a_change_request_is_closed_from_wherever_it_stands(
    office: Office, state: str, path: list[str], success: bool
) -> None:
    office.replies[MOVE] = lambda request: httpx.Response(
        200, json={"result": {"state": json.loads(request.content)["state"]}}
    )
    change = Change(sys_id=SYS_ID, number="CHG1", state=state, approval="approved", on_hold=False, is_ours=True)
    office.desk().changes.close(change, Ended(success, "told"))
    sent = [json.loads(request.content) for request in office.requests]
    code = "successful" if success else "unsuccessful"
    assert sent == [
        {"state": each, **({"close_code": code, "close_notes": "told"} if each == "3" else {})} for each in path
    ]


def approvals(office: Office, *rows: Any) -> Any:
    office.replies[APPROVERS] = (200, {"result": list(rows)})
    return office.desk().changes.approvals(CHANGE)


def approval(**changes: Any) -> dict[str, Any]:
    return {
        "state": "approved",
        "sysapproval": {"link": "https://snow.example/x", "value": SYS_ID},
        "approver": {"link": "https://snow.example/u", "value": "u_pat"},
        "approver.user_name": "pat.platform",
        "approver.email": "pat@example.com",
        "approver.name": "Pat Platform",
        "group.assignment_group.name": "Platform Engineering",
        **changes,
    }


PAT = {
    "state": "approved",
    "approver": "u_pat",
    "user": "pat.platform",
    "email": "pat@example.com",
    "name": "Pat Platform",
    "group": "Platform Engineering",
}


def test_who_has_approved(office: Office) -> None:
    assert approvals(office, approval(), approval(sysapproval=SYS_ID)) == [PAT, PAT]
    assert office.requests[-1].url.params["sysparm_query"] == f"sysapproval={SYS_ID}"


def test_approvals_of_another_record_do_not_count(office: Office) -> None:
    """A server that does not know a term of a query answers with every row."""
    others: tuple[Any, ...] = (
        approval(sysapproval={"value": "other"}),
        approval(sysapproval=""),
        approval(sysapproval=None),
        "x",
        {},
    )
    assert approvals(office, *others) == []


def test_rows_that_may_not_be_seen_are_empty(office: Office) -> None:
    row = {"sysapproval": {"value": SYS_ID}, "approver.email": None}
    assert approvals(office, row) == [{"state": "", "user": "", "email": "", "name": "", "group": "", "approver": ""}]


@pytest.mark.parametrize("body", [{}, {"result": None}, {"result": {}}, []])
def test_an_answer_without_rows_is_told(office: Office, body: Any) -> None:
    office.replies[APPROVERS] = (200, body)
    with pytest.raises(PortctlError, match="an answer without records"):
        office.desk().changes.approvals(CHANGE)


def test_who_is_waited_for() -> None:
    rows = [{"state": "requested", "user": f"u{n}", "name": "" if n == 0 else f"N{n}"} for n in range(3)]
    decided = [{"state": "approved", "user": "x", "name": "X"}, {"state": "not_required", "user": "y", "name": "Y"}]
    assert awaited([*rows, *decided]) == ("u0", "N1", "N2")
    assert awaited(rows * 3) == ("u0", "N1", "N2", "u0", "N1", "others")
    assert awaited([]) == ()


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ({"type": "basic", "username": "portctl.gate"}, "authorization"),
        ({"username": "portctl.gate"}, "authorization"),
        ({"type": "apiKey"}, "x-sn-apikey"),
    ],
)
def test_ways_to_sign_in(office: Office, auth: dict[str, str], header: str) -> None:

    office.changes = {"servicenow": {**document()["servicenow"], "auth": auth}}
    assert found(office) is not None
    assert header in office.requests[-1].headers


def test_a_way_to_sign_in_that_nobody_knows_is_told(office: Office) -> None:

    office.changes = {"servicenow": {**document()["servicenow"], "auth": {"type": "saml"}}}
    with pytest.raises(InvalidInput) as caught:
        found(office)
    said = "Settings that cannot be used: servicenow: auth: type 'saml' is no way to sign in"
    assert (str(caught.value), caught.value.hint) == (said, "One of: basic, oauth, apiKey.")
