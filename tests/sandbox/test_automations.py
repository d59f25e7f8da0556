"""Automations: what they hear, when they answer, what their templates see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from portctl.sandbox.core.clock import format_instant
from portctl.sandbox.core.jobs import Unsettled
from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import Body, action, automation, blueprint, relation
from tests.sandbox.listener import Listener
from tests.sandbox.running import RUNS, execute, make, messages, run, runs, started

THINGS = "/v1/blueprints/thing/entities"
CHANGES = ("ENTITY_CREATED", "ENTITY_UPDATED", "ENTITY_DELETED", "ANY_ENTITY_CHANGE")


def listens(name: str, event: Body, listener: Listener, **more: Any) -> Body:
    """An automation that tells the listener which event it has heard."""
    body = {"name": name, "event": "{{ .event }}", "all": "{{ . }}"}
    method = {"type": "WEBHOOK", "url": listener.url, "body": body}
    return automation(name, event, invocationMethod=method, **more)


def entity_event(kind: str, target: str = "thing", **more: str) -> Body:
    return {"type": kind, "blueprintIdentifier": target, **more}


def heard(listener: Listener) -> list[str]:
    names = sorted(body["name"] for body in listener.bodies)
    listener.heard.clear()
    return names


@pytest.fixture(autouse=True)
def _things(sandbox: Sandbox, port: httpx.Client) -> None:
    """A blueprint with an owner relation, a mirror, a timer; `one` belongs to `owner`."""
    port.post("/v1/blueprints", json=blueprint("owner", {"level": {"type": "number"}}))
    properties = {
        "state": {"type": "string"},
        "expires": {"type": "string", "format": "timer"},
        "other": {"type": "string", "format": "timer"},
    }
    body = blueprint(
        "thing",
        properties,
        relations={"owner": relation("owner")},
        mirrorProperties={"level": {"title": "Level", "path": "owner.level"}},
        calculationProperties={"shout": {"type": "string", "calculation": ".properties.level | tostring"}},
    )
    port.post("/v1/blueprints", json=body)
    for name in ("mine", "yours"):
        port.post("/v1/blueprints/owner/entities", json={"identifier": name, "properties": {"level": 1}})
    port.post(THINGS, json={"identifier": "one", "properties": {}, "relations": {"owner": "mine"}})
    sandbox.settle()


@pytest.mark.fact(146)
def test_entity_events_are_heard_by_those_who_listen_to_them(
    sandbox: Sandbox, port: httpx.Client, listener: Listener
) -> None:
    make(port, *(listens(kind, entity_event(kind), listener) for kind in CHANGES))
    make(port, listens("elsewhere", entity_event("ANY_ENTITY_CHANGE", "service"), listener))
    make(port, listens("hidden", entity_event("ANY_ENTITY_CHANGE"), listener, publish=False))
    seen: list[list[str]] = []
    port.post(THINGS, json={"identifier": "two", "properties": {"state": "a"}})
    sandbox.settle()
    seen.append(heard(listener))
    port.patch(f"{THINGS}/two", json={"properties": {"state": "b"}})
    sandbox.settle()
    seen.append(heard(listener))
    port.delete(f"{THINGS}/two")
    sandbox.settle()
    seen.append(heard(listener))
    assert seen == [["ANY_ENTITY_CHANGE", kind] for kind in ("ENTITY_CREATED", "ENTITY_UPDATED", "ENTITY_DELETED")]


@pytest.mark.fact(190)
def test_an_entity_event_has_before_and_after(sandbox: Sandbox, port: httpx.Client, listener: Listener) -> None:
    make(port, listens("any", entity_event("ANY_ENTITY_CHANGE"), listener))
    created = port.post(THINGS, json={"identifier": "two", "properties": {"state": "a"}}).json()["entity"]
    port.patch(f"{THINGS}/two", json={"properties": {"state": "b"}})
    port.delete(f"{THINGS}/two")
    sandbox.settle()
    events = [body["event"] for body in listener.bodies]
    events.sort(key=lambda event: ["CREATE", "UPDATE", "DELETE"].index(event["action"]))
    diffs = [event["diff"] for event in events]
    stamps = {name: created[name] for name in ("createdAt", "createdBy", "updatedAt", "updatedBy")}
    assert diffs[0] == {
        "before": None,
        "after": {
            "identifier": "two",
            "title": None,
            "icon": None,
            "blueprint": "thing",
            "team": [],
            "properties": {"state": "a"},
            "relations": {},
            **stamps,
        },
    }
    assert diffs[1]["before"] == diffs[0]["after"]
    assert (diffs[1]["after"]["properties"], diffs[2]) == (
        {"state": "b"},
        {"before": diffs[1]["after"], "after": None},
    )
    by = sandbox.credentials["port"]["default"]
    first = events[0]
    assert {name: first[name] for name in first if name != "diff"} == {
        "action": "CREATE",
        "resourceType": "entity",
        "trigger": {
            "by": {"orgId": by["organisation"], "userId": by["clientId"]},
            "origin": "API",
            "at": first["trigger"]["at"],
        },
        "context": {"blueprintIdentifier": "thing", "entityIdentifier": "two", "propertyIdentifier": None},
    }


@pytest.mark.fact(191)
def test_an_automation_has_runs_of_its_own(sandbox: Sandbox, port: httpx.Client, listener: Listener) -> None:
    make(port, listens("reacts", entity_event("ENTITY_CREATED"), listener))
    port.post(THINGS, json={"identifier": "two", "properties": {}})
    sandbox.settle()
    (made,) = runs(port, source="AUTOMATION")
    body = listener.bodies[0]["all"]
    assert (made["action"]["identifier"], made["status"], made["source"]) == ("reacts", "IN_PROGRESS", "AUTOMATION")
    assert "entity" not in made
    wanted = {"inputs": None, "entity": None, "action": {"identifier": "reacts"}, "run": {"id": made["id"]}}
    assert {name: body[name] for name in wanted} == wanted
    assert body["trigger"] == {**body["event"]["trigger"], "origin": "AUTOMATION"}
    done = {"message": "done", "terminationStatus": "SUCCESS"}
    assert port.post(f"{RUNS}/{made['id']}/logs", json=done).status_code == 201
    assert port.patch(f"{RUNS}/{made['id']}", json={"status": "FAILURE"}).status_code == 422


CONDITIONS: list[tuple[list[str], str, bool]] = [
    ([], "and", True),
    (['.diff.after.properties.state == "a"'], "and", True),
    (['.diff.after.properties.state == "b"'], "and", False),
    ([".diff.after.properties.state"], "and", False),
    ([".diff.before.properties.state"], "and", False),
    (["error(1)"], "and", False),
    (["true", "false"], "and", False),
    (["true", "false"], "or", True),
    (["null", "error(1)"], "or", False),
    ([".diff.before == null", '.diff.after.identifier == "two"'], "and", True),
    ([".event.diff.after != null"], "and", False),
]


@pytest.mark.fact(192)
@pytest.mark.parametrize(("expressions", "combinator", "fires"), CONDITIONS)
def test_conditions_run_on_the_event_and_must_yield_true(
    sandbox: Sandbox,
    port: httpx.Client,
    listener: Listener,
    expressions: list[str],
    combinator: str,
    fires: bool,
) -> None:
    condition = {"type": "JQ", "expressions": expressions, "combinator": combinator}
    make(port, listens("reacts", entity_event("ENTITY_CREATED"), listener, trigger={"condition": condition}))
    port.post(THINGS, json={"identifier": "two", "properties": {"state": "a"}})
    sandbox.settle()
    assert (heard(listener) == ["reacts"], len(runs(port))) == (fires, int(fires))


@pytest.mark.fact(193)
def test_what_fires_entity_updated_and_what_does_not(sandbox: Sandbox, port: httpx.Client, listener: Listener) -> None:
    make(port, listens("updated", entity_event("ENTITY_UPDATED"), listener))
    writes: dict[str, tuple[str, str, Body]] = {
        "mirror": ("PATCH", "/v1/blueprints/owner/entities/mine", {"properties": {"level": 2}}),
        "re-pointing": ("PATCH", f"{THINGS}/one", {"relations": {"owner": "yours"}}),
        "target deleted": ("DELETE", "/v1/blueprints/owner/entities/yours", {}),
        "nothing changed": ("PATCH", f"{THINGS}/one", {}),
        "bulk": ("POST", f"{THINGS}/bulk?upsert=true", {"entities": [{"identifier": "one", "properties": {}}]}),
        "put": ("PUT", f"{THINGS}/one", {"identifier": "one", "properties": {"state": "x"}}),
    }
    seen: dict[str, int] = {}
    for name, (method, path, body) in writes.items():
        assert port.request(method, path, json=body or None if method == "DELETE" else body).status_code < 300
        sandbox.settle()
        seen[name] = len(heard(listener))
    assert seen == {
        "mirror": 0,
        "re-pointing": 1,
        "target deleted": 0,
        "nothing changed": 1,
        "bulk": 1,
        "put": 1,
    }
    sandbox.switches.set({"idle-writes": "lenient"})
    port.patch(f"{THINGS}/one", json={})
    sandbox.settle()
    assert heard(listener) == []


@pytest.mark.fact(194)
def test_run_events_come_from_creation_change_and_approval_and_not_from_logs(
    sandbox: Sandbox, port: httpx.Client, engineer: httpx.Client, listener: Listener
) -> None:
    kinds = ("RUN_CREATED", "RUN_UPDATED", "ANY_RUN_CHANGE")
    silent = {"type": "WEBHOOK", "url": f"{listener.url}/silent", "method": "GET"}
    make(port, action("act", requiredApproval=True, invocationMethod=silent))
    make(port, *(listens(kind, {"type": kind, "actionIdentifier": "act"}, listener) for kind in kinds))
    seen: list[list[str]] = []

    def note() -> None:
        sandbox.settle()
        listener.heard[:] = [each for each in listener.heard if each.raw]
        seen.append(heard(listener))

    run_id = started(port, "act")
    note()
    engineer.patch(f"{RUNS}/{run_id}/approval", json={"status": "APPROVE"})
    note()
    port.patch(f"{RUNS}/{run_id}", json={"statusLabel": "x"})
    note()
    port.post(f"{RUNS}/{run_id}/logs", json={"message": "x"})
    port.post(f"{RUNS}/{run_id}/logs", json={"message": "x", "terminationStatus": "SUCCESS"})
    note()
    created, updated = ["ANY_RUN_CHANGE", "RUN_CREATED"], ["ANY_RUN_CHANGE", "RUN_UPDATED"]
    assert seen == [created, updated, updated, []]


@pytest.mark.fact(195)
def test_a_run_event_has_the_action_and_the_run_before_and_after(
    sandbox: Sandbox, port: httpx.Client, listener: Listener
) -> None:
    listener.answer = {"number": "CHG1"}
    method = {"type": "WEBHOOK", "url": listener.url, "synchronized": True, "body": {"name": "{{ .run.id }}"}}
    make(port, action("act", invocationMethod=method))
    make(port, listens("after", {"type": "RUN_UPDATED", "actionIdentifier": "act"}, listener))
    run_id = started(port, "act", {"a": 1})
    sandbox.settle()
    event = listener.bodies[1]["event"]
    assert (event["action"], event["resourceType"], event["id"][:6]) == ("UPDATE", "run", "event_")
    assert event["context"] == {"action": port.get("/v1/actions/act").json()["action"]}
    before, after = event["diff"]["before"], event["diff"]["after"]
    assert after == run(port, run_id)
    assert (before["status"], after["status"], after["response"]) == ("IN_PROGRESS", "SUCCESS", {"number": "CHG1"})


@pytest.mark.fact(196)
def test_timers_fire_when_they_expire_on_the_sandboxs_clock(
    sandbox: Sandbox, port: httpx.Client, listener: Listener
) -> None:
    event = entity_event("TIMER_PROPERTY_EXPIRED", propertyIdentifier="expires")
    make(port, listens("expired", event, listener))
    now = sandbox.world.clock.now()
    soon, later = (format_instant(now + timedelta(seconds=each)) for each in (60, 600))
    port.patch(f"{THINGS}/one", json={"properties": {"expires": soon, "other": soon}})
    port.post(THINGS, json={"identifier": "two", "properties": {"expires": later}})
    past = format_instant(now - timedelta(seconds=60))
    port.post(THINGS, json={"identifier": "three", "properties": {"expires": past}})
    sandbox.settle()
    assert listener.bodies == []
    sandbox.world.clock.advance(61)
    sandbox.settle()
    sandbox.settle()
    (event,) = (body["event"] for body in listener.bodies)
    assert event["context"] == {
        "blueprintIdentifier": "thing",
        "entityIdentifier": "one",
        "propertyIdentifier": "expires",
    }
    assert (event["diff"]["before"], event["diff"]["after"]["properties"]["expires"]) == (None, soon)
    sandbox.world.clock.advance(600)
    sandbox.settle()
    assert [body["event"]["context"]["entityIdentifier"] for body in listener.bodies] == ["one", "two"]


def chasing(sandbox: Sandbox, kind: str) -> Body:
    """An automation that writes what it listens to."""
    event = entity_event("ENTITY_UPDATED")
    if kind == "UPSERT_ENTITY":
        mapping = {"identifier": "one", "properties": {"state": "{{ .run.id }}"}}
        return automation(
            "chase", event, invocationMethod={"type": kind, "blueprintIdentifier": "thing", "mapping": mapping}
        )
    url = f"{sandbox.urls['port']}{THINGS}/one"
    method = {"type": kind, "url": url, "method": "PATCH", "body": {"properties": {"state": "{{ .run.id }}"}}}
    return automation("chase", event, invocationMethod={**method, "synchronized": True})


@pytest.mark.fact(197)
@pytest.mark.parametrize("kind", ["UPSERT_ENTITY", "WEBHOOK"])
def test_automations_that_chase_each_other_for_ever_are_stopped_and_shown(
    sandbox: Sandbox, port: httpx.Client, kind: str
) -> None:
    make(port, chasing(sandbox, kind))
    port.patch(f"{THINGS}/one", json={"properties": {"state": "go"}})
    with pytest.raises(Unsettled) as error:
        sandbox.settle()
    chain = f"The sandbox ends a chain of 31 runs: {' -> '.join(['chase'] * 31)}"
    first, *lines = str(error.value).splitlines()
    assert first == f"{chain}; the journal ends with:"
    assert any("port-jobs RUN /invoke/chase -> 200" in line for line in lines)
    made = runs(port, action="chase")
    assert [row["status"] for row in made] == ["FAILURE", *["SUCCESS"] * 30]
    assert messages(port, made[0]["id"]) == [chain]
    assert sandbox.settle() == 0


@pytest.mark.fact(197)
def test_a_storm_is_told_over_the_control_api(sandbox: Sandbox, port: httpx.Client) -> None:
    make(port, chasing(sandbox, "UPSERT_ENTITY"))
    port.patch(f"{THINGS}/one", json={"properties": {"state": "go"}})
    answer = httpx.post(f"{sandbox.control}/settle", timeout=30)
    assert (answer.status_code, answer.json()["error"][:30]) == (409, "The sandbox ends a chain of 31")


@pytest.mark.fact(191)
def test_an_automation_is_not_executed_by_hand(port: httpx.Client, listener: Listener) -> None:
    make(port, listens("reacts", entity_event("ENTITY_CREATED"), listener))
    assert execute(port, "reacts").status_code == 422
