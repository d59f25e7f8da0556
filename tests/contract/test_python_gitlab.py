"""A client that none of us wrote, python-gitlab, drives the sandbox unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gitlab
import pytest
from gitlab.v4.objects import Project

from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from tests.servers import running_sandbox
from tests.tap_gitlab import check_gitlab_exchanges


@pytest.fixture(scope="module", params=["strict", "lenient"])
def served(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running_sandbox(switches={"all": request.param}) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served: Sandbox) -> Iterator[Sandbox]:
    served.reset()
    yield served
    check_gitlab_exchanges(served.journal.exchanges())


def connect(sandbox: Sandbox, credential: str) -> gitlab.Gitlab:
    token = sandbox.credentials["gitlab"][credential]["token"]
    return gitlab.Gitlab(sandbox.urls["gitlab"], private_token=token)


@pytest.fixture
def client(sandbox: Sandbox) -> gitlab.Gitlab:
    return connect(sandbox, "default")


@pytest.fixture
def project(client: gitlab.Gitlab) -> Project:
    return client.projects.get("shop/checkout")


def test_it_says_who_it_is_and_reads_a_project_by_its_path(client: gitlab.Gitlab, sandbox: Sandbox) -> None:
    client.auth()
    assert client.user is not None
    assert (client.user.username, client.version()) == ("sa-portctl", ("18.6.0-ee", "5ee54ab8d8a"))
    project = client.projects.get("shop/checkout")
    assert "/api/v4/projects/shop%2Fcheckout" in [each.path for each in sandbox.journal.exchanges()]
    assert client.projects.get(project.id).path_with_namespace == "shop/checkout"


def test_it_creates_edits_and_deletes_a_project(client: gitlab.Gitlab) -> None:
    group = client.groups.get("platform")
    made = client.projects.create({"name": "deploy", "namespace_id": group.id, "initialize_with_readme": True})
    made.ci_pipeline_variables_minimum_override_role = "developer"
    made.description = "What deploys"
    made.save()
    found = client.projects.get("platform/deploy")
    assert (found.description, found.ci_pipeline_variables_minimum_override_role) == ("What deploys", "developer")
    found.delete()
    assert client.projects.get(found.id).marked_for_deletion_at is not None


def test_numbered_lists_go_over_three_pages(sandbox: Sandbox, project: Project) -> None:
    for number in range(5):
        project.variables.create({"key": f"KEY_{number}", "value": "v"})
    before = len(sandbox.journal.exchanges())
    found = project.variables.list(per_page=2, iterator=True)
    assert [each.key for each in found] == [f"KEY_{number}" for number in range(5)]
    pages = sandbox.journal.exchanges()[before:]
    assert [each.query for each in pages] == ["per_page=2", "page=2&per_page=2", "page=3&per_page=2"]
    assert (found.total, found.total_pages, found.per_page) == (5, 3, 2)


def test_keyset_lists_go_over_three_pages(sandbox: Sandbox, client: gitlab.Gitlab) -> None:
    client.projects.create({"name": "another", "namespace_id": client.groups.get("platform").id})
    before = len(sandbox.journal.exchanges())
    listed = client.projects.list(pagination="keyset", order_by="id", sort="asc", per_page=3, get_all=True)
    ids = [each.id for each in listed]
    assert (len(ids), ids) == (8, sorted(ids))
    assert len(sandbox.journal.exchanges()) - before == 3


def test_variables_with_and_without_a_scope(project: Project) -> None:
    project.variables.create({"key": "URL", "value": "everywhere"})
    project.variables.create({"key": "URL", "value": "live", "environment_scope": "production"})
    with pytest.raises(gitlab.GitlabGetError) as caught:
        project.variables.get("URL")
    assert caught.value.response_code == 409
    live = {"environment_scope": "production"}
    assert project.variables.get("URL", filter=live).value == "live"
    project.variables.update("URL", {"value": "changed", "filter": live})
    assert project.variables.get("URL", filter=live).value == "changed"
    project.variables.delete("URL", filter=live)
    assert project.variables.get("URL").value == "everywhere"


def test_variables_of_a_group(client: gitlab.Gitlab) -> None:
    group = client.groups.get("shop")
    group.variables.create({"key": "SECRET", "value": "abcdefgh", "masked_and_hidden": True, "raw": True})
    found = group.variables.get("SECRET")
    assert (found.value, found.hidden, found.masked) == (None, True, True)


def test_one_commit_with_four_actions(project: Project) -> None:
    actions: list[dict[str, Any]] = [
        {"action": "create", "file_path": "ci/gate.sh", "content": "echo gate\n"},
        {"action": "update", "file_path": "README.md", "content": "# changed\n"},
        {"action": "move", "file_path": "till.py", "previous_path": "checkout.py"},
        {"action": "delete", "file_path": ".gitignore"},
    ]
    made = project.commits.create({"branch": "main", "commit_message": "Four", "actions": actions})
    assert project.commits.list(get_all=True)[0].id == made.id
    paths = [each["path"] for each in project.repository_tree(recursive=True, get_all=True) if each["type"] == "blob"]
    assert sorted(paths) == ["README.md", "ci/gate.sh", "deploy.sh", "test_checkout.py", "till.py"]
    file = project.files.get("ci/gate.sh", ref="main")
    assert (file.decode(), file.last_commit_id) == (b"echo gate\n", made.id)
    file.content = "echo changed\n"
    file.save(branch="main", commit_message="Change")
    assert project.files.raw("ci/gate.sh", ref="main") == b"echo changed\n"
    project.files.delete("ci/gate.sh", branch="main", commit_message="Away")
    assert {each["new_path"] for each in made.diff(get_all=True)} >= {"ci/gate.sh", "till.py"}


def test_triggers_as_owner_and_as_somebody_else(sandbox: Sandbox, project: Project) -> None:
    made = project.triggers.create({"description": "portctl:deploy"})
    assert project.triggers.get(made.id).token == made.token
    theirs = connect(sandbox, "maintainer").projects.get("shop/checkout")
    assert [(each.id, each.token) for each in theirs.triggers.list(get_all=True)] == [(made.id, "glpt")]
    with pytest.raises(gitlab.GitlabUpdateError) as caught:
        theirs.triggers.update(made.id, {"description": "mine"})
    assert caught.value.response_code == 403
    made.delete()
    assert project.triggers.list(get_all=True) == []


def test_merge_requests_from_opening_to_merging(project: Project) -> None:
    action = {"action": "create", "file_path": "new.txt", "content": "new\n"}
    body = {"branch": "portctl/prod", "start_branch": "main", "force": True, "commit_message": "New"}
    project.commits.create({**body, "actions": [action]})
    made = project.mergerequests.create({"source_branch": "portctl/prod", "target_branch": "main", "title": "New"})
    opened = project.mergerequests.list(state="opened", source_branch="portctl/prod", get_all=True)
    assert [each.iid for each in opened] == [made.iid]
    changes: Any = made.changes()
    assert [each["new_path"] for each in changes["changes"]] == ["new.txt"]
    made.title = "Newer"
    made.save()
    made.merge(should_remove_source_branch=True)
    assert project.mergerequests.get(made.iid).state == "merged"
    assert [each.name for each in project.branches.list(get_all=True)] == ["main"]


def test_branches_protection_and_members(client: gitlab.Gitlab, project: Project) -> None:
    project.branches.create({"branch": "release/1", "ref": "main"})
    project.protectedbranches.create({"name": "release/*", "push_access_level": 40})
    assert project.branches.get("release/1").protected is True
    project.protectedbranches.delete("release/*")
    user: Any = client.users.list(username="otto.outsider", get_all=True)[0]
    project.members.create({"user_id": user.id, "access_level": gitlab.const.AccessLevel.DEVELOPER})
    assert project.members.get(user.id).access_level == 30
    assert len(project.members_all.list(get_all=True)) == 9


def test_lint_of_a_file(project: Project) -> None:
    good: Any = project.ci_lint.create({"content": "gate: {script: [echo gate]}"})
    assert (good.valid, good.errors) == (True, [])
    project.ci_lint.validate({"content": "gate: {script: [echo gate]}"})
    with pytest.raises(gitlab.GitlabCiLintError):
        project.ci_lint.validate({"content": "gate: {}"})


def test_each_refusal_has_its_exception(sandbox: Sandbox, project: Project) -> None:
    with pytest.raises(gitlab.GitlabCreateError) as bad:
        project.variables.create({"key": "A", "value": "short", "masked": True})
    assert (bad.value.response_code, str(bad.value)) == (400, "400: {'value': ['is invalid']}")
    with pytest.raises(gitlab.GitlabAuthenticationError) as unknown:
        gitlab.Gitlab(sandbox.urls["gitlab"], private_token="glpat-unknown").auth()
    assert unknown.value.response_code == 401
    with pytest.raises(gitlab.GitlabListError) as low:
        connect(sandbox, "developer").projects.get("shop/checkout").variables.list(get_all=True)
    assert low.value.response_code == 403
    with pytest.raises(gitlab.GitlabGetError) as absent:
        connect(sandbox, "outsider").projects.get("shop/checkout")
    assert (absent.value.response_code, absent.value.error_message) == (404, "404 Project Not Found")
    project.protectedbranches.create({"name": "x"})
    with pytest.raises(gitlab.GitlabCreateError) as conflict:
        project.protectedbranches.create({"name": "x"})
    assert conflict.value.response_code == 409


def test_it_waits_when_it_is_told_to(sandbox: Sandbox, client: gitlab.Gitlab) -> None:
    sandbox.faults.add(Fault(FaultKind.STATUS, service="gitlab", status=429, retry_after_seconds=0))
    assert client.projects.get("shop/checkout").path == "checkout"
