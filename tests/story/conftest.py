"""A sandbox with this project applied to it, for the tests of one file."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from contextlib import closing

import pytest

from portctl.sandbox import launcher
from portctl.story.narration import Telling
from portctl.story.services import Services
from portctl.story.stage import stage
from tests.story.playing import pause

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def running() -> Iterator[launcher.Running]:
    with stage(ROOT) as running:
        yield running


@pytest.fixture(scope="module")
def services(running: launcher.Running) -> Iterator[Services]:
    with closing(Services(running.document)) as services:
        yield services


@pytest.fixture
def story(services: Services) -> Iterator[Telling]:
    story = Telling(services)
    yield story
    services.steer("DELETE", "/faults")
    pause(story, paused=False)
