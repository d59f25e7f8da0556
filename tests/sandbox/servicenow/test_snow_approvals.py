"""Approvals: who is asked, who may decide, and what the word in `approval` is worth."""

from __future__ import annotations

import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.servicenow.receiver import Receiver
from tests.sandbox.servicenow.snow import CHANGE, TABLE, Snow
from tests.sandbox.servicenow.test_snow_rules import ON_CHANGES, POST, message, rule

BOTH_ASKED = {"pat.platform": "requested", "portctl.approvals": "requested"}


@pytest.mark.fact("servicenow-85")
def test_approvers_are_asked_a_moment_after_the_state_changed(snow: Snow, sandbox: Sandbox) -> None:
    change = snow.change()
    snow.settle()
    assert snow.approvers(change) == {}
    snow.move(change, -4)
    assert (snow.approvers(change), snow.state_of(change)) == ({}, ("-4", "not requested"))
    sandbox.world.clock.advance(1)
    assert (snow.approvers(change), snow.state_of(change)) == (BOTH_ASKED, ("-4", "requested"))
    fields = {"sysparm_fields": "group.assignment_group.name,group.parent.sys_id"}
    rows = snow.find("sysapproval_approver", f"sysapproval={change}", **fields)
    groups = {(row["group.assignment_group.name"], row["group.parent.sys_id"]) for row in rows}
    assert groups == {("Platform Engineering", change)}


@pytest.mark.fact("servicenow-86")
def test_one_approval_of_a_low_risk_is_enough_and_schedules_by_itself(snow: Snow) -> None:
    change = snow.asked()
    snow.decide(change)
    assert snow.approvers(change) == {"pat.platform": "not_required", "portctl.approvals": "approved"}
    assert snow.state_of(change) == ("-4", "requested")
    snow.settle()
    assert snow.state_of(change) == ("-2", "approved")


@pytest.mark.fact("servicenow-87")
def test_a_moderate_risk_also_goes_to_the_advisory_board(snow: Snow) -> None:
    change = snow.asked(risk=3)
    snow.decide(change)
    snow.settle()
    assert snow.state_of(change) == ("-3", "requested")
    assert snow.approvers(change)["casey.cab"] == "requested"
    snow.decide(change, by="cab")
    snow.settle()
    assert snow.state_of(change) == ("-2", "approved")


@pytest.mark.fact("servicenow-137")
@pytest.mark.parametrize("risk", [2, 3])
def test_between_two_stages_only_the_state_tells(snow: Snow, receiver: Receiver, risk: int) -> None:
    message(snow, receiver.url)
    rule(snow, POST, condition=ON_CHANGES)
    change = snow.asked(risk=risk)
    told = [("-5", "not requested"), ("-4", "not requested"), ("-4", "requested")]
    assert [(body["state"], body["approval"]) for body in receiver.bodies] == told
    snow.decide(change)
    snow.settle()
    assert [(body["state"], body["approval"]) for body in receiver.bodies] == [*told, ("-3", "requested")]
    snow.decide(change, by="cab")
    snow.settle()
    assert [(body["state"], body["approval"]) for body in receiver.bodies[4:]] == [("-2", "approved")]


@pytest.mark.fact("servicenow-138")
def test_who_decides_the_first_stage_has_no_say_in_the_second(snow: Snow) -> None:
    change = snow.asked(risk=3)
    snow.decide(change)
    snow.settle()
    path = f"{CHANGE}/{change}/approvals"
    for by in ("approvals", "approver", "gate", "developer"):
        snow.refused("PATCH", path, {"state": "approved"}, by=by, status=400)
    (row,) = snow.find("sysapproval_approver", f"sysapproval={change}^approver.user_name=casey.cab")
    row_path = f"{TABLE}/sysapproval_approver/{row['sys_id']}"
    snow.refused("PATCH", row_path, {"state": "approved"}, by="approvals", status=404)
    snow.refused("PATCH", row_path, {"state": "approved"}, by="approver", status=403)
    snow.settle()
    assert snow.state_of(change) == ("-3", "requested")
    everybody = {"pat.platform": "not_required", "portctl.approvals": "approved", "casey.cab": "requested"}
    assert snow.approvers(change) == everybody


