"""Branches and their protection."""

from __future__ import annotations

import httpx
import pytest

from tests.sandbox.gitlab.conftest import Ask

PROJECT = "/projects/shop%2Fcheckout"
BRANCHES = f"{PROJECT}/repository/branches"
PROTECTED = f"{PROJECT}/protected_branches"


def branch(client: httpx.Client, name: str, ref: str = "main") -> httpx.Response:
    return client.post(BRANCHES, json={"branch": name, "ref": ref})


@pytest.mark.fact("gitlab-86")
def test_branches_are_made_listed_and_deleted(ask: Ask) -> None:
    developer = ask("developer")
    made = branch(developer, "feature/one")
    assert (made.status_code, made.json()["name"], made.json()["can_push"]) == (201, "feature/one", True)
    assert [each["name"] for each in developer.get(BRANCHES).json()] == ["feature/one", "main"]
    assert [each["name"] for each in developer.get(BRANCHES, params={"search": "^fea"}).json()] == ["feature/one"]
    assert developer.head(f"{BRANCHES}/feature%2Fone").status_code == 204
    assert developer.delete(f"{BRANCHES}/feature%2Fone").status_code == 204
    gone = developer.get(f"{BRANCHES}/feature%2Fone")
    assert (gone.status_code, gone.json()) == (404, {"message": "404 Branch Not Found"})


@pytest.mark.fact("gitlab-87")
def test_branches_that_do_not_fit_are_refused(ask: Ask, owner: httpx.Client) -> None:
    assert branch(owner, "main").json() == {"message": "Branch already exists"}
    assert branch(owner, "x", ref="nowhere").json() == {"message": "Invalid reference name: nowhere"}
    assert branch(owner, "a..b").json() == {"message": "Branch name is invalid"}
    assert branch(ask("reporter"), "x").status_code == 403
    assert owner.delete(f"{BRANCHES}/main").status_code == 403


@pytest.mark.fact("gitlab-88")
def test_the_default_branch_is_protected_by_itself(ask: Ask, owner: httpx.Client) -> None:
    main = ask("developer").get(f"{BRANCHES}/main").json()
    assert [main[name] for name in ("default", "protected", "can_push", "developers_can_push", "merged")] == [
        True, True, False, False, False,
    ]  # fmt: skip
    rules = owner.get(PROTECTED).json()
    assert [(rule["name"], rule["allow_force_push"], rule["inherited"]) for rule in rules] == [("main", False, False)]
    level = rules[0]["push_access_levels"][0]
    level.pop("id")
    assert level == {
        "access_level": 40,
        "access_level_description": "Maintainers",
        "user_id": None,
        "group_id": None,
        "deploy_key_id": None,
    }


@pytest.mark.fact("gitlab-89")
def test_protection_with_wildcards(ask: Ask, owner: httpx.Client) -> None:
    body = {"name": "release/*", "push_access_level": 0, "merge_access_level": 30, "allow_force_push": True}
    made = owner.post(PROTECTED, json=body)
    assert (made.status_code, made.json()["push_access_levels"][0]["access_level_description"]) == (201, "No one")
    again = owner.post(PROTECTED, json=body)
    assert (again.status_code, again.json()) == (409, {"message": "Protected branch 'release/*' already exists"})
    assert branch(owner, "release/1").status_code == 400
    assert owner.get(f"{PROTECTED}/release%2F*").json() == made.json()
    assert owner.delete(f"{PROTECTED}/release%2F*").status_code == 204
    assert owner.get(f"{PROTECTED}/release%2F*").status_code == 404
    assert branch(owner, "release/1").status_code == 201
    assert ask("developer").post(PROTECTED, json=body).status_code == 403


@pytest.mark.fact("gitlab-90")
def test_lists_of_levels_are_patched(ask: Ask, owner: httpx.Client) -> None:
    developer = ask("developer").get("/user").json()["id"]
    rule = owner.get(f"{PROTECTED}/main").json()
    known = rule["push_access_levels"][0]["id"]
    body = {"allow_force_push": True, "allowed_to_push": [{"id": known, "_destroy": True}, {"user_id": developer}]}
    changed = owner.patch(f"{PROTECTED}/main", json=body).json()
    assert [each["user_id"] for each in changed["push_access_levels"]] == [developer]
    assert (changed["allow_force_push"], changed["merge_access_levels"]) == (True, rule["merge_access_levels"])
    file = {"branch": "main", "commit_message": "x", "content": "y"}
    assert ask("developer").post(f"{PROJECT}/repository/files/x", json=file).status_code == 201
    assert owner.post(f"{PROJECT}/repository/files/y", json=file).status_code == 400
    unknown = owner.patch(f"{PROTECTED}/main", json={"allowed_to_push": [{"access_level": 20}]})
    assert unknown.status_code == 422
