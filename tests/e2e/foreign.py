"""A blueprint of somebody else, and a project that comes to declare parts of it."""

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


def declare(place: Place, identifier: str = "theirs", management: str | None = "merge", **spec: Any) -> None:
    chosen = {"management": management} if management else {}
    manifest = {
        "apiVersion": "portctl/v1",
        "kind": "port/Blueprint",
        "metadata": {"name": identifier, "adopt": "always", **chosen},
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
