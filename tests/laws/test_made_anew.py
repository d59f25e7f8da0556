"""What somebody else deletes and makes anew under the same identifier is theirs; a token that is gone is made again."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from portctl.errors import ConsentNeeded, ExitCode
from portctl.model.change import Action
from portctl.sandbox.server import Sandbox
from tests.laws.samples import MANIFESTS
from tests.laws.world import World, acting, change_of
from tests.servers import gitlab_client, port_client, servicenow_client

TRIGGERS = "/projects/platform%2Flaws/triggers"


def secret(sandbox: Sandbox) -> str:
    with port_client(sandbox) as client:
        assert client.delete("/v1/organization/secrets/LAW_TOKEN").is_success
        sandbox.world.clock.advance(5)
        made = {"secretName": "LAW_TOKEN", "secretValue": "theirs", "description": "For the laws"}
        assert client.post("/v1/organization/secrets", json=made).is_success
    return "port/Secret:LAW_TOKEN"


def entity(sandbox: Sandbox) -> str:
    with port_client(sandbox) as client:
        assert client.delete("/v1/blueprints/change/entities/CHG1").is_success
        sandbox.settle()
        sandbox.world.clock.advance(5)
        made = {"identifier": "CHG1", "title": "Theirs", "properties": {"summary": "Theirs"}}
        assert client.post("/v1/blueprints/change/entities", json=made).is_success
    return "port/Entity:change%2FCHG1"


def group(sandbox: Sandbox) -> str:
    with servicenow_client(sandbox, "admin") as client:
        query = {"sysparm_query": "name=Laws", "sysparm_fields": "sys_id"}
        (row,) = client.get("/api/now/table/sys_user_group", params=query).json()["result"]
        assert client.delete(f"/api/now/table/sys_user_group/{row['sys_id']}").is_success
        made = {"name": "Laws", "description": "Theirs"}
        assert client.post("/api/now/table/sys_user_group", json=made).is_success
    return "servicenow/Record:laws-group"


ANEW = [secret, entity, group]


@pytest.mark.parametrize("make", ANEW, ids=lambda make: make.__name__)
def test_what_was_made_anew_is_asked_for_and_not_touched(world: World, make: Callable[[Sandbox], str]) -> None:
    world.apply()
    later(world)
    address = make(world.sandbox)
    plan = world.plan()
    refusals = {str(refusal.address): refusal for refusal in plan.refusals}
    refusal = refusals[address]
    assert (refusal.exit_code, refusal.summary) == (ExitCode.CONSENT, "Exists already and is not ours")
    assert refusal.detail.startswith(
        f"{address} is not the object that is in the ledger: that is gone, and somebody has made another one, and it "
    )
    assert refusal.hint == f"To take it over and overwrite these: --adopt '{address}'"
    with pytest.raises(ConsentNeeded):
        world.apply()


def test_what_was_made_anew_outlives_its_manifest(world: World) -> None:
    world.apply()
    later(world)
    secret(world.sandbox)
    files = copy.deepcopy(MANIFESTS)
    files["access.yaml"] = [each for each in files["access.yaml"] if not is_secret(each)]
    files["actions.yaml"][0]["spec"]["invocationMethod"]["url"] = "https://ci.example.com/start"
    world.manifests(files)
    change = change_of(world.plan(), "port/Secret:LAW_TOKEN")
    why = "ours is gone already, and somebody has made another one: left as it is"
    assert (change.action, change.why) == (Action.FORGET, why)
    assert world.apply().complete
    assert acting(world.plan()) == {}
    with port_client(world.sandbox) as client:
        assert client.get("/v1/organization/secrets/LAW_TOKEN").is_success


def test_what_was_made_anew_and_adopted_is_not_deleted_later(world: World) -> None:
    world.apply()
    later(world)
    address = change_of(world.plan(), secret(world.sandbox)).address
    assert world.apply(adopt=frozenset({address})).complete
    later(world)
    assert acting(world.plan()) == {}
    assert world.destroy().complete
    with port_client(world.sandbox) as client:
        assert client.get("/v1/organization/secrets/LAW_TOKEN").is_success


@pytest.mark.parametrize("whose", ["maintainer", "default"])
def test_a_token_that_somebody_replaced_by_hand_is_made_again_and_port_gets_it(world: World, whose: str) -> None:
    world.apply()
    later(world)
    with gitlab_client(world.sandbox) as client:
        (ours,) = client.get(TRIGGERS).json()
        assert client.delete(f"{TRIGGERS}/{ours['id']}").is_success
    with gitlab_client(world.sandbox, whose) as client:
        theirs = client.post(TRIGGERS, json={"description": "portctl: laws", "expires_at": "2999-12-31"}).json()
    assert acting(world.plan()) == {
        "gitlab/PipelineTrigger:laws": Action.CREATE,
        "port/Secret:LAW_TRIGGER": Action.UPDATE,
    }
    assert world.apply().complete
    assert acting(world.plan()) == {}
    with gitlab_client(world.sandbox) as client:
        tokens = {each["id"]: each["token"] for each in client.get(TRIGGERS).json()}
    assert (len(tokens), theirs["id"] in tokens) == (2, True)
    (new,) = {number for number in tokens if number != theirs["id"]}
    assert secret_value(world.sandbox, "LAW_TRIGGER") == tokens[new]
    assert world.destroy().complete
    with gitlab_client(world.sandbox) as client:
        assert [each["id"] for each in client.get(TRIGGERS).json()] == [theirs["id"]]


def is_secret(document: dict[str, Any]) -> bool:
    return bool(document["kind"] == "port/Secret" and document["spec"]["secretName"] == "LAW_TOKEN")


def later(world: World) -> None:
    """The ledger becomes older: right after a write, a plan waits for lists that may lag behind."""
    path = world.root / ".portctl" / "ledger" / "sandbox.json"
    document = json.loads(path.read_text("utf-8"))
    for entry in document["entries"]:
        entry["written"] -= 60
    path.write_text(json.dumps(document), encoding="utf-8")


def secret_value(sandbox: Sandbox, name: str) -> Any:
    """What nobody can read by the API."""
    tables = sandbox.port.dump()["organisations"]
    return next(each["secrets"][name]["secretValue"] for each in tables.values() if name in each.get("secrets", {}))
