"""A deployment whose pipeline cannot be started: the run of the developer is ended, and says why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from portctl.story.services import Row, Services
from portctl.story.stage import stage
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
TRIGGER: Row = {"service": "gitlab", "method": "POST", "path": "/trigger/pipeline$", "times": None}


@pytest.fixture(scope="module")
def served() -> Iterator[Services]:
    """A sandbox with the repository applied to it."""
    with stage(ROOT) as running, closing(Services(running.document)) as found:
        yield found


@pytest.fixture
def services(served: Services) -> Iterator[Services]:
    yield served
    served.steer("DELETE", "/faults")


def ask(services: Services) -> tuple[Row, Row]:
    """A developer asks for a deployment, and everything that follows has happened: her run, and that of the check."""
    asked = services.start("deploy_service_to_cluster", {"environment": "Staging"}, "shop/checkout", person="developer")
    assert asked.status == 202
    assert "error" not in services.steer("POST", "/settle")
    run, check = services.run(asked.body["run"]["id"]), services.runs("pre_deployment_check")[0]
    assert check["properties"]["deploy_run_id"] == run["id"]
    return run, check


def forgotten_at_last(services: Services) -> None:
    """Port carries out automations side by side: what catalogues a deployment may come after what forgets it.

    Then the next look at the deployment removes it.
    """
    services.steer("DELETE", "/faults")
    services.steer("POST", "/advance", {"seconds": 3600})
    wait_until(lambda: services.open_deployments() == [])


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "status", "status": 429, "retry_after_seconds": 60}, " with status code: 429."),
        ({"kind": "status", "status": 503}, " with status code: 503."),
        ({"kind": "status", "status": 404}, " with status code: 404."),
        ({"kind": "cut"}, ": Remote end closed connection without response"),
    ],
    ids=["a limit", "unavailable", "not found", "down"],
)
def test_the_run_of_the_developer_ends_and_says_why(services: Services, fault: Row, reason: str) -> None:
    older = services.pipelines()
    services.steer("POST", "/faults", {**TRIGGER, **fault})
    run, check = ask(services)
    why = f"Failed to invoke the webhook{reason}"
    assert (check["status"], check["summary"]) == ("FAILURE", why)
    about = "(shop/checkout to Staging, for dev.dora@example.com)"
    told = f"The pipeline could not be started, nothing was deployed: {why} {about}"
    assert (run["status"], run["summary"]) == ("FAILURE", told)
    assert (services.pipelines(), services.open_runs()) == (older, [])
    forgotten_at_last(services)


def test_a_deployment_whose_pipeline_was_started_is_left_alone(services: Services) -> None:
    older = services.pipelines()
    run, check = ask(services)
    assert len(services.pipelines()) == len(older) + 1
    assert (run["status"], check["status"]) == ("IN_PROGRESS", "SUCCESS")
    assert [row["identifier"] for row in services.open_deployments()] == [run["id"]]
