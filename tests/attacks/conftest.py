"""One sandbox for all attacks. After each of them the laws are looked at.

Of a test with many cases one is tried, chosen by PORTCTL_ATTACKS_SEED; all of them with PORTCTL_ATTACKS=all.
"""

from __future__ import annotations

import os
import pathlib
import random
from collections.abc import Iterator
from contextlib import closing

import pytest

from portctl.story.services import Services
from portctl.story.stage import stage
from tests.attacks.ground import Ground

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("PORTCTL_ATTACKS") == "all":
        return
    chooser = random.Random(int(os.environ.get("PORTCTL_ATTACKS_SEED", "0")))
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        if HERE in item.path.parents and "ground" in getattr(item, "fixturenames", ()):
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    left_out = {item.nodeid for name in sorted(cases) for item in _without_one(cases[name], chooser)}
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
    items[:] = [item for item in items if item.nodeid not in left_out]


def _without_one(items: list[pytest.Item], chooser: random.Random) -> list[pytest.Item]:
    chosen = chooser.choice(items)
    return [item for item in items if item is not chosen]


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
