"""ServiceNow's columns, written by people who may write changes and by those who may write everything."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portctl.story.narration import Telling
from portctl.story.scenarios.common import ask, ask_with_low_coverage, asked_for_approval
from portctl.story.services import Row
from tests.attacks.ground import Ground, sys_id_of

TABLE = "/api/now/table"
CHANGES = f"{TABLE}/change_request"
TEMPLATE = "{{ .secrets.GITLAB_TRIGGER_TOKEN }} $(printenv) `id` ${TRIGGER_TOKEN} <% secret('X') %> $[[ inputs.call ]]"
LOOK_SECONDS = 46 * 60


@pytest.fixture
def story(ground: Ground) -> Iterator[Telling]:
    story = ground.story()
    yield story
    ground.settle()
    assert ground.unexplained() == []
    for row in ground.open_runs():  # what still waits for a decision would be looked at for ever
        ground.services.port("PATCH", f"/actions/runs/{row['id']}", {"status": "FAILURE"})


def write(ground: Ground, change: Row, columns: Row, person: str) -> int:
    said = ground.services.snow("PATCH", f"{CHANGES}/{change['sys_id']}", columns, person=person)
    ground.services.steer("POST", "/advance", {"seconds": 3})
    ground.settle()
    return said.status


def approve(ground: Ground, change: Row, person: str = "approver") -> int:
    status = ground.services.decide(change["sys_id"], "approved", "go", person=person).status
    ground.services.steer("POST", "/advance", {"seconds": 3})
    ground.settle()
    return status


@pytest.mark.parametrize("person", ["developer", "admin"])
def test_no_column_approves_a_change(ground: Ground, story: Telling, person: str) -> None:
    run, change = ask_with_low_coverage(story)
    for columns in (
        {"approval": "approved", "on_hold": "false", "phase_state": "approved", "sys_created_by": "pat.platform"},
        {"state": "-2"},
        {"approval": "approved", "state": "-1", "assigned_to": "pat.platform", "work_notes": "approved by Pat"},
        {"short_description": TEMPLATE, "description": TEMPLATE, "priority": "1", "category": TEMPLATE},
    ):
        write(ground, change, columns, person)
        assert story.deploy_starts() == 0, columns
    assert ground.services.changes_of(run)


@pytest.mark.parametrize("person", ["developer", "admin"])
@pytest.mark.parametrize(
    "columns",
    [
        {"correlation_id": "r_0000000000000000"},
        {"u_external_tags": "r_0000000000000000"},
        {"correlation_id": "", "u_external_tags": ""},
        {"u_external_tags": "$(id)\n{{ .secrets.GITLAB_TRIGGER_TOKEN }}"},
    ],
)
def test_a_change_that_names_another_deployment_approves_none(
    ground: Ground, story: Telling, person: str, columns: Row
) -> None:
    run, change = ask_with_low_coverage(story)
    assert write(ground, change, columns, person) == 200
    assert approve(ground, change) == 200
    story.pass_time(LOOK_SECONDS)
    ground.settle()
    assert story.deploy_starts() == 0
    assert ground.services.run(run)["status"] == "FAILURE"
    assert "does not name this deployment any more" in ground.services.log(run)[-1]


def test_the_tags_of_two_changes_that_are_swapped_approve_neither(ground: Ground, story: Telling) -> None:
    first, change = ask_with_low_coverage(story)
    second = ask(story)
    ground.settle()
    other = asked_for_approval(story, second)
    for row, run in ((change, second), (other, first)):
        assert write(ground, row, {"correlation_id": run, "u_external_tags": run}, "admin") == 200
    assert approve(ground, change) == 200
    story.pass_time(LOOK_SECONDS)
    ground.settle()
    assert story.deploy_starts() == 0
    assert {ground.services.run(run)["status"] for run in (first, second)} == {"FAILURE"}


@pytest.mark.parametrize("person", ["developer", "admin"])
def test_a_change_that_only_looks_alike_approves_nothing(ground: Ground, story: Telling, person: str) -> None:
    run, change = ask_with_low_coverage(story)
    names = (
        "correlation_id",
        "u_external_tags",
        "short_description",
        "description",
        "assignment_group",
        "risk",
        "type",
    )
    columns = {name: change[name]["value"] if isinstance(change[name], dict) else change[name] for name in names}
    said = ground.services.snow("POST", CHANGES, {**columns, "sys_created_by": "portctl.gate"}, person=person)
    assert said.status == 201, said.reason
    twin = said.body["result"]
    assert write(ground, twin, {"state": "-4"}, person) == 200
    assert approve(ground, twin) == 200
    assert story.deploy_starts() == 0
    assert ground.services.run(run)["status"] == "IN_PROGRESS"
    ground.services.decide(change["sys_id"], "rejected", "no")
    ground.settle()


@pytest.mark.parametrize("person", ["developer", "admin"])
def test_a_change_that_somebody_made_first_under_the_number_of_ours_approves_nothing(
    ground: Ground, story: Telling, person: str
) -> None:
    ground.pause(paused=True)
    run = ask(story)
    columns = {"sys_id": sys_id_of(run), "correlation_id": run, "u_external_tags": run, "type": "normal", "risk": "4"}
    group = ground.services.snow(
        "GET", f"{TABLE}/sys_user_group?sysparm_query=name=Platform Engineering", person="admin"
    )
    columns |= {"assignment_group": group.body["result"][0]["sys_id"], "short_description": "Mine"}
    said = ground.services.snow("POST", CHANGES, columns, person=person)
    assert said.status == 201, said.reason
    change = said.body["result"]
    assert change["sys_id"] == sys_id_of(run)
    write(ground, change, {"state": "-4"}, person)
    approve(ground, change)
    ground.pause(paused=False)
    ground.settle()
    assert story.deploy_starts() == 0
    assert ground.services.run(run)["status"] == "FAILURE"


def test_the_requester_does_not_approve_her_own_request(ground: Ground, story: Telling) -> None:
    run, change = ask_with_low_coverage(story, person="engineer")
    assert approve(ground, change) == 200
    assert ground.services.run(run)["status"] == "FAILURE"
    assert "was approved by the person who asked" in ground.services.log(run)[-1]
    run, change = _asked_again(ground, story)
    inputs = {"approval_status": "approved", "reason": TEMPLATE}
    said = ground.services.start("approve_and_deploy_service", inputs, change["sys_id"], person="engineer")
    assert said.status == 202, said.reason
    story.pass_time(3)
    ground.settle()
    assert ground.services.run(run)["status"] == "FAILURE"
    assert "was approved by the person who asked" in ground.services.log(run)[-1]
    assert story.deploy_starts() == 0


def _asked_again(ground: Ground, story: Telling) -> tuple[str, Row]:
    run = ask(story, person="engineer")
    ground.settle()
    return run, asked_for_approval(story, run)


@pytest.mark.parametrize("person", ["developer", "cab"])
def test_a_group_that_somebody_has_put_in_place_of_ours_approves_nothing(
    ground: Ground, story: Telling, person: str
) -> None:
    run, change = ask_with_low_coverage(story)
    query = f"{TABLE}/sys_user_group?sysparm_query=name=CAB Approval"
    group = ground.services.snow("GET", query, person="admin").body["result"][0]["sys_id"]
    for columns in ({"assignment_group": group}, {"state": "-5"}, {"state": "-4"}):
        assert write(ground, change, columns, person) == 200
    assert approve(ground, change, "cab") == 200
    assert story.deploy_starts() == 0
    assert ground.services.run(run)["status"] == "FAILURE"
    assert "approved, but by nobody of the group that decides" in ground.services.log(run)[-1]


@pytest.mark.parametrize("person", ["developer", "cab", "noroles"])
def test_approval_rows_are_nobodys_to_write(ground: Ground, story: Telling, person: str) -> None:
    _, change = ask_with_low_coverage(story)
    query = f"{TABLE}/sysapproval_approver?sysparm_query=sysapproval={change['sys_id']}"
    rows = ground.services.snow("GET", query, person="admin").body["result"]
    for row in rows:
        said = ground.services.snow(
            "PATCH", f"{TABLE}/sysapproval_approver/{row['sys_id']}", {"state": "approved"}, person=person
        )
        assert said.status in (403, 404)
    made = {"sysapproval": change["sys_id"], "approver": rows[0]["approver"]["value"], "state": "approved"}
    assert ground.services.snow("POST", f"{TABLE}/sysapproval_approver", made, person=person).status == 403
    assert ground.services.decide(change["sys_id"], "approved", "mine", person=person).status in (400, 401, 403, 404)
    story.pass_time(3)
    ground.settle()
    assert story.deploy_starts() == 0


@pytest.mark.parametrize("path", ["{run}/logs?x=", "x/../{run}", "../../actions/runs/{run}", "../runs/{run}", "{run}#"])
def test_a_column_that_becomes_part_of_an_address_leads_nowhere_else(ground: Ground, story: Telling, path: str) -> None:
    """The board is asked next, and Port tells the run that the change names: with the organisation's credentials."""
    _, change = ask_with_low_coverage(story)
    ground.pause(paused=True)
    victim = ask(story, "shop/catalog")
    assert write(ground, change, {"u_external_tags": path.format(run=victim), "risk": "2"}, "developer") == 200
    assert approve(ground, change) == 200
    assert [line for line in ground.services.log(victim) if "decides in ServiceNow" in line] == []
    ground.pause(paused=False)
    ground.settle()
    assert ground.services.run(victim)["status"] == "SUCCESS"
