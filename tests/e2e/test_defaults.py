"""Values that manifests leave to the service's default, after somebody changed them."""

from __future__ import annotations

import json

from tests.e2e.foreign import applied, put, theirs
from tests.servers import port_client
from tests.unit.cli.conftest import Place

__all__ = ["theirs"]

ACTION = {
    "identifier": "deploy",
    "trigger": {"type": "self-service", "operation": "CREATE", "userInputs": {"properties": {}, "required": []}},
    "invocationMethod": {"type": "WEBHOOK", "url": "https://git.example/trigger"},
}


def test_a_default_that_somebody_changed_is_shown_and_restored(theirs: Place) -> None:
    manifest = {"apiVersion": "portctl/v1", "kind": "port/Action", "metadata": {"name": "deploy"}, "spec": ACTION}
    theirs.write("actions/deploy.yaml", json.dumps(manifest))
    applied(theirs)
    put(theirs, "PUT", "/v1/actions/deploy", {**ACTION, "publish": False})
    assert "~ publish: false -> true  (drift: changed outside portctl)" in applied(theirs).out
    with port_client(theirs.sandbox) as client:
        assert client.get("/v1/actions/deploy").json()["action"].get("publish", True) is True
