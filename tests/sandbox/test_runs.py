"""Runs: who may start them, with which inputs, how they are read, changed, logged to and ended."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import Body, action, automation, refusal, rules, self_service
from tests.sandbox.listener import Listener
from tests.sandbox.running import RUNS, execute, grant, make, messages, run, runs, started
from tests.servers import port_client

DEVELOPER, ENGINEER = "dev.dora@example.com", "pat.platform@example.com"
CHECKOUT = "shop/checkout"


def backend(listener: Listener, **more: Any) -> Body:
    return {"type": "WEBHOOK", "url": listener.url, **more}


def day_2(**more: Any) -> Body:
    return self_service(blueprintIdentifier="service", **more)


@pytest.fixture
def deploy(port: httpx.Client, sandbox: Sandbox, listener: Listener) -> str:
    """An action on services whose backend answers 200 and reports nothing."""
    make(port, action("deploy", title="Deploy", trigger=day_2(), invocationMethod=backend(listener)))
    sandbox.world.clock.advance(1)
    return "deploy"


@pytest.mark.fact(157)
def test_a_run_is_accepted_and_read_back(sandbox: Sandbox, port: httpx.Client, deploy: str) -> None:
    answer = execute(port, deploy, {"environment": "Staging"}, CHECKOUT)
    made = answer.json()["run"]
    assert (answer.status_code, answer.json()["ok"], made["id"][:2], len(made["id"])) == (202, True, "r_", 18)
    by = sandbox.credentials["port"]["default"]["clientId"]
    at = made["createdAt"]
    assert made == {
        "id": made["id"],
        "status": "IN_PROGRESS",
        "statusLabel": None,
        "action": {"identifier": "deploy", "title": "Deploy", "icon": None},
        "blueprint": {"identifier": "service", "title": "Service", "icon": "Microservice"},
        "entity": {"identifier": CHECKOUT, "title": "Checkout", "icon": "Microservice"},
        "properties": {"environment": "Staging"},
        "rawProperties": {"environment": "Staging"},
        "source": "API",
        "link": [],
        "summary": None,
        "requiredApproval": False,
        "approval": None,
        "payload": None,
        "response": None,
        "endedAt": None,
        "createdBy": by,
        "updatedBy": by,
        "createdAt": at,
        "updatedAt": at,
    }
    sandbox.settle()
    found = run(port, made["id"])
    assert {**found, "payload": None, "updatedAt": at} == made


@pytest.mark.fact(158)
@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({}, 422, refusal("invalid_request", "body must have required property 'properties'")),
        ({"properties": []}, 422, refusal("invalid_request", "body/properties must be object")),
        (
            {"properties": {}, "run_as": "x"},
            422,
            refusal("invalid_request", "body must NOT have additional properties"),
        ),
        ({"properties": {}}, 422, refusal("invalid_request", "body must have required property 'entity'")),
        (
            {"properties": {}, "entity": "shop/none"},
            404,
            refusal("not_found", 'Entity with identifier "shop/none" was not found'),
        ),
    ],
)
def test_a_body_that_does_not_fit_is_refused(
    port: httpx.Client, deploy: str, body: Body, status: int, expected: Body
) -> None:
    answer = port.post(f"/v1/actions/{deploy}/runs", json=body)
    assert (answer.status_code, answer.json()) == (status, expected)
    assert runs(port) == []


@pytest.mark.fact(163)
def test_what_is_unpublished_unknown_or_no_action_is_not_executed(port: httpx.Client) -> None:
    make(port, action("hidden", publish=False), automation("reacts"))
    refused = [execute(port, name) for name in ("hidden", "reacts", "nothing")]
    assert [(each.status_code, each.json()["message"]) for each in refused] == [
        (422, 'The action "hidden" is not published'),
        (422, 'The automation "reacts" cannot be executed'),
        (404, 'Action with identifier "nothing" was not found'),
    ]


@pytest.mark.fact(164)
def test_the_condition_of_an_action_holds_for_the_api_or_for_the_form_only(
    sandbox: Sandbox, port: httpx.Client, listener: Listener
) -> None:
    gold = {"type": "SEARCH", **rules({"property": "tier", "operator": "=", "value": "gold"})}
    make(port, action("polish", trigger=day_2(condition=gold), invocationMethod=backend(listener)))
    assert execute(port, "polish", {}, "shop/catalog").status_code == 202
    sandbox.switches.set({"action-condition": "strict"})
    answer = execute(port, "polish", {}, "shop/catalog")
    message = 'The entity "shop/catalog" does not meet the condition of the action'
    assert (answer.status_code, answer.json()) == (422, refusal("invalid_request", message))
    assert execute(port, "polish", {}, CHECKOUT).status_code == 202


GRANTS: list[tuple[Body, str, int]] = [
    ({"roles": ["Admin", "Member"]}, "developer", 202),
    ({"roles": ["Admin"]}, "developer", 403),
    ({"roles": ["Admin"]}, "member", 403),
    ({"roles": ["Admin"]}, "engineer", 202),
    ({"roles": ["Admin"]}, "default", 202),
    ({"roles": [], "users": [DEVELOPER]}, "developer", 202),
    ({"roles": [], "users": [DEVELOPER]}, "engineer", 403),
    ({"roles": [], "users": [DEVELOPER]}, "default", 403),
    ({"roles": [], "teams": ["shop"]}, "developer", 202),
    ({"roles": [], "teams": ["platform"]}, "developer", 403),
    ({"roles": [], "ownedByTeam": True}, "developer", 202),
    ({"roles": [], "ownedByTeam": True}, "engineer", 403),
]


@pytest.mark.fact(165)
@pytest.mark.parametrize(("execution", "credential", "status"), GRANTS)
def test_roles_users_teams_and_ownership_decide_who_executes(
    sandbox: Sandbox, port: httpx.Client, deploy: str, execution: Body, credential: str, status: int
) -> None:
    grant(port, deploy, execute=execution)
    with port_client(sandbox, credential) as client:
        assert execute(client, deploy, {}, CHECKOUT).status_code == status


@pytest.mark.fact(166)
def test_policies_of_permissions_say_that_they_are_not_emulated(port: httpx.Client, deploy: str) -> None:
    policy = {"queries": {"q": rules()}, "conditions": ["true"]}
    grant(port, deploy, execute={"policy": policy})
    answer = execute(port, deploy, {}, CHECKOUT)
    message = "The sandbox does not emulate policies of action permissions"
    assert (answer.status_code, answer.json()["message"]) == (501, message)


@pytest.mark.fact(167)
def test_the_organisation_executes_as_somebody_and_nobody_else_does(
    port: httpx.Client, developer: httpx.Client, member: httpx.Client, deploy: str
) -> None:
    grant(port, deploy, execute={"roles": [], "users": [DEVELOPER]})
    made = run(port, started(port, deploy, {}, CHECKOUT, run_as=DEVELOPER))
    user = port.get(f"/v1/users/{DEVELOPER}").json()["user"]
    assert made["createdBy"] == user["id"] == run(port, started(developer, deploy, {}, CHECKOUT))["createdBy"]
    refused = [
        execute(port, deploy, {}, CHECKOUT, run_as=ENGINEER),
        execute(port, deploy, {}, CHECKOUT, run_as="nobody@example.com"),
        execute(developer, deploy, {}, CHECKOUT, run_as=ENGINEER),
        execute(member, deploy, {}, CHECKOUT, run_as=DEVELOPER),
    ]
    assert [each.status_code for each in refused] == [403, 404, 403, 403]
    message = f'{ENGINEER} is not allowed to execute the action "deploy"'
    assert refused[0].json() == refusal("forbidden", message)


@pytest.mark.fact(168)
def test_a_run_is_changed_key_by_key_until_it_ends(sandbox: Sandbox, port: httpx.Client, deploy: str) -> None:
    run_id = started(port, deploy, {}, CHECKOUT)
    sandbox.settle()
    changes: list[Body] = [
        {"link": "https://one.example.com", "statusLabel": "Building"},
        {"link": ["https://two.example.com"], "summary": "ok", "externalRunId": "77"},
        {"status": "FAILURE"},
    ]
    answers = [port.patch(f"{RUNS}/{run_id}?version=v2", json=each) for each in changes]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    first, _, last = (answer.json()["run"] for answer in answers)
    assert (first["link"], first["statusLabel"], first["status"]) == (
        ["https://one.example.com"],
        "Building",
        "IN_PROGRESS",
    )
    assert last["endedAt"] == last["updatedAt"]
    wanted = {"link": ["https://two.example.com"], "statusLabel": "Building", "summary": "ok", "status": "FAILURE"}
    assert {name: last[name] for name in wanted} == wanted
    assert runs(port, external_run_id="77") == [last]


@pytest.mark.fact(169)
def test_an_ended_run_is_frozen(sandbox: Sandbox, port: httpx.Client, deploy: str) -> None:
    run_id = started(port, deploy, {}, CHECKOUT)
    sandbox.settle()
    port.post(f"{RUNS}/{run_id}/logs", json={"message": "done", "terminationStatus": "SUCCESS", "statusLabel": "Done"})
    ended = run(port, run_id)
    assert (ended["status"], ended["statusLabel"], ended["endedAt"]) == ("SUCCESS", "Done", ended["updatedAt"])
    expected = refusal("invalid_request", f'Action run "{run_id}" has already ended, its status is SUCCESS')
    for answer in (
        port.patch(f"{RUNS}/{run_id}", json={"statusLabel": "late"}),
        port.post(f"{RUNS}/{run_id}/logs", json={"message": "again", "terminationStatus": "FAILURE"}),
        port.post(f"{RUNS}/{run_id}/logs", json={"message": "late"}),
    ):
        assert (answer.status_code, answer.json()) == (422, expected)
    sandbox.switches.set({"log-after-end": "lenient"})
    assert port.post(f"{RUNS}/{run_id}/logs", json={"message": "late"}).status_code == 201
    assert (messages(port, run_id), run(port, run_id)) == (["done", "late"], ended)


@pytest.mark.fact(170)
def test_logs_are_kept_in_order_and_read_in_pages(sandbox: Sandbox, port: httpx.Client, deploy: str) -> None:
    run_id = started(port, deploy, {}, CHECKOUT)
    entry = port.post(f"{RUNS}/{run_id}/logs", json={"message": "0"}).json()["runLog"]
    by = sandbox.credentials["port"]["default"]["clientId"]
    wanted = {"runId": run_id, "message": "0", "createdBy": by}
    assert {name: entry[name] for name in entry if name not in ("id", "createdAt")} == wanted
    for number in range(1, 60):
        port.post(f"{RUNS}/{run_id}/logs", json={"message": str(number)})
    pages = [port.get(f"{RUNS}/{run_id}/logs", params={"limit": 25, "offset": each}).json() for each in (0, 25, 50)]
    assert [line["message"] for page in pages for line in page["runLogs"]] == [str(number) for number in range(60)]
    assert len(messages(port, run_id)) == 50
    assert port.get(f"{RUNS}/{run_id}/logs", params={"limit": 51}).status_code == 422


@pytest.mark.fact(171)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"status": "DONE"}),
        ("PATCH", "", {"state": "SUCCESS"}),
        ("PATCH", "", {"link": 1}),
        ("POST", "/logs", {"terminationStatus": "SUCCESS"}),
        ("POST", "/logs", {"message": "x", "terminationStatus": "DECLINED"}),
        ("PATCH", "/approval", {"status": "REJECT"}),
    ],
)
def test_changes_logs_and_decisions_that_do_not_fit_are_refused(
    port: httpx.Client, deploy: str, method: str, path: str, body: Body
) -> None:
    run_id = started(port, deploy, {}, CHECKOUT)
    assert port.request(method, f"{RUNS}/{run_id}{path}", json=body).status_code == 422
    unknown = port.request(method, f"{RUNS}/r_unknown{path}", json={"message": "x"} if path == "/logs" else {})
    assert unknown.status_code in (404, 422)


@pytest.mark.fact(171)
def test_an_unknown_run_is_not_found(port: httpx.Client) -> None:
    expected = refusal("not_found", 'Action run with identifier "r_unknown" was not found')
    answers = [
        port.get(f"{RUNS}/r_unknown"),
        port.patch(f"{RUNS}/r_unknown", json={}),
        port.post(f"{RUNS}/r_unknown/logs", json={"message": "x"}),
        port.get(f"{RUNS}/r_unknown/logs"),
        port.get(f"{RUNS}/r_unknown/approvers"),
    ]
    assert [(each.status_code, each.json()) for each in answers] == [(404, expected)] * 5


@pytest.mark.fact(172)
def test_runs_are_listed_newest_first_with_filters(
    port: httpx.Client, developer: httpx.Client, deploy: str, listener: Listener
) -> None:
    make(port, action("form", invocationMethod=backend(listener)))
    first = started(port, deploy, {}, CHECKOUT)
    second = started(developer, deploy, {}, "shop/catalog")
    third = started(port, "form")
    port.patch(f"{RUNS}/{first}", json={"status": "SUCCESS"})
    found: dict[str, list[str]] = {}
    for query in (
        "",
        "entity=shop/catalog",
        "blueprint=service",
        "action=form",
        "active=true",
        "active=false",
        f"user_email={DEVELOPER}",
        "source=API&limit=1",
        "source=AUTOMATION&source=UI",
    ):
        rows = port.get(f"{RUNS}?{query}").json()["runs"]
        found[query] = [row["id"] for row in rows]
    assert list(found.values()) == [
        [third, second, first],
        [second],
        [second, first],
        [third],
        [third, second],
        [first],
        [second],
        [third],
        [],
    ]
    assert "payload" not in runs(port, exclude="payload")[0]
    assert [port.get(f"{RUNS}?{each}").status_code for each in ("limit=0", "limit=1001", "source=X")] == [422] * 3


@pytest.mark.fact(173)
def test_what_was_deleted_keeps_its_stub(port: httpx.Client, deploy: str) -> None:
    run_id = started(port, deploy, {}, "shop/catalog")
    port.delete("/v1/blueprints/service/entities/shop%2Fcatalog")
    port.delete("/v1/actions/deploy")
    found = run(port, run_id)
    gone = {"title": None, "icon": None, "deleted": True}
    assert found["action"] == {"identifier": "deploy", **gone}
    assert found["entity"] == {"identifier": "shop/catalog", **gone}


@pytest.mark.fact(174)
def test_runs_are_hidden_from_others_where_the_action_says_so(
    port: httpx.Client, developer: httpx.Client, engineer: httpx.Client, listener: Listener
) -> None:
    make(port, action("private", allowAnyoneToViewRuns=False, invocationMethod=backend(listener)))
    others, own = started(port, "private"), started(developer, "private")
    assert [row["id"] for row in runs(developer)] == [own]
    assert developer.get(f"{RUNS}/{others}").status_code == 403
    assert [row["id"] for row in runs(engineer)] == [own, others]


@pytest.mark.fact(88)
def test_a_write_is_tied_to_a_run_in_progress(sandbox: Sandbox, port: httpx.Client, deploy: str) -> None:
    run_id = started(port, deploy, {}, CHECKOUT)
    path = "/v1/blueprints/service/entities"
    body = {"identifier": "made", "properties": {}}
    assert port.post(path, json=body, params={"run_id": run_id}).status_code == 201
    assert port.delete(f"{path}/made", params={"run_id": run_id}).json() == {"ok": True}
    audits = port.get("/v1/audit-log", params={"run_id": run_id, "resources": "entity"}).json()["audits"]
    by = sandbox.credentials["port"]["default"]["clientId"]
    assert [(each["action"], each["context"]["entity"], each["trigger"]["by"]["userId"]) for each in audits] == [
        ("DELETE", "made", by),
        ("CREATE", "made", by),
    ]
    port.patch(f"{RUNS}/{run_id}", json={"status": "SUCCESS"})
    answer = port.post(path, json=body, params={"run_id": run_id})
    message = f'Action run "{run_id}" is not in progress, its status is SUCCESS'
    assert (answer.status_code, answer.json()) == (422, refusal("invalid_request", message))
