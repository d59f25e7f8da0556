"""python-gitlab drives environments, deployments, approvals and archives of the sandbox unchanged."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from typing import Any

import gitlab
import pytest
from gitlab.v4.objects import Project

from portctl.sandbox.server import Sandbox
from tests.servers import running_sandbox
from tests.tap_gitlab import check_gitlab_exchanges

FILE = """
deploy: {script: [echo deployed], environment: {name: live/eu, url: 'https://eu.example.com'}}
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox
        check_gitlab_exchanges(sandbox.journal.exchanges())


def project_of(sandbox: Sandbox, credential: str) -> Project:
    token = sandbox.credentials["gitlab"][credential]["token"]
    return gitlab.Gitlab(sandbox.urls["gitlab"], private_token=token).projects.get("platform/pipelines")


@pytest.fixture(scope="module")
def project(sandbox: Sandbox) -> Project:
    project = project_of(sandbox, "default")
    project.files.create({"file_path": ".gitlab-ci.yml", "branch": "main", "content": FILE, "commit_message": "CI"})
    return project


def deployed(sandbox: Sandbox, project: Project) -> Any:
    """The deployment of a new pipeline, once that has come to rest."""
    project.pipelines.create({"ref": "main"})
    sandbox.settle()
    newest = project.deployments.list(environment="live/eu", order_by="id", sort="desc", get_all=True)[0]
    return project.deployments.get(newest.id)


def test_environments_come_with_deployments_and_go_by_hand(sandbox: Sandbox, project: Project) -> None:
    assert deployed(sandbox, project).status == "success"
    environment: Any = project.environments.get(project.environments.list(name="live/eu", get_all=True)[0].id)
    assert (environment.tier, environment.external_url) == ("production", "https://eu.example.com")
    assert environment.last_deployment["deployable"]["name"] == "deploy"
    made: Any = project.environments.create({"name": "spare", "tier": "testing"})
    made.external_url = "https://spare.example.com"
    made.save()
    with pytest.raises(gitlab.GitlabDeleteError):
        made.delete()
    made.stop()
    made.delete()
    assert [each.name for each in project.environments.list(iterator=True)] == ["live/eu"]


def test_a_protected_environment_waits_for_approval(sandbox: Sandbox, project: Project) -> None:
    rules = {"deploy_access_levels": [{"access_level": 40}], "approval_rules": [{"access_level": 40}]}
    protected: Any = project.protected_environments.create({"name": "live/eu", **rules})
    assert project.protected_environments.get("live/eu").approval_rules == protected.approval_rules
    held = deployed(sandbox, project)
    assert (held.status, held.pending_approval_count) == ("blocked", 1)
    with pytest.raises(gitlab.GitlabDeploymentApprovalError, match="cannot approve your own"):
        held.approval("approved")
    job: Any = project.jobs.get(held.deployable["id"])
    with pytest.raises(gitlab.GitlabJobPlayError):
        job.play()
    given = project_of(sandbox, "maintainer").deployments.get(held.id)
    assert given.approval("approved", comment="Go")["user"]["username"] == "max.maintainer"
    job.play()
    sandbox.settle()
    done: Any = project.deployments.get(held.id)
    assert (done.status, done.pending_approval_count, done.approvals[0]["comment"]) == ("success", 0, "Go")
    protected.delete()
    assert project.protected_environments.list(get_all=True) == []


def test_the_archive_of_a_project(project: Project) -> None:
    packed: Any = project.repository_archive(sha="main")
    head = project.commits.list(ref_name="main", get_all=True)[0].id
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as archive:
        assert f"pipelines-main-{head}/.gitlab-ci.yml" in archive.getnames()
