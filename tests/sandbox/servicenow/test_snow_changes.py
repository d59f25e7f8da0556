"""Change requests: the graph of states, what each step needs, and the two APIs that move them."""

from __future__ import annotations

import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.servicenow.snow import CHANGE, TABLE, Json, Snow

STATES = {
    "New": -5,
    "Assess": -4,
    "Authorize": -3,
    "Scheduled": -2,
    "Implement": -1,
    "Review": 0,
    "Closed": 3,
    "Canceled": 4,
}
CLOSING = {"close_code": "successful", "close_notes": "Done."}
RULE = "Change Model: Check State Transition"


def put_into(snow: Snow, change: str, state: str) -> None:
    """As the product itself moves changes: past every check."""
    service = snow.sandbox.servicenow
    row = service.instance.get("change_request", change)
    assert row is not None
    service.records.system_update(row, state=str(STATES[state]))


@pytest.mark.fact("servicenow-69")
def test_a_change_starts_in_new_whatever_is_sent(snow: Snow, sandbox: Sandbox) -> None:
    assert snow.state_of(snow.change(state=-1)) == ("-5", "not requested")
    row = snow.create("change_request", by="gate", state=-1, type="emergency")
    assert (row["state"], row["type"], row["active"], row["number"]) == ("-5", "emergency", "true", "CHG0030002")
    sandbox.switches.set({"late-state": "lenient"})
    stuck = snow.change(state=-4)
    snow.settle()
    assert (snow.state_of(stuck), snow.approvers(stuck)) == (("-4", "not requested"), {})


@pytest.mark.fact("servicenow-70")
def test_what_a_new_change_has_of_itself(snow: Snow) -> None:
    row = snow.create("change_request", by="gate", chg_model="standard")
    gate = snow.id_of("sys_user", user_name="portctl.gate")
    expected = {
        "type": "standard",
        "chg_model": snow.id_of("chg_model", name="Standard"),
        "requested_by": gate,
        "opened_by": gate,
        "priority": "4",
        "impact": "3",
        "urgency": "3",
        "risk": "3",
        "category": "Other",
        "on_hold": "false",
        "conflict_status": "Not Run",
        "upon_approval": "proceed",
        "upon_reject": "cancel",
    }
    assert {name: row[name] for name in expected} == expected


ALLOWED = {
    "normal": {
        "New": {"Assess", "Canceled"},
        "Assess": {"New", "Canceled"},
        "Authorize": {"New", "Canceled"},
        "Scheduled": {"Implement", "Canceled"},
        "Implement": {"Review", "Canceled"},
        "Review": {"Closed"},
        "Closed": set(),
        "Canceled": set(),
    },
    "standard": {
        "New": {"Scheduled", "Canceled"},
        "Scheduled": {"Implement", "Canceled"},
        "Implement": {"Review", "Canceled"},
        "Review": {"Closed"},
    },
    "emergency": {
        "New": {"Authorize", "Canceled"},
        "Authorize": {"New", "Canceled"},
        "Scheduled": {"Implement", "Canceled"},
        "Implement": {"Review", "Canceled"},
        "Review": {"Closed"},
    },
}


@pytest.mark.fact("servicenow-71")
@pytest.mark.parametrize(("kind", "old"), [(kind, old) for kind, graph in ALLOWED.items() for old in graph])
def test_only_the_models_steps_are_taken_by_anybody(snow: Snow, kind: str, old: str) -> None:
    reached: set[str] = set()
    for target in set(STATES) - {old}:
        change = (
            snow.change(type=kind)
            if kind == "normal"
            else snow.create(
                "change_request", type=kind, assignment_group=snow.id_of("sys_user_group", name="Service Desk")
            )["sys_id"]
        )
        put_into(snow, change, old)
        body = {"state": STATES[target], **CLOSING}
        answer = snow.client("admin").patch(f"{TABLE}/change_request/{change}", json=body)
        if answer.status_code == 200:
            assert answer.json()["result"]["state"] == str(STATES[target])
            reached.add(target)
        else:
            assert (answer.status_code, answer.json()["error"]["message"]) == (403, "Operation Failed")
            assert RULE in answer.json()["error"]["detail"]
    assert reached == ALLOWED[kind][old]


@pytest.mark.fact("servicenow-72")
def test_a_forbidden_step_is_ignored_on_some_instances(snow: Snow, sandbox: Sandbox) -> None:
    sandbox.switches.set({"aborted-transition": "lenient"})
    change = snow.change()
    assert snow.move(change, -1, description="tried")["state"] == "-5"
    assert snow.read("change_request", change)["description"] == "tried"


