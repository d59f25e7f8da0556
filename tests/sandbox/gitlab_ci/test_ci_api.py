"""Pipelines and jobs through the API: lists, logs, artifacts, retry, play, erase, and who may."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.sandbox.gitlab_ci.workshop import PROJECT, Workshop
from tests.servers import gitlab_client

TWO = """
stages: [one, two]
workflow: {name: 'deploy $CI_COMMIT_REF_NAME'}
build:
  stage: one
  script: [mkdir -p out/deep, echo x > out/deep/f.txt, 'echo "TOTAL 10 65.5%"']
  coverage: '/TOTAL.*?(\\d+(?:\\.\\d+)?)%/'
  artifacts: {name: 'files-$CI_JOB_NAME', paths: [out/]}
gate: {stage: two, script: [echo "by $WHO"], when: manual, allow_failure: false}
"""


@pytest.mark.fact("ci-78", "ci-79", "ci-80")
def test_a_manual_job_holds_the_pipeline_until_somebody_plays_it(workshop: Workshop) -> None:
    assert workshop.run(TWO) == {"build": "success", "gate": "manual"}
    pipeline = workshop.pipeline()
    assert (pipeline["status"], pipeline["name"], pipeline["coverage"]) == ("manual", "deploy main", "65.50")
    assert (pipeline["finished_at"], pipeline["detailed_status"]["label"]) == (None, "blocked")
    gate, build = workshop.job("gate")["id"], workshop.job("build")
    body = {"job_variables_attributes": [{"key": "WHO", "value": "hand"}]}
    played = workshop.client.post(f"{PROJECT}/jobs/{gate}/play", json=body)
    assert (played.status_code, played.json()["status"]) == (200, "pending")
    workshop.settle()
    assert (workshop.output("gate"), workshop.pipeline()["status"]) == (["by hand"], "success")
    again = workshop.client.post(f"{PROJECT}/jobs/{gate}/play")
    assert (again.status_code, again.json()) == (400, {"message": "400 Bad request - Unplayable Job"})
    assert (build["coverage"], build["pipeline"]["id"], build["commit"]["title"]) == (65.5, workshop.last, "Try")
    assert set(build) >= {
        "id", "status", "stage", "name", "ref", "tag", "coverage", "allow_failure", "created_at", "started_at",
        "finished_at", "duration", "queued_duration", "user", "commit", "pipeline", "failure_reason", "web_url",
        "artifacts", "artifacts_file", "runner", "tag_list",
    }  # fmt: skip


@pytest.mark.fact("ci-81")
def test_artifacts_are_read_whole_or_file_by_file_and_deleted(workshop: Workshop) -> None:
    workshop.run(TWO.replace("when: manual, ", ""))
    build = workshop.job("build")
    assert build["artifacts_file"]["filename"] == "files-build.zip"
    address = f"{PROJECT}/jobs/{build['id']}/artifacts"
    whole = workshop.client.get(address)
    with zipfile.ZipFile(io.BytesIO(whole.content)) as packed:
        assert packed.namelist() == ["out/deep/f.txt"]
    assert workshop.client.get(f"{address}/out/deep/f.txt").text == "x\n"
    assert workshop.client.get(f"{address}/out/nothing").status_code == 404
    latest = workshop.client.get(f"{PROJECT}/jobs/artifacts/main/download", params={"job": "build"})
    assert latest.content == whole.content
    assert workshop.client.delete(address).status_code == 204
    assert workshop.client.get(address).status_code == 404


@pytest.mark.fact("ci-82")
def test_a_job_is_retried_and_what_it_held_up_goes_on(workshop: Workshop) -> None:
    text = """
