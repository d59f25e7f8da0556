"""Another runner than the sandbox's own takes the jobs, as GitLab's runners do."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.gitlab_ci.by_hand import Runner, upload, zipped
from tests.sandbox.gitlab_ci.workshop import PROJECT, Workshop
from tests.waiting import PATIENCE_SECONDS

STAGES = """
stages: [one, two, three]
a: {stage: one, before_script: [echo before], script: [echo a, exit 3], after_script: [echo after], timeout: 5 minutes}
b: {stage: two, script: [echo b]}
sorry: {stage: three, when: on_failure, script: [echo sorry], image: "alpine:3"}
"""


@pytest.mark.fact("ci-100")
def test_jobs_wait_for_a_paused_runner_and_go_on_with_it(workshop: Workshop, runner: Runner) -> None:
    runner.begin("stages: [one, two]\na: {stage: one, script: [echo a]}\nb: {stage: two, script: [echo b]}")
    assert (workshop.states(), workshop.pipeline()["status"]) == ({"a": "pending", "b": "created"}, "pending")
    assert workshop.job("a")["runner"] is None
    assert httpx.get(f"{runner.control}/runner").json() == {"paused": True, "token": runner.token}
    httpx.put(f"{runner.control}/runner", json={"paused": False}).raise_for_status()
    workshop.settle()
    assert (workshop.states(), workshop.output("a")) == ({"a": "success", "b": "success"}, ["a"])


@pytest.mark.fact("ci-100")
@pytest.mark.parametrize("body", [{}, {"paused": "yes"}, []])
def test_what_the_runner_is_told_must_be_yes_or_no_and_a_reset_lets_it_go_on(runner: Runner, body: Any) -> None:
    answer = httpx.put(f"{runner.control}/runner", json=body)
    said = {"error": 'the runner is set by {"paused": true or false}'}
    assert (answer.status_code, answer.json()) == (400, said)
    assert httpx.get(f"{runner.control}/runner").json()["paused"] is True
    httpx.post(f"{runner.control}/reset").raise_for_status()
    assert httpx.get(f"{runner.control}/runner").json() == {"paused": False, "token": runner.token}


@pytest.mark.fact("ci-101")
def test_a_runner_is_given_the_oldest_job_with_all_that_it_needs(
    workshop: Workshop, runner: Runner, tmp_path: Path
) -> None:
    workshop.variable("SECRET", "hidden-value", masked=True, raw=True)
    runner.begin(STAGES, {"n": 1})
    job = runner.take()
    variables = {each["key"]: each for each in job.pop("variables")}
    sha = workshop.pipeline()["sha"]
    url = workshop.sandbox.urls["gitlab"].replace("://", f"://gitlab-ci-token:{job['token']}@")
    project = workshop.client.get(PROJECT).json()
    own = f"refs/pipelines/{workshop.last}"
    assert job == {
        "id": workshop.job("a")["id"],
        "token": job["token"],
        "allow_git_fetch": True,
        "job_info": {
            "id": workshop.job("a")["id"],
            "name": "a",
            "stage": "one",
            "pipeline_id": workshop.last,
            "project_id": project["id"],
            "project_name": project["name"],
            "project_full_path": "platform/pipelines",
            "namespace_id": project["namespace"]["id"],
            "user_id": workshop.job("a")["user"]["id"],
            "time_in_queue_seconds": 0,
        },
        "git_info": {
            "repo_url": f"{url}/platform/pipelines.git",
            "ref": "main",
            "sha": sha,
            "before_sha": "0" * 40,
            "ref_type": "branch",
            "refspecs": [f"+{own}:{own}", "+refs/heads/main:refs/remotes/origin/main"],
            "depth": 20,
            "repo_object_format": "sha1",
            "protected": True,
        },
        "runner_info": {"timeout": 300, "runner_session_url": None},
        "steps": [
            {
                "name": "script",
                "script": ["echo before", "echo a", "exit 3"],
                "timeout": 300,
                "when": "on_success",
                "allow_failure": False,
            },
            {
                "name": "after_script",
                "script": ["echo after"],
                "timeout": 300,
                "when": "always",
                "allow_failure": True,
            },
        ],
        "hooks": [],
        "image": None,
        "services": [],
        "artifacts": None,
        "cache": [],
        "credentials": [],
        "dependencies": [],
        "features": {"trace_sections": True, "failure_reasons": job["features"]["failure_reasons"]},
    }
    hidden = {"value": "hidden-value", "public": False, "masked": True, "raw": True, "file": False}
    assert variables["SECRET"] == {"key": "SECRET", **hidden}
    assert (variables["TRIGGER_PAYLOAD"]["file"], variables["CI_COMMIT_SHA"]["value"]) == (True, sha)
    assert (workshop.states()["a"], workshop.pipeline()["status"]) == ("running", "running")
    info = job["git_info"]
    fetch = ["fetch", "--quiet", "--depth", str(info["depth"]), info["repo_url"], *info["refspecs"]]
    for arguments in (["init", "--quiet"], fetch, ["checkout", "--quiet", sha]):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True, timeout=PATIENCE_SECONDS)
    assert (tmp_path / ".gitlab-ci.yml").is_file()
    assert runner.request().status_code == 204


@pytest.mark.fact("ci-101")
def test_a_runner_without_its_token_is_given_nothing(workshop: Workshop, runner: Runner) -> None:
    runner.begin(STAGES)
    answer = runner.request("glrt-another")
    assert (answer.status_code, answer.json()) == (403, {"message": "403 Forbidden"})
    missing = runner.client.post("/jobs/request", json={})
    assert (missing.status_code, missing.json()) == (400, {"error": "token is missing"})
    assert workshop.states()["a"] == "pending"


@pytest.mark.fact("ci-102")
def test_a_log_grows_piece_by_piece(workshop: Workshop, runner: Runner) -> None:
    runner.begin(STAGES)
    job = runner.take()
    first = runner.send(job, "one\n", "0-3")
    seen = {name: first.headers.get(name) for name in ("range", "job-status", "x-gitlab-trace-update-interval")}
    assert (first.status_code, seen) == (
        202,
        {"range": "0-4", "job-status": "running", "x-gitlab-trace-update-interval": "3"},
    )
    again = runner.send(job, "one\n", "0-3")
    assert (again.status_code, again.headers["range"]) == (202, "0-4")
    for piece, place in (("e\nt", "2-4"), ("four\n", "9-13"), ("one", "0-2"), ("x", "everywhere")):
        astray = runner.send(job, piece, place)
        assert (astray.status_code, astray.headers["range"]) == (416, "0-4")
        assert (astray.json(), "job-status" in astray.headers) == ({"error": "416 Range Not Satisfiable"}, False)
    assert runner.send(job, "two\n", "4-7").headers["range"] == "0-8"
    nowhere = runner.client.patch(f"/jobs/{job['id']}/trace", content=b"x", headers={"job-token": job["token"]})
    assert (nowhere.status_code, nowhere.json()) == (400, {"error": "400 Missing header Content-Range"})
    token = job["token"]
    assert runner.send(job, f"my token is {token}\n", "8-99").status_code == 202
    assert workshop.log("a") == f"one\ntwo\nmy token is {'x' * len(token)}\n"


@pytest.mark.fact("ci-102")
def test_a_log_of_a_hundred_megabytes_fails_its_job(workshop: Workshop, runner: Runner) -> None:
    runner.begin(STAGES)
    job = runner.take()
    assert runner.send(job, "x", "104857598-104857598").status_code == 416
    over = runner.send(job, "x", "104857599-104857599")
    assert (over.status_code, over.json()) == (403, {"error": "403 Forbidden"})
    assert workshop.job("a")["failure_reason"] == "trace_size_exceeded"


@pytest.mark.fact("ci-103")
def test_a_runner_says_how_a_job_has_ended_and_the_pipeline_goes_on(workshop: Workshop, runner: Runner) -> None:
    runner.begin(STAGES)
    job = runner.take()
    going = runner.end(job, "running")
    assert (going.status_code, going.json(), going.headers["job-status"]) == (200, 200, "running")
    unknown = runner.end(job, "finished")
    assert (unknown.status_code, unknown.json()) == (400, 400)
    bare = runner.client.put(f"/jobs/{job['id']}", json={"state": "success"}, headers={"job-token": job["token"]})
    assert (bare.status_code, bare.json()) == (400, {"error": "token is missing"})
    assert workshop.states()["a"] == "running"
    ended = runner.end(job, "failed", failure_reason="script_failure", exit_code=3)
    assert (ended.status_code, ended.json(), ended.headers["job-status"]) == (200, 200, "failed")
    assert workshop.states() == {"a": "failed", "b": "skipped", "sorry": "pending"}
    assert workshop.job("a")["failure_reason"] == "script_failure"
    last = runner.take()
    image: dict[str, Any] = {"name": "alpine:3", "entrypoint": None, "ports": []}
    assert (last["job_info"]["name"], last["image"]) == ("sorry", image)
    runner.end(last, "success")
    assert (workshop.states()["sorry"], workshop.pipeline()["status"]) == ("success", "failed")


@pytest.mark.fact("ci-103")
def test_a_job_that_failed_for_a_reason_is_run_again(workshop: Workshop, runner: Runner) -> None:
    runner.begin("a: {script: [echo a], retry: {max: 1, when: runner_system_failure}}")
    first = runner.take()
    runner.end(first, "failed", failure_reason="runner_system_failure")
    second = runner.take()
    assert (second["job_info"]["name"], second["id"] > first["id"]) == ("a", True)
    runner.end(second, "failed")
    assert (workshop.job("a")["failure_reason"], runner.request().status_code) == ("unknown_failure", 204)


@pytest.mark.fact("ci-104")
def test_a_job_is_only_reported_by_its_runner_and_only_while_it_runs(workshop: Workshop, runner: Runner) -> None:
    runner.begin(STAGES)
    job = runner.take()
    stolen = {**job, "token": "glcbt-guessed"}
    for answer in (runner.end(stolen, "success"), runner.send(stolen, "x"), runner.end({**job, "id": 1}, "success")):
        assert (answer.status_code, answer.json()) == (403, {"message": "403 Forbidden"})
    assert (workshop.states()["a"], workshop.log("a")) == ("running", "")
    runner.end(job, "success")
    for answer in (runner.end(job, "failed"), runner.send(job, "late")):
        assert (answer.status_code, answer.headers["job-status"]) == (403, "success")
        assert answer.json() == {"message": "403 Forbidden - Job is not processing on runner"}
    assert workshop.states()["a"] == "success"


@pytest.mark.fact("ci-104")
def test_a_runner_learns_that_its_job_is_canceled(workshop: Workshop, runner: Runner) -> None:
    runner.begin(STAGES)
    job = runner.take()
    workshop.client.post(f"{PROJECT}/pipelines/{workshop.last}/cancel").raise_for_status()
    assert runner.send(job, "one\n", "0-3").headers["job-status"] == "canceling"
    runner.end(job, "failed", failure_reason="script_failure", exit_code=1)
    assert (workshop.states()["a"], workshop.job("a")["failure_reason"]) == ("canceled", None)
    assert workshop.pipeline()["status"] == "canceled"


HANDED = """
stages: [one, two]
a: {stage: one, script: [echo a]}
b: {stage: two, script: ['echo "$WORD"; cat left/file.txt']}
c: {stage: two, dependencies: [], script: ['echo "[$WORD]"; ls']}
d: {stage: two, needs: [{job: a, artifacts: false}], script: ['echo "[$WORD]"; ls']}
"""


@pytest.mark.fact("ci-144")
def test_a_running_job_hands_in_files_and_variables_that_its_definition_does_not_ask_for(
    workshop: Workshop, runner: Runner
) -> None:
    runner.begin(HANDED)
    job = runner.take()
    assert upload(runner, job, zipped(left__file_txt="from a\n")) == (201, 201)
    dotenv = gzip.compress(b"WORD=said\n")
    kind = {"artifact_type": "dotenv", "artifact_format": "gzip", "filename": ".env.gz"}
    assert upload(runner, job, dotenv, **kind) == (201, 201)
    runner.end(job, "success")
    httpx.put(f"{runner.control}/runner", json={"paused": False}).raise_for_status()
    workshop.settle()
    assert [workshop.output(name) for name in "bcd"] == [["said", "from a"], ["[]", "README.md"], ["[]", "README.md"]]
    shown = {(each["file_type"], each["filename"], each["file_format"]) for each in workshop.job("a")["artifacts"]}
    assert shown == {("archive", "artifacts.zip", "zip"), ("dotenv", ".env.gz", "gzip")}


@pytest.mark.fact("ci-145")
def test_what_is_handed_in_is_refused_where_it_does_not_fit(runner: Runner) -> None:
    runner.begin(HANDED)
    job = runner.take()
    mismatch = "Validation failed: File format Invalid file format with specified file type"
    assert upload(runner, job, b"A=1", artifact_type="dotenv") == (400, {"message": mismatch})
    assert upload(runner, job, b"", token="glcbt-another") == (403, {"message": "403 Forbidden"})
    assert upload(runner, job, b"", artifact_type="sast", artifact_format="gzip")[0] == 501
    broken = upload(runner, job, gzip.compress(b"# no\n"), artifact_type="dotenv", artifact_format="gzip")
    assert broken == (400, {"message": "Invalid Format"})
    first = zipped(a_txt="first")
    assert upload(runner, job, first) == upload(runner, job, first) == (201, 201)
    twice = "another artifact of the same type already exists"
    assert upload(runner, job, zipped(a_txt="second")) == (400, {"message": twice})
    none = runner.client.post(f"/jobs/{job['id']}/artifacts", data={"a": "b"}, headers={"job-token": job["token"]})
    assert (none.status_code, none.json()) == (400, {"error": "file is missing"})
    report = {"artifact_type": "junit", "artifact_format": "gzip"}
    runner.client.timeout = httpx.Timeout(120)
    large = upload(runner, job, b"x" * (100 * 1024 * 1024 + 65_536), **report)
    assert large == (413, {"message": "file size has reached maximum size limit"})
    assert upload(runner, job, b"", **report, expire_in="soon") == (
        400,
        {"message": "Validation failed: Expire in is invalid"},
    )
    runner.end(job, "success")
    ended = {"message": "403 Forbidden - Job is not processing on runner"}
    assert upload(runner, job, first) == (403, ended)


SENDS = """
a:
  script:
    - echo mine > own.txt
    - python3 -c 'import zipfile; zipfile.ZipFile("sent.zip", "w").writestr("sent.txt", "sent")'
    - 'curl -sS -H "JOB-TOKEN: $CI_JOB_TOKEN" -F file=@sent.zip "$CI_API_V4_URL/jobs/$CI_JOB_ID/artifacts"'
  artifacts: {paths: [own.txt]}
"""


@pytest.mark.fact("ci-145")
def test_a_job_whose_script_has_handed_in_an_archive_fails_with_its_own(workshop: Workshop) -> None:
    assert workshop.run(SENDS) == {"a": "failed"}
    assert workshop.job("a")["failure_reason"] == "script_failure"
    assert "another artifact of the same type already exists" in workshop.log("a")
    address = f"{PROJECT}/jobs/{workshop.job('a')['id']}/artifacts/sent.txt"
    assert workshop.client.get(address).text == "sent"
