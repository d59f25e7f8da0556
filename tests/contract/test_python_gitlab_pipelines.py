"""python-gitlab drives triggers, pipelines, jobs, traces and artifacts of the sandbox unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gitlab
import pytest
from gitlab.v4.objects import Project

from portctl.sandbox.server import Sandbox
from tests.servers import running_sandbox
from tests.tap_gitlab import check_gitlab_exchanges

FILE = """
stages: [build, deploy]
build:
  stage: build
  script: [echo "hello $NAME", mkdir out, echo x > out/f.txt]
  artifacts: {paths: [out]}
deploy: {stage: deploy, script: [cat out/f.txt], when: manual}
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox
        check_gitlab_exchanges(sandbox.journal.exchanges())


@pytest.fixture(scope="module")
def project(sandbox: Sandbox) -> Project:
    token = sandbox.credentials["gitlab"]["default"]["token"]
    project = gitlab.Gitlab(sandbox.urls["gitlab"], private_token=token).projects.get("platform/pipelines")
    project.ci_pipeline_variables_minimum_override_role = "developer"
    project.save()
    content = {"file_path": ".gitlab-ci.yml", "branch": "main", "content": FILE, "commit_message": "CI"}
    project.files.create(content)
    return project


def triggered(sandbox: Sandbox, project: Project) -> Any:
    trigger = project.triggers.create({"description": "python-gitlab"})
    pipeline = project.trigger_pipeline("main", trigger.token, variables={"NAME": "world"})
    sandbox.settle()
    return project.pipelines.get(pipeline.id)


def test_a_pipeline_from_trigger_to_artifacts(sandbox: Sandbox, project: Project) -> None:
    pipeline = triggered(sandbox, project)
    assert (pipeline.status, pipeline.source, pipeline.user["username"]) == ("success", "trigger", "sa-portctl")
    assert [each.key for each in pipeline.variables.list(get_all=True)] == ["TRIGGER_PAYLOAD", "NAME"]
    states = {job.name: job.status for job in pipeline.jobs.list(get_all=True)}
    assert states == {"build": "success", "deploy": "manual"}
    build: Any = project.jobs.get(next(job.id for job in pipeline.jobs.list(iterator=True) if job.name == "build"))
    assert b"hello world\n" in build.trace()
    assert build.artifacts()[:2] == b"PK"
    assert build.artifact("out/f.txt") == b"x\n"
    assert project.pipelines.latest(ref="main").id == pipeline.id


def test_jobs_are_played_retried_canceled_and_erased(sandbox: Sandbox, project: Project) -> None:
    pipeline = triggered(sandbox, project)
    deploy: Any = project.jobs.get(next(job.id for job in pipeline.jobs.list(iterator=True) if job.name == "deploy"))
    deploy.play()
    sandbox.settle()
    assert project.jobs.get(deploy.id).status == "success"
    deploy.retry()
    sandbox.settle()
    retried = pipeline.jobs.list(include_retried=True, get_all=True)
    assert sorted(job.name for job in retried) == ["build", "deploy", "deploy"]
    deploy.erase()
    with pytest.raises(gitlab.GitlabJobRetryError):
        deploy.retry()
    assert project.jobs.list(scope="manual", get_all=True)[0].pipeline["id"] != pipeline.id


def test_pipelines_are_created_canceled_retried_and_deleted(sandbox: Sandbox, project: Project) -> None:
    made: Any = project.pipelines.create({"ref": "main", "variables": [{"key": "NAME", "value": "api"}]})
    made.cancel()
    sandbox.settle()
    made.retry()
    sandbox.settle()
    made.refresh()
    assert (made.source, made.status) == ("api", "success")
    made.delete()
    with pytest.raises(gitlab.GitlabGetError):
        project.pipelines.get(made.id)
    with pytest.raises(gitlab.GitlabCreateError, match="Reference not found"):
        project.trigger_pipeline("nowhere", project.triggers.create({"description": "x"}).token)
