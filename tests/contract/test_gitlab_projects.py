"""Projects of GitLab through their whole life, and who may tell whether they exist."""

from __future__ import annotations

import pytest

from portctl.errors import AccessDenied, ApiError, InvalidInput
from portctl.model.value import get
from portctl.providers.gitlab.provider import GitLabProvider
from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from tests.contract.conftest import AsUser
from tests.contract.gitlab_objects import PIPELINES, PROJECT, write_request
from tests.servers import gitlab_client

NEW = ("platform/deployment",)
WANTED = {
    "path_with_namespace": NEW[0],
    "description": "Deploys",
    "merge_method": "ff",
    "ci_pipeline_variables_minimum_override_role": "maintainer",
}


def test_a_project_is_created_with_settings_that_a_creation_does_not_take(
    gitlab: GitLabProvider, sandbox: Sandbox
) -> None:
    assert gitlab.read(PROJECT, [NEW]) == {}
    created = gitlab.create(PROJECT, write_request(NEW, WANTED))
    found = gitlab.read(PROJECT, [NEW])[NEW]
    for live in (created, found):
        assert {name: live.attributes[name] for name in WANTED} == WANTED
    project = "gitlab {} /api/v4/projects{}"
    assert sandbox.counters[project.format("POST", "")] == sandbox.counters[project.format("PUT", "/{project}")] == 1


def test_an_update_sends_what_changed_and_leaves_the_rest(gitlab: GitLabProvider, sandbox: Sandbox) -> None:
    live = gitlab.create(PROJECT, write_request(NEW, WANTED))
    with gitlab_client(sandbox, "owner") as client:
        client.put(f"/projects/{live.attributes['id']}", json={"description": "By hand"})
    changed = gitlab.update(
        PROJECT, live, write_request(NEW, {**WANTED, "merge_method": "merge"}, ("merge_method",), merge=True)
    )
    assert (changed.attributes["merge_method"], changed.attributes["description"]) == ("merge", "By hand")


def test_a_setting_that_is_taken_back_gets_gitlabs_default(gitlab: GitLabProvider) -> None:
    live = gitlab.create(PROJECT, write_request(NEW, WANTED))
    back = gitlab.update(
        PROJECT, live, write_request(NEW, {}, removed=(("merge_method",), ("description",)), merge=True)
    )
    assert (back.attributes["merge_method"], back.attributes["description"]) == ("merge", None)


def test_the_outputs_of_a_project_are_in_every_answer(gitlab: GitLabProvider) -> None:
    created = gitlab.create(PROJECT, write_request(NEW, WANTED))
    found = gitlab.read(PROJECT, [NEW])[NEW]
    for output in PROJECT.outputs:
        assert get(created.attributes, (output.at,)) == get(found.attributes, (output.at,)) is not None


def test_a_projects_own_credentials_are_not_kept(gitlab: GitLabProvider) -> None:
    assert "runners_token" not in gitlab.read(PROJECT, [(PIPELINES,)])[(PIPELINES,)].attributes


def test_a_deleted_project_is_gone_and_can_be_created_again(gitlab: GitLabProvider) -> None:
    first = gitlab.create(PROJECT, write_request(NEW, WANTED))
    gitlab.delete(PROJECT, first)
    gitlab.delete(PROJECT, first)
    assert gitlab.read(PROJECT, [NEW]) == {}
    second = gitlab.create(PROJECT, write_request(NEW, WANTED))
    assert second.attributes["id"] != first.attributes["id"]


def test_a_project_that_still_has_its_path_is_restored(gitlab: GitLabProvider, sandbox: Sandbox) -> None:
    sandbox.switches.set({"deleted-path": "lenient"})
    first = gitlab.create(PROJECT, write_request(NEW, WANTED))
    gitlab.delete(PROJECT, first)
    assert gitlab.read(PROJECT, [NEW]) == {}
    second = gitlab.create(PROJECT, write_request(NEW, {**WANTED, "description": "Again"}))
    assert (second.attributes["id"], second.attributes["description"]) == (first.attributes["id"], "Again")


