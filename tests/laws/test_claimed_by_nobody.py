"""A run announces what it is about to make, and makes nothing. What somebody else makes of it meanwhile is theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from portctl.errors import ConsentNeeded
from portctl.model.address import Address
from portctl.model.change import Action
from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from tests.laws.samples_port import manifest
from tests.laws.world import World, change_of
from tests.servers import gitlab_client, port_client, servicenow_client

COLLECTIONS = "blueprints$|projects$|sys_user_group$"
BODY = {"identifier": "shared", "title": "Shared", "schema": {"properties": {}}}
BLUEPRINT = manifest("port/Blueprint", BODY, name="shared")
PROJECT = manifest("gitlab/Project", {"path_with_namespace": "platform/shared"}, name="shared")
COLUMNS = {"description": "Shared"}
GROUP = manifest(
    "servicenow/Record", {"table": "sys_user_group", "key": "name=Shared", "columns": COLUMNS}, name="shared"
)


def blueprint(sandbox: Sandbox) -> Callable[[], bool]:
    with port_client(sandbox, "engineer") as client:
        client.post("/v1/blueprints", json=BODY).raise_for_status()
    return lambda: _is_there(sandbox, "/v1/blueprints/shared", port_client)


def project(sandbox: Sandbox) -> Callable[[], bool]:
    with gitlab_client(sandbox, "owner") as client:
        (group,) = client.get("/groups", params={"search": "platform"}).json()
        made = {"name": "shared", "path": "shared", "namespace_id": group["id"]}
        client.post("/projects", json=made).raise_for_status()
    return lambda: _is_there(sandbox, "/projects/platform%2Fshared", gitlab_client)


def group(sandbox: Sandbox) -> Callable[[], bool]:
    with servicenow_client(sandbox, "admin") as client:
        made = client.post("/api/now/table/sys_user_group", json={"name": "Shared", **COLUMNS}).raise_for_status()
        row = made.json()["result"]["sys_id"]
    return lambda: _is_there(sandbox, f"/api/now/table/sys_user_group/{row}", servicenow_client)


def _is_there(sandbox: Sandbox, path: str, client_of: Any) -> bool:
    with client_of(sandbox) as client:
        return bool(client.get(path).is_success)


MADE: Mapping[str, tuple[dict[str, Any], Callable[[Sandbox], Callable[[], bool]]]] = {
    "port/Blueprint:shared": (BLUEPRINT, blueprint),
    "gitlab/Project:shared": (PROJECT, project),
    "servicenow/Record:shared": (GROUP, group),
}


def announced(world: World, address: str, **metadata: str) -> Callable[[], bool]:
    """A run that was answered 503 whatever it tried, and what somebody else made afterwards."""
    document, make = MADE[address]
    world.manifests({"shared.yaml": [{**document, "metadata": {**document["metadata"], **metadata}}]})
    world.sandbox.faults.add(Fault(FaultKind.STATUS, method="POST", path=COLLECTIONS, status=503, times=None))
    assert not world.apply().complete
    world.sandbox.faults.clear()
    (entry,) = world.workspace().backend.load().entries.values()
    assert entry.claimed
    return make(world.sandbox)


@pytest.mark.parametrize("address", MADE)
def test_what_somebody_else_made_is_found_and_not_created_by_this_project(world: World, address: str) -> None:
    is_there = announced(world, address)
    assert change_of(world.plan(), address).action is Action.ADOPT
    assert world.apply().complete
    (entry,) = world.workspace().backend.load().entries.values()
    assert (entry.claimed, entry.created) == (False, False)
    assert world.destroy().complete
    assert is_there()


@pytest.mark.parametrize("address", MADE)
def test_what_somebody_else_made_is_not_destroyed_on_the_word_of_an_announcement(world: World, address: str) -> None:
    is_there = announced(world, address, onDelete="delete")
    assert not world.destroy(allow_destroy=frozenset({Address.parse(address)})).complete
    assert is_there()


def test_what_somebody_else_made_otherwise_is_asked_for(world: World) -> None:
    announced(world, "port/Blueprint:shared")
    with port_client(world.sandbox) as client:
        client.patch("/v1/blueprints/shared", json={"title": "Theirs"}).raise_for_status()
    with pytest.raises(ConsentNeeded) as asked:
        world.apply()
    assert asked.value.hint == "To take it over and overwrite these: --adopt 'port/Blueprint:shared'"