@pytest.mark.fact("servicenow-87")
def test_an_emergency_goes_to_the_emergency_board_at_once(snow: Snow) -> None:
    change = snow.change(kind="emergency")
    snow.move(change, -3)
    snow.settle()
    assert snow.approvers(change) == {"casey.cab": "requested"}
    snow.decide(change, by="cab")
    snow.settle()
    assert snow.state_of(change) == ("-2", "approved")


@pytest.mark.fact("servicenow-88")
def test_the_first_rejection_takes_the_change_back_to_new_and_it_may_be_submitted_again(snow: Snow) -> None:
    change = snow.asked()
    snow.decide(change, "rejected", comments="not today")
    assert snow.approvers(change) == {"pat.platform": "not_required", "portctl.approvals": "rejected"}
    snow.settle()
    assert snow.state_of(change) == ("-5", "rejected")
    snow.move(change, -4)
    snow.settle()
    assert snow.state_of(change) == ("-4", "requested")
    comments = snow.find("sys_journal_field", "name=sysapproval_approver", sysparm_fields="value,sys_created_by")
    assert comments == [{"value": "not today", "sys_created_by": "portctl.approvals"}]


@pytest.mark.fact("servicenow-89")
@pytest.mark.parametrize("word", ["approved", "rejected", "declined"])
def test_writing_the_word_approves_nothing(snow: Snow, word: str) -> None:
    change = snow.asked()
    assert snow.patch("change_request", change, approval=word)["approval"] == word
    snow.settle()
    assert (snow.state_of(change), snow.approvers(change)) == (("-4", word), BOTH_ASKED)
    snow.decide(change)
    snow.settle()
    assert snow.state_of(change) == ("-2", "approved")


@pytest.mark.fact("servicenow-90")
def test_only_somebody_who_is_asked_decides(snow: Snow) -> None:
    change = snow.change()
    path = f"{CHANGE}/{change}/approvals"
    for by in ("gate", "admin", "approvals"):
        snow.refused("PATCH", path, {"state": "approved"}, by=by, status=400)
    snow.move(change, -4)
    snow.settle()
    for by in ("gate", "admin", "noroles"):
        snow.refused("PATCH", path, {"state": "approved"}, by=by, status=400)
    snow.refused("PATCH", path, {"state": "rejected"}, by="approvals", status=400)
    snow.refused("PATCH", path, {"state": "declined"}, by="approvals", status=400)
    assert snow.approvers(change) == BOTH_ASKED
    snow.decide(change)
    snow.refused("PATCH", path, {"state": "approved"}, by="approvals", status=400)
    snow.refused("PATCH", path, {"state": "approved"}, by="approver", status=400)
    snow.refused("POST", path, {"state": "approved"}, by="approver", status=400)


@pytest.mark.fact("servicenow-91")
@pytest.mark.parametrize("by", ["approvals", "admin"])
def test_the_approvers_row_can_be_written_by_him_or_an_administrator(snow: Snow, by: str) -> None:
    change = snow.asked()
    rows = snow.find("sysapproval_approver", f"sysapproval={change}^approver.user_name=portctl.approvals")
    path = f"{TABLE}/sysapproval_approver/{rows[0]['sys_id']}"
    snow.refused("PATCH", path, {"state": "approved"}, by="developer", status=404)
    snow.refused("PATCH", path, {"state": "approved"}, by="approver", status=403)
    policy = "Data Policy Exception: The following fields are mandatory: Comments"
    assert snow.refused("PATCH", path, {"state": "rejected"}, by=by, status=403)[1] == policy
    snow.ask("PATCH", path, {"state": "approved"}, by=by)
    snow.settle()
    assert snow.state_of(change) == ("-2", "approved")


@pytest.mark.fact("servicenow-92")
def test_who_is_not_an_approver_sees_only_his_own_rows(snow: Snow) -> None:
    change = snow.asked()
    own = snow.find(
        "sysapproval_approver", f"sysapproval={change}", by="approvals", sysparm_fields="approver.user_name"
    )
    assert own == [{"approver.user_name": "portctl.approvals"}]
    assert snow.find("sysapproval_approver", f"sysapproval={change}", by="developer") == []
    assert len(snow.find("sysapproval_approver", f"sysapproval={change}", by="gate")) == 2
    body = {"sysapproval": change, "state": "approved"}
    for by in ("developer", "gate"):
        snow.refused("POST", f"{TABLE}/sysapproval_approver", body, by=by, status=403)


