"""Evidence: each question asks those services that its job may ask, and nothing that was not read is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portctl.errors import InvalidInput
from portctl.gate.connections import MARKS_TOKEN, PORT_CLIENT, READ_TOKEN, SERVICENOW_SECRET
from portctl.gate.evidence import Approver, Evidence, JobState, Marks, Question
from portctl.gate.gather import Measured, gather
from tests.unit.gate.deployments import (
    APPROVERS,
    ENDED,
    FIND,
    MARKS,
    NOT_THERE,
    NOW,
    PIPELINES,
    RUNS,
    STARTED,
    TESTED,
    approval_row,
    call,
    change_row,
    furnish,
    run_reply,
    run_row,
)
from tests.unit.gate.office import SECRETS, Office
from tests.unit.gate.settings_file import document

PORTAL, MARKING, READING, SNOW = "Port", f"GitLab as {MARKS_TOKEN}", f"GitLab as {READ_TOKEN}", "ServiceNow"
NEEDS = {
    PORTAL: PORT_CLIENT,
    MARKING: (MARKS_TOKEN,),
    READING: (READ_TOKEN,),
    SNOW: (SERVICENOW_SECRET,),
}
MEASURED = Measured(project="shop/checkout", sha="a" * 40, deploy="make deploy", percent=79.9)
QUESTIONS: list[tuple[Question, str, dict[str, Any], set[str]]] = [
    (Question.ACCEPT, "request", {}, {PORTAL}),
    (Question.OPEN, "request", {"tested": None}, {PORTAL, MARKING, SNOW}),
    (Question.WAIT, "decision", {}, {PORTAL, MARKING, SNOW}),
    (Question.WAIT, "decision", {"started": STARTED}, {PORTAL, MARKING, READING, SNOW}),
    (Question.LOOK, "look", {}, {PORTAL, MARKING, SNOW}),
    (Question.LOOK, "look", {"started": STARTED}, {PORTAL, MARKING, READING, SNOW}),
    (Question.LOOK, "look", {"started": replace(STARTED, job=0)}, {PORTAL, MARKING, SNOW}),
    (Question.START, "deploy", {}, {PORTAL, MARKING, SNOW}),
    (Question.FINISH, "deploy", {"started": STARTED}, {PORTAL, MARKING, READING, SNOW}),
    (Question.FINISH, "deploy", {"started": STARTED, "ended": ENDED}, {PORTAL, MARKING, SNOW}),
    (Question.REPORT, "request", {}, {PORTAL, MARKING, READING}),
    (Question.REPORT, "deploy", {"started": STARTED}, {PORTAL, MARKING, READING, SNOW}),
]


def ask(office: Office, question: Question, kind: str) -> tuple[Evidence, set[str]]:
    desk = office.desk()
    found = gather(question, desk, call(kind), NOW, measure=lambda: MEASURED)
    return found, set(desk.connections.requests)


@pytest.mark.parametrize(("question", "kind", "state", "clients"), QUESTIONS)
def test_a_question_asks_whom_it_needs_and_needs_no_other_credential(
    office: Office, question: Question, kind: str, state: dict[str, Any], clients: set[str]
) -> None:
    office.secrets = {name: SECRETS[name] for client in clients for name in NEEDS[client]}
    _, asked = ask(furnish(office, kind, change=change_row(), **state), question, kind)
    assert asked == clients


@pytest.mark.parametrize(("question", "kind", "state", "clients"), QUESTIONS)
def test_a_credential_that_is_missing_is_named(
    office: Office, question: Question, kind: str, state: dict[str, Any], clients: set[str]
) -> None:
    furnish(office, kind, change=change_row(), **state)
    for name in (name for client in clients for name in NEEDS[client]):
        office.secrets = {**{other: value for other, value in SECRETS.items() if other != name}}
        with pytest.raises(InvalidInput) as caught:
            ask(office, question, kind)
        assert str(caught.value) == f"Credential missing: this job has no variable {name}"
        assert caught.value.hint.startswith("Is the variable of the project protected")


@pytest.mark.parametrize("empty", ["", "\n"])
def test_a_credential_that_is_empty_is_missing(office: Office, empty: str) -> None:
    office.secrets = {**SECRETS, MARKS_TOKEN: empty}
    with pytest.raises(InvalidInput, match=f"this job has no variable {MARKS_TOKEN}"):
        ask(furnish(office, "look"), Question.LOOK, "look")


def test_nothing_is_asked_about_a_request_that_port_does_not_know(office: Office) -> None:
    for question, kind, _, _ in QUESTIONS:
        furnish(office, kind).replies["port GET /v1/actions/runs/r_one"] = (404, {"ok": False})
        found, asked = ask(office, question, kind)
        assert (found.request, found.change, found.marks, asked) == (None, None, Marks(), {PORTAL})


def test_what_was_tested_is_evidence(office: Office) -> None:
    found, _ = ask(furnish(office, "request", tested=None), Question.OPEN, "request")
    assert found.measured == replace(TESTED, coverage=79.9)
    assert (found.marks, found.code_problem) == (Marks(), "")


@pytest.mark.parametrize(("percent", "needs_change"), [(79.9, True), (80.0, False), (100.0, False), (0.0, True)])
def test_coverage_at_the_threshold_is_enough(office: Office, percent: float, needs_change: bool) -> None:
    desk = furnish(office, "request", tested=None).desk()
    found = gather(Question.OPEN, desk, call("request"), NOW, measure=lambda: replace(MEASURED, percent=percent))
    assert found.measured is not None
    assert found.measured.needs_change is needs_change


def test_no_report_is_a_problem_with_the_code(office: Office) -> None:
    desk = furnish(office, "request", tested=None).desk()
    none = replace(MEASURED, percent=None, problem="The tests left no coverage report")
    found = gather(Question.OPEN, desk, call("request"), NOW, measure=lambda: none)
    assert (found.measured, found.code_problem) == (None, "The tests left no coverage report")


def decided_in_port(*people: str, **changes: Any) -> Any:
    rows = [
        run_row(
            f"r_{number}",
            "approve_and_deploy_service",
            createdBy=person,
            entity={"identifier": change_row()["sys_id"]},
            **{"status": "SUCCESS", "properties": {"approval_status": "approved"}, **changes},
        )
        for number, person in enumerate(people)
    ]
    return (200, {"runs": rows})


PORTS = {"approver.user_name": "portctl.approvals", "approver.email": "port@example.com"}


@pytest.mark.parametrize(
    ("people", "changes", "requester", "approver"),
    [
        (("user_pat",), {}, "user_dora", Approver.ANOTHER),
        (("user_dora",), {}, "user_dora", Approver.REQUESTER),
        (("user_pat", "user_dora"), {}, "user_dora", Approver.REQUESTER),
        ((), {}, "user_dora", Approver.UNKNOWN),
        (("user_pat",), {"status": "FAILURE"}, "user_dora", Approver.UNKNOWN),
        (("user_pat",), {"properties": {"approval_status": "rejected"}}, "user_dora", Approver.UNKNOWN),
        (("user_pat",), {}, "", Approver.UNKNOWN),
        (("user_pat",), {"status": "IN_PROGRESS"}, "user_dora", Approver.ANOTHER),
    ],
)
def test_behind_the_account_of_port_stands_whoever_ran_the_action(
    office: Office, people: tuple[str, ...], changes: dict[str, Any], requester: str, approver: Approver
) -> None:
    tested = replace(TESTED, requester=requester)
    furnish(office, "deploy", tested=tested, change=change_row(), approvals=(approval_row(**PORTS),))
    office.replies[RUNS] = decided_in_port(*people, **changes)
    found, _ = ask(office, Question.START, "deploy")
    assert found.approvers == (approver,)


@pytest.mark.parametrize(
    ("theirs", "hers", "approver"),
    [
        ("u_pat", "u_dora", Approver.ANOTHER),
        ("u_dora", "u_dora", Approver.REQUESTER),
        ("u_pat", "", Approver.UNKNOWN),
        ("", "", Approver.UNKNOWN),
    ],
)
def test_people_are_known_by_their_users(office: Office, theirs: str, hers: str, approver: Approver) -> None:
    """Whatever their addresses have become since the change was opened."""
    row = approval_row(approver={"value": theirs}, **{"approver.email": "dora.new@example.com"})
    furnish(office, "deploy", tested=replace(TESTED, account=hers), change=change_row(), approvals=(row,))
    found, _ = ask(office, Question.START, "deploy")
    assert found.approvers == (approver,)


@pytest.mark.parametrize(
    ("theirs", "hers", "approver"),
    [
        ("pat@example.com", "dora@example.com", Approver.ANOTHER),
        ("dora@example.com", "dora@example.com", Approver.REQUESTER),
        ("Dora@Example.COM", "dora@example.com", Approver.REQUESTER),
        ("", "dora@example.com", Approver.UNKNOWN),
        ("pat@example.com", "", Approver.UNKNOWN),
    ],
)
def test_where_a_requester_needs_no_account_people_are_known_by_their_addresses(
    office: Office, theirs: str, hers: str, approver: Approver
) -> None:
    office.changes = {"policy": {**document()["policy"], "requester_needs_account": False}}
    tested, row = replace(TESTED, email=hers, account=""), approval_row(**{"approver.email": theirs})
    furnish(office, "deploy", tested=tested, change=change_row(), approvals=(row,))
    found, _ = ask(office, Question.START, "deploy")
    assert found.approvers == (approver,)


@pytest.mark.parametrize(("environment", "needs_change"), [("Production", True), ("Staging", False)])
def test_some_environments_are_always_asked_about(office: Office, environment: str, needs_change: bool) -> None:
    office.changes = {"policy": {**document()["policy"], "always_ask": ["Production"]}}
    furnish(office, "request", tested=None)
    row = run_row("r_one", "deploy_service_to_cluster", properties={"environment": environment})
    office.replies["port GET /v1/actions/runs/r_one"] = run_reply(row)
    covered = replace(MEASURED, percent=100.0)
    found = gather(Question.OPEN, office.desk(), call("request"), NOW, measure=lambda: covered)
    assert found.measured is not None
    assert (found.measured.needs_change, found.measured.account) == (needs_change, "u_dora" if needs_change else "")


@pytest.mark.parametrize(
    ("created_at", "status", "at_work"),
    [
        ("2026-11-21T08:00:00Z", "running", True),
        ("2026-11-21T08:00:00Z", "waiting_for_resource", True),
        ("2026-11-21T08:00:00Z", "failed", False),
        ("2026-11-21T09:59:00Z", "running", False),
    ],
)
def test_a_pipeline_that_still_works_is_asked_for_before_a_request_is_given_up(
    office: Office, created_at: str, status: str, at_work: bool
) -> None:
    furnish(office, "look")
    row = run_row("r_one", "deploy_service_to_cluster", createdAt=created_at)
    office.replies["port GET /v1/actions/runs/r_one"] = run_reply(row)
    folder = "deployments%2F2026-11%2Fr_one"
    office.replies |= {
        f"gitlab GET {MARKS}/files/{folder}%2F{name}.json": NOT_THERE for name in ("tested", "started", "ended")
    }
    others = [{"id": 2, "name": "request r_two", "status": "running"}, {"id": 3, "name": None, "status": "running"}]
    ours = {"id": 1, "name": "request r_one", "status": status}
    office.replies[f"{PIPELINES}/pipelines"] = (200, [*others, ours])
    assert ask(office, Question.LOOK, "look")[0].at_work is at_work


def test_each_approval_counts_and_who_is_waited_for_is_named(office: Office) -> None:
    rows = (
        approval_row(),
        approval_row(approver={"value": "u_dora"}),
        approval_row(state="requested", **{"approver.name": "Casey Cab"}),
        approval_row(state="not_required"),
    )
    furnish(office, "deploy", change=change_row(), approvals=rows)
    found, _ = ask(office, Question.START, "deploy")
    assert found.approvers == (Approver.ANOTHER, Approver.REQUESTER)
    assert found.awaited == ("Casey Cab",)


BOARD = {"group.assignment_group.name": "CAB Approval", "approver.user_name": "casey.cab"}


@pytest.mark.parametrize("other", [BOARD, {"group.assignment_group.name": ""}, {"group.assignment_group.name": None}])
def test_an_approval_of_another_group_counts_only_beside_one_of_the_group_that_decides(
    office: Office, other: dict[str, Any]
) -> None:
    furnish(office, "deploy", change=change_row(), approvals=(approval_row(**other),))
    assert ask(office, Question.START, "deploy")[0].approvers == (Approver.OUTSIDER,)
    furnish(office, "deploy", change=change_row(), approvals=(approval_row(**other), approval_row(state="requested")))
    assert ask(office, Question.START, "deploy")[0].approvers == (Approver.OUTSIDER,)
    furnish(office, "deploy", change=change_row(), approvals=(approval_row(**other), approval_row()))
    assert ask(office, Question.START, "deploy")[0].approvers == (Approver.ANOTHER, Approver.ANOTHER)


@pytest.mark.parametrize(
    "changes", [{"state": "4"}, {"state": "-5", "approval": "rejected"}, {"on_hold": "true"}, {"state": "3"}]
)
def test_who_approved_is_not_asked_where_it_tells_nothing(office: Office, changes: dict[str, str]) -> None:
    furnish(office, "deploy", change=change_row(**changes), approvals=(approval_row(),))
    found, _ = ask(office, Question.START, "deploy")
    assert (found.approvers, found.awaited) == ((), ())


def test_a_decision_that_was_announced_is_waited_for(office: Office) -> None:
    """ServiceNow's flow follows its own approval a moment later."""
    furnish(office, "decision", change=change_row(), approvals=(approval_row(),))
    word_only = (200, {"result": change_row(state="-4")})
    office.replies[FIND] = [word_only, word_only, (200, {"result": change_row()})]
    found, _ = ask(office, Question.WAIT, "decision")
    assert found.approvers == (Approver.ANOTHER,)
    assert office.waits == [1.0, 1.0]


