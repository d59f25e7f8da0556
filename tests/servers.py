"""Sandboxes and clients for tests of any folder: start one per session, `reset()` it before each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from portctl.sandbox.server import Sandbox
from tests.tap import check_exchanges


@contextmanager
def running_sandbox(**options: Any) -> Iterator[Sandbox]:
    """A started sandbox (options of `Sandbox`), stopped at the end.

    Fails when the sandbox itself broke, or Port accepted or answered what it should not since the last reset.
    """
    with Sandbox(**options) as sandbox:
        yield sandbox
        check_exchanges(sandbox.journal.exchanges())
        assert sandbox.world.crashes == []


@contextmanager
def port_client(sandbox: Sandbox, credential: str = "default") -> Iterator[httpx.Client]:
    """An HTTP client with a token of the named credential: "default", "member" or "elsewhere"."""
    url = sandbox.urls["port"]
    with httpx.Client(base_url=url, timeout=10) as client:
        client.headers["authorization"] = f"Bearer {port_token(client, sandbox, credential)}"
        yield client


def port_token(client: httpx.Client, sandbox: Sandbox, credential: str = "default") -> str:
    chosen = sandbox.credentials["port"][credential]
    body = {"clientId": chosen["clientId"], "clientSecret": chosen["clientSecret"]}
    token: str = client.post("/v1/auth/access_token", json=body).json()["accessToken"]
    return token


@contextmanager
def gitlab_client(sandbox: Sandbox, credential: str = "default") -> Iterator[httpx.Client]:
    """A client of GitLab's REST API with the token of a seeded person: "default", "maintainer", "guest", ..."""
    token = sandbox.credentials["gitlab"][credential]["token"]
    with httpx.Client(base_url=f"{sandbox.urls['gitlab']}/api/v4", timeout=10) as client:
        client.headers["private-token"] = token
        yield client


@contextmanager
def servicenow_client(sandbox: Sandbox, credential: str = "default") -> Iterator[httpx.Client]:
    """A client with the API key of a seeded user: "default", "admin", "gate", "approver", "noroles", ..."""
    key = sandbox.credentials["servicenow"][credential]["apiKey"]
    headers = {"x-sn-apikey": key, "accept": "application/json"}
    with httpx.Client(base_url=sandbox.urls["servicenow"], timeout=10, headers=headers) as client:
        yield client