stages: [one, two]
a: {stage: one, script: ['test -n "$LATER"']}
b: {stage: two, script: [echo b]}
c: {stage: two, needs: [b], script: [echo c]}
"""
    assert workshop.run(text) == {"a": "failed", "b": "skipped", "c": "skipped"}
    workshop.variable("LATER", "1")
    old = workshop.job("a")["id"]
    answer = workshop.client.post(f"{PROJECT}/jobs/{old}/retry")
    assert (answer.status_code, answer.json()["status"], answer.json()["id"] == old) == (201, "pending", False)
    workshop.settle()
    assert workshop.states() == {"a": "success", "b": "success", "c": "success"}
    assert workshop.pipeline()["status"] == "success"
    assert [job["status"] for job in workshop.jobs(**{"include_retried": True, "scope[]": "failed"})] == ["failed"]
    refused = workshop.client.post(f"{PROJECT}/jobs/{old}/retry")
    assert (refused.status_code, refused.json()) == (403, {"message": "403 Forbidden - Job is not retryable"})


@pytest.mark.fact("ci-83")
def test_a_pipeline_is_retried(workshop: Workshop) -> None:
    text = "stages: [one, two]\na: {stage: one, script: ['test -n \"$LATER\"']}\nb: {stage: two, script: [echo b]}"
    workshop.run(text)
    assert workshop.pipeline()["status"] == "failed"
    workshop.variable("LATER", "1")
    assert workshop.client.post(f"{PROJECT}/pipelines/{workshop.last}/retry").status_code == 201
    workshop.settle()
    assert (workshop.states(), workshop.pipeline()["status"]) == ({"a": "success", "b": "success"}, "success")


@pytest.mark.fact("ci-84")
def test_pipelines_are_listed_and_filtered(workshop: Workshop) -> None:
    workshop.run("a: {script: 'true'}")
    first = workshop.last
    workshop.run("a: {script: 'false'}")
    api = workshop.client.post(f"{PROJECT}/pipeline", json={"ref": "main"}).json()["id"]
    workshop.settle()

    def ids(**filters: object) -> list[int]:
        return [each["id"] for each in workshop.client.get(f"{PROJECT}/pipelines", params=filters).json()]  # type: ignore[arg-type]

    assert ids() == [api, workshop.last, first]
    assert ids(sort="asc", status="success") == [first]
    assert ids(source="trigger", scope="finished", order_by="updated_at") == [workshop.last, first]
    assert (ids(ref="nowhere"), ids(username="sa-portctl", scope="tags"), ids(yaml_errors=True)) == ([], [], [])
    assert ids(created_after="2000-01-01T00:00:00Z", updated_before="2000-01-01T00:00:00Z") == []
    assert workshop.client.get(f"{PROJECT}/pipelines/latest").json()["id"] == api
    assert workshop.client.get(f"{PROJECT}/pipelines/latest", params={"ref": "x"}).status_code == 404
    assert workshop.client.get(f"{PROJECT}/pipelines", params={"status": "great"}).status_code == 400
    every = workshop.client.get(f"{PROJECT}/jobs", params={"scope[]": ["failed"]}).json()
    assert [job["pipeline"]["id"] for job in every] == [api, workshop.last]
    assert workshop.client.get(f"{PROJECT}/pipelines/{first}/bridges").json() == []


@pytest.mark.fact("ci-85")
def test_the_variables_of_a_pipeline_are_for_maintainers(workshop: Workshop) -> None:
    workshop.commit("a: {script: 'true'}")
    workshop.last = workshop.trigger({"variables": {"KEY": "x"}})
    address = f"{PROJECT}/pipelines/{workshop.last}/variables"
    assert workshop.client.get(address).json() == [
        {
            "key": "TRIGGER_PAYLOAD",
            "value": '{"variables":{"KEY":"x"},"id":"platform/pipelines","ref":"main"}',
            "variable_type": "file",
            "raw": False,
        },
        {"key": "KEY", "value": "x", "variable_type": "env_var", "raw": False},
    ]
    with gitlab_client(workshop.sandbox, "developer") as developer:
        assert developer.get(address).status_code == 403
        assert developer.delete(f"{PROJECT}/pipelines/{workshop.last}").status_code == 403


@pytest.mark.fact("ci-86")
def test_who_may_look_and_who_may_act(workshop: Workshop) -> None:
    workshop.run("a: {script: 'true', artifacts: {paths: [README.md], access: maintainer}}")
    number = workshop.job("a")["id"]
    for name, look, act, fetch in (
        ("developer", 200, 201, 403),
        ("reporter", 200, 403, 403),
        ("guest", 403, 403, 403),
        ("outsider", 404, 404, 404),
    ):
        with gitlab_client(workshop.sandbox, name) as client:
            assert client.get(f"{PROJECT}/jobs/{number}/trace").status_code == look
            assert client.get(f"{PROJECT}/pipelines/{workshop.last}").status_code == look
            assert client.get(f"{PROJECT}/jobs/{number}/artifacts").status_code == fetch
            assert client.post(f"{PROJECT}/jobs/{number}/cancel").status_code == act
    assert workshop.client.get(f"{PROJECT}/jobs/{number}/artifacts").status_code == 200


@pytest.mark.fact("ci-87")
def test_logs_and_pipelines_are_removed(workshop: Workshop) -> None:
    workshop.run("a: {script: [echo hello]}")
    job = f"{PROJECT}/jobs/{workshop.job('a')['id']}"
    erased = workshop.client.post(f"{job}/erase")
    assert (erased.status_code, erased.json()["erased_at"] is None) == (201, False)
    assert workshop.client.get(f"{job}/trace").text == ""
    assert workshop.client.post(f"{job}/erase").status_code == 403
    assert workshop.client.delete(f"{PROJECT}/pipelines/{workshop.last}").status_code == 204
    assert workshop.client.get(f"{PROJECT}/pipelines/{workshop.last}").json() == {"message": "404 Pipeline Not Found"}
    assert workshop.client.get(job).status_code == 404


@pytest.mark.fact("ci-88")
def test_a_removed_project_takes_its_running_jobs_along(workshop: Workshop) -> None:
    group = workshop.client.get("/groups/platform").json()["id"]
    made = workshop.client.post("/projects", json={"path": "gone", "namespace_id": group}).json()
    path = f"/projects/{made['id']}"
    file = {"branch": "main", "commit_message": "x", "content": "a: {script: [sleep 64]}"}
    workshop.client.post(f"{path}/repository/files/.gitlab-ci.yml", json=file).raise_for_status()
    assert workshop.client.post(f"{path}/pipeline", json={"ref": "main"}).status_code == 201
    workshop.client.delete(path)
    marked = workshop.client.get(path).json()["path_with_namespace"]
    query = {"permanently_remove": "true", "full_path": marked}
    assert workshop.client.delete(path, params=query).status_code == 202
    workshop.settle()
    assert workshop.sandbox.world.crashes == []


@pytest.mark.fact("ci-89")
def test_reports_are_kept_and_a_log_has_an_end(workshop: Workshop) -> None:
    workshop.run("""
a:
  script: [echo '<testsuite/>' > t.xml, echo '<coverage/>' > c.xml, exit 1]
  artifacts:
    when: always
    reports: {junit: t.xml, coverage_report: {coverage_format: cobertura, path: c.xml}}
b: {script: ['head -c 5000000 /dev/zero | tr "\\0" x']}
c: {script: [echo x > f, exit 1], artifacts: {paths: [f]}}
""")
    types = [each["file_type"] for each in workshop.job("a")["artifacts"]]
    assert types == ["junit", "cobertura", "trace"]
    log = workshop.log("b")
    assert 4_194_304 < len(log) < 4_196_000
    assert "Job's log exceeded limit of 4194304 bytes." in log
    assert [each["file_type"] for each in workshop.job("c")["artifacts"]] == ["trace"]
