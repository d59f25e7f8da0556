"""One plan over Port and GitLab: who plans, what flows from one to the other, several projects and instances."""

from __future__ import annotations

import copy
import json
import pathlib
from typing import Any

import pytest

from portctl import app
from portctl.errors import InvalidInput
from portctl.model.change import Action
from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from tests.laws.samples import MANIFESTS, SECRETS, manifest
from tests.laws.world import World, acting, change_of
from tests.servers import gitlab_client, port_client

TRIGGER = "gitlab/PipelineTrigger:laws"
CONSUMER = "port/Secret:LAW_TRIGGER"


def as_gitlab_user(world: World, credential: str) -> None:
    """From now on GitLab is asked with this credential; Port as before."""
    world.point_at(world.sandbox)
    path = world.root / ".portctl" / "sandbox.json"
    document = json.loads(path.read_text("utf-8"))
    document["services"]["gitlab"]["credentials"] = world.sandbox.credentials["gitlab"][credential]
    path.write_text(json.dumps(document), encoding="utf-8")


def without_group_variables(world: World) -> dict[str, list[dict[str, Any]]]:
    """The examples that a Maintainer can read: variables of a group are for its Owners only."""
    files = copy.deepcopy(MANIFESTS)
    files["gitlab.yaml"] = [each for each in files["gitlab.yaml"] if each["kind"] != "gitlab/GroupVariable"]
    world.manifests(files)
    return files


def tokens(world: World) -> list[str]:
    """The trigger tokens that GitLab holds, as their owner sees them."""
    with gitlab_client(world.sandbox) as client:
        found = client.get("/projects/platform%2Flaws/triggers").json()
    return [item["token"] for item in found]


def written(world: World) -> list[str]:
    """Everything that was written to disk, but for the files that the test itself made."""
    ours = ("sandbox.json", "sandbox.yaml", "portctl.yaml")
    return [path.read_text("utf-8") for path in world.root.rglob("*") if path.is_file() and path.name not in ours]


@pytest.mark.parametrize("credential", ["readonly", "default-readonly", "other-maintainer", "owner", "admin"])
def test_whoever_may_read_everything_plans_the_same(world: World, credential: str) -> None:
    without_group_variables(world)
    world.apply()
    owned = world.plan()
    as_gitlab_user(world, credential)
    plan = world.plan()
    assert (acting(plan), plan.refusals) == (acting(owned), owned.refusals) == ({}, ())
    user = world.sandbox.credentials["gitlab"][credential]["username"]
    said = {str(change.address): change.notes for change in plan.changes if change.notes}
    unread = {
        TRIGGER: (f"its token belongs to sa-portctl and cannot be read by {user}: assumed unchanged",),
        CONSUMER: (f"secret {TRIGGER} token is not available here: assumed unchanged",),
    }
    unseen = {"gitlab/Variable:hidden": ("value cannot be seen: it is taken to be what was last sent",)}
    assert said == (unseen if user == "sa-portctl" else {**unread, **unseen})


def test_a_merge_request_job_without_secrets_plans_the_same(world: World) -> None:
    without_group_variables(world)
    world.apply()
    world.environment(dict.fromkeys(SECRETS, ""))
    as_gitlab_user(world, "readonly")
    assert acting(world.plan()) == {}


def test_a_change_is_planned_alike_by_owner_reader_and_job_without_secrets(world: World) -> None:
    files = without_group_variables(world)
    world.apply()
    project = next(each for each in files["gitlab.yaml"] if each["kind"] == "gitlab/Project")
    project["spec"]["description"] = "Changed"
    pipeline = next(each for each in files["gitlab.yaml"] if each["kind"] == "gitlab/Files")
    pipeline["spec"]["files"]["ci/say.sh"]["content"] = "#!/bin/sh\n"
    world.manifests(files)
    expected = {"gitlab/Project:laws": Action.UPDATE, "gitlab/Files:pipeline": Action.UPDATE}
    edits = []
    for credential, secrets in (("default", SECRETS), ("readonly", SECRETS), ("readonly", dict.fromkeys(SECRETS, ""))):
        world.environment(secrets)
        as_gitlab_user(world, credential)
        plan = world.plan()
        assert acting(plan) == expected
        edits.append([change.edits for change in plan.changes])
    assert edits[0] == edits[1] == edits[2]


def test_the_token_flows_into_port_and_stands_in_no_file(world: World) -> None:
    planned = {edit.path: str(edit.after) for edit in change_of(world.plan(), CONSUMER).edits}
    assert planned[("secretValue",)] == f"(secret {TRIGGER} token)"
    world.apply()
    (token,) = tokens(world)
    with port_client(world.sandbox) as client:
        secrets = client.get("/v1/organization/secrets").json()
    assert "LAW_TRIGGER" in json.dumps(secrets)
    assert not [text for text in written(world) if token in text or "glptt-" in text]


def test_a_consumer_that_failed_is_repaired_by_the_next_apply(world: World) -> None:
    world.sandbox.faults.add(
        Fault(FaultKind.STATUS, service="port", method="POST", path="/organization/secrets", status=422, times=2)
    )
    assert not world.apply().complete
    before = tokens(world)
    assert world.apply().complete
    assert acting(world.plan()) == {}
    assert tokens(world) == before