@pytest.mark.fact("servicenow-73")
def test_words_are_no_states_unless_display_values_are_sent(snow: Snow) -> None:
    change = snow.change()
    assert snow.patch("change_request", change, by="gate", state="Assess")["state"] == "-5"
    path = f"{TABLE}/change_request/{change}"
    assert snow.ask("PATCH", path, {"state": "Assess"}, by="gate", sysparm_input_display_value="true")["state"] == "-4"


@pytest.mark.fact("servicenow-74")
def test_leaving_new_needs_an_assignment_group_in_the_same_patch_or_before(snow: Snow) -> None:
    change = snow.create("change_request", by="gate")["sys_id"]
    path = f"{TABLE}/change_request/{change}"
    policy = "Data Policy Exception: The following fields are mandatory: Assignment group"
    assert snow.refused("PATCH", path, {"state": -4}, by="gate", status=403) == ("Operation Failed", policy)
    group = snow.id_of("sys_user_group", name="Service Desk")
    assert snow.move(change, -4, assignment_group=group)["state"] == "-4"
    assert snow.create("change_request", by="gate", state=4)["state"] == "-5"


@pytest.mark.fact("servicenow-75")
def test_implement_makes_two_tasks_and_the_last_one_closed_moves_on_to_review(snow: Snow) -> None:
    change = snow.approved()
    snow.move(change, -1)
    tasks = snow.find("change_task", f"change_request={change}", by="gate")
    assert [(task["short_description"], task["state"]) for task in tasks] == [
        ("Implement", "1"),
        ("Post implementation testing", "1"),
    ]
    snow.patch("change_task", tasks[0]["sys_id"], by="gate", state=3)
    assert snow.state_of(change)[0] == "-1"
    snow.patch("change_task", tasks[1]["sys_id"], by="gate", state=3)
    assert snow.state_of(change)[0] == "0"


@pytest.mark.fact("servicenow-76")
def test_review_cancels_automatic_tasks_and_is_blocked_by_manual_ones(snow: Snow) -> None:
    change = snow.approved()
    snow.move(change, -1)
    task = snow.ask("POST", f"{CHANGE}/{change}/task", {"short_description": "by hand"}, by="gate", status=200)
    message, _ = snow.refused("PATCH", f"{CHANGE}/{change}", {"state": 0}, by="gate", status=400)
    assert RULE in message
    snow.ask("PATCH", f"{CHANGE}/{change}/task/{task['sys_id']['value']}", {"state": 4}, by="gate")
    assert snow.move(change, 0)["state"] == "0"
    states = [task["state"]["value"] for task in snow.ask("GET", f"{CHANGE}/{change}/task", by="gate")]
    assert states == [4.0, 4.0, 4.0]


@pytest.mark.fact("servicenow-77")
def test_closing_needs_code_and_notes_and_makes_it_inactive(snow: Snow) -> None:
    change = snow.approved()
    snow.move(change, -1)
    snow.move(change, 0)
    path = f"{TABLE}/change_request/{change}"
    policy = "Data Policy Exception: The following fields are mandatory: Close code, Close notes"
    assert snow.refused("PATCH", path, {"state": 3}, by="gate", status=403)[1] == policy
    closed = snow.move(change, 3, **CLOSING)
    assert (closed["state"], closed["active"], closed["closed_by"] != "") == ("3", "false", True)


@pytest.mark.fact("servicenow-77")
def test_the_demand_for_data_can_be_switched_off(snow: Snow) -> None:
    rule = "com.snc.change_management.enforce_data_requirements"
    snow.patch("sys_properties", snow.id_of("sys_properties", name=rule), value="false")
    change = snow.approved()
    snow.move(change, -1)
    snow.move(change, 0)
    assert snow.move(change, 3)["state"] == "3"


@pytest.mark.fact("servicenow-78")
def test_on_hold_needs_a_reason_and_then_only_cancelling_is_possible(snow: Snow) -> None:
    change = snow.approved()
    path = f"{TABLE}/change_request/{change}"
    policy = "Data Policy Exception: The following fields are mandatory: On hold reason"
    assert snow.refused("PATCH", path, {"on_hold": True}, by="gate", status=403)[1] == policy
    snow.patch("change_request", change, by="gate", on_hold=True, on_hold_reason="freeze")
    assert RULE in (snow.refused("PATCH", path, {"state": -1}, by="gate", status=403)[1] or "")
    assert snow.move(change, -1, on_hold=False)["state"] == "-1"
    snow.patch("change_request", change, by="gate", on_hold=True, on_hold_reason="freeze")
    canceled = snow.move(change, 4)
    assert (canceled["active"], canceled["on_hold"]) == ("false", "false")