@pytest.mark.parametrize(
    ("question", "kind", "waits"),
    [(Question.WAIT, "decision", 3), (Question.LOOK, "look", 0), (Question.START, "deploy", 0)],
)
def test_a_decision_that_does_not_come_is_not_waited_for_long(
    office: Office, question: Question, kind: str, waits: int
) -> None:
    furnish(office, kind, change=change_row(state="-4", approval="requested"))
    found, _ = ask(office, question, kind)
    assert found.change is not None
    assert office.waits == [1.0] * waits


@pytest.mark.parametrize("may", [False, True])
def test_an_approval_whose_approver_does_not_show_yet_is_waited_for(office: Office, may: bool) -> None:
    office.changes = {"policy": {**document()["policy"], "requester_may_approve": may}}
    furnish(office, "decision", change=change_row())
    office.replies[APPROVERS] = [(200, {"result": []}), (200, {"result": [approval_row()]})]
    assert ask(office, Question.WAIT, "decision")[0].approvers == (Approver.ANOTHER,)
    assert office.waits == [1.0]


def test_an_approval_by_nobody_that_is_known_is_looked_at_again(office: Office) -> None:
    furnish(office, "decision", change=change_row(), approvals=(approval_row(**PORTS),))
    office.replies[RUNS] = [decided_in_port(), decided_in_port("user_pat")]
    found, _ = ask(office, Question.WAIT, "decision")
    assert found.approvers == (Approver.ANOTHER,)
    assert office.waits == [1.0]


