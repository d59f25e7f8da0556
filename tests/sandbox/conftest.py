"""One sandbox for all tests of this folder, as new before each; what it accepted is held against the vendor."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.listener import Listener, listening
from tests.servers import port_client, running_sandbox
from tests.tap import check_exchanges


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fact(number, ...): facts of docs/sandbox-*.md that the test shows")


@pytest.fixture(scope="session")
def served() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served: Sandbox) -> Iterator[Sandbox]:
    served.reset()
    yield served
    check_exchanges(served.journal.exchanges())
    assert served.world.crashes == []


@pytest.fixture
def port(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """A client with an administrator's token."""
    with port_client(sandbox) as client:
        yield client


@pytest.fixture
def member(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """A client that may read and not write."""
    with port_client(sandbox, "member") as client:
        yield client


@pytest.fixture
def developer(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """A client with the personal token of a member of the team `shop`."""
    with port_client(sandbox, "developer") as client:
        yield client


@pytest.fixture
def engineer(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """A client with the personal token of an administrator, of the team `platform`."""
    with port_client(sandbox, "engineer") as client:
        yield client


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Somebody on this machine who takes what runs send."""
    with listening() as made:
        yield made