@pytest.mark.fact("servicenow-139")
def test_an_account_that_may_write_changes_takes_one_to_its_end(snow: Snow) -> None:
    """From an approved change on, with the role sn_change_write and no other."""
    change = snow.approved()
    path = f"{TABLE}/change_request/{change}"
    rule = f"Operation against file 'change_request' was aborted by Business Rule '{RULE}"
    for skipped in (0, 3):
        assert (snow.refused("PATCH", path, {"state": skipped}, by="developer", status=403)[1] or "").startswith(rule)
    assert (
        snow.move(change, -1, by="developer", work_start="2026-01-01 10:00:00")["work_start"] == "2026-01-01 10:00:00"
    )
    tasks = snow.find("change_task", f"change_request={change}", by="developer")
    assert {task["state"] for task in tasks} == {"1"}
    assert (snow.refused("PATCH", path, {"state": 3, **CLOSING}, by="developer", status=403)[1] or "").startswith(rule)
    assert snow.move(change, 0, by="developer", work_end="2026-01-01 11:00:00")["state"] == "0"
    assert {task["state"] for task in snow.find("change_task", f"change_request={change}", by="developer")} == {"4"}
    policy = "Data Policy Exception: The following fields are mandatory: {}"
    for sent, missing in (({}, "Close code, Close notes"), ({"close_code": "successful"}, "Close notes")):
        refused = snow.refused("PATCH", path, {"state": 3, **sent}, by="developer", status=403)
        assert refused == ("Operation Failed", policy.format(missing))
    task = snow.ask("POST", f"{CHANGE}/{change}/task", {"short_description": "late"}, by="developer")["sys_id"]["value"]
    assert (snow.refused("PATCH", path, {"state": 3, **CLOSING}, by="developer", status=403)[1] or "").startswith(rule)
    snow.patch("change_task", task, by="developer", state=3)
    closed = snow.move(change, 3, by="developer", **CLOSING)
    assert {name: closed[name] for name in CLOSING} == CLOSING
    assert (closed["state"], closed["active"], closed["approval"]) == ("3", "false", "approved")


@pytest.mark.fact("servicenow-140")
def test_a_model_is_sent_as_its_sys_id_or_under_the_name_of_a_type(snow: Snow, sandbox: Sandbox) -> None:
    ids = {name: snow.id_of("chg_model", name=name) for name in ("Normal", "Standard", "Continuous delivery")}

    def stored(value: str, **parameters: Json) -> tuple[str, str]:
        path, body = f"{TABLE}/change_request", {"chg_model": value}
        row = snow.ask("POST", path, body, by="gate", sysparm_exclude_reference_link="true", **parameters)
        return row["chg_model"], row["type"]

    assert stored("standard") == stored("Standard") == stored(ids["Standard"]) == (ids["Standard"], "standard")
    own = (ids["Continuous delivery"], "normal")
    assert stored(ids["Continuous delivery"]) == own
    assert stored("Continuous delivery") == stored("Nonsense") == (ids["Normal"], "normal")
    assert stored("Continuous delivery", sysparm_input_display_value="true") == own
    sandbox.switches.set({"model-name": "lenient"})
    assert stored("Continuous delivery") == own
    made = snow.ask("POST", CHANGE, {"chg_model": "Continuous delivery"}, by="gate", status=200)
    assert (made["chg_model"]["value"], made["__meta"]["ignoredFields"]) == (own[0], [])


@pytest.mark.fact("servicenow-141")
def test_what_is_sent_with_a_new_change_is_kept(snow: Snow) -> None:
    """By an account that is no administrator, in the name of somebody else."""
    sent = {
        "requested_by": snow.id_of("sys_user", user_name="dev.dora"),
        "business_service": snow.id_of("cmdb_ci_service", name="storefront"),
        "priority": "2",
        "impact": "3",
        "urgency": "3",
    }
    row = snow.create("change_request", by="gate", **sent)
    assert {name: row[name] for name in sent} == sent
    assert row["opened_by"] == snow.id_of("sys_user", user_name="portctl.gate")
    after = snow.patch("change_request", row["sys_id"], by="gate", impact="1", urgency="1")
    assert after["priority"] == "2"
    assert snow.create("change_request", by="gate", business_service="storefront")["business_service"] == ""


@pytest.mark.fact("servicenow-79")
def test_a_standard_change_is_approved_in_advance(snow: Snow) -> None:
    (template,) = snow.ask("GET", f"{CHANGE}/standard/template?sysparm_query=name=Restart a service", by="gate")
    path = f"{CHANGE}/standard/{template['sys_id']['value']}"
    group = snow.id_of("sys_user_group", name="Service Desk")
    created = snow.ask("POST", path, {"assignment_group": group, "description": "x"}, by="gate")
    assert (created["type"]["value"], created["short_description"]["value"]) == ("standard", "Restart a service")
    assert (created["description"]["value"], created["__meta"]) == ("", {"ignoredFields": ["description"]})
    change = created["sys_id"]["value"]
    snow.move(change, -2)
    assert (snow.state_of(change), snow.settle(), snow.approvers(change)) == (("-2", "approved"), 0, {})


