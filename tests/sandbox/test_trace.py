"""The reference traces of port.md 5.9: the story of the guide, seen from Port, with listeners for the other parties."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import Body, action, automation, blueprint, relation, self_service, webhook
from tests.sandbox.listener import Listener, listening
from tests.sandbox.running import RUNS, make, messages, run, runs, started

CHANGES = "/v1/blueprints/change/entities"
TRANSITION = (
    ".diff.before.properties.approval != .diff.after.properties.approval"
    ' and (.diff.after.properties.approval == "approved" or .diff.after.properties.approval == "rejected")'
)
DECIDE: Body = {
    "approval": {"type": "string", "enum": ["approved", "rejected"]},
    "reason": {"type": "string"},
}


@dataclass(slots=True)
class Story:
    """The parties: the sandbox, its organisation, a pipeline and an instance of ServiceNow (both listeners)."""

    sandbox: Sandbox
    port: httpx.Client
    pipeline: Listener
    snow: Listener
    ingest: str

    def report(self, run_id: str, status: str) -> int:
        line = {"message": f"ended with {status}", "terminationStatus": status}
        return self.port.post(f"{RUNS}/{run_id}/logs", json=line).status_code

    def deliver(self, **fields: str) -> None:
        """What the business rule sends: everything, each time."""
        raw = json.dumps({"sys_id": "chg1", "number": "CHG1", **fields}).encode()
        digest = hmac.new(b"hush", raw, hashlib.sha256).hexdigest()
        answer = httpx.post(self.ingest, content=raw, headers={"x-signature": digest})
        assert answer.status_code == 202
        self.sandbox.settle()

    def open_change(self, developers_run: str) -> None:
        properties = {"number": "CHG1", "approval": "requested", "tags": developers_run}
        body = {"identifier": "chg1", "properties": properties, "relations": {"service": "shop/checkout"}}
        query = {"upsert": "true", "merge": "true", "run_id": developers_run}
        assert self.port.post(CHANGES, json=body, params=query).status_code == 201
        self.sandbox.settle()

    def decide(self, engineer: httpx.Client, word: str) -> Body:
        run_id = started(engineer, "approve", {"approval": word, "reason": "because"}, "chg1")
        self.sandbox.settle()
        return run(self.port, run_id)


@pytest.fixture
def story(sandbox: Sandbox, port: httpx.Client) -> Iterator[Story]:
    with listening() as pipeline, listening() as snow:
        hosts = {"ci.example.com": pipeline.url, "dev1.service-now.com": snow.url}
        httpx.put(f"{sandbox.control}/hosts", json=hosts).raise_for_status()
        approval = {"type": "string", "enum": ["approved", "not requested", "requested", "rejected"]}
        properties = {"number": {"type": "string"}, "approval": approval, "tags": {"type": "string"}}
        port.post("/v1/blueprints", json=blueprint("change", properties, relations={"service": relation("service")}))
        _actions(port)
        fields = {name: f".body.{name}" for name in ("number", "approval", "tags")}
        entity = {"identifier": ".body.sys_id", "properties": fields}
        security = {"secret": "hush", "signatureHeaderName": "x-signature", "signatureAlgorithm": "sha256"}
        body = webhook("snow", mappings=[{"blueprint": "change", "entity": entity}], security=security)
        url = port.post("/v1/webhooks", json=body).json()["integration"]["url"]
        yield Story(sandbox, port, pipeline, snow, url)


def _actions(port: httpx.Client) -> None:
    trigger_url = "https://ci.example.com/trigger?token={{ .secrets.SCAFFOLD_TOKEN }}"
    deploy = {
        "type": "WEBHOOK",
        "url": trigger_url,
        "body": {"{{ spreadValue() }}": "{{ .inputs }}", "deploy_run_id": "{{ .run.id }}"},
    }
    approve = {
        "type": "WEBHOOK",
        "url": "https://dev1.service-now.com/api/sn_chg_rest/change/{{ .entity.identifier }}/approvals",
        "method": "PATCH",
        "synchronized": True,
        "body": {
            "state": "{{ .inputs.approval }}",
            "comments": "{{ .trigger.by.user.email }}: {{ .inputs.reason }}",
        },
    }
    pipeline = {
        "type": "WEBHOOK",
        "url": trigger_url,
        "body": {
            "approval": "{{ .event.diff.after.properties.approval }}",
            "deploy_run_id": "{{ .event.diff.after.properties.tags }}",
            "own_run_id": "{{ .run.id }}",
        },
    }
    decide = self_service(blueprintIdentifier="change", userInputs={"properties": DECIDE, "required": ["approval"]})
    listen = {"type": "ANY_ENTITY_CHANGE", "blueprintIdentifier": "change"}
    make(
        port,
        action("deploy", trigger=self_service(blueprintIdentifier="service"), invocationMethod=deploy),
        action("approve", trigger=decide, invocationMethod=approve),
        automation(
            "continue",
            listen,
            trigger={"condition": {"type": "JQ", "expressions": [TRANSITION]}},
            invocationMethod=pipeline,
        ),
    )


def begin(story: Story, developer: httpx.Client) -> str:
    """Steps 1 to 4: the pipeline runs, coverage is low, a change is open."""
    story.pipeline.status = 201
    run_id = started(developer, "deploy", {"environment": "Staging"}, "shop/checkout")
    story.sandbox.settle()
    (sent,) = story.pipeline.heard
    assert (sent.path, sent.body) == ("/trigger?token=not-ours", {"environment": "Staging", "deploy_run_id": run_id})
    story.port.patch(f"{RUNS}/{run_id}", json={"link": "https://ci.example.com/1"}).raise_for_status()
    story.open_change(run_id)
    story.deliver(approval="requested", tags=run_id)
    assert (run(story.port, run_id)["status"], runs(story.port, action="continue")) == ("IN_PROGRESS", [])
    return run_id


@pytest.mark.parametrize(("word", "ends"), [("approved", "SUCCESS"), ("rejected", "FAILURE")])
def test_a_decision_in_port_goes_through_servicenow_and_starts_one_pipeline(
    story: Story, developer: httpx.Client, engineer: httpx.Client, word: str, ends: str
) -> None:
    first = begin(story, developer)
    story.snow.answer = {"result": {"state": word}}
    second = story.decide(engineer, word)
    (asked,) = story.snow.heard
    assert (asked.method, asked.path) == ("PATCH", "/api/sn_chg_rest/change/chg1/approvals")
    assert asked.body == {"state": word, "comments": "pat.platform@example.com: because"}
    assert (second["status"], second["response"]) == ("SUCCESS", story.snow.answer)
    assert len(story.pipeline.heard) == 1
    story.deliver(approval=word, tags=first)
    (third,) = runs(story.port, action="continue")
    assert (third["source"], third["status"]) == ("AUTOMATION", "IN_PROGRESS")
    assert story.pipeline.bodies[1:] == [{"approval": word, "deploy_run_id": first, "own_run_id": third["id"]}]
    assert [story.report(first, ends), story.report(third["id"], "SUCCESS"), story.report(first, ends)] == [
        *(201, 201),
        422,
    ]
    assert [run(story.port, each)["status"] for each in (first, third["id"])] == [ends, "SUCCESS"]
    story.deliver(approval=word, tags=first)
    assert (len(story.pipeline.heard), messages(story.port, first)) == (2, [f"ended with {ends}"])


def test_a_refusal_of_servicenow_ends_the_decision_and_starts_nothing(
    story: Story, developer: httpx.Client, engineer: httpx.Client
) -> None:
    first = begin(story, developer)
    story.snow.status = 403
    second = story.decide(engineer, "approved")
    assert (second["status"], run(story.port, first)["status"]) == ("FAILURE", "IN_PROGRESS")
    assert len(story.pipeline.heard) == 1


def test_a_forged_delivery_changes_nothing(story: Story, developer: httpx.Client) -> None:
    first = begin(story, developer)
    body = {"sys_id": "chg1", "number": "CHG1", "approval": "approved", "tags": first}
    assert httpx.post(story.ingest, json=body, headers={"x-signature": "0" * 64}).status_code == 401
    story.sandbox.settle()
    assert story.port.get(f"{CHANGES}/chg1").json()["entity"]["properties"]["approval"] == "requested"
    assert len(story.pipeline.heard) == 1


def test_a_delivery_that_is_narrower_than_its_mapping_wipes_what_it_leaves_out(
    story: Story, developer: httpx.Client
) -> None:
    begin(story, developer)
    story.deliver(approval="approved")
    assert story.port.get(f"{CHANGES}/chg1").json()["entity"]["properties"]["tags"] is None
    assert story.pipeline.bodies[1]["deploy_run_id"] is None