@pytest.mark.fact("servicenow-93")
def test_a_change_on_hold_waits_for_nobody_until_it_is_released(snow: Snow) -> None:
    change = snow.asked()
    snow.patch("change_request", change, by="gate", on_hold=True, on_hold_reason="freeze")
    assert set(snow.approvers(change).values()) == {"not_required"}
    snow.refused("PATCH", f"{CHANGE}/{change}/approvals", {"state": "approved"}, by="approvals", status=400)
    snow.patch("change_request", change, by="gate", on_hold=False)
    assert snow.approvers(change) == BOTH_ASKED
    assert snow.settle() == 0


@pytest.mark.fact("servicenow-93")
def test_the_board_waits_for_a_change_on_hold_as_the_group_does(snow: Snow) -> None:
    change = snow.asked(risk=3)
    snow.decide(change)
    snow.settle()
    hold(snow, change)
    states = {"pat.platform": "not_required", "portctl.approvals": "approved", "casey.cab": "not_required"}
    assert snow.approvers(change) == states
    snow.refused("PATCH", f"{CHANGE}/{change}/approvals", {"state": "approved"}, by="cab", status=400)
    release(snow, change)
    assert snow.approvers(change) == {**states, "casey.cab": "requested"}
    snow.decide(change, by="cab")
    snow.settle()
    assert snow.state_of(change) == ("-2", "approved")


@pytest.mark.fact("servicenow-93")
def test_a_change_that_is_held_before_anybody_was_asked_asks_when_it_is_released(snow: Snow) -> None:
    change = snow.change()
    snow.move(change, -4)
    hold(snow, change)
    snow.settle()
    assert (snow.state_of(change), snow.approvers(change)) == (("-4", "not requested"), {})
    release(snow, change)
    snow.settle()
    assert (snow.state_of(change), snow.approvers(change)) == (("-4", "requested"), BOTH_ASKED)


@pytest.mark.fact("servicenow-93")
def test_a_change_that_is_held_right_after_a_decision_goes_on_when_it_is_released(snow: Snow) -> None:
    change = snow.asked()
    snow.decide(change)
    hold(snow, change)
    snow.settle()
    assert snow.state_of(change) == ("-4", "requested")
    release(snow, change)
    snow.settle()
    assert snow.state_of(change) == ("-2", "approved")
    assert snow.approvers(change) == {"pat.platform": "not_required", "portctl.approvals": "approved"}


@pytest.mark.fact("servicenow-93")
def test_an_approved_change_stays_approved_on_hold(snow: Snow) -> None:
    change = snow.approved()
    hold(snow, change)
    assert snow.state_of(change) == ("-2", "approved")
    release(snow, change)
    assert (snow.settle(), snow.state_of(change)) == (0, ("-2", "approved"))
    assert snow.move(change, -1)["state"] == "-1"


@pytest.mark.fact("servicenow-94")
@pytest.mark.parametrize(("state", "word"), [(-5, "not requested"), (4, "requested")])
def test_reverting_or_cancelling_withdraws_the_question(snow: Snow, state: int, word: str) -> None:
    change = snow.asked()
    snow.move(change, state)
    assert set(snow.approvers(change).values()) == {"cancelled"}
    snow.settle()
    assert snow.state_of(change) == (str(state), word)


@pytest.mark.fact("servicenow-94")
def test_a_change_left_in_new_is_never_approved(snow: Snow) -> None:
    change = snow.change()
    assert (snow.settle(), snow.state_of(change), snow.approvers(change)) == (0, ("-5", "not requested"), {})


@pytest.mark.fact("servicenow-95")
def test_a_group_without_members_asks_nobody(snow: Snow) -> None:
    change = snow.change(assignment_group=snow.id_of("sys_user_group", name="Service Desk"))
    snow.move(change, -4)
    snow.settle()
    assert snow.state_of(change) == ("-2", "approved")


@pytest.mark.fact("servicenow-96")
def test_a_requester_may_approve_his_own_change(snow: Snow) -> None:
    change = snow.change(by="approvals")
    snow.move(change, -4, by="approvals")
    snow.settle()
    snow.decide(change, by="approvals")
    snow.settle()
    assert snow.state_of(change) == ("-2", "approved")


def hold(snow: Snow, change: str) -> None:
    snow.patch("change_request", change, by="gate", on_hold=True, on_hold_reason="freeze")


def release(snow: Snow, change: str) -> None:
    snow.patch("change_request", change, by="gate", on_hold=False)
