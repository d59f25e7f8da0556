"""What goes wrong between a client and ServiceNow, and between ServiceNow and whoever it calls."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from portctl.sandbox.servicenow import jobs
from portctl.sandbox.servicenow.service import HIBERNATING
from tests.sandbox.servicenow.receiver import Receiver
from tests.sandbox.servicenow.snow import TABLE, Json, Snow, clients
from tests.sandbox.servicenow.test_snow_rules import POST, message, rule
from tests.servers import running_sandbox
from tests.waiting import wait_until

INCIDENTS = f"{TABLE}/incident"


@pytest.mark.fact("servicenow-116")
def test_a_rate_limit_rule_counts_by_the_hour(snow: Snow, sandbox: Sandbox) -> None:
    values: dict[str, Json] = {
        "name": "few",
        "method": "GET",
        "rest_resource": INCIDENTS,
        "request_limit": 2,
        "limit_type": "user",
    }
    created = snow.create("sys_rate_limit_rules", **values)["sys_id"]
    client = snow.client("admin")
    answers = [client.get(INCIDENTS) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert [each.headers["x-ratelimit-limit"] for each in answers] == ["2", "2", "2"]
    refused = answers[-1]
    assert refused.headers["x-ratelimit-rule"] == created
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert "retry-after" not in answers[0].headers
    assert refused.json()["error"] == {
        "message": "Rate limit exceeded",
        "detail": f"Rate limit of 2 requests per hour for {INCIDENTS} exceeded",
    }
    assert snow.client("approver").get(INCIDENTS).status_code == 200
    sandbox.world.clock.advance(3600)
    assert client.get(INCIDENTS).status_code == 200


@pytest.mark.fact("servicenow-117")
def test_an_instance_may_hibernate_ask_for_a_sign_in_or_cancel_a_transaction(snow: Snow, sandbox: Sandbox) -> None:
    cancelled = {"result": [], "error": {"message": "Transaction cancelled: maximum execution time exceeded"}}
    for fault in (
        Fault(FaultKind.HTML, service="servicenow", value=HIBERNATING),
        Fault(FaultKind.HTML, service="servicenow", nth=2),
        Fault(FaultKind.STATUS, service="servicenow", nth=3, status=200, value=cancelled),
        Fault(FaultKind.STATUS, service="servicenow", nth=4, status=503),
    ):
        sandbox.faults.add(fault)
    hibernating, sign_in, cut_short, unavailable = (snow.client("admin").get(INCIDENTS) for _ in range(4))
    assert (hibernating.status_code, "Instance Hibernating" in hibernating.text) == (200, True)
    assert (sign_in.status_code, sign_in.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (cut_short.status_code, cut_short.json()) == (200, cancelled)
    assert (unavailable.status_code, unavailable.json()["status"]) == (503, "failure")


@pytest.mark.fact("servicenow-117")
def test_a_429_by_fault_has_the_headers_of_a_rule(snow: Snow, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(FaultKind.STATUS, service="servicenow", status=429, retry_after_seconds=7))
    answer = snow.client("admin").get(INCIDENTS)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert {"x-ratelimit-limit", "x-ratelimit-reset", "x-ratelimit-rule"} <= set(answer.headers)


@pytest.mark.fact("servicenow-118")
def test_an_answer_may_be_lost_after_a_successful_post(snow: Snow, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(FaultKind.LOSE_ANSWER, service="servicenow", method="POST"))
    with pytest.raises(httpx.RemoteProtocolError):
        snow.client("admin").post(INCIDENTS, json={"short_description": "made"})
    assert [row["short_description"] for row in snow.find("incident")] == ["made"]


@pytest.mark.fact("servicenow-118")
def test_a_request_may_be_performed_twice(snow: Snow, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(FaultKind.DUPLICATE, service="servicenow", method="POST"))
    snow.create("incident", short_description="made")
    assert len(snow.find("incident")) == 2


def states(receiver: Receiver) -> list[str]:
    return [body["state"] for body in receiver.bodies]


@pytest.mark.fact("servicenow-119")
def test_a_delivery_may_come_twice_never_or_after_a_later_one(snow: Snow, sandbox: Sandbox, receiver: Receiver) -> None:
    message(snow, receiver.url)
    rule(snow, POST, action_insert=False)

    def deliver(fault: Fault) -> list[str]:
        receiver.bodies.clear()
        sandbox.faults.add(fault)
        first, second = snow.change(), snow.change()
        numbers = [snow.read("change_request", each)["number"] for each in (first, second)]
        for change in (first, second):
            snow.patch("change_request", change, description="touched")
        snow.settle()
        sandbox.faults.clear()
        return [str(numbers.index(body["number"])) for body in receiver.bodies]

    path = "/business-rule/r"
    assert deliver(Fault(FaultKind.DUPLICATE, service=jobs.SERVICE, path=path)) == ["0", "0", "1"]
    assert deliver(Fault(FaultKind.CUT, service=jobs.SERVICE, path=path)) == ["1"]
    assert deliver(Fault(FaultKind.DELAY, service=jobs.SERVICE, path=path, seconds=60)) == ["1", "0"]


@pytest.mark.fact("servicenow-120")
def test_rules_run_by_themselves_soon_after(snow: Snow, receiver: Receiver) -> None:
    message(snow, receiver.url)
    rule(snow, POST)
    snow.change()
    wait_until(lambda: receiver.bodies)
    assert states(receiver) == ["-5"]


@pytest.mark.fact("servicenow-121")
def test_rules_that_set_each_other_off_for_ever_are_stopped(
    snow: Snow, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "STORM", 20)
    script = rule(snow, "current.description = 'again'; current.update();")
    snow.change()
    with pytest.raises(jobs.Unsettled, match=r"20 jobs were run and there are still more; .*/business-rule/r"):
        sandbox.settle()
    snow.patch("sys_script", script, active=False)
    monkeypatch.undo()
    sandbox.settle()


@pytest.mark.fact("servicenow-122")
def test_state_tokens_and_waiting_jobs_survive_a_restart(tmp_path: Path) -> None:
    with running_sandbox(state_dir=tmp_path) as sandbox, clients(sandbox) as snow:
        change = snow.change()
        snow.move(change, -4)
    with running_sandbox(state_dir=tmp_path) as sandbox, clients(sandbox) as snow:
        snow.settle()
        assert snow.state_of(change) == ("-4", "requested")
        assert snow.change() != change


@pytest.mark.fact("servicenow-123")
def test_equal_seeds_give_equal_instances(sandbox: Sandbox) -> None:
    twin, other = Sandbox(seed=0), Sandbox(seed=1)
    ours = sandbox.credentials["servicenow"]
    assert twin.credentials["servicenow"] == ours
    assert other.credentials["servicenow"]["default"] != ours["default"]
    assert ours["default"]["organisation"] != other.credentials["servicenow"]["default"]["organisation"]
    assert ours["default"]["organisation"].startswith("dev")
