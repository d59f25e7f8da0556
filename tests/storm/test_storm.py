"""Two hundred deployments asked for at once, and decisions from everywhere: nothing is told that is not so."""

from __future__ import annotations

import contextlib
import pathlib
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from portctl.story.services import Row, Services
from portctl.story.stage import stage
from tests.storm.books import Books, run_of
from tests.storm.crowd import ENOUGH, LOW, WAVES, Asked, Crowd, Told
from tests.storm.processes import living

ROOT = pathlib.Path(__file__).parents[2]
PER_MINUTE = 25
FIRST_DEPLOYMENTS = 10
"""At most so many of the first pipelines may deploy what others have tested in the same minute."""
REPEATED = 3
"""So many requests reach GitLab twice."""
REFUSED = (
    "The pipeline could not be started, nothing was deployed: Failed to invoke the webhook with status code: 429. "
    "({} to Staging, for dev.dora@example.com)"
)
CANCELED = "The pipeline was cancelled, nothing was deployed: URL"
NEVER_BEGAN = "The deploy job never began, nothing was deployed: URL"
ABANDONED = "No pipeline works on it any more, and nothing was deployed: ask again"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a deployment ended for who asked for it, and what was done for it."""

    status: str
    said: str
    changes: int
    starts: int


@dataclass(frozen=True, slots=True)
class Storm:
    """What is left of it. `started`: how many pipelines were begun for each request of a developer.
    `jobs`: for each run of which a pipeline was cancelled, the deploy job that its mark names.
    """

    told: Told
    endings: dict[str, Ending]
    words: dict[str, str]
    started: Counter[str]
    jobs: dict[str, int | None]
    left: dict[str, list[str]]


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storm]:
    """Played once; each test looks at one side of it."""
    scratch = tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as closing:
        patch.setenv("TMPDIR", str(scratch))
        patch.setattr(tempfile, "tempdir", str(scratch))
        running = closing.enter_context(stage(ROOT))
        services = Services(running.document)
        closing.callback(services.close)
        told = Crowd(services, running.document).play()
        left = {
            "processes": living(running.pid, scratch),
            "workspaces": sorted(path.name for path in scratch.glob("sandbox-job-*")),
            "locks": sorted(str(path) for path in scratch.glob("*/.portctl/sandbox/**/*.lock")),
        }
        yield _looked_at(services, told, left)


def _looked_at(services: Services, told: Told, left: dict[str, list[str]]) -> Storm:
    services.steer("POST", "/advance", {"seconds": 60})
    books = Books(services)
    changes, starts = books.changes(), books.deploy_starts()
    return Storm(
        told=told,
        endings={each.run: _ending(services, each.run, changes, starts) for each in told.asked},
        words=books.words(),
        started=Counter(run_of(row) for row in books.called("request")),
        jobs={run: books.started_job(run) for run in told.canceled},
        left={
            **left,
            "runs": [f"{row['action']['identifier']} {row['id']}" for row in services.open_runs()],
            "pipelines and jobs": books.unfinished(),
            "open deployments": books.open_deployments(),
            "crashes": services.steer("GET", "/health")["crashes"],
        },
    )


def _ending(services: Services, run_id: str, changes: dict[str, str], starts: dict[str, int]) -> Ending:
    run: Row = services.run(run_id)
    text = run["summary"] or next(reversed(services.log(run_id)), "")
    shown = re.sub(r"CHG\d+", "CHG", re.sub(r"http[^\s)]+", "URL", text))
    return Ending(run["status"], shown, int(run_id in changes), starts.get(run_id, 0))


def expected(storm: Storm, asked: Asked) -> Ending:
    """The only way in which this deployment may have ended, by what people and services did."""
    if asked.run not in storm.started:
        return Ending("FAILURE", REFUSED.format(asked.service), 0, 0)
    if asked.run in storm.told.canceled:
        return Ending("FAILURE", _canceled(storm, asked.run), 0, 0)
    if asked.service == ENOUGH:
        return Ending("SUCCESS", f"Deployed {ENOUGH} to Staging", 0, 1)
    if asked.service == LOW:
        return _decided(storm, asked.run)
    return (
        Ending("SUCCESS", f"Deployed {asked.service} to Staging", 0, 1),
        Ending("FAILURE", f"The deployment of {asked.service} to Staging failed, look what it did: URL", 0, 1),
        Ending("FAILURE", "The pipeline failed in its job test-service (URL), nothing was deployed: URL", 0, 0),
    )[asked.wave]


def _canceled(storm: Storm, run: str) -> str:
    """Of a request, nothing had begun, and the look tells. A deployment may have taken its start just then, or not."""
    if storm.told.canceled[run] == "request":
        return ABANDONED
    return NEVER_BEGAN if storm.jobs[run] else CANCELED


def _decided(storm: Storm, run: str) -> Ending:
    word = storm.told.answers.get(run, ["forgotten"])[0]
    return {
        "approved": Ending("SUCCESS", f"Deployed {LOW} to Staging under CHG", 1, 1),
        "rejected": Ending(
            "FAILURE",
            "Change request CHG was rejected: nothing is deployed, unless it is submitted again and approved",
            1,
            0,
        ),
        "forgotten": Ending("FAILURE", "Change request CHG was canceled: nothing was deployed, ask again", 1, 0),
    }[word]


def test_two_hundred_deployments_were_asked_for_and_the_limits_of_gitlab_and_port_were_met(storm: Storm) -> None:
    by_wave = [sum(storm.started[each.run] for each in storm.told.asked if each.wave == wave) for wave in range(3)]
    assert len({each.run for each in storm.told.asked}) == sum(WAVES) == 200
    assert all(count >= PER_MINUTE for count in storm.told.at_once), storm.told.at_once
    assert all(PER_MINUTE - FIRST_DEPLOYMENTS <= count <= PER_MINUTE for count in by_wave), by_wave
    assert storm.told.refused_sign_ins > 0
    assert storm.told.missed == []
    assert sorted(storm.started.values())[-REPEATED - 1 :] == [1] + [2] * REPEATED


def test_every_deployment_has_ended_as_it_must_and_says_so(storm: Storm) -> None:
    found = {each.run: storm.endings[each.run] for each in storm.told.asked}
    assert found == {each.run: expected(storm, each) for each in storm.told.asked}


def test_one_decision_was_taken_about_each_change_request_and_it_is_what_the_record_says(storm: Storm) -> None:
    said = {"approved": "approved 3", "rejected": "rejected -5"}
    decided = {run for run, fate in storm.told.fates.items() if fate != "forgotten"}
    assert set(storm.told.answers) == decided
    assert {run: len(words) for run, words in storm.told.answers.items()} == dict.fromkeys(decided, 1)
    assert {run: storm.words[run] for run in decided} == {
        run: said[words[0]] for run, words in storm.told.answers.items()
    }
    assert set(storm.told.fates.values()) == {"approved", "rejected", "contested", "forgotten"}


def test_nothing_is_left_running(storm: Storm) -> None:
    assert storm.left == {
        "processes": [],
        "workspaces": [],
        "locks": [],
        "runs": [],
        "pipelines and jobs": [],
        "open deployments": [],
        "crashes": [],
    }
