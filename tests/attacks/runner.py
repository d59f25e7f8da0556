"""A runner that takes jobs and runs nothing: it sees what GitLab hands to each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portctl.story.services import Row
from tests.attacks.ground import Ground

_ROUNDS = 20
_KNOWS = ("artifacts", "upload_multiple_artifacts")
"""GitLab gives a runner no job that needs more: jobs with a report need the second."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A job with its variables, by name."""

    name: str
    ref: str
    variables: Mapping[str, str]
    document: Mapping[str, Any]


class Spy:
    """Jobs wait for it while the sandbox's own runner is paused."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._api = f"{ground.document['services']['gitlab']['url']}/api/v4"
        self._token = ground.services.steer("GET", "/runner")["token"]

    def take(self) -> Taken | None:
        asked = {"token": self._token, "info": {"features": dict.fromkeys(_KNOWS, True)}}
        answer = self._ground.http.post(f"{self._api}/jobs/request", json=asked)
        if answer.status_code == 204:
            return None
        assert answer.status_code == 201, answer.text
        job = answer.json()
        variables = {each["key"]: each["value"] for each in job["variables"]}
        return Taken(job["job_info"]["name"], job["git_info"]["ref"], variables, job)

    def end(self, job: Taken, state: str = "success") -> None:
        body = {"token": job.document["token"], "state": state}
        answer = self._ground.http.put(f"{self._api}/jobs/{job.document['id']}", json=body)
        assert answer.status_code == 200, answer.text
        self._ground.settle()

    def walk(self, failing: str = "") -> Iterator[Taken]:
        """Every job that comes, one after the other; the one of that name fails."""
        for _ in range(_ROUNDS):
            job = self.take()
            if job is None:
                return
            yield job
            self.end(job, "failed" if job.name == failing else "success")
        raise AssertionError("there is no end of jobs")


def trigger(ground: Ground, ref: str = "main", **more: Any) -> tuple[int, Row]:
    """Start a pipeline as somebody who has the trigger token."""
    answer = ground.http.post(ground.url, json={"token": ground.token, "ref": ref, **more})
    ground.settle()
    return answer.status_code, answer.json()