def test_how_the_deploy_job_stands(office: Office) -> None:
    furnish(office, "deploy", started=STARTED)
    assert ask(office, Question.FINISH, "deploy")[0].job is JobState.ACTIVE
    furnish(office, "deploy", started=replace(STARTED, job=0))
    assert ask(office, Question.FINISH, "deploy")[0].job is JobState.NEVER_BEGAN
    furnish(office, "deploy", started=STARTED, ended=ENDED)
    assert ask(office, Question.FINISH, "deploy")[0].job is None


@pytest.mark.parametrize(
    ("row", "abandoned"),
    [
        (run_row("r_old", "lookAtDeployment", createdAt="2026-11-21T08:59:59Z"), ("r_old",)),
        (run_row("r_old", "pre_deployment_check", createdAt="2026-11-20T08:00:00Z"), ("r_old",)),
        (run_row("r_old", "approveSnowPipeline", createdAt="2026-11-20T08:00:00Z"), ("r_old",)),
        (run_row("r_old", "lookAtDeployment", createdAt="2026-11-21T09:00:00Z"), ()),
        (run_row("r_old", "deploy_service_to_cluster", createdAt="2026-11-20T08:00:00Z"), ()),
        (run_row("r_own", "lookAtDeployment", createdAt="2026-11-20T08:00:00Z"), ()),
    ],
)
def test_runs_whose_pipelines_are_over(office: Office, row: dict[str, Any], abandoned: tuple[str, ...]) -> None:
    furnish(office, "look", change=change_row())
    about = {**row, "properties": {"deploy_run_id": "r_one"}}
    other = run_row("r_other", "lookAtDeployment", createdAt="2026-11-20T08:00:00Z")
    office.replies[RUNS] = (200, {"runs": [about, {**other, "properties": {"deploy_run_id": "r_two"}}]})
    assert ask(office, Question.LOOK, "look")[0].abandoned == (*abandoned, "r_other")


def test_the_job_that_failed_is_named_in_a_pipeline_only(office: Office) -> None:
    furnish(office, "request")
    jobs = [{"id": 1, "name": "test-service", "status": "failed", "started_at": None, "web_url": "https://g/1"}]
    office.replies["gitlab GET /api/v4/projects/platform%2Fdeployment/pipelines/70/jobs"] = (200, jobs)
    assert ask(office, Question.REPORT, "request")[0].failed_job == "test-service (https://g/1)"
    office.replies["gitlab GET /api/v4/projects/platform%2Fdeployment/pipelines/70/jobs"] = (401, {"message": "dead"})
    assert ask(office, Question.REPORT, "request")[0].failed_job == ""
    assert office.log[-1].startswith("Which job has failed is not known: ")
    outside = replace(call("request"), pipeline=0)
    assert gather(Question.REPORT, office.desk(), outside, NOW).failed_job == ""
