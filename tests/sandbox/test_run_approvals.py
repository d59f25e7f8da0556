"""Runs that wait for approval."""

from __future__ import annotations

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import Body, action, refusal
from tests.sandbox.listener import Listener
from tests.sandbox.running import RUNS, grant, make, run, started

ADMIN, ENGINEER = "ada.admin@example.com", "pat.platform@example.com"


def risky(port: httpx.Client, sandbox: Sandbox, listener: Listener, required: bool | Body) -> str:
    method = {"type": "WEBHOOK", "url": listener.url, "body": {"run": "{{ .run.id }}"}}
    make(port, action("risky", requiredApproval=required, invocationMethod=method))
    sandbox.world.clock.advance(1)
    return "risky"


def decide(client: httpx.Client, run_id: str, status: str, **more: str) -> httpx.Response:
    return client.patch(f"{RUNS}/{run_id}/approval", json={"status": status, **more})


def user_id(port: httpx.Client, email: str) -> str:
    return str(port.get(f"/v1/users/{email}").json()["user"]["id"])


@pytest.mark.fact(175)
@pytest.mark.parametrize("required", [True, {"type": "ANY"}])
def test_one_approver_suffices_and_nothing_is_sent_before(
    sandbox: Sandbox,
    port: httpx.Client,
    developer: httpx.Client,
    engineer: httpx.Client,
    listener: Listener,
    required: bool | Body,
) -> None:
    run_id = started(developer, risky(port, sandbox, listener, required))
    sandbox.settle()
    waiting = run(port, run_id)
    assert (waiting["status"], waiting["requiredApproval"], listener.heard) == (
        "WAITING_FOR_APPROVAL",
        required,
        [],
    )
    answer = decide(engineer, run_id, "APPROVE", description="go")
    sandbox.settle()
    approved = {"userId": user_id(port, ENGINEER), "state": "APPROVED", "description": "go"}
    assert (answer.status_code, answer.json()["run"]["status"]) == (201, "IN_PROGRESS")
    assert (run(port, run_id)["approval"], listener.bodies) == (approved, [{"run": run_id}])


@pytest.mark.fact(175)
def test_all_approvers_are_needed_in_person_where_the_action_says_so(
    sandbox: Sandbox, port: httpx.Client, developer: httpx.Client, engineer: httpx.Client, listener: Listener
) -> None:
    name = risky(port, sandbox, listener, {"type": "ALL"})
    run_id = started(developer, name)
    assert decide(port, run_id, "APPROVE").status_code == 403
    assert decide(engineer, run_id, "APPROVE").json()["run"]["status"] == "WAITING_FOR_APPROVAL"
    again = refusal("invalid_request", f'Action run "{run_id}" was already decided by {ENGINEER}')
    assert decide(engineer, run_id, "APPROVE").json() == again
    decided = {"userId": user_id(port, ENGINEER), "state": "APPROVED", "description": None}
    others = (user_id(port, email) for email in (ADMIN, "deployment-gate@serviceaccounts.getport.io"))
    pending = [{"userId": user, "state": "PENDING", "description": None} for user in others]
    listed = [
        port.get(f"{RUNS}/{run_id}/approvers", params={"include_pending_approvers": flag}).json()["approvers"]
        for flag in ("true", "false")
    ]
    assert listed == [[decided, *pending], [decided]]
    grant(port, name, approve={"roles": [], "users": [ENGINEER]})
    second = started(developer, name)
    assert decide(engineer, second, "APPROVE").json()["run"]["status"] == "IN_PROGRESS"


@pytest.mark.fact(176)
@pytest.mark.parametrize("required", [True, {"type": "ALL"}])
def test_one_decline_declines_for_good(
    sandbox: Sandbox,
    port: httpx.Client,
    developer: httpx.Client,
    engineer: httpx.Client,
    listener: Listener,
    required: bool | Body,
) -> None:
    run_id = started(developer, risky(port, sandbox, listener, required))
    declined = decide(engineer, run_id, "DECLINE", description="no").json()["run"]
    sandbox.settle()
    assert (declined["status"], declined["endedAt"], listener.heard) == ("DECLINED", declined["updatedAt"], [])
    answer = decide(engineer, run_id, "APPROVE")
    message = f'Action run "{run_id}" does not wait for approval, its status is DECLINED'
    assert (answer.status_code, answer.json()) == (422, refusal("invalid_request", message))
    assert port.patch(f"{RUNS}/{run_id}", json={"statusLabel": "x"}).status_code == 422


@pytest.mark.fact(177)
def test_only_approvers_decide(
    sandbox: Sandbox, port: httpx.Client, developer: httpx.Client, engineer: httpx.Client, listener: Listener
) -> None:
    name = risky(port, sandbox, listener, True)
    grant(port, name, approve={"roles": [], "teams": ["shop"]})
    run_id = started(engineer, name)
    answer = decide(engineer, run_id, "APPROVE")
    expected = refusal("forbidden", f"{ENGINEER} is not an approver of this run")
    assert (answer.status_code, answer.json()) == (403, expected)
    assert decide(developer, run_id, "APPROVE").status_code == 201


@pytest.mark.fact(178)
def test_a_waiting_run_may_be_withdrawn_and_not_be_said_to_have_succeeded(
    sandbox: Sandbox, port: httpx.Client, listener: Listener
) -> None:
    run_id = started(port, risky(port, sandbox, listener, True))
    assert port.patch(f"{RUNS}/{run_id}", json={"status": "SUCCESS"}).status_code == 422
    withdrawn = port.patch(f"{RUNS}/{run_id}", json={"status": "FAILURE"}).json()["run"]
    sandbox.settle()
    assert (withdrawn["status"], listener.heard) == ("FAILURE", [])


@pytest.mark.fact(166)
def test_policies_of_approvers_say_that_they_are_not_emulated(
    sandbox: Sandbox, port: httpx.Client, engineer: httpx.Client, listener: Listener
) -> None:
    name = risky(port, sandbox, listener, True)
    run_id = started(port, name)
    policy = {"queries": {"q": {"combinator": "and", "rules": []}}, "conditions": ["[]"]}
    grant(port, name, approve={"policy": policy})
    assert [decide(engineer, run_id, "APPROVE").status_code, run(port, run_id)["status"]] == [
        501,
        "WAITING_FOR_APPROVAL",
    ]
