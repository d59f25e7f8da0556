"""What the code of a service may reach from its jobs, and what it may leave for others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from portctl.story.narration import Telling
from portctl.story.services import Row
from tests.attacks import hostile
from tests.attacks.ground import Ground

CATALOG = "shop/catalog"
OWNED = "OWNED BY SERVICE"
REFUSED_CALLS = {
    "GET P/variables": "401",
    "GET P/triggers": "401",
    "POST P/repository/commits": "401",
    "GET P/jobs": "401",
    "GET P": "401",
    "POST P/trigger/pipeline": "401",
    "POST /jobs/request": "403",
    "PATCH /jobs/N/trace": "403",
}


class Service:
    """A service whose files change for one attack. What was there comes back."""

    def __init__(self, ground: Ground, name: str) -> None:
        self._ground = ground
        self._name = name
        self._before: dict[str, str | None] = {}

    def commit(self, files: Mapping[str, str | None]) -> str:
        for path in files:
            said = self._ground.services.file(self._name, path)
            self._before.setdefault(path, str(said.body) if said.is_good else None)
        said = self._ground.services.commit(self._name, "Be hostile", files)
        assert said.is_good, said.reason
        return str(said.body["id"])

    def restore(self) -> None:
        if self._before:
            assert self._ground.services.commit(self._name, "Take it back", self._before).is_good


@pytest.fixture
def service(ground: Ground) -> Iterator[Service]:
    service = Service(ground, CATALOG)
    yield service
    service.restore()


def ask(ground: Ground, service: str = CATALOG) -> str:
    body = {"environment": "Staging"}
    said = ground.services.start("deploy_service_to_cluster", body, service, person="developer")
    assert said.status == 202, said.reason
    return str(said.body["run"]["id"])


def jobs(story: Telling) -> list[Row]:
    return [job for row in story.pipelines() for job in story.services.jobs(row["id"])]


def traces(story: Telling, *names: str) -> str:
    return "\n".join(story.services.trace(job["id"]) for job in jobs(story) if job["name"] in names)


def test_what_a_service_hands_in_with_the_token_of_its_job_reaches_no_job_of_the_gate(
    ground: Ground, service: Service
) -> None:
    files = {"test_catalog.py": hostile.TESTS, "deploy.sh": hostile.DEPLOY, ".coveragerc": hostile.NO_REPORT}
    sha = service.commit(files)
    story = ground.story()
    run = ask(ground)
    ground.settle()
    said = traces(story, "test-service")
    assert re.findall(r"HANDED (\d+ \d+)", said) == ["201 201"]
    calls = {re.sub(r"\d+", "N", call): code for call, code in re.findall(r"API (.*) (.*)", said)}
    assert calls == REFUSED_CALLS
    assert re.findall(r"GIT (.*)", said) == [
        "push a branch refused",
        "push a tag refused",
        "push to main refused",
        "read marks refused",
        "read a service refused",
    ]
    assert {job["name"]: job["status"] for job in jobs(story)} == {
        "accept": "success",
        "test-service": "success",
        "open": "success",
        "report": "skipped",
        "start": "success",
        "deploy": "success",
        "finish": "success",
    }
    others = traces(story, "accept", "open", "report", "start", "finish")
    assert OWNED not in others
    assert re.findall(r"DEPLOY STEP: (.*)", traces(story, "deploy"))[-1] == f"{CATALOG} at {sha} to Staging"
    assert ground.services.log(run)[-1] == f"Deployed {CATALOG} to Staging"
    assert not ground.leaked(traces(story, "test-service", "deploy"))


def test_what_a_failing_test_hands_in_does_not_reach_the_job_that_reports(ground: Ground, service: Service) -> None:
    service.commit({"test_catalog.py": hostile.TESTS + "        self.fail()\n", ".coveragerc": hostile.NO_REPORT})
    story = ground.story()
    run = ask(ground)
    ground.settle()
    assert re.findall(r"HANDED (\d+ \d+)", traces(story, "test-service")) == ["201 201"]
    assert OWNED not in traces(story, "accept", "open", "report")
    assert ground.services.run(run)["status"] == "FAILURE"
    assert re.match(r"The pipeline failed in its job test-service .*nothing was deployed", ground.services.log(run)[-1])
    assert story.deploy_starts() == 0


def test_what_a_failing_deployment_hands_in_does_not_reach_the_job_that_ends(ground: Ground, service: Service) -> None:
    service.commit({"deploy.sh": hostile.DEPLOY + "exit 3\n"})
    story = ground.story()
    run = ask(ground)
    ground.settle()
    assert re.findall(r"HANDED (\d+ \d+)", traces(story, "deploy")) == ["201 201"]
    assert OWNED not in traces(story, "start", "finish")
    assert ground.services.log(run)[-1].startswith(f"The deployment of {CATALOG} to Staging failed")
