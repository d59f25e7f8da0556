"""Service accounts: users that are no people, with credentials, a role and limits of their own."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import action, refusal
from tests.sandbox.listener import Listener
from tests.sandbox.running import RUNS, execute, make, run
from tests.servers import port_client

ACCOUNT, MEMBER = (f"deployment-gate{suffix}@serviceaccounts.getport.io" for suffix in ("", "-member"))
ENTITY = "/v1/blueprints/service/entities/shop%2Fcheckout"
NOT_ALLOWED = refusal("forbidden", "The role Member is not allowed to change the runs of others")


@pytest.fixture
def gate(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with port_client(sandbox, "gate") as client:
        yield client


@pytest.fixture
def gate_member(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with port_client(sandbox, "gate-member") as client:
        yield client


@pytest.mark.fact(213)
@pytest.mark.parametrize(("email", "role"), [(ACCOUNT, "Admin"), (MEMBER, "Member")])
def test_a_service_account_is_a_user_with_a_role(sandbox: Sandbox, port: httpx.Client, email: str, role: str) -> None:
    user = port.get(f"/v1/users/{email}").json()["user"]
    assert (user["type"], user["roles"], user["status"]) == ("SERVICE_ACCOUNT", [{"name": role}], "ACTIVE")
    entity = port.get(f"/v1/blueprints/_user/entities/{email}").json()["entity"]
    wanted = {"status": "Active", "port_role": role, "port_type": "Service Account"}
    assert {name: entity["properties"][name] for name in wanted} == wanted
    assert email in {each["clientId"] for each in sandbox.credentials["port"].values()}


@pytest.mark.fact(213)
def test_it_does_what_its_role_lets_it_do(port: httpx.Client, gate: httpx.Client, gate_member: httpx.Client) -> None:
    asked = [client.patch(ENTITY, json={"title": "Till"}).status_code for client in (gate_member, gate)]
    assert asked == [403, 200]
    assert [client.get(ENTITY).json()["entity"]["title"] for client in (gate_member, gate)] == ["Till", "Till"]
    make(port, action("deploy"))
    assert execute(gate, "deploy", run_as="dev.dora@example.com").status_code == 403
    started = execute(gate_member, "deploy").json()["run"]
    assert started["createdBy"] == port.get(f"/v1/users/{MEMBER}").json()["user"]["id"]


@pytest.mark.fact(214)
@pytest.mark.parametrize(("reading", "status"), [("strict", 403), ("lenient", 200)])
def test_whose_runs_a_member_changes(
    sandbox: Sandbox,
    port: httpx.Client,
    gate: httpx.Client,
    gate_member: httpx.Client,
    listener: Listener,
    reading: str,
    status: int,
) -> None:
    sandbox.switches.set({"service-account-runs": reading})
    make(port, action("deploy", invocationMethod={"type": "WEBHOOK", "url": listener.url}))
    own, foreign = (execute(client, "deploy").json()["run"]["id"] for client in (gate_member, port))
    answers = [gate_member.patch(f"{RUNS}/{foreign}", json={"statusLabel": "x"})]
    answers.append(gate_member.post(f"{RUNS}/{foreign}/logs", json={"message": "x"}))
    assert [answer.status_code for answer in answers] == ([403, 403] if status == 403 else [200, 201])
    if status == 403:
        assert [answer.json() for answer in answers] == [NOT_ALLOWED] * 2
    assert gate_member.post(f"{RUNS}/{own}/logs", json={"message": "done"}).status_code == 201
    assert gate_member.patch(f"{RUNS}/{own}", json={"status": "SUCCESS"}).status_code == 200
    assert gate.patch(f"{RUNS}/{foreign}", json={"status": "FAILURE"}).status_code == 200
    assert (run(port, own)["status"], run(port, foreign)["status"]) == ("SUCCESS", "FAILURE")


@pytest.mark.fact(215)
def test_its_limits_are_its_own(gate: httpx.Client, gate_member: httpx.Client) -> None:
    left = [int(client.get("/v1/users").headers["x-ratelimit-remaining"]) for client in (gate, gate, gate_member)]
    whole = left[0] + 1
    assert left == [whole - 1, whole - 2, whole - 1]
