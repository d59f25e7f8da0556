"""One sandbox for all attacks. After each of them the laws are looked at."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from contextlib import closing

import pytest

from portctl.story.services import Services
from portctl.story.stage import stage
from tests.attacks.ground import Ground

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="session")
def _ground() -> Iterator[Ground]:
    with stage(ROOT) as running, closing(Services(running.document)) as services:
        with closing(Ground(running.document, services)) as ground:
            yield ground
        assert services.steer("GET", "/health")["crashes"] == []


@pytest.fixture
def ground(_ground: Ground) -> Iterator[Ground]:
    _ground.minute()
    yield _ground
    _ground.pause(paused=False)
    _ground.services.steer("DELETE", "/faults")
    _ground.services.steer("PUT", "/shell", {"name": "bash"})
    _ground.laws()
