"""What somebody else wrote over a harmless value may be a secret: a plan says that it differs, and does not show it."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.views.json import json_text, plan_document
from portctl.views.markdown import plan_markdown
from portctl.views.plan import plan_text
from tests.laws.samples_port import manifest
from tests.laws.world import World, change_of
from tests.servers import gitlab_client, port_client

RANDOM = "k8s9f2j4l1q0z7x3"
HIDDEN = {"$masked": "of somebody else's"}


@pytest.mark.parametrize(
    ("key", "flags", "value", "shown"),
    [
        ("DB_PASSWORD", {}, "correct horse", HIDDEN),
        ("API_TOKEN", {}, "plain", HIDDEN),
        ("REGION", {"protected": True}, "eu", HIDDEN),
        ("ANYTHING", {}, RANDOM, HIDDEN),
        ("REGION", {}, "eu", "eu"),
    ],
)
def test_what_stands_in_a_variable_is_shown_unless_it_may_be_a_secret(
    world: World, key: str, flags: dict[str, Any], value: str, shown: Any
) -> None:
    spec = {"group": "platform", "key": key, "environment_scope": "*", "value": "set in GitLab", **flags}
    world.manifests({"gitlab.yaml": [manifest("gitlab/GroupVariable", spec)]})
    assert world.apply().complete
    with gitlab_client(world.sandbox) as client:
        assert client.put(f"/groups/platform/variables/{key}", json={"value": value}).status_code == 200
    plan = world.plan()
    address = next(str(change.address) for change in plan.changes)
    (document,) = (each for each in plan_document(plan)["changes"] if each["address"] == address)
    assert document["edits"] == [{"path": "value", "before": shown, "after": "set in GitLab", "why": "drift"}]
    assert change_of(plan, address).edits[0].before == value


BODY = {"a": "curl https://ci.example.com", "b": "--region eu", "c": "plain"}
CALL = {"type": "WEBHOOK", "url": "https://ci.example.com/x", "method": "POST", "body": BODY}
ACTION = {
    "identifier": "call",
    "title": "Call",
    "trigger": {"type": "self-service", "operation": "CREATE", "userInputs": {"properties": {}, "required": []}},
    "invocationMethod": CALL,
}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:UnknownCanary6@ci.example.com/x", "https://u:(hidden: a password in a URL)@ci.example.com/x"),
        (
            "https://ci.example.com/x?private_token=UnknownCanary6&b=1",
            "https://ci.example.com/x?private_token=(hidden: `private_token` in a URL)&b=1",
        ),
        (
            "https://ci.example.com/x?a=1&auth=UnknownCanary6",
            "https://ci.example.com/x?a=1&auth=(hidden: `auth` in a URL)",
        ),
        ("https://ci.example.com/x?auth=basic", "https://ci.example.com/x?auth=basic"),
    ],
)
def test_what_stands_in_a_call_is_shown_without_the_credentials_of_its_texts(
    world: World, url: str, shown: str
) -> None:
    world.manifests({"action.yaml": [manifest("port/Action", ACTION)]})
    assert world.apply().complete
    body = {
        "a": "curl https://bob:UnknownCanary7@ci.example.com",
        "b": "--token UnknownCanary8 --region eu",
        "c": "curl -u bob:UnknownCanary9 https://ci.example.com && export API_TOKEN=UnknownCanary9",
    }
    with port_client(world.sandbox) as client:
        written = {**ACTION, "invocationMethod": {**CALL, "url": url, "body": body}}
        assert client.put("/v1/actions/call", json=written).status_code == 200
    document = plan_document(world.plan())
    (change,) = document["changes"]
    assert {edit["path"]: edit["before"] for edit in change["edits"]} == {
        "invocationMethod.url": shown,
        "invocationMethod.body.a": "curl https://bob:(hidden: a password in a URL)@ci.example.com",
        "invocationMethod.body.b": "--token (hidden: the value of token) --region eu",
        "invocationMethod.body.c": (
            "curl -u bob:(hidden: the password of a user) https://ci.example.com "
            "&& export API_TOKEN=(hidden: the value of API_TOKEN)"
        ),
    }
    said = json_text(document) + plan_text(document) + plan_markdown(document)
    assert "UnknownCanary" not in said
