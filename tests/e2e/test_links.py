"""Links of entities, when the relation that they stand under turns to another blueprint."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.foreign import applied, theirs
from tests.servers import port_client
from tests.unit.cli.conftest import Place

__all__ = ["theirs"]


def write(place: Place, kind: str, name: str, spec: dict[str, Any]) -> None:
    manifest = {"apiVersion": "portctl/v1", "kind": f"port/{kind}", "metadata": {"name": name}, "spec": spec}
    place.write(f"blueprints/{kind}_{name}.yaml", json.dumps(manifest))


def blueprint(place: Place, identifier: str, target: str = "") -> None:
    relation = {"title": "Owner", "target": target, "required": False, "many": False}
    relations = {"owner": relation} if target else {}
    body = {"identifier": identifier, "title": identifier, "schema": {"properties": {}}, "relations": relations}
    write(place, "Blueprint", identifier, body)


def test_links_of_ours_are_written_again_when_their_relation_turns_to_another_blueprint(theirs: Place) -> None:
    for name in ("squad", "guild"):
        blueprint(theirs, name)
        write(theirs, "Entity", f"{name}_one", {"blueprint": name, "identifier": "one", "title": "One"})
    blueprint(theirs, "app", target="squad")
    shop = {"blueprint": "app", "identifier": "shop", "title": "Shop", "relations": {"owner": "one"}}
    write(theirs, "Entity", "shop", shop)
    applied(theirs)
    blueprint(theirs, "app", target="guild")
    done = applied(theirs, "--allow-destroy", "port/Blueprint:app")
    assert '~ relations.owner: "one"  (written again: another change of this plan loses it)' in done.out
    with port_client(theirs.sandbox) as client:
        there = client.get("/v1/blueprints/app/entities/shop").json()["entity"]
    assert there["relations"] == {"owner": "one"}