def test_the_first_commit_is_made_where_it_is_asked_for(gitlab: GitLabProvider) -> None:
    live = gitlab.create(PROJECT, write_request(NEW, WANTED, options={"initializeWithReadme": True}))
    assert live.attributes["empty_repo"] is False


@pytest.mark.parametrize("credential", ["default", "readonly", "guest", "admin"])
def test_who_would_see_the_project_can_tell_that_it_is_absent(as_user: AsUser, credential: str) -> None:
    assert as_user(credential, read_only=True).read(PROJECT, [NEW]) == {}


def test_who_would_not_see_the_project_cannot_tell(as_user: AsUser) -> None:
    for path in (PIPELINES, NEW[0], "nowhere/at-all"):
        with pytest.raises(AccessDenied, match="Cannot tell whether it exists") as caught:
            as_user("outsider").read(PROJECT, [(path,)])
        assert f"project {path}," in caught.value.detail
        assert "Give otto.outsider a role" in caught.value.hint


def test_a_404_that_the_list_of_the_group_contradicts_is_not_believed(gitlab: GitLabProvider, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(FaultKind.STATUS, service="gitlab", path="projects/platform%2Fpipelines$", status=404))
    with pytest.raises(ApiError, match="in the list of its group, and answered 404"):
        gitlab.read(PROJECT, [(PIPELINES,)])


def test_a_renamed_project_is_named(gitlab: GitLabProvider, sandbox: Sandbox) -> None:
    with gitlab_client(sandbox, "owner") as client:
        assert client.put("/projects/platform%2Fpipelines", json={"path": "flows"}).status_code == 200
    with pytest.raises(InvalidInput) as caught:
        gitlab.read(PROJECT, [(PIPELINES,)])
    assert str(caught.value) == (
        "Project goes by another path: platform/pipelines is platform/flows at GitLab: it was renamed or moved"
    )


def test_the_login_says_which_gitlab_and_who(gitlab: GitLabProvider, sandbox: Sandbox) -> None:
    info = gitlab.login()
    assert (info.identity, info.url, info.principal) == (sandbox.urls["gitlab"], sandbox.urls["gitlab"], "sa-portctl")


def test_a_token_of_somebody_else_is_refused_where_the_environment_names_the_user(as_user: AsUser) -> None:
    assert as_user("default", user="sa-portctl").login().principal == "sa-portctl"
    with pytest.raises(AccessDenied, match=r"belongs to olga\.owner, the environment expects sa-portctl"):
        as_user("owner", user="sa-portctl").login()


@pytest.mark.parametrize(
    ("credential", "summary", "hint"),
    [
        ("expired", "Login refused", "Check the secret behind `token`"),
        ("revoked", "Login refused", "Check the secret behind `token`"),
        ("repository-only", "Not allowed", "`read_api` is enough for a plan"),
    ],
)
def test_a_login_that_is_refused_says_what_to_look_at(
    as_user: AsUser, credential: str, summary: str, hint: str
) -> None:
    with pytest.raises(AccessDenied) as caught:
        as_user(credential).login()
    assert caught.value.summary == summary
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("credential", "hint"),
    [
        ("developer", "It takes the role Maintainer in the project"),
        ("default-readonly", "The token lacks a scope: `api`"),
    ],
)
def test_a_write_that_is_not_allowed_names_the_role_or_the_scope(as_user: AsUser, credential: str, hint: str) -> None:
    provider = as_user(credential)
    live = provider.read(PROJECT, [(PIPELINES,)])[(PIPELINES,)]
    with pytest.raises(AccessDenied) as caught:
        provider.update(PROJECT, live, write_request((PIPELINES,), {"description": "x"}, ("description",), merge=True))
    assert hint in caught.value.hint
