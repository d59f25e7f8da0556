"""Port's own doors: what members may write, runs of others, and deliveries that ServiceNow has not sent."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.story.scenarios.common import ask_with_low_coverage
from portctl.story.services import Row
from tests.attacks.ground import Ground

CHANGES = "/blueprints/servicenowChangeRequest/entities"
TEMPLATE = "{{ .secrets.GITLAB_TRIGGER_TOKEN }}"


def forged(change: Row, run: str, **more: Any) -> Row:
    """What ServiceNow would deliver of an approved change."""
    body = {name: change[name] for name in ("sys_id", "number", "short_description", "description")}
    return {**body, "state": "-2", "approval": "approved", "active": True, "external_tags": run, **more}


def give_up(ground: Ground) -> None:
    ground.settle()
    assert ground.unexplained() == []
    for row in ground.open_runs():
        ground.services.port("PATCH", f"/actions/runs/{row['id']}", {"status": "FAILURE"})
    ground.settle()


@pytest.mark.parametrize("person", ["developer", "member", "elsewhere", "gate-member"])
def test_members_write_none_of_what_the_workflow_rests_on(ground: Ground, person: str) -> None:
    story = ground.story()
    run, change = ask_with_low_coverage(story, person="engineer")
    services = ground.services
    entity = {"identifier": change["sys_id"], "properties": {"approval": "approved", "externalTags": run}}
    decision = {"properties": {"approval_status": "approved", "reason": "me"}, "entity": change["sys_id"]}
    check = {"properties": {"deploy_run_id": run, "environment": "Production", "entity": "shop/checkout"}}
    refused = {
        "entity": services.port("POST", f"{CHANGES}?upsert=true", entity, person=person),
        "patch": services.port("PATCH", f"{CHANGES}/{change['sys_id']}", entity, person=person),
        "watch": services.port("DELETE", f"/blueprints/openDeployment/entities/{run}", person=person),
        "service": services.port(
            "PATCH",
            "/blueprints/service/entities/shop%2Fcheckout",
            {"properties": {"deployCommand": "id"}},
            person=person,
        ),
        "decide": services.port("POST", "/actions/approve_and_deploy_service/runs", decision, person=person),
        "check": services.port("POST", "/actions/pre_deployment_check/runs", check, person=person),
        "end": services.port("PATCH", f"/actions/runs/{run}", {"status": "SUCCESS"}, person=person),
        "log": services.port(
            "POST", f"/actions/runs/{run}/logs", {"message": "x", "terminationStatus": "SUCCESS"}, person=person
        ),
        "action": services.port("DELETE", "/actions/approve_and_deploy_service", person=person),
        "permissions": services.port(
            "PATCH", "/actions/pre_deployment_check/permissions", {"execute": {"roles": ["Member"]}}, person=person
        ),
        "secret": services.port("GET", "/organization/secrets/GITLAB_TRIGGER_TOKEN", person=person),
        "webhook": services.port("DELETE", "/webhooks/servicenow", person=person),
    }
    allowed = {name: said.status for name, said in refused.items() if said.status not in (401, 403, 404, 422)}
    assert set(allowed) <= {"secret"}
    assert not ground.leaked(str(refused["secret"].body))
    ground.settle()
    assert story.deploy_starts() == 0
    assert services.run(run)["status"] == "IN_PROGRESS"
    give_up(ground)


def test_who_ends_her_own_run_deploys_nothing(ground: Ground) -> None:
    story = ground.story()
    run, change = ask_with_low_coverage(story)
    ended = ground.services.port("PATCH", f"/actions/runs/{run}", {"status": "SUCCESS"}, person="developer")
    assert ended.is_good
    entity = {"properties": {"approval": "approved", "state": "-2", "externalTags": run}}
    assert ground.services.port("PATCH", f"{CHANGES}/{change['sys_id']}", entity, person="engineer").is_good
    ground.settle()
    assert story.deploy_starts() == 0


def test_the_catalogue_is_not_believed_whoever_writes_it(ground: Ground) -> None:
    story = ground.story()
    run, change = ask_with_low_coverage(story)
    for identifier, tags in (
        (change["sys_id"], run),
        ("0" * 32, run),
        (f"{change['sys_id']}/../{change['sys_id']}", run),
        ("1" * 32, TEMPLATE),
        ("2" * 32, f"{run}/logs?x="),
    ):
        properties = {"approval": "approved", "state": "-2", "onHold": False, "externalTags": tags, "number": TEMPLATE}
        entity = {"identifier": identifier, "title": TEMPLATE, "properties": properties}
        said = ground.services.port("POST", f"{CHANGES}?upsert=true&merge=true", entity, person="engineer")
        assert said.is_good, said.reason
        ground.settle()
        assert story.deploy_starts() == 0, identifier
    give_up(ground)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-servicenow-secret": ""},
        {"x-servicenow-secret": "wrong"},
        {"x-servicenow-secret": "sandbox-webhook-secret "[:-2]},
        {"authorization": "Bearer sandbox-webhook-secret"},
        {"x-hub-signature-256": "sandbox-webhook-secret"},
    ],
)
def test_a_delivery_without_the_secret_is_not_taken(ground: Ground, headers: dict[str, str]) -> None:
    story = ground.story()
    run, change = ask_with_low_coverage(story)
    count = len(story.pipelines())
    ground.services.anybody("POST", ground.services.webhook(), forged(change, run), headers)
    ground.settle()
    assert ground.services.entity(change["sys_id"])["properties"]["approval"] == "requested"
    assert len(story.pipelines()) == count
    give_up(ground)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"state": "-3", "external_tags": "../../actions/runs/x"},
        {"external_tags": TEMPLATE},
        {"external_tags": ["r_1"], "number": {"a": 1}},
        {"sys_id": "../../x", "state": "-3"},
        {"approval": "rejected", "short_description": TEMPLATE, "description": TEMPLATE},
    ],
)
def test_a_delivery_with_the_stolen_secret_deploys_nothing(ground: Ground, more: Row) -> None:
    story = ground.story()
    run, change = ask_with_low_coverage(story)
    headers = {"x-servicenow-secret": "sandbox-webhook-secret"}
    ground.services.anybody("POST", ground.services.webhook(), forged(change, run, **more), headers)
    ground.settle()
    assert story.deploy_starts() == 0
    give_up(ground)