@pytest.mark.fact("servicenow-80")
def test_the_change_api_types_values_and_names_ignored_fields(snow: Snow, sandbox: Sandbox) -> None:
    body = {
        "short_description": "Deploy",
        "u_tpyo": "x",
        "conflict_status": "Conflict",
        "start_date": "2026-11-20 22:00:00",
    }
    created = snow.ask("POST", f"{CHANGE}/normal?category=Network", body, by="approver", status=200)
    expected: dict[str, Json] = {
        "state": {"value": -5.0, "display_value": "New"},
        "active": {"value": True, "display_value": "true"},
        "category": {"value": "Network", "display_value": "Network"},
        "cmdb_ci": {"value": "", "display_value": ""},
        "start_date": {
            "value": "2026-11-20 22:00:00",
            "display_value": "2026-11-20 23:00:00",
            "display_value_internal": "2026-11-20 23:00:00",
        },
        "__meta": {"ignoredFields": ["u_tpyo", "conflict_status"]},
    }
    assert {name: created[name] for name in expected} == expected
    sandbox.switches.set({"typed-values": "lenient"})
    change = created["sys_id"]["value"]
    patched = snow.ask("PATCH", f"{CHANGE}/{change}", {"u_tpyo": "x"}, by="approver", status=200)
    assert (repr(patched["state"]["value"]), "__meta" in patched) == ("-5", False)


@pytest.mark.fact("servicenow-81")
def test_the_change_api_refuses_steps_with_400_and_the_present_state_too(snow: Snow) -> None:
    change = snow.change()
    for body in ({"state": -1}, {"state": -5}, {"state": "-3"}):
        snow.refused("PATCH", f"{CHANGE}/{change}", body, by="gate", status=400)
    assert snow.ask("PATCH", f"{CHANGE}/{change}", {"state": "-4"}, by="gate")["state"]["value"] == -4.0


@pytest.mark.fact("servicenow-82")
def test_a_change_is_found_under_its_own_type_only(snow: Snow) -> None:
    change = snow.change(kind="emergency")
    assert snow.ask("GET", f"{CHANGE}/emergency/{change}", by="gate")["type"]["value"] == "emergency"
    assert snow.refused("GET", f"{CHANGE}/normal/{change}", by="gate", status=404)[0] == "No Record found"
    numbers = [row["sys_id"]["value"] for row in snow.ask("GET", f"{CHANGE}/emergency", by="gate")]
    assert numbers == [change]
    assert snow.ask("GET", f"{CHANGE}?sysparm_query=type=emergency&sysparm_limit=0", by="gate") == []
    assert len(snow.ask("GET", f"{CHANGE}?type=emergency", by="gate")) == 1


@pytest.mark.fact("servicenow-83")
def test_next_states_tell_what_is_possible_and_what_is_missing(snow: Snow) -> None:
    change = snow.create("change_request", by="gate")["sys_id"]
    found = snow.ask("GET", f"{CHANGE}/{change}/nextstates", by="gate")
    assert snow.ask("GET", f"{CHANGE}/{change}/nextstate", by="gate") == found
    assert (found["available_states"], found["state_label"]) == (
        ["-4", "4", "-5"],
        {"-4": "Assess", "4": "Canceled", "-5": "New"},
    )
    ((assess,), (cancel,)) = found["state_transitions"]
    assert (assess["to_state"], assess["transition_available"], assess["automatic_transition"]) == ("-4", False, False)
    assert [(each["condition"]["name"], each["passed"]) for each in assess["conditions"]] == [
        ("Not On hold", True),
        ("Assignment group is set", False),
    ]
    assert (cancel["display_value"], cancel["transition_available"], cancel["conditions"]) == (
        "New to Canceled",
        True,
        [],
    )


@pytest.mark.fact("servicenow-84")
@pytest.mark.parametrize("path", ["x/conflict", "x/schedule", "worker/x", "x/ci"])
def test_parts_of_the_change_api_are_not_emulated(snow: Snow, path: str) -> None:
    snow.refused("GET", f"{CHANGE}/{path}", by="gate", status=501)


@pytest.mark.fact("servicenow-84")
def test_models_and_templates_can_be_read(snow: Snow) -> None:
    names = [row["name"]["value"] for row in snow.ask("GET", f"{CHANGE}/model", by="gate")]
    assert names == ["Normal", "Standard", "Emergency", "Continuous delivery"]
    model = snow.id_of("chg_model", name="Normal")
    assert snow.ask("GET", f"{CHANGE}/model/{model}", by="gate")["name"]["value"] == "Normal"
    template = snow.id_of("std_change_record_producer", name="Restart a service")
    path = f"{CHANGE}/standard/template/{template}"
    assert snow.ask("GET", path, by="gate")["active"] == {"value": True, "display_value": "true"}
