"""What tests do to a story that the story itself does not: pause, cancel, look at jobs, and read how it was told."""

from __future__ import annotations

import re
from urllib.parse import quote

from portctl.story.narration import Telling
from portctl.story.services import Row, Said

PROJECT = "projects/platform%2Fdeployment"
MARKS = f"projects/{quote('gate/deployment-marks', safe='')}"
CATALOG = "shop/catalog"
LOOK_SECONDS = 46 * 60
_ADDRESS = re.compile(r"http[^\s,;)]+")


def pause(story: Telling, *, paused: bool) -> None:
    story.services.steer("PUT", "/runner", {"paused": paused})


def told(story: Telling, run: str) -> tuple[str, str]:
    """How a run has ended, and the last line of its log, with `URL` for addresses."""
    ended = story.ended(run)
    story.settle()
    return ended["status"], _ADDRESS.sub("URL", story.services.log(run)[-1])


def cancel(story: Telling) -> None:
    """The newest pipeline."""
    pipeline = story.wait("there is a pipeline", story.pipelines)[-1]
    assert story.services.gitlab("POST", f"{PROJECT}/pipelines/{pipeline['id']}/cancel").is_good


def jobs(story: Telling, name: str) -> list[Row]:
    """Those of this name in any pipeline of the story, oldest first, with those that were run again."""
    return [job for row in story.pipelines() for job in story.services.jobs(row["id"]) if job["name"] == name]


def newest(story: Telling, name: str) -> Row:
    return jobs(story, name)[-1]


def trace(story: Telling, name: str) -> str:
    return story.services.trace(newest(story, name)["id"])


def is_at(story: Telling, name: str, status: str) -> bool:
    """Whether the newest job of this name is in this state."""
    found = jobs(story, name)
    return found != [] and found[-1]["status"] == status


def looked_at(story: Telling, times: int = 1) -> None:
    """So much time passes that somebody looks what has become of open deployments."""
    for _ in range(times):
        story.pass_time(LOOK_SECONDS)
        story.settle()


def call(story: Telling, **inputs: str) -> Said:
    """Somebody who has the trigger token starts the pipeline."""
    url, token = story.services.trigger()
    return story.services.anybody("POST", url, {"token": token, "ref": "main", "inputs": inputs})


def statuses(story: Telling) -> list[str]:
    return [row["status"] for row in story.pipelines()]


def marks_of(story: Telling, run: str) -> list[str]:
    """The names of the marks that are kept about a deployment."""
    path = f"{MARKS}/repository/tree?recursive=true&per_page=100&path=deployments"
    rows = story.services.gitlab("GET", path).body
    return sorted(row["name"] for row in rows if row["type"] == "blob" and f"/{run}/" in row["path"])
