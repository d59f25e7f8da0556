"""What somebody else wrote over a harmless value may be a secret: a plan says that it differs, and does not show it."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.views.json import plan_document
from tests.laws.samples_port import manifest
from tests.laws.world import World, change_of
from tests.servers import gitlab_client

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
