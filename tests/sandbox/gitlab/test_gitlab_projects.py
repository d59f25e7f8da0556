"""Projects: creation, settings, delayed deletion, archiving."""

from __future__ import annotations

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.gitlab.conftest import Ask

PROJECT = "/projects/shop%2Fcheckout"
ROLE = "ci_pipeline_variables_minimum_override_role"


def namespace(client: httpx.Client, path: str = "platform") -> int:
    number: int = client.get(f"/groups/{path}").json()["id"]
    return number


@pytest.mark.fact("gitlab-28")
def test_a_new_project_has_defaults_and_no_repository(owner: httpx.Client) -> None:
    made = owner.post("/projects", json={"path": "deploy", "namespace_id": namespace(owner)})
    assert made.status_code == 201
    body = made.json()
    kept = ("name", "path_with_namespace", "visibility", "default_branch", "empty_repo", "build_timeout", ROLE)
    assert [body[name] for name in kept] == [
        "deploy", "platform/deploy", "private", "main", True, 3600, "no_one_allowed",
    ]  # fmt: skip
    assert owner.get("/projects/platform%2Fdeploy").json() == body
    assert owner.get("/projects/platform%2Fdeploy/repository/branches").json() == []
    assert owner.get("/projects/platform%2Fdeploy/repository/tree").json() == {"message": "404 Tree Not Found"}


@pytest.mark.fact("gitlab-29")
def test_a_readme_makes_the_default_branch_and_protects_it(owner: httpx.Client) -> None:
    body = {"name": "With Readme", "namespace_id": namespace(owner), "initialize_with_readme": True}
    made = owner.post("/projects", json=body).json()
    assert (made["path"], made["empty_repo"]) == ("with-readme", False)
    path = f"/projects/{made['id']}"
    assert owner.get(f"{path}/repository/files/README.md/raw").text == "# With Readme\n"
    rule = owner.get(f"{path}/protected_branches/main").json()
    assert [rule[name][0]["access_level"] for name in ("push_access_levels", "merge_access_levels")] == [40, 40]


@pytest.mark.fact("gitlab-30")
def test_a_taken_name_or_path_is_refused(owner: httpx.Client) -> None:
    taken = owner.post("/projects", json={"path": "checkout", "namespace_id": namespace(owner, "shop")})
    assert (taken.status_code, taken.json()) == (
        400,
        {"message": {"name": ["has already been taken"], "path": ["has already been taken"]}},
    )
    nothing = owner.post("/projects", json={"namespace_id": namespace(owner)})
    assert nothing.json() == {"error": "name, path are missing, at least one parameter must be provided"}
    broken = owner.post("/projects", json={"path": "-x.git", "name": "ok", "namespace_id": namespace(owner)})
    assert (broken.status_code, list(broken.json()["message"])) == (400, ["path"])


@pytest.mark.fact("gitlab-31")
def test_who_may_create_where(ask: Ask, owner: httpx.Client) -> None:
    where = namespace(owner)
    assert ask("developer").post("/projects", json={"path": "a", "namespace_id": where}).status_code == 201
    assert ask("guest").post("/projects", json={"path": "b", "namespace_id": where}).status_code == 403
    unseen = ask("outsider").post("/projects", json={"path": "c", "namespace_id": where})
    assert (unseen.status_code, unseen.json()) == (404, {"message": "404 Namespace Not Found"})
    assert ask("outsider").post("/projects", json={"path": "d"}).json()["path_with_namespace"] == "otto.outsider/d"
    public = owner.post("/projects", json={"path": "e", "namespace_id": where, "visibility": "public"})
    assert public.json() == {"message": {"visibility_level": ["public is not allowed in a private group."]}}


@pytest.mark.fact("gitlab-32")
def test_only_sent_settings_change(owner: httpx.Client) -> None:
    before = owner.get(PROJECT).json()
    after = owner.put(PROJECT, json={"description": "Till", "build_timeout": 600, "topics": ["shop"]}).json()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"description", "build_timeout", "topics", "tag_list", "updated_at"}
    empty = owner.put(PROJECT, json={})
    assert (empty.status_code, empty.json()["error"].endswith("at least one parameter must be provided")) == (400, True)
    wrong = owner.put(PROJECT, json={"merge_method": "magic"})
    assert wrong.json() == {"error": "merge_method does not have a valid value"}


@pytest.mark.fact("gitlab-33")
def test_deprecated_twins_change_together(owner: httpx.Client) -> None:
    after = owner.put(PROJECT, json={"issues_access_level": "disabled", "emails_enabled": False}).json()
    assert (after["issues_enabled"], after["emails_disabled"]) == (False, True)
    after = owner.put(PROJECT, json={"issues_enabled": True, "tag_list": ["x"], "public_builds": False}).json()
    assert (after["issues_access_level"], after["topics"], after["public_jobs"]) == ("enabled", ["x"], False)
    after = owner.put(PROJECT, json={"restrict_user_defined_variables": False}).json()
    assert after[ROLE] == "developer"


@pytest.mark.fact("gitlab-34")
def test_a_locked_override_role_is_for_owners(ask: Ask, owner: httpx.Client) -> None:
    maintainer = ask("maintainer")
    assert owner.get(PROJECT).json()[ROLE] == "no_one_allowed"
    refused = maintainer.put(PROJECT, json={ROLE: "developer"})
    assert (refused.status_code, list(refused.json()["message"])) == (400, ["base"])
    assert owner.put(PROJECT, json={ROLE: "maintainer"}).json()[ROLE] == "maintainer"
    assert maintainer.put(PROJECT, json={ROLE: "developer"}).json()[ROLE] == "developer"
    assert owner.put(PROJECT, json={ROLE: "anyone"}).status_code == 400


