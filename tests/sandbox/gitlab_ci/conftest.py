"""The workshop, and what the sandbox accepted in it held against GitLab's description."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.gitlab_ci.by_hand import Runner
from tests.sandbox.gitlab_ci.workshop import Workshop
from tests.servers import gitlab_client
from tests.tap_gitlab import check_gitlab_exchanges


@pytest.fixture
def owner(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with gitlab_client(sandbox) as client:
        yield client
    check_gitlab_exchanges(sandbox.journal.exchanges())


@pytest.fixture
def workshop(sandbox: Sandbox, owner: httpx.Client) -> Workshop:
    return Workshop(sandbox, owner)


@pytest.fixture
def runner(workshop: Workshop) -> Iterator[Runner]:
    with httpx.Client(base_url=f"{workshop.sandbox.urls['gitlab']}/api/v4", timeout=10) as client:
        yield Runner(workshop, client)
