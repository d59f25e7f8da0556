"""Laws 1, 5, 7, 8, 10 and 11 on a project that holds every kind."""

from __future__ import annotations

import copy
import json
import pathlib
from typing import Any

import pytest

from portctl.errors import PortctlError
from portctl.model.change import Action
from portctl.sandbox.server import Sandbox
from tests.laws.samples import MANIFESTS, SECRETS, manifest
from tests.laws.world import World, acting
from tests.servers import port_client, running_sandbox

SAFE_POSTS = {
    "port POST /v1/auth/access_token",
    "port POST /v1/blueprints/{blueprint}/entities/search",
    "gitlab POST /api/v4/projects/{project}/ci/lint",
}


HARDLY = 0.001
"""How fast the clock of a sandbox goes whose time passes while somebody waits, and not because the machine is busy."""


def test_apply_then_plan_is_empty_also_without_any_secret(world: World, covered: list[str]) -> None:
    report = world.apply()
    assert report.complete, [(str(o.step.key), o.error) for o in report.outcomes if o.error]
    assert acting(world.plan()) == {}
    world.environment(dict.fromkeys(SECRETS, ""))
    without = world.plan()
    assert acting(without) == {}
    notes = {note for change in without.changes for note in change.notes}
    assert notes == {f"secret {name} is not available here: assumed unchanged" for name in SECRETS}
    covered.append(f"law 1: {len(without.changes)} resources, with and without {len(SECRETS)} secrets")


def test_apply_then_plan_is_empty_with_every_reading_of_what_nobody_knows(
    tmp_path: pathlib.Path, covered: list[str]
) -> None:
    from portctl.sandbox.port.switches import SWITCHES

    names = [switch.name for switch in SWITCHES]
    for reading in ("strict", "lenient"):
        with running_sandbox(switches=dict.fromkeys(names, reading)) as sandbox:
            world = World(tmp_path / reading, sandbox)
            world.manifests(MANIFESTS)
            world.environment(SECRETS)
            report = world.apply()
            assert report.complete, [(str(o.step.key), o.error) for o in report.outcomes if o.error]
            assert acting(world.plan()) == {}
            assert world.destroy().complete
    covered.append(f"law 1: under {len(names)} switches, all strict and all lenient")


def test_apply_then_plan_is_empty_while_lists_are_late(tmp_path: pathlib.Path, covered: list[str]) -> None:
    with running_sandbox(time_scale=HARDLY) as sandbox:
        world = World(tmp_path, sandbox, waits_move_clock=True)
        world.manifests(MANIFESTS)
        world.environment(SECRETS)
        sandbox.set_lag(4.0)
        report = world.apply()
        assert report.complete, [(str(o.step.key), o.error) for o in report.outcomes if o.error]
        assert acting(world.plan()) == {}
        files = copy.deepcopy(MANIFESTS)
        files["actions.yaml"][0]["spec"]["title"] = "Ship it late"
        world.manifests(files)
        assert world.apply().complete
        assert acting(world.plan()) == {}
        assert world.destroy().complete
        assert world.apply().complete
        assert acting(world.plan()) == {}
        assert world.watch.waits
    covered.append(f"law 1: with lists 4 s late, of 7 s that are waited for; waited {len(world.watch.waits)} times")


def test_no_secret_old_or_new_is_in_any_file_or_report(world: World, covered: list[str]) -> None:
    from portctl.views.json import plan_document, report_document
    from portctl.views.markdown import plan_markdown
    from portctl.views.plan import plan_text

    said: list[str] = []
    new = {name: f"{value}-rotated" for name, value in SECRETS.items()}
    for secrets in (SECRETS, new):
        world.environment(secrets)
        plan = world.plan()
        document = plan_document(plan)
        said += [json.dumps(document), plan_text(document), plan_markdown(document), repr(plan)]
        report = world.apply()
        said += [json.dumps(report_document(report)), repr(report)]
    files = [
        path for path in world.root.rglob("*") if path.is_file() and path.name not in ("sandbox.json", "sandbox.yaml")
    ]
    said += [path.read_text(encoding="utf-8") for path in files]
    for value in (*SECRETS.values(), *new.values()):
        assert not [text for text in said if value in text]
    covered.append(f"law 5: {len(said)} texts, {len(files)} of them files, {len(SECRETS) * 2} secrets")


def test_a_rotated_secret_is_sent_again_and_nothing_else(world: World) -> None:
    world.apply()
    world.environment({**SECRETS, "LAW_TOKEN": "law-token-value-2"})
    assert acting(world.plan()) == {
        "gitlab/Variable:hidden": Action.UPDATE,
        "gitlab/Variable:token": Action.UPDATE,
        "port/Secret:LAW_TOKEN": Action.UPDATE,
    }
    assert world.apply().complete
    assert acting(world.plan()) == {}


