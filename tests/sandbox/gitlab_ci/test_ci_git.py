"""Git with the token of a job: what a job may read and write while it runs, and what is left to it afterwards."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.gitlab_ci.workshop import PROJECT, Workshop
from tests.waiting import PATIENCE_SECONDS

OWN = "platform/pipelines"
OTHER = "shop/checkout"
READ, WRITE = "git-upload-pack", "git-receive-pack"
NO_UPLOAD = "You are not allowed to upload code for this project."
ALLOWED = "ci_push_repository_for_job_token_allowed"


class Job:
    """A job of `platform/pipelines` that runs for as long as the test wants: a runner has taken it."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.url = workshop.sandbox.urls["gitlab"]
        runner = httpx.put(f"{workshop.sandbox.control}/runner", json={"paused": True}).raise_for_status().json()
        workshop.commit("a: {script: [echo a]}")
        workshop.last = workshop.trigger()
        workshop.settle()
        taken = httpx.post(f"{self.url}/api/v4/jobs/request", json={"token": runner["token"]}).raise_for_status()
        self.row: dict[str, Any] = taken.json()
        self.token: str = self.row["token"]

    def end(self) -> None:
        body = {"token": self.token, "state": "success"}
        httpx.put(f"{self.url}/api/v4/jobs/{self.row['id']}", json=body).raise_for_status()
        self.workshop.settle()

    def ask(self, service: str, project: str = OWN, *, name: str = "gitlab-ci-token") -> tuple[int, str]:
        """What Git hears first; the text of a refusal."""
        asked = {"service": service}
        answer = httpx.get(f"{self.url}/{project}.git/info/refs", params=asked, auth=(name, self.token))
        return answer.status_code, "" if answer.is_success else answer.text

    def git(self, *arguments: str, folder: Path) -> int:
        clean = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
        identity = ("-c", "user.name=Job", "-c", "user.email=job@example.com")
        command = ["git", *identity, *arguments]
        return subprocess.run(
            command, cwd=folder, env=clean, capture_output=True, check=False, timeout=PATIENCE_SECONDS
        ).returncode

    def clone(self, folder: Path) -> Path:
        address = f"{self.url.replace('://', f'://gitlab-ci-token:{self.token}@')}/{OWN}.git"
        assert self.git("clone", "-q", address, "here", folder=folder) == 0
        return folder / "here"


@pytest.fixture
def job(workshop: Workshop) -> Job:
    return Job(workshop)


@pytest.mark.fact("ci-107")
def test_a_job_reads_its_own_project_and_no_other(job: Job, tmp_path: Path) -> None:
    assert (job.clone(tmp_path) / ".gitlab-ci.yml").read_text() == "a: {script: [echo a]}"
    refusal = f"Authentication by CI/CD job token not allowed to {OTHER}."
    code, text = job.ask(READ, OTHER)
    assert (code, refusal in text) == (403, True)
    assert job.ask(WRITE, OTHER)[0] == 403
    assert job.ask(READ, "shop/no-such-project")[0] == 404


@pytest.mark.fact("ci-107")
def test_the_token_of_a_job_goes_by_its_own_name_only(job: Job, workshop: Workshop) -> None:
    assert [job.ask(READ, name=name)[0] for name in ("gitlab-ci-token", "oauth2", "")] == [200, 401, 401]
    job.token = workshop.token
    assert (job.ask(READ)[0], job.ask(READ, name="oauth2")[0]) == (401, 401)


@pytest.mark.fact("ci-108")
def test_a_job_pushes_branches_and_tags_where_its_project_allows_it(
    job: Job, workshop: Workshop, tmp_path: Path
) -> None:
    here = job.clone(tmp_path)
    assert job.git("commit", "-q", "--allow-empty", "-m", "By a job", folder=here) == 0
    assert job.git("tag", "v1", folder=here) == 0
    code, text = job.ask(WRITE)
    assert (code, NO_UPLOAD in text) == (403, True)
    assert job.git("push", "-q", "origin", "HEAD:main", "v1", folder=here) == 128
    tag = ("ls-remote", "--exit-code", "origin", "refs/tags/v1")
    assert job.git(*tag, folder=here) == 2
    workshop.client.put(PROJECT, json={ALLOWED: True}).raise_for_status()
    assert job.git("push", "-q", "origin", "HEAD:main", "v1", folder=here) == 0
    branch = workshop.client.get(f"{PROJECT}/repository/branches/main").json()
    assert (branch["commit"]["title"], branch["commit"]["author_name"]) == ("By a job", "Job")
    assert job.git(*tag, folder=here) == 0


@pytest.mark.fact("ci-109")
def test_the_token_of_a_job_that_has_ended_opens_nothing(job: Job, workshop: Workshop) -> None:
    workshop.client.put(PROJECT, json={ALLOWED: True}).raise_for_status()
    assert (job.ask(READ), job.ask(WRITE)) == ((200, ""), (200, ""))
    job.end()
    assert workshop.job("a")["status"] == "success"
    assert (job.ask(READ)[0], job.ask(WRITE)[0]) == (401, 401)
