"""Actions and automations, in every form Port takes and refuses."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import Body, action, automation, refusal, rules, self_service
from tests.sandbox.listener import Listener

ROOT = "/v1/actions"
STAMPS = ("createdAt", "createdBy", "updatedAt", "updatedBy", "id")


def made(port: httpx.Client, body: Body) -> Body:
    answer = port.post(ROOT, json=body)
    assert answer.status_code == 201, answer.text
    row: Body = answer.json()["action"]
    return {name: value for name, value in row.items() if name not in STAMPS}


def refused(port: httpx.Client, body: Body) -> tuple[int, str]:
    answer = port.post(ROOT, json=body)
    return answer.status_code, answer.json()["message"]


@pytest.mark.fact(100, 111)
def test_a_new_action_is_answered_as_it_was_sent_and_stamped(sandbox: Sandbox, port: httpx.Client) -> None:
    answer = port.post(ROOT, json=action())
    row = answer.json()["action"]
    assert answer.status_code == 201
    assert {name: value for name, value in row.items() if name not in STAMPS} == action()
    assert [name for name in STAMPS if name not in row] == []
    said = action("said", requiredApproval=False, publish=True, allowAnyoneToViewRuns=True)
    assert made(port, said) == said
    sandbox.switches.set({"filled-defaults": "strict"})
    assert made(port, action("other")) == {
        **action("other"),
        "invocationMethod": {
            "type": "WEBHOOK",
            "url": "https://example.com",
            "method": "POST",
            "agent": False,
            "synchronized": False,
            "headers": {},
            "body": {},
        },
        "publish": True,
        "requiredApproval": False,
        "approvalNotification": {"type": "email"},
        "allowAnyoneToViewRuns": True,
    }


@pytest.mark.fact(111)
def test_a_condition_of_an_automation_gets_no_combinator_or_does(sandbox: Sandbox, port: httpx.Client) -> None:
    condition = {"type": "JQ", "expressions": [".diff.after != null"]}
    row = made(port, automation(trigger={"condition": condition}))
    assert row["trigger"]["condition"] == condition
    sandbox.switches.set({"filled-defaults": "strict"})
    row = made(port, automation("other", trigger={"condition": condition}))
    assert row["trigger"]["condition"] == {**condition, "combinator": "and"}


@pytest.mark.fact(100, 112)
@pytest.mark.parametrize("key", [*STAMPS, "permissions", "version"])
def test_unknown_keys_are_refused_those_that_get_adds_too(port: httpx.Client, key: str) -> None:
    assert refused(port, action(**{key: "x"})) == (422, "body must NOT have additional properties")
    answer = port.put(f"{ROOT}/scaffold_service", json=action("scaffold_service", **{key: "x"}))
    assert answer.json() == refusal("invalid_request", "body must NOT have additional properties")


@pytest.mark.fact(101)
def test_a_taken_identifier_is_refused(port: httpx.Client) -> None:
    assert refused(port, action("scaffold_service")) == (
        409,
        'Action with identifier "scaffold_service" already exists',
    )
    assert refused(port, action("a/b"))[0] == 422


WRONG_TRIGGERS: list[tuple[Any, str]] = [
    ("CREATE", "body/trigger must be object"),
    ({"type": "UPDATE"}, "body/trigger/type must be equal to one of the allowed values"),
    ({"operation": "CREATE"}, "body/trigger must have required property 'type'"),
    (
        self_service(operation="UPDATE"),
        "body/trigger/operation must be equal to one of the allowed values",
    ),
    (
        self_service(operation="CREATE", condition={"type": "SEARCH", **rules()}),
        "body/trigger must NOT have additional properties",
    ),
    (
        self_service(condition={"type": "SEARCH", **rules()}),
        "body/trigger must have property blueprintIdentifier when property condition is present",
    ),
    (
        self_service(userInputs={"properties": {}, "order": [], "steps": []}),
        "body/trigger/userInputs must match exactly one schema in oneOf",
    ),
    (
        self_service(userInputs={"properties": {"a": {"type": "integer"}}}),
        "body/trigger/userInputs/properties/a/type must be equal to one of the allowed values",
    ),
    (
        self_service(userInputs={"properties": {"a": {"type": "string", "format": "date"}}}),
        "body/trigger/userInputs/properties/a/format must be equal to one of the allowed values",
    ),
    (
        self_service(userInputs={"properties": {"a": {"type": "string", "format": "entity"}}}),
        "body/trigger/userInputs/properties/a must have required property 'blueprint'",
    ),
    (
        self_service(actionCardButtonText=" x"),
        r'body/trigger/actionCardButtonText must match pattern "^[^\s].*[^\s]$"',
    ),
    (
        self_service(executeActionButtonText="x" * 16),
        "body/trigger/executeActionButtonText must NOT have more than 15 characters",
    ),
    ({"type": "automation"}, "body/trigger must have required property 'event'"),
    (
        {"type": "automation", "event": {"type": "ENTITY_MOVED"}},
        "body/trigger/event/type must be equal to one of the allowed values",
    ),
    (
        {"type": "automation", "event": {"type": "ENTITY_CREATED"}},
        "body/trigger/event must have required property 'blueprintIdentifier'",
    ),
    (
        {"type": "automation", "event": {"type": "RUN_CREATED", "blueprintIdentifier": "service"}},
        "body/trigger/event must NOT have additional properties",
    ),
    (
        {"type": "automation", "event": {"type": "TIMER_PROPERTY_EXPIRED", "blueprintIdentifier": "service"}},
        "body/trigger/event must have required property 'propertyIdentifier'",
    ),
]


@pytest.mark.fact(102, 103, 106, 107, 108, 109)
@pytest.mark.parametrize(("trigger", "message"), WRONG_TRIGGERS)
def test_a_trigger_that_does_not_fit_is_refused(port: httpx.Client, trigger: Any, message: str) -> None:
    assert refused(port, action(trigger=trigger)) == (422, message)


METHODS: list[Body] = [
    {
        "type": "WEBHOOK",
        "url": "https://x",
        "method": "PATCH",
        "headers": {"a": "b"},
        "body": [],
        "agent": "{{ true }}",
    },
    {"type": "KAFKA", "payload": {}},
    {"type": "GITHUB", "org": "o", "repo": "r", "workflow": "w", "workflowInputs": {}},
    {"type": "GITLAB", "projectName": "p", "groupName": "g", "defaultRef": "main", "pipelineVariables": {}},
    {"type": "AZURE_DEVOPS", "org": "o", "webhook": "w", "payload": []},
    {
        "type": "INTEGRATION_ACTION",
        "installationId": "i",
        "integrationActionType": "dispatch_workflow",
        "integrationActionExecutionProperties": {},
    },
    {"type": "UPSERT_ENTITY", "blueprintIdentifier": "service", "mapping": {"identifier": "x", "team": ["a"]}},
]


@pytest.mark.fact(110)
@pytest.mark.parametrize("method", METHODS, ids=lambda method: str(method["type"]))
def test_every_backend_is_accepted_and_rejects_other_keys(port: httpx.Client, method: Body) -> None:
    row = made(port, action(invocationMethod=method))
    assert {name: row["invocationMethod"][name] for name in method} == method
    for extra in ({"version": "v2"}, {"somethingElse": 1}):
        expected = (422, "body/invocationMethod must NOT have additional properties")
        assert refused(port, action("other", invocationMethod={**method, **extra})) == expected


@pytest.mark.fact(110)
@pytest.mark.parametrize("kind", ["SLACK", "JENKINS", "webhook", None])
def test_other_backends_are_refused(port: httpx.Client, kind: Any) -> None:
    expected = "body/invocationMethod/type must be equal to one of the allowed values"
    if kind is None:
        expected = "body/invocationMethod must have required property 'type'"
    assert refused(port, action(invocationMethod={"type": kind, "url": "https://x"})) == (422, expected)


@pytest.mark.fact(103, 106, 107)
def test_a_form_with_everything_is_accepted(port: httpx.Client) -> None:
    inputs = {
        "properties": {
            "service": {"type": "string", "format": "entity", "blueprint": "service", "dataset": rules()},
            "why": {"type": "string", "format": "multi-line", "visible": {"jqQuery": ".form.service != null"}},
            "key": {"type": "string", "encryption": "aes256-gcm", "dependsOn": ["why"]},
            "all": {"type": "array", "items": {"type": "string", "format": "entity", "blueprint": "service"}},
        },
        "required": {"jqQuery": '["why"]'},
        "steps": [{"title": "One", "order": ["service", "why"]}, {"title": "Two", "order": ["key", "all"]}],
        "titles": {"head": {"title": "Head", "visible": True}},
    }
    condition = {"type": "SEARCH", **rules({"property": "tier", "operator": "=", "value": "gold"})}
    trigger = self_service(blueprintIdentifier="service", condition=condition, userInputs=inputs)
    assert made(port, action(trigger=trigger))["trigger"] == trigger


@pytest.mark.fact(104)
@pytest.mark.parametrize(
    "body",
    [
        action(trigger=self_service(blueprintIdentifier="ghost")),
        action(invocationMethod={"type": "UPSERT_ENTITY", "blueprintIdentifier": "ghost", "mapping": {}}),
    ],
)
def test_a_blueprint_that_is_named_must_exist(port: httpx.Client, body: Body) -> None:
    assert refused(port, body) == (404, 'Blueprint with identifier "ghost" was not found')


@pytest.mark.fact(105)
@pytest.mark.parametrize(
    ("event", "message"),
    [
        (
            {"type": "ANY_ENTITY_CHANGE", "blueprintIdentifier": "ghost"},
            'Blueprint with identifier "ghost" was not found',
        ),
        ({"type": "RUN_UPDATED", "actionIdentifier": "ghost"}, 'Action with identifier "ghost" was not found'),
    ],
)
def test_what_an_automation_listens_to_must_exist_or_may_come_later(
    sandbox: Sandbox, port: httpx.Client, event: Body, message: str
) -> None:
    assert made(port, automation(event=event))["trigger"]["event"] == event
    sandbox.switches.set({"automation-references": "strict"})
    assert refused(port, automation("another", event=event)) == (404, message)


@pytest.mark.fact(112)
def test_put_replaces_the_whole_action(port: httpx.Client) -> None:
    port.post(ROOT, json=action(title="Old", description="Old", publish=False))
    before = port.get(f"{ROOT}/deploy").json()["action"]
    row = port.put(f"{ROOT}/deploy", json=action(title="New")).json()["action"]
    assert (row["title"], "publish" in row, "description" in row) == ("New", False, False)
    assert (row["id"], row["createdAt"]) == (before["id"], before["createdAt"])
    assert port.put(f"{ROOT}/ghost", json=action("ghost")).status_code == 404


@pytest.mark.fact(220)
def test_put_with_another_identifier_renames_and_what_belongs_to_the_action_follows(
    sandbox: Sandbox, port: httpx.Client
) -> None:
    made(port, action(requiredApproval=True))
    made(port, automation(event={"type": "RUN_CREATED", "actionIdentifier": "deploy"}))
    run = port.post(f"{ROOT}/deploy/runs", json={"properties": {}}).json()["run"]
    sandbox.world.clock.advance(1)
    permissions = port.patch(f"{ROOT}/deploy/permissions", json={"execute": {"roles": ["Admin"]}}).json()
    before = port.get(f"{ROOT}/deploy").json()["action"]
    answer = port.put(f"{ROOT}/deploy", json=action("ship", requiredApproval=True))
    row = answer.json()["action"]
    assert (answer.status_code, row["identifier"], row["id"]) == (200, "ship", before["id"])
    assert row["createdAt"] == before["createdAt"]
    assert port.get(f"{ROOT}/ship").json()["action"] == row
    assert port.get(f"{ROOT}/deploy").status_code == 404
    assert port.get(f"{ROOT}/ship/permissions").json() == permissions
    event = port.get(f"{ROOT}/react").json()["action"]["trigger"]["event"]
    assert event == {"type": "RUN_CREATED", "actionIdentifier": "ship"}
    assert port.get(f"{ROOT}/runs/{run['id']}").json()["run"]["action"] == {**run["action"], "identifier": "ship"}
    taken = port.put(f"{ROOT}/ship", json=action("scaffold_service"))
    assert (taken.status_code, taken.json()["error"]) == (409, "identifier_taken")
    assert port.get(f"{ROOT}/ship").status_code == 200


@pytest.mark.fact(220)
def test_a_run_whose_action_was_renamed_before_its_backend_was_called_is_carried_out(
    sandbox: Sandbox, port: httpx.Client, listener: Listener
) -> None:
    method = {"type": "WEBHOOK", "url": listener.url, "synchronized": True}
    delay = {"kind": "delay", "service": "port-jobs", "path": "^/invoke/deploy$", "seconds": 3600}
    httpx.post(f"{sandbox.control}/faults", json=delay).raise_for_status()
    made(port, action(invocationMethod=method))
    run = port.post(f"{ROOT}/deploy/runs", json={"properties": {}}).json()["run"]
    assert port.put(f"{ROOT}/deploy", json=action("ship", invocationMethod=method)).status_code == 200
    sandbox.settle()
    assert port.get(f"{ROOT}/runs/{run['id']}").json()["run"]["status"] == "SUCCESS"


@pytest.mark.fact(113)
def test_actions_have_no_patch(port: httpx.Client) -> None:
    answer = port.patch(f"{ROOT}/scaffold_service", json={"title": "x"})
    assert answer.json() == refusal("not_found", "Route PATCH:/v1/actions/scaffold_service not found")


@pytest.mark.fact(114, 115)
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("version=v2", ["scaffold_service", "deploy", "react"]),
        ("version=v1", ["scaffold_service", "deploy", "react"]),
        ("trigger_type=automation", ["react"]),
        ("trigger_type=self-service", ["scaffold_service", "deploy"]),
        ("published=false", ["deploy"]),
        ("operation[]=DAY-2&operation[]=DELETE", ["deploy"]),
        ("blueprint_identifier=service", ["scaffold_service", "react"]),
        ("action_identifier[]=react&action_identifier[]=deploy", ["deploy", "react"]),
        ("trigger_event=ENTITY_CREATED", ["react"]),
        ("trigger_event_action_identifier=deploy", []),
    ],
)
def test_actions_and_automations_share_a_list_with_filters(port: httpx.Client, query: str, expected: list[str]) -> None:
    made(port, action(trigger=self_service(), publish=False))
    made(port, automation())
    rows = port.get(f"{ROOT}?{query}").json()["actions"]
    assert [row["identifier"] for row in rows] == expected
    assert all("invocationMethod" in row and "trigger" in row for row in rows)


@pytest.mark.fact(114)
@pytest.mark.parametrize("query", ["version=v3", "trigger_type=x", "operation=UPDATE", "published=yes"])
def test_filters_outside_their_values_are_refused(port: httpx.Client, query: str) -> None:
    assert port.get(f"{ROOT}?{query}").status_code == 422


@pytest.mark.fact(116)
def test_a_deleted_action_is_gone(port: httpx.Client) -> None:
    assert port.delete(f"{ROOT}/scaffold_service").json() == {"ok": True}
    for method in ("GET", "DELETE"):
        answer = port.request(method, f"{ROOT}/scaffold_service")
        expected = refusal("not_found", 'Action with identifier "scaffold_service" was not found')
        assert (answer.status_code, answer.json()) == (404, expected)


@pytest.mark.fact(143)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{ROOT}/runs/claim-pending"),
        ("PATCH", f"{ROOT}/runs/ack"),
        ("PATCH", f"{ROOT}/runs/r_1/response"),
        ("GET", "/v1/scorecards"),
        ("GET", "/v1/integration"),
    ],
)
def test_what_comes_later_says_that_it_is_not_emulated(port: httpx.Client, method: str, path: str) -> None:
    answer = port.request(method, path)
    assert (answer.status_code, answer.json()["error"]) == (501, "not_emulated")
