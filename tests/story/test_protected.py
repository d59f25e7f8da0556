"""A deployment to an environment that GitLab protects: people approve it there, after everything that the gate asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portctl.story.narration import Telling
from portctl.story.scenarios.common import (
    ask,
    ask_with_low_coverage,
    decide_in_servicenow,
    nothing_is_left_open,
)
from portctl.story.services import Said, Services
from tests.story.playing import CATALOG, PROJECT, is_at, looked_at, newest, told

MAINTAINERS = 40


@pytest.fixture(autouse=True)
def protected(services: Services) -> Iterator[None]:
    body = {
        "name": "Staging",
        "deploy_access_levels": [{"access_level": MAINTAINERS}],
        "approval_rules": [{"access_level": MAINTAINERS, "required_approvals": 1}],
    }
    assert services.gitlab("POST", f"{PROJECT}/protected_environments", body).status == 201
    yield
    assert services.gitlab("DELETE", f"{PROJECT}/protected_environments/Staging").status == 204


def waits(story: Telling, run: str) -> None:
    """The deployment is blocked, and whoever waits is told so once."""
    story.wait("the deploy job waits", lambda: is_at(story, "deploy", "manual"))
    looked_at(story, 3)
    assert story.services.run(run)["status"] == "IN_PROGRESS"
    said = [line.partition(": http")[0] for line in story.services.log(run)]
    assert said.count("The deployment waits for an approval, or a person, in GitLab") == 1
    assert story.deploy_starts() == 0


def decided(story: Telling, word: str) -> Said:
    """A maintainer says so about the deployment that is blocked."""
    (row,) = story.services.gitlab("GET", f"{PROJECT}/deployments?status=blocked").body
    body = {"status": word, "comment": "seen"}
    return story.services.gitlab("POST", f"{PROJECT}/deployments/{row['id']}/approval", body, person="maintainer")


def play(story: Telling) -> Said:
    return story.services.gitlab("POST", f"{PROJECT}/jobs/{newest(story, 'deploy')['id']}/play", person="maintainer")


def test_a_deployment_is_blocked_until_somebody_approves_and_plays_it(story: Telling) -> None:
    run = ask(story, CATALOG)
    waits(story, run)
    assert play(story).status == 400
    assert decided(story, "approved").status == 201
    story.settle()
    assert story.deploy_starts() == 0
    assert play(story).status == 200
    assert told(story, run) == ("SUCCESS", f"Deployed {CATALOG} to Staging")
    assert story.deploy_starts() == 1
    nothing_is_left_open(story)


def test_a_deployment_that_somebody_rejects_in_gitlab_is_told_as_not_deployed(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    decide_in_servicenow(story, change, "approved", "go")
    waits(story, run)
    assert decided(story, "rejected").status == 201
    assert told(story, run) == ("FAILURE", "The deploy job never began, nothing was deployed: URL")
    assert story.deploy_starts() == 0
    (row,) = story.services.changes_of(run)
    assert (row["state"], row["close_code"]) == ("3", "unsuccessful")
    nothing_is_left_open(story)
