"""Groups, namespaces and members."""

from __future__ import annotations

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.gitlab.conftest import Ask

PROJECT = "/projects/shop%2Fcheckout"


@pytest.mark.fact("gitlab-43")
def test_a_top_level_group_is_not_created_by_api(sandbox: Sandbox, owner: httpx.Client) -> None:
    body = {"name": "New", "path": "new"}
    assert owner.post("/groups", json=body).status_code == 403
    sandbox.switches.set({"top-level-groups": "lenient"})
    made = owner.post("/groups", json=body)
    assert (made.status_code, made.json()["full_path"], made.json()["visibility"]) == (201, "new", "private")


@pytest.mark.fact("gitlab-44")
def test_a_subgroup_belongs_to_its_parent(ask: Ask, owner: httpx.Client) -> None:
    parent = owner.get("/groups/platform").json()["id"]
    body = {"name": "Tools", "path": "tools", "parent_id": parent}
    assert ask("developer").post("/groups", json=body).status_code == 403
    made = owner.post("/groups", json=body).json()
    assert (made["full_path"], made["full_name"]) == ("platform/tools", "Platform / Tools")
    assert owner.post("/groups", json=body).status_code == 400
    assert owner.get("/groups/platform%2Ftools").json()["id"] == made["id"]
    assert [each["path"] for each in owner.get("/groups/platform/subgroups").json()] == ["tools"]
    public = owner.put(f"/groups/{made['id']}", json={"visibility": "public"})
    assert (public.status_code, list(public.json()["message"])) == (400, ["visibility_level"])
    assert ask("maintainer").put(f"/groups/{made['id']}", json={"name": "x"}).status_code == 403
    owner.post("/projects", json={"path": "one", "namespace_id": made["id"]}).raise_for_status()
    inside = owner.get("/groups/platform/projects", params={"include_subgroups": True}).json()
    assert sorted(each["path"] for each in inside) == ["one", "pipelines"]


@pytest.mark.fact("gitlab-45")
def test_a_group_is_read_with_its_projects_unless_told_otherwise(owner: httpx.Client) -> None:
    whole = owner.get("/groups/shop").json()
    assert sorted(each["path"] for each in whole["projects"]) == [
        "catalog",
        "checkout",
        "payments",
        "pricing",
        "storefront",
    ]
    assert "projects" not in owner.get("/groups/shop", params={"with_projects": False}).json()


@pytest.mark.fact("gitlab-46")
def test_deletion_of_a_group_is_delayed(owner: httpx.Client) -> None:
    assert owner.delete("/groups/shop").status_code == 202
    assert owner.get("/groups/shop").json()["marked_for_deletion_on"] is not None
    assert owner.delete("/groups/shop").status_code == 400


@pytest.mark.fact("gitlab-47")
def test_a_renamed_group_takes_its_projects_along(owner: httpx.Client) -> None:
    owner.put("/groups/shop", json={"path": "store"}).raise_for_status()
    assert owner.get("/projects/store%2Fcheckout").status_code == 200
    assert owner.get(PROJECT).status_code == 301


@pytest.mark.fact("gitlab-48")
def test_namespaces_are_groups_and_users(owner: httpx.Client) -> None:
    found = [(each["kind"], each["full_path"]) for each in owner.get("/namespaces").json()]
    assert found == [("user", "sa-portctl"), ("group", "platform"), ("group", "shop"), ("group", "gate")]
    assert owner.get("/namespaces/shop").json()["kind"] == "group"
    assert owner.get("/namespaces/nowhere").status_code == 404


@pytest.mark.fact("gitlab-49")
def test_members_are_direct_or_inherited(ask: Ask, owner: httpx.Client) -> None:
    outsider = user_id(owner, "otto.outsider")
    made = owner.post(f"{PROJECT}/members", json={"user_id": outsider, "access_level": 20})
    assert (made.status_code, made.json()["username"], made.json()["access_level"]) == (201, "otto.outsider", 20)
    assert ask("outsider").get(PROJECT).status_code == 200
    again = owner.post(f"{PROJECT}/members", json={"user_id": outsider, "access_level": 30})
    assert (again.status_code, again.json()) == (409, {"message": "Member already exists"})
    assert [each["username"] for each in owner.get(f"{PROJECT}/members").json()] == ["otto.outsider"]
    everybody = owner.get(f"{PROJECT}/members/all").json()
    assert {each["username"]: each["access_level"] for each in everybody}["max.maintainer"] == 40
    changed = owner.put(f"{PROJECT}/members/{outsider}", json={"access_level": 30, "expires_at": "2999-01-01"})
    assert (changed.json()["access_level"], changed.json()["expires_at"]) == (30, "2999-01-01")
    assert owner.delete(f"{PROJECT}/members/{outsider}").status_code == 204
    assert owner.get(f"{PROJECT}/members/{outsider}").status_code == 404


@pytest.mark.fact("gitlab-50")
def test_memberships_that_do_not_fit_are_refused(ask: Ask, owner: httpx.Client) -> None:
    path = f"{PROJECT}/members"
    assert owner.post(path, json={"user_id": 999_999, "access_level": 30}).json() == {"message": "404 User Not Found"}
    lower = owner.post(path, json={"user_id": user_id(owner, "max.maintainer"), "access_level": 30})
    text = "should be greater than or equal to Maintainer inherited membership"
    assert (lower.status_code, lower.json()) == (400, {"message": {"access_level": [text]}})
    odd = owner.post(path, json={"user_id": 1, "access_level": 33})
    assert odd.json() == {"error": "access_level does not have a valid value"}
    outsider = {"user_id": user_id(owner, "otto.outsider"), "access_level": 50}
    assert ask("maintainer").post(path, json=outsider).status_code == 403
    assert ask("developer").post(path, json={**outsider, "access_level": 10}).status_code == 403


@pytest.mark.fact("gitlab-51")
def test_members_of_a_group(ask: Ask, owner: httpx.Client) -> None:
    body = {"user_id": user_id(owner, "otto.outsider"), "access_level": 20}
    assert ask("maintainer").post("/groups/shop/members", json=body).status_code == 403
    assert owner.post("/groups/shop/members", json=body).status_code == 201
    assert ask("outsider").get(PROJECT).status_code == 200
    other = ask("owner")
    assert other.delete(f"/groups/shop/members/{user_id(other, 'sa-portctl')}").status_code == 204
    assert owner.get("/groups/shop").status_code == 404
    assert other.delete(f"/groups/shop/members/{user_id(other, 'olga.owner')}").status_code == 403


def user_id(client: httpx.Client, username: str) -> int:
    number: int = client.get("/users", params={"username": username}).json()[0]["id"]
    return number
