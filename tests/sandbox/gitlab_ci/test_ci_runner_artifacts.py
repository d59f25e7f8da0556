"""What jobs hand each other, whoever runs them: fetched with tokens, kept for a time, and missed when it is gone."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import httpx
import pytest

from tests.sandbox.gitlab_ci.by_hand import Runner, upload, zipped
from tests.sandbox.gitlab_ci.workshop import PROJECT, Workshop

WEEK_SECONDS = 7 * 86_400.0
WANTED = """
a:
  script: ['true']
  artifacts:
    name: left
    paths: [out/]
    exclude: [out/*.tmp]
    when: always
    expire_in: 1 week
    reports:
      dotenv: a.env
      junit: [a.xml, b.xml]
      coverage_report: {coverage_format: cobertura, path: c.xml}
"""
CHAIN = """
stages: [one, two]
a: {stage: one, script: [echo from-a > a.txt], artifacts: {paths: [a.txt], expire_in: 1 week}}
bare: {stage: one, script: ['true']}
b: {stage: two, when: manual, allow_failure: false, script: [cat a.txt]}
c: {stage: two, dependencies: [], script: ['true']}
"""


def ask(runner: Runner, job: dict[str, Any], token: str | None) -> httpx.Response:
    headers = {} if token is None else {"job-token": token}
    return runner.client.get(f"/jobs/{job['id']}/artifacts", params={"direct_download": "false"}, headers=headers)


def taken(runner: Runner, *names: str) -> dict[str, dict[str, Any]]:
    jobs = {job["job_info"]["name"]: job for job in (runner.take() for _ in names)}
    assert sorted(jobs) == sorted(names)
    return jobs


def play(workshop: Workshop, name: str) -> None:
    workshop.client.post(f"{PROJECT}/jobs/{workshop.job(name)['id']}/play").raise_for_status()
    workshop.settle()


@pytest.mark.fact("ci-149")
def test_a_runner_is_told_what_to_hand_in(runner: Runner) -> None:
    runner.begin(WANTED)
    always = {"when": "always", "expire_in": "1 week"}
    assert runner.take()["artifacts"] == [
        {
            "name": "left",
            "paths": ["out/"],
            "exclude": ["out/*.tmp"],
            **always,
            "artifact_type": "archive",
            "artifact_format": "zip",
        },
        {
            "name": "junit.xml",
            "paths": ["a.xml", "b.xml"],
            **always,
            "artifact_type": "junit",
            "artifact_format": "gzip",
        },
        {
            "name": "cobertura-coverage.xml",
            "paths": ["c.xml"],
            **always,
            "artifact_type": "cobertura",
            "artifact_format": "gzip",
        },
        {"name": ".env", "paths": ["a.env"], **always, "artifact_type": "dotenv", "artifact_format": "gzip"},
    ]


@pytest.mark.fact("ci-149")
@pytest.mark.parametrize(
    ("pipeline", "feature"),
    [
        ("a: {script: ['true'], artifacts: {reports: {dotenv: x}}}", "upload_multiple_artifacts"),
        ("a: {script: ['true'], artifacts: {paths: [x], exclude: [y]}}", "artifacts_exclude"),
        ("a: {script: ['true'], allow_failure: {exit_codes: 3}}", "return_exit_code"),
        ("a: {script: ['true'], retry: {max: 0, exit_codes: 3}}", "return_exit_code"),
    ],
)
def test_a_job_that_a_runner_does_not_know_enough_for_fails(
    workshop: Workshop, runner: Runner, pipeline: str, feature: str
) -> None:
    runner.begin(pipeline)
    assert runner.request(features=()).status_code == 204
    assert (workshop.job("a")["status"], workshop.job("a")["failure_reason"]) == ("failed", "runner_unsupported")
    runner.begin(pipeline)
    assert runner.request(features=(feature,)).status_code == 201


@pytest.mark.fact("ci-150")
def test_a_runner_fetches_what_earlier_jobs_have_left_with_the_token_of_the_job_that_runs(
    workshop: Workshop, runner: Runner
) -> None:
    runner.begin(CHAIN)
    jobs = taken(runner, "a", "bare")
    left = zipped(a_txt="from a\n")
    assert upload(runner, jobs["a"], left, expire_in="1 week", filename="left.zip") == (201, 201)
    for job in jobs.values():
        runner.end(job, "success")
    other = runner.take()
    assert (other["job_info"]["name"], other["dependencies"]) == ("c", [])
    play(workshop, "b")
    job = runner.take()
    file = {"artifacts_file": {"filename": "left.zip", "size": len(left)}}
    assert job["dependencies"] == [
        {"id": jobs["a"]["id"], "name": "a", "token": job["token"], **file},
        {"id": jobs["bare"]["id"], "name": "bare", "token": job["token"]},
    ]
    fetched = ask(runner, jobs["a"], job["token"])
    assert (fetched.status_code, fetched.content == left) == (200, True)
    assert fetched.headers["content-disposition"] == 'attachment; filename="left.zip"'
    said = [ask(runner, jobs["bare"], job["token"]), ask(runner, {"id": 1}, job["token"])]
    said += [ask(runner, jobs["a"], token) for token in (jobs["a"]["token"], "glcbt-guessed", None)]
    assert [(answer.status_code, answer.json()["message"]) for answer in said] == [
        (404, "404 Not Found"),
        (403, "403 Forbidden"),
        *[(401, "401 Unauthorized")] * 3,
    ]


@pytest.mark.fact("ci-150")
@pytest.mark.parametrize("access", ["all", "developer", "maintainer", "none"])
def test_artifacts_reach_later_jobs_whoever_else_may_have_them(workshop: Workshop, runner: Runner, access: str) -> None:
    pipeline = CHAIN.replace("expire_in: 1 week", f"access: {access}")
    runner.begin(pipeline)
    jobs = taken(runner, "a", "bare")
    upload(runner, jobs["a"], zipped(a_txt="x"))
    for job in jobs.values():
        runner.end(job, "success")
    play(workshop, "b")
    answer = ask(runner, jobs["a"], taken(runner, "b", "c")["b"]["token"])
    assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist() == ["a.txt"]
    people = workshop.client.get(f"{PROJECT}/jobs/{jobs['a']['id']}/artifacts")
    assert people.status_code == (403 if access == "none" else 200)


@pytest.mark.fact("ci-151")
@pytest.mark.parametrize("by_hand", [True, False])
def test_a_job_that_needs_what_was_erased_never_starts(workshop: Workshop, runner: Runner, by_hand: bool) -> None:
    httpx.put(f"{runner.control}/runner", json={"paused": False}).raise_for_status()
    runner.begin(CHAIN)
    assert workshop.states() == {"a": "success", "bare": "success", "b": "manual", "c": "success"}
    workshop.client.post(f"{PROJECT}/jobs/{workshop.job('a')['id']}/erase").raise_for_status()
    httpx.put(f"{runner.control}/runner", json={"paused": by_hand}).raise_for_status()
    play(workshop, "b")
    assert not by_hand or runner.request().status_code == 204
    workshop.settle()
    job = workshop.job("b")
    assert (job["status"], job["failure_reason"], job["started_at"]) == ("failed", "missing_dependency_failure", None)
    assert workshop.log("b") == ""
    assert workshop.sandbox.world.crashes == []


@pytest.mark.fact("ci-151")
def test_artifacts_that_were_deleted_or_go_while_a_job_starts_are_missed_by_its_script(workshop: Workshop) -> None:
    workshop.run(CHAIN)
    workshop.client.delete(f"{PROJECT}/jobs/{workshop.job('a')['id']}/artifacts").raise_for_status()
    play(workshop, "b")
    assert (workshop.job("b")["status"], workshop.job("b")["failure_reason"]) == ("failed", "script_failure")
    assert "a.txt: No such file or directory" in workshop.log("b")
    workshop.run(CHAIN)
    project = workshop.client.get(PROJECT).json()["id"]
    repositories = workshop.sandbox.gitlab.instance.repositories
    lost = repositories.path(project).parent / "jobs" / str(workshop.job("a")["id"]) / "artifacts.zip"
    lost.unlink()
    play(workshop, "b")
    assert (workshop.job("b")["status"], workshop.job("b")["failure_reason"]) == ("failed", "script_failure")
    assert "the artifacts of a are not there any more" in workshop.log("b")
    assert workshop.sandbox.world.crashes == []


@pytest.mark.fact("ci-96")
def test_artifacts_expire_unless_their_pipeline_is_the_last_that_succeeded(workshop: Workshop) -> None:
    kept = "k: {script: [echo x > x], artifacts: {paths: [x], expire_in: never}}"
    assert workshop.run(kept) == {"k": "success"}
    assert workshop.job("k")["artifacts_expire_at"] is None
    workshop.run(CHAIN)
    job = workshop.job("a")
    lives = workshop.sandbox.world.clock.now().isoformat()[:10] < job["artifacts_expire_at"][:10]
    assert (lives, workshop.job("bare")["artifacts_expire_at"]) == (True, None)
    address = f"{PROJECT}/jobs/{job['id']}"
    workshop.sandbox.world.clock.advance(WEEK_SECONDS)
    held = workshop.client.get(address).json()
    assert (held["artifacts_file"]["filename"], held["artifacts_expire_at"]) == (
        "artifacts.zip",
        job["artifacts_expire_at"],
    )
    assert workshop.client.get(f"{address}/artifacts").status_code == 200
    first = workshop.last
    assert workshop.run(kept) == {"k": "success"}
    assert workshop.client.get(f"{address}/artifacts").status_code == 404
    shown = workshop.client.get(address).json()
    assert ([each["file_type"] for each in shown["artifacts"]], "artifacts_file" in shown) == (["trace"], False)
    workshop.last = first
    play(workshop, "b")
    assert workshop.job("b")["failure_reason"] == "missing_dependency_failure"
    workshop.client.put(PROJECT, json={"keep_latest_artifact": False}).raise_for_status()
    assert workshop.run(CHAIN)["a"] == "success"
    workshop.sandbox.world.clock.advance(WEEK_SECONDS)
    play(workshop, "b")
    assert workshop.job("b")["failure_reason"] == "missing_dependency_failure"


@pytest.mark.fact("ci-152")
def test_reports_are_handed_in_however_a_job_ends_and_coverage_is_read_from_its_log(
    workshop: Workshop, runner: Runner
) -> None:
    pipeline = """
a:
  script: [echo A=1 > a.env, echo x > f, echo "TOTAL 41%", echo "TOTAL 83.5%", exit 1]
  coverage: '/TOTAL ([\\d.]+)%/'
  artifacts: {paths: [f], reports: {dotenv: a.env}}
"""
    httpx.put(f"{runner.control}/runner", json={"paused": False}).raise_for_status()
    runner.begin(pipeline)
    own = workshop.job("a")
    httpx.put(f"{runner.control}/runner", json={"paused": True}).raise_for_status()
    runner.begin(pipeline)
    job = runner.take()
    runner.send(job, "TOTAL 41%\nTOTAL 83.5%\n")
    runner.end(job, "failed", failure_reason="script_failure", exit_code=1)
    assert [each["file_type"] for each in own["artifacts"]] == ["dotenv", "trace"]
    assert (own["coverage"], workshop.job("a")["coverage"]) == (83.5, 83.5)


@pytest.mark.fact("ci-104")
def test_a_runner_that_does_not_end_jobs_by_itself_finds_them_canceled(workshop: Workshop, runner: Runner) -> None:
    runner.begin("a: {script: ['true']}")
    answer = runner.request(features=())
    workshop.client.post(f"{PROJECT}/pipelines/{workshop.last}/cancel").raise_for_status()
    assert workshop.states() == {"a": "canceled"}
    late = runner.send(answer.json(), "one\n", "0-3")
    assert (late.status_code, late.headers["job-status"]) == (403, "canceled")