def test_an_old_token_goes_with_the_next_apply_where_its_user_could_not_be_written(world: World) -> None:
    world.apply()
    address = change_of(world.plan(), TRIGGER).address
    world.sandbox.faults.add(
        Fault(FaultKind.STATUS, service="port", method="PATCH", path="/organization/secrets", status=409)
    )
    assert not world.apply(rotate=frozenset({address})).complete
    assert len(tokens(world)) == 2
    assert acting(world.plan()) == {TRIGGER: Action.UPDATE, CONSUMER: Action.UPDATE}
    assert world.apply().complete
    assert len(tokens(world)) == 1
    assert acting(world.plan()) == {}


def test_rotating_makes_a_new_token_moves_the_consumer_and_removes_the_old(world: World) -> None:
    world.apply()
    old = tokens(world)
    address = change_of(world.plan(), TRIGGER).address
    plan = world.plan(rotate=frozenset({address}))
    assert acting(plan) == {TRIGGER: Action.REPLACE, CONSUMER: Action.UPDATE}
    assert world.apply(rotate=frozenset({address})).complete
    new = tokens(world)
    assert len(new) == 1
    assert new != old
    entry = next(entry for entry in app.state_list(world.workspace()) if str(entry.address) == TRIGGER)
    assert (entry.created, {owned.created for owned in entry.paths.values()}) == (True, {True})
    assert acting(world.plan()) == {}


def test_lint_of_the_service_is_asked_for_at_plan_and_names_the_line(world: World) -> None:
    world.apply()
    files = copy.deepcopy(MANIFESTS)
    pipeline = next(each for each in files["gitlab.yaml"] if each["kind"] == "gitlab/Files")
    pipeline["spec"]["files"][".gitlab-ci.yml"]["content"] = "build:\n  script: [make]\n  timeout: soon\n"
    world.manifests(files)
    with pytest.raises(InvalidInput) as caught:
        world.plan()
    assert {finding.source.file for finding in caught.value.diagnostics} == {"manifests/gitlab.yaml"}


def test_two_projects_and_two_instances_stand_side_by_side(tmp_path: pathlib.Path, sandbox: Sandbox) -> None:
    world = World(tmp_path, sandbox)
    world.write(
        "environments/sandbox.yaml",
        {"apiVersion": "portctl/v1", "sandbox": True, "instances": {"gitlab": {"default": {}, "eu": {}}}},
    )
    documents: list[dict[str, Any]] = []
    for instance, name in (("default", "one"), ("default", "two"), ("eu", "one")):
        where = {} if instance == "default" else {"instance": instance}
        at = "gitlab" if instance == "default" else f"gitlab@{instance}"
        path = f"platform/{instance}-{name}"
        inside = {"in": f"{at}/Project:{name}", **where}
        documents += [
            manifest("gitlab/Project", {"path_with_namespace": path}, name=name, **where),
            manifest(
                "gitlab/Variable",
                {"key": "NAME", "environment_scope": "*", "value": path},
                **{"name": f"{name}-name", **inside},
            ),
            manifest("gitlab/PipelineTrigger", {"description": "portctl"}, **{"name": f"{name}-start", **inside}),
        ]
    world.manifests({"projects.yaml": documents})
    assert world.apply().complete
    plan = world.plan()
    assert acting(plan) == {}
    assert [str(change.address) for change in plan.changes if change.kind.name == "Project"] == [
        "gitlab/Project:one",
        "gitlab/Project:two",
        "gitlab@eu/Project:one",
    ]
    assert set(plan.requests) == {"gitlab@default", "gitlab@eu"}
    with gitlab_client(sandbox) as client:
        for path in ("default-one", "default-two", "eu-one"):
            (variable,) = client.get(f"/projects/platform%2F{path}/variables").json()
            assert variable["value"] == f"platform/{path}"
    ledger = json.loads((world.root / ".portctl" / "ledger" / "sandbox.json").read_text("utf-8"))
    assert sorted(ledger["instances"]) == ["gitlab@default", "gitlab@eu"]


@pytest.mark.parametrize("count", [1, 250])
def test_a_plan_is_flat_in_variables_triggers_and_files(
    tmp_path: pathlib.Path, sandbox: Sandbox, count: int, covered: list[str]
) -> None:
    world = World(tmp_path, sandbox)
    inside = {"in": "gitlab/Project:laws"}
    numbers = range(count)
    documents = [manifest("gitlab/Project", {"path_with_namespace": "platform/laws"}, name="laws")]
    documents += [
        manifest(
            "gitlab/Variable",
            {"key": f"K_{number}", "environment_scope": "*", "value": "x"},
            **{"name": f"k-{number}", **inside},
        )
        for number in numbers
    ]
    texts = {f"ci/{number}.sh": {"content": f"echo {number}\n"} for number in numbers}
    documents.append(manifest("gitlab/Files", {"branch": "main", "files": texts}, **{"name": "files", **inside}))
    world.manifests({"projects.yaml": documents})
    assert world.apply().complete
    plan = world.plan()
    assert acting(plan) == {}
    pages = 1 + count // 100
    assert plan.requests == {"gitlab@default": 3 + 2 * pages}
    covered.append(f"law 11: GitLab, {count} variables and files: {plan.requests['gitlab@default']} requests")
