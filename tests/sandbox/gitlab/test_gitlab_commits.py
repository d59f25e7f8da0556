"""Commits with several actions, history and comparison."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.gitlab.conftest import Ask

PROJECT = "/projects/shop%2Fcheckout"
COMMITS = f"{PROJECT}/repository/commits"


def commit(client: httpx.Client, *actions: dict[str, Any], **more: Any) -> httpx.Response:
    return client.post(COMMITS, json={"branch": "main", "commit_message": "Change", "actions": list(actions), **more})


def create(path: str, content: str = "text\n") -> dict[str, Any]:
    return {"action": "create", "file_path": path, "content": content}


def files(client: httpx.Client, ref: str = "main") -> dict[str, str]:
    """Path to mode."""
    params: dict[str, Any] = {"recursive": True, "ref": ref}
    listed = client.get(f"{PROJECT}/repository/tree", params=params).json()
    return {each["path"]: each["mode"] for each in listed if each["type"] == "blob"}


@pytest.mark.fact("gitlab-77")
def test_five_actions_make_one_commit(owner: httpx.Client) -> None:
    before = owner.get(COMMITS).json()
    message = "Several things\n\nPortctl-Apply: 6f1c"
    made = commit(
        owner,
        create("new/a.txt", "a\n"),
        {"action": "update", "file_path": "README.md", "content": "IyBIaQo=", "encoding": "base64"},
        {"action": "move", "file_path": "till.py", "previous_path": "checkout.py"},
        {"action": "delete", "file_path": ".gitignore"},
        {"action": "chmod", "file_path": "test_checkout.py", "execute_filemode": True},
        commit_message=message,
        author_name="Ann",
        author_email="ann@example.com",
    )
    assert made.status_code == 201
    body = made.json()
    assert (body["title"], body["message"], body["trailers"]) == ("Several things", message, {"Portctl-Apply": "6f1c"})
    assert (body["author_name"], body["author_email"], body["committer_name"]) == ("Ann", "ann@example.com", "portctl")
    assert body["parent_ids"] == [before[0]["id"]]
    assert body["short_id"] == body["id"][:8]
    assert body["stats"] == {"additions": 2, "deletions": 8, "total": 10}
    assert files(owner) == {
        "README.md": "100644", "deploy.sh": "100644", "new/a.txt": "100644",
        "test_checkout.py": "100755", "till.py": "100644",
    }  # fmt: skip
    assert owner.get(f"{PROJECT}/repository/files/README.md/raw").text == "# Hi\n"
    assert [each["id"] for each in owner.get(COMMITS).json()] == [body["id"], *[each["id"] for each in before]]
    assert owner.get(f"{COMMITS}/{body['id']}").json() == body


@pytest.mark.fact("gitlab-78")
def test_a_refused_action_leaves_no_commit(owner: httpx.Client) -> None:
    before = owner.get(COMMITS).json()
    answers = [
        commit(owner, create("ok.txt"), create("README.md")),
        commit(owner, create("twice.txt"), create("twice.txt")),
        commit(owner, {"action": "update", "file_path": "nothing", "content": "x"}),
        commit(owner, {"action": "delete", "file_path": "nothing"}),
        commit(owner, {"action": "move", "file_path": "a", "previous_path": "nothing"}),
        commit(owner, create("a/../b")),
        commit(owner, {"action": "create", "file_path": "x"}),
        commit(owner, {"action": "invent", "file_path": "x"}),
    ]
    assert [(answer.status_code, next(iter(answer.json().values()))) for answer in answers] == [
        (400, "A file with this name already exists"),
        (400, "A file with this name already exists"),
        (400, "A file with this name doesn't exist"),
        (400, "A file with this name doesn't exist"),
        (400, "A file with this name doesn't exist"),
        (400, "Path cannot include directory traversal"),
        (400, "actions[0][content] is missing"),
        (400, "actions[0][action] does not have a valid value"),
    ]
    assert owner.get(COMMITS).json() == before


@pytest.mark.fact("gitlab-79")
def test_the_last_commit_of_a_file_is_a_lock(owner: httpx.Client) -> None:
    known = owner.head(f"{PROJECT}/repository/files/README.md", params={"ref": "main"}).headers[
        "x-gitlab-last-commit-id"
    ]
    commit(owner, create("elsewhere.txt")).raise_for_status()
    update = {"action": "update", "file_path": "README.md", "content": "x\n", "last_commit_id": known}
    assert commit(owner, update).status_code == 201
    again = commit(owner, update)
    text = "You are attempting to update a file that has changed since you started editing it."
    assert (again.status_code, again.json()) == (400, {"message": text})


@pytest.mark.fact("gitlab-80")
def test_a_new_branch_needs_a_start(owner: httpx.Client) -> None:
    lost = commit(owner, create("a"), branch="next")
    text = "You can only create or edit files when you are on a branch"
    assert (lost.status_code, lost.json()) == (400, {"message": text})
    assert commit(owner, create("a"), branch="next", start_branch="main").status_code == 201
    assert "a" in files(owner, "next")
    taken = commit(owner, create("b"), branch="next", start_branch="main")
    text = "A branch called 'next' already exists. Switch to that branch in order to make changes"
    assert (taken.status_code, taken.json()) == (400, {"message": text})
    assert commit(owner, create("b"), branch="next", start_branch="main", force=True).status_code == 201
    assert {"a", "b"} & set(files(owner, "next")) == {"b"}
    sha = owner.get(f"{PROJECT}/repository/branches/main").json()["commit"]["id"]
    assert commit(owner, create("c"), branch="third", start_sha=sha).json()["parent_ids"] == [sha]


@pytest.mark.fact("gitlab-81")
def test_the_first_commit_of_an_empty_repository(ask: Ask, owner: httpx.Client) -> None:
    group = owner.get("/groups/shop").json()["id"]
    project = owner.post("/projects", json={"path": "fresh", "namespace_id": group}).json()
    path = f"/projects/{project['id']}"
    body = {"branch": "main", "commit_message": "First", "actions": [create("a")]}
    assert ask("developer").post(f"{path}/repository/commits", json=body).status_code == 403
    made = owner.post(f"{path}/repository/commits", json=body).json()
    assert made["parent_ids"] == []
    found = owner.get(path).json()
    assert (found["empty_repo"], found["default_branch"]) == (False, "main")
    assert [each["name"] for each in owner.get(f"{path}/protected_branches").json()] == ["main"]


@pytest.mark.fact("gitlab-82")
def test_another_first_branch_becomes_the_default(owner: httpx.Client) -> None:
    group = owner.get("/groups/shop").json()["id"]
    path = f"/projects/{owner.post('/projects', json={'path': 'fresh', 'namespace_id': group}).json()['id']}"
    body = {"branch": "trunk", "commit_message": "First", "actions": [create("a")]}
    owner.post(f"{path}/repository/commits", json=body).raise_for_status()
    assert owner.get(path).json()["default_branch"] == "trunk"


@pytest.mark.fact("gitlab-83")
def test_who_may_commit(ask: Ask) -> None:
    refused = commit(ask("developer"), create("a"))
    text = "403 Forbidden - You are not allowed to push into this branch"
    assert (refused.status_code, refused.json()) == (403, {"message": text})
    assert commit(ask("developer"), create("a"), branch="mine", start_branch="main").status_code == 201
    assert commit(ask("reporter"), create("a"), branch="mine").status_code == 403
    assert commit(ask("outsider"), create("a")).status_code == 404


@pytest.mark.fact("gitlab-84")
def test_history_is_filtered(owner: httpx.Client) -> None:
    def titles(**params: str) -> list[str]:
        return [each["title"] for each in owner.get(COMMITS, params=params).json()]

    assert titles() == ["Add checkout and its tests", "Initial commit"]
    assert titles(path="README.md") == ["Initial commit"]
    assert titles(since="2099-01-01T00:00:00Z") == []
    assert titles(ref_name="nowhere") == []
    missing = owner.get(f"{COMMITS}/0000000")
    assert (missing.status_code, missing.json()) == (404, {"message": "404 Commit Not Found"})


@pytest.mark.fact("gitlab-85")
def test_differences_are_shown_file_by_file(owner: httpx.Client) -> None:
    base = owner.get(COMMITS).json()[0]["id"]
    move = {"action": "move", "file_path": "till.py", "previous_path": "checkout.py"}
    made = commit(owner, create("a", "one\n"), move, {"action": "delete", "file_path": ".gitignore"}).json()
    compared = owner.get(f"{PROJECT}/repository/compare", params={"from": base, "to": "main"}).json()
    assert [each["id"] for each in compared["commits"]] == [made["id"]]
    seen = {
        each["new_path"]: (each["old_path"], each["new_file"], each["renamed_file"], each["deleted_file"])
        for each in compared["diffs"]
    }
    assert seen == {
        ".gitignore": (".gitignore", False, False, True),
        "a": ("a", True, False, False),
        "till.py": ("checkout.py", False, True, False),
    }
    shown = owner.get(f"{COMMITS}/{made['id']}/diff").json()
    assert shown == compared["diffs"]
    assert next(each["diff"] for each in shown if each["new_path"] == "a") == "@@ -0,0 +1 @@\n+one\n"
    assert owner.get(f"{PROJECT}/repository/compare", params={"from": "nowhere", "to": "main"}).status_code == 404