def test_one_worker_and_eight_end_alike(tmp_path: pathlib.Path, covered: list[str]) -> None:
    states = []
    for workers in (1, 8):
        with running_sandbox() as sandbox:
            world = World(tmp_path / str(workers), sandbox, workers=workers)
            world.manifests(MANIFESTS)
            world.environment(SECRETS)
            assert world.apply().complete
            states.append(_stable(everything(sandbox)))
    assert states[0] == states[1]
    covered.append("law 7: one worker and eight, all kinds, equal but for ids and times")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 403},
        {"kind": "status", "status": 404},
        {"kind": "cut"},
        {"kind": "html"},
        {"kind": "truncate"},
        {"kind": "partial"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_a_failed_read_never_leads_to_a_create_or_a_delete(world: World, fault: dict[str, Any]) -> None:
    from portctl.sandbox.core.faults import parse_fault

    report = world.apply()
    assert report.complete, [(outcome.step.key, str(outcome.error)) for outcome in report.outcomes if outcome.error]
    reads = [key.split(" ", 2) for key in _reads_of_a_plan(world)]
    assert len(reads) >= 7
    for service, method, route in reads:
        pattern = "^" + route.replace("{blueprint}", "[^/]+").replace("{action}", "[^/]+") + r"(\?|$)"
        document = {**fault, "service": service, "method": method, "path": pattern, "times": None}
        world.sandbox.faults.add(parse_fault(document))
        try:
            plan = world.plan()
        except PortctlError:
            pass
        else:
            found = set(acting(plan).values())
            assert not found & {Action.CREATE, Action.DELETE, Action.FORGET}, (route, acting(plan))
        finally:
            world.sandbox.faults.clear()
    assert acting(world.plan()) == {}


def test_plan_sends_no_write(world: World, covered: list[str]) -> None:
    for _ in range(2):
        before = dict(world.sandbox.counters)
        world.plan()
        world.plan(destroy=True)
        sent = {key for key, value in world.sandbox.counters.items() if value > before.get(key, 0)}
        assert {key for key in sent if key.split(" ")[1] != "GET"} <= SAFE_POSTS
        world.apply()
    covered.append(f"law 10: {len(sent)} routes asked, none but {len(SAFE_POSTS)} safe POSTs with a body")


def test_the_requests_of_a_plan_are_the_same_for_one_and_for_250_objects(world: World, covered: list[str]) -> None:
    counts = {}
    for number in (1, 250):
        world.sandbox.reset()
        world.point_at(world.sandbox)
        for file in (world.root / ".portctl").rglob("*.json"):
            if file.name != "sandbox.json":
                file.unlink()
        world.manifests({"many.yaml": _many(number)})
        report = world.apply()
        assert report.complete, [(str(o.step.key), o.error) for o in report.outcomes if o.error][:3]
        before = dict(world.sandbox.counters)
        assert acting(world.plan()) == {}
        counts[number] = {
            key: value - before.get(key, 0)
            for key, value in world.sandbox.counters.items()
            if value > before.get(key, 0)
        }
    assert counts[1] == counts[250]
    covered.append(f"law 11: {sum(counts[250].values())} requests at 1 and at 250 of each kind: {counts[250]}")


def _many(number: int) -> list[dict[str, Any]]:
    """`number` of each kind that the API lists; permissions have no list, and stay at one."""
    documents = [
        manifest("port/Blueprint", {"identifier": f"b{n}", "title": f"B{n}", "schema": {"properties": {}}})
        for n in range(number)
    ]
    for n in range(number):
        action: dict[str, Any] = copy.deepcopy(MANIFESTS["actions.yaml"][0]["spec"])
        action |= {"identifier": f"a{n}"}
        action["trigger"]["blueprintIdentifier"] = "b0"
        automation: dict[str, Any] = copy.deepcopy(MANIFESTS["automations.yaml"][0]["spec"])
        automation |= {"identifier": f"m{n}"}
        automation["trigger"]["event"]["blueprintIdentifier"] = "b0"
        documents += [
            manifest("port/Action", action),
            manifest("port/Automation", automation),
            manifest("port/Secret", {"secretName": f"S{n}", "secretValue": "<% secret('LAW_TOKEN') %>"}),
            manifest("port/Webhook", {"identifier": f"w{n}", "title": f"W{n}", "enabled": True, "mappings": []}),
            manifest("port/Entity", {"identifier": f"e{n}", "blueprint": "b0", "title": f"E{n}", "properties": {}}),
        ]
    permissions = {"execute": {"roles": ["Admin"]}}
    documents.append(manifest("port/ActionPermissions", permissions, **{"in": "port/Action:a0"}))
    documents.append(manifest("port/Secret", {"secretName": "LAW_TOKEN", "secretValue": "<% secret('LAW_TOKEN') %>"}))
    return documents


def _reads_of_a_plan(world: World) -> list[str]:
    before = dict(world.sandbox.counters)
    world.plan()
    return [key for key, value in world.sandbox.counters.items() if value > before.get(key, 0)]


def everything(sandbox: Sandbox) -> Any:
    """Everything that Port holds, as its API tells it."""
    with port_client(sandbox) as client:
        found = {
            path: client.get(path).json()
            for path in ("/v1/blueprints", "/v1/actions?version=v2", "/v1/webhooks", "/v1/organization/secrets")
        }
        found["permissions"] = client.get("/v1/actions/ship_release/permissions").json()
        for blueprint in ("release", "change"):
            found[blueprint] = client.get(f"/v1/blueprints/{blueprint}/entities").json()
    return found


_VOLATILE = {"id", "createdAt", "updatedAt", "createdBy", "updatedBy", "webhookKey", "url"}


def _stable(value: Any) -> Any:
    """`value` without what differs between two servers, lists in one order."""
    if isinstance(value, dict):
        return {key: _stable(item) for key, item in value.items() if key not in _VOLATILE}
    if isinstance(value, list):
        return sorted((_stable(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value