@pytest.mark.fact("gitlab-35")
@pytest.mark.sends_unknown_parameters
def test_settings_of_the_edit_are_ignored_at_creation(owner: httpx.Client) -> None:
    body = {"path": "deploy", "namespace_id": namespace(owner), ROLE: "developer", "no_such_setting": 1}
    made = owner.post("/projects", json=body)
    assert (made.status_code, made.json()[ROLE]) == (201, "no_one_allowed")


@pytest.mark.fact("gitlab-36")
def test_the_default_branch_must_exist(owner: httpx.Client) -> None:
    missing = owner.put(PROJECT, json={"default_branch": "nowhere"})
    assert (missing.status_code, list(missing.json()["message"])) == (400, ["base"])
    owner.post(f"{PROJECT}/repository/branches", json={"branch": "next", "ref": "main"}).raise_for_status()
    assert owner.put(PROJECT, json={"default_branch": "next"}).json()["default_branch"] == "next"
    assert owner.head(f"{PROJECT}/repository/files/README.md", params={"ref": "HEAD"}).status_code == 200


@pytest.mark.fact("gitlab-37")
def test_deletion_is_delayed_and_can_be_taken_back(ask: Ask, owner: httpx.Client) -> None:
    project = owner.get(PROJECT).json()
    path = f"/projects/{project['id']}"
    assert ask("maintainer").delete(path).status_code == 403
    deleted = owner.delete(path)
    assert (deleted.status_code, deleted.json()) == (202, {"message": "202 Accepted"})
    marked = owner.get(path).json()
    assert marked["marked_for_deletion_at"] < marked["marked_for_deletion_on"]
    assert marked["path_with_namespace"] == f"shop/checkout-deletion_scheduled-{project['id']}"
    assert owner.get(PROJECT).status_code == 404
    assert owner.delete(path).status_code == 400
    write = owner.post(f"{path}/repository/branches", json={"branch": "x", "ref": "main"})
    assert write.status_code == 403
    restored = owner.post(f"{path}/restore")
    assert (restored.status_code, restored.json()["path_with_namespace"]) == (201, "shop/checkout")
    assert owner.post(f"{path}/restore").status_code == 400


@pytest.mark.fact("gitlab-37")
def test_a_deleted_project_may_keep_its_path(sandbox: Sandbox, owner: httpx.Client) -> None:
    sandbox.switches.set({"deleted-path": "lenient"})
    owner.delete(PROJECT)
    assert owner.get(PROJECT).json()["marked_for_deletion_at"] is not None


@pytest.mark.fact("gitlab-38")
def test_a_marked_project_can_be_removed_at_once(owner: httpx.Client) -> None:
    path = f"/projects/{owner.get(PROJECT).json()['id']}"
    assert owner.delete(path, params={"permanently_remove": True}).status_code == 400
    owner.delete(path)
    full = owner.get(path).json()["path_with_namespace"]
    assert owner.delete(path, params={"permanently_remove": True, "full_path": "wrong"}).status_code == 400
    assert owner.delete(path, params={"permanently_remove": True, "full_path": full}).status_code == 202
    assert owner.get(path).status_code == 404


@pytest.mark.fact("gitlab-39")
def test_an_archived_project_is_read_only(owner: httpx.Client) -> None:
    assert owner.post(f"{PROJECT}/archive").json()["archived"] is True
    body = {"branch": "main", "commit_message": "x", "content": "y"}
    assert owner.post(f"{PROJECT}/repository/files/x", json=body).status_code == 403
    assert owner.get(f"{PROJECT}/repository/files/README.md/raw").status_code == 200
    assert [each["path"] for each in owner.get("/projects", params={"archived": True}).json()] == ["checkout"]
    assert owner.post(f"{PROJECT}/unarchive").json()["archived"] is False


@pytest.mark.fact("gitlab-40")
def test_projects_are_filtered(ask: Ask, owner: httpx.Client) -> None:
    def paths(client: httpx.Client, **params: object) -> list[str]:
        found = client.get("/projects", params={"order_by": "name", "sort": "asc", **params})  # type: ignore[dict-item]
        return [each["path"] for each in found.json()]

    services = ["catalog", "checkout", "payments", "pricing", "storefront"]
    assert paths(owner, search="CHECK") == ["checkout"]
    assert paths(owner, search="shop") == []
    assert paths(owner, search="shop", search_namespaces=True) == services
    assert paths(ask("maintainer"), owned=True) == []
    assert paths(ask("maintainer"), min_access_level=40) == sorted([*services, "pipelines"])
    assert paths(ask("admin"), membership=True) == sorted([*services, "pipelines", "deployment-marks"])
    simple = owner.get("/projects", params={"simple": True}).json()[0]
    assert "build_timeout" not in simple


@pytest.mark.fact("gitlab-41")
def test_secrets_and_roles_stand_in_the_project(ask: Ask, owner: httpx.Client) -> None:
    assert "runners_token" in owner.get(PROJECT).json()
    seen = ask("developer").get(PROJECT).json()
    assert "runners_token" not in seen
    assert seen["permissions"] == {
        "project_access": None,
        "group_access": {"access_level": 30, "notification_level": 3},
    }


@pytest.mark.fact("gitlab-42")
def test_parameters_that_are_not_emulated_say_so(owner: httpx.Client) -> None:
    answer = owner.post("/projects", json={"path": "x", "import_url": "https://example.com/x.git"})
    assert (answer.status_code, answer.json()) == (
        501,
        {"error": "The sandbox does not emulate the parameter import_url"},
    )
