"""The instance as new before each test, and clients of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.servicenow.receiver import Receiver, receiving
from tests.sandbox.servicenow.snow import Snow, clients


@pytest.fixture
def snow(sandbox: Sandbox) -> Iterator[Snow]:
    with clients(sandbox) as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody on this machine who takes what business rules send."""
    with receiving() as made:
        yield made
