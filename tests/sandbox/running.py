"""Starting actions and looking at their runs."""

from __future__ import annotations

from typing import Any

import httpx

from tests.sandbox.bodies import Body

RUNS = "/v1/actions/runs"


def make(port: httpx.Client, *actions: Body) -> None:
    """Create actions and automations."""
    for body in actions:
        answer = port.post("/v1/actions", json=body)
        assert answer.status_code == 201, answer.text


def execute(
    client: httpx.Client, action: str, properties: Body | None = None, entity: str | None = None, **query: str
) -> httpx.Response:
    body: Body = {"properties": properties or {}, **({} if entity is None else {"entity": entity})}
    return client.post(f"/v1/actions/{action}/runs", json=body, params=query)


def started(
    client: httpx.Client, action: str, properties: Body | None = None, entity: str | None = None, **query: str
) -> str:
    """The id of a run that was accepted."""
    answer = execute(client, action, properties, entity, **query)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["run"]["id"])


def run(client: httpx.Client, run_id: str) -> Body:
    found: Body = client.get(f"{RUNS}/{run_id}", params={"version": "v2"}).json()["run"]
    return found


def runs(client: httpx.Client, **query: Any) -> list[Body]:
    found: list[Body] = client.get(RUNS, params={"version": "v2", **query}).json()["runs"]
    return found


def messages(client: httpx.Client, run_id: str) -> list[str]:
    return [line["message"] for line in client.get(f"{RUNS}/{run_id}/logs").json()["runLogs"]]


def grant(port: httpx.Client, action: str, **permissions: Body) -> None:
    """Set permissions; they are there a moment after their action."""
    answer = port.patch(f"/v1/actions/{action}/permissions", json=permissions)
    assert answer.status_code == 200, answer.text
