"""Objects of Port that are only partly ours: adding to them, and taking back exactly what was added."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portctl.model.value import thaw
from tests.servers import port_client
from tests.unit.cli.conftest import Ended, Place

SERVICE: dict[str, Any] = {
    "identifier": "theirs",
    "title": "Theirs",
    "schema": {"properties": {"tier": {"type": "string", "title": "Tier"}}, "required": []},
}


@pytest.fixture
def theirs(place: Place) -> Place:
    """A project that declares nothing yet, and a blueprint of somebody else."""
    (place.root / "blueprints/change.yaml").unlink()
    (place.root / "integrations/secret.yaml").unlink()
    put(place, "POST", "/v1/blueprints", SERVICE)
    return place


def put(place: Place, method: str, path: str, body: Any) -> None:
    with port_client(place.sandbox) as client:
        client.request(method, path, json=body).raise_for_status()


def stored(place: Place, identifier: str = "theirs") -> dict[str, Any]:
    with port_client(place.sandbox) as client:
        found: dict[str, Any] = client.get(f"/v1/blueprints/{identifier}").json()["blueprint"]
        return found


def declare(place: Place, identifier: str = "theirs", management: str = "merge", **spec: Any) -> None:
    manifest = {
        "apiVersion": "portctl/v1",
        "kind": "port/Blueprint",
        "metadata": {"name": identifier, "management": management, "adopt": "always"},
        "spec": {"identifier": identifier, **spec},
    }
    place.write(f"blueprints/{identifier}.yaml", json.dumps(thaw(manifest)))


def applied(place: Place, *flags: str) -> Ended:
    """A successful apply, after which nothing is left to do."""
    done = place.run("apply", "--yes", *flags)
    assert done.code == 0, done.out + done.err
    left = place.run("plan", "--detailed-exitcode")
    assert left.code == 0, left.out + left.err
    return done


@pytest.mark.parametrize("said", [{"required": False, "many": False}, {}])
def test_a_relation_is_added_to_a_blueprint_of_somebody_else(theirs: Place, said: dict[str, bool]) -> None:
    declare(theirs, "change", "observe")
    put(theirs, "POST", "/v1/blueprints", {**SERVICE, "identifier": "change"})
    declare(theirs, relations={"dom2": {"title": "A", "target": "change", **said}})
    applied(theirs)
    assert stored(theirs)["relations"] == {"dom2": {"title": "A", "target": "change", "required": False, "many": False}}
    assert stored(theirs)["schema"] == SERVICE["schema"]


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_a_property_that_we_added_is_taken_back_with_what_others_put_in_it_and_only_with_consent(
    theirs: Place, command: str
) -> None:
    put(theirs, "POST", "/v1/blueprints/theirs/entities", {"identifier": "one", "title": "One"})
    declare(theirs, schema={"properties": {"p1": {"type": "string", "title": "t"}}})
    applied(theirs)
    there = stored(theirs)
    there["schema"]["properties"]["p1"]["icon"] = "Service"
    body = {key: there[key] for key in ("identifier", "title", "schema")}
    put(theirs, "PUT", "/v1/blueprints/theirs", body)
    if command == "apply":
        declare(theirs)
    refused = theirs.run(command, "--yes")
    assert refused.code == 5
    assert "the values of this property are lost" in refused.out + refused.err
    assert "icon" in refused.out + refused.err
    done = theirs.run(command, "--yes", "--allow-destroy", "port/Blueprint:theirs")
    assert done.code == 0, done.out + done.err
    assert stored(theirs)["schema"] == SERVICE["schema"]
