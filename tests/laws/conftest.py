"""A sandbox for all laws, as new before each test, and a project folder on it."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest

from portctl.sandbox.server import Sandbox
from tests.laws.samples import MANIFESTS, SECRETS
from tests.laws.world import World
from tests.servers import running_sandbox
from tests.tap import check_exchanges

FASTER = 30.0
"""How much faster than the wall clock the sandbox's clock, and every wait of ours, runs."""


@pytest.fixture(scope="session")
def served() -> Iterator[Sandbox]:
    with running_sandbox(time_scale=FASTER) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served: Sandbox) -> Iterator[Sandbox]:
    served.reset()
    yield served
    check_exchanges(served.journal.exchanges())


@pytest.fixture
def world(tmp_path: pathlib.Path, sandbox: Sandbox) -> World:
    """A project that declares one rich example of every kind."""
    world = World(tmp_path, sandbox)
    world.manifests(MANIFESTS)
    world.environment(SECRETS)
    return world
