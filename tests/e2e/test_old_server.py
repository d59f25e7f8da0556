"""A GitLab that is too old: who is stopped by it, and who is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.e2e.refused_by_services import INPUTS, OLD_SERVER
from tests.unit.cli.conftest import ENVIRONMENT, Place

ASKED = "GET /api/v4/version"


@pytest.fixture
def with_inputs(project: Place) -> Place:
    """The project, with a pipeline in GitLab that declares inputs."""
    project.write("blueprints/gitlab.yaml", INPUTS)
    project.write("environments/sandbox.yaml", ENVIRONMENT.replace("instances:", "instances:\n  gitlab: {default: {}}"))
    return project


def asked(place: Place) -> int:
    return place.sandbox.counters.get(f"gitlab {ASKED}", 0)


def test_a_server_that_is_new_enough_is_asked_once(with_inputs: Place) -> None:
    assert with_inputs.run("plan").code == 0
    assert asked(with_inputs) == 1


def test_what_was_applied_long_ago_is_refused_too(with_inputs: Place) -> None:
    assert with_inputs.run("apply", "--yes").code == 0
    assert with_inputs.run("plan", "--detailed-exitcode").code == 0
    with_inputs.fail(OLD_SERVER)
    ended = with_inputs.run("plan")
    assert (ended.code, ended.err.count("error[service]: The server is too old for this")) == (3, 2)


def test_who_plans_something_else_is_not_stopped_and_nobody_asks(with_inputs: Place) -> None:
    with_inputs.fail(replace(OLD_SERVER, times=None))
    assert with_inputs.run("plan", "-t", "port/Blueprint:change").code == 0
    assert asked(with_inputs) == 0


def test_everything_can_be_removed_from_an_old_server(with_inputs: Place) -> None:
    assert with_inputs.run("apply", "--yes").code == 0
    with_inputs.fail(replace(OLD_SERVER, times=None))
    assert with_inputs.run("destroy", "--yes").code == 0
