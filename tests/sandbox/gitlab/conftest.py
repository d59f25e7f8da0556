"""Clients of the seeded people; what the sandbox accepted from them is held against GitLab's description."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.servers import gitlab_client
from tests.tap_gitlab import check_gitlab_exchanges

Client = httpx.Client
Ask = Callable[[str], httpx.Client]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sends_unknown_parameters: the test shows that they are ignored; no tap")


@pytest.fixture
def ask(sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Ask]:
    """A client by the name of a credential."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(gitlab_client(sandbox, name))
    if request.node.get_closest_marker("sends_unknown_parameters") is None:
        check_gitlab_exchanges(sandbox.journal.exchanges())


@pytest.fixture
def owner(ask: Ask) -> httpx.Client:
    """The service account of everyday use, owner of both groups."""
    return ask("default")


@pytest.fixture
def nobody(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """A client without a token."""
    with httpx.Client(base_url=f"{sandbox.urls['gitlab']}/api/v4", timeout=10) as client:
        yield client
