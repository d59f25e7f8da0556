"""Merge requests from opening to merging."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.gitlab.conftest import Ask

PROJECT = "/projects/shop%2Fcheckout"
REQUESTS = f"{PROJECT}/merge_requests"


def change(client: httpx.Client, branch: str, path: str, content: str) -> str:
    """A commit that writes one file to a branch, made from main if need be; its id."""
    exists = client.get(f"{PROJECT}/repository/branches/{branch}").status_code == 200
    has_file = client.head(f"{PROJECT}/repository/files/{path}", params={"ref": branch if exists else "main"})
    action = {"action": "update" if has_file.status_code == 200 else "create", "file_path": path, "content": content}
    body = {"branch": branch, "commit_message": f"Write {path}", "actions": [action]}
    if not exists:
        body["start_branch"] = "main"
    made = client.post(f"{PROJECT}/repository/commits", json=body)
    sha: str = made.raise_for_status().json()["id"]
    return sha


def open_request(client: httpx.Client, source: str = "next", **more: Any) -> httpx.Response:
    body = {"source_branch": source, "target_branch": "main", "title": "Next", **more}
    return client.post(REQUESTS, json=body)


@pytest.mark.fact("gitlab-91")
def test_a_merge_request_is_opened_and_read_by_its_number(ask: Ask) -> None:
    developer = ask("developer")
    sha = change(developer, "next", "a.txt", "a\n")
    made = open_request(developer, labels=["two", "one"], description="Why")
    assert made.status_code == 201
    body = made.json()
    kept = ("iid", "state", "sha", "draft", "detailed_merge_status", "has_conflicts", "labels", "changes_count")
    assert [body[name] for name in kept] == [1, "opened", sha, False, "mergeable", False, ["one", "two"], "1"]
    assert body["author"]["username"] == "dora.developer"
    assert body["web_url"].endswith("/shop/checkout/-/merge_requests/1")
    assert developer.get(f"{REQUESTS}/1").json() == body
    assert body["diff_refs"]["head_sha"] == sha
    assert developer.get(f"{REQUESTS}/2").status_code == 404


@pytest.mark.fact("gitlab-92")
def test_a_second_open_one_for_the_branch_is_refused(ask: Ask) -> None:
    developer = ask("developer")
    change(developer, "next", "a.txt", "a\n")
    open_request(developer)
    again = open_request(developer)
    text = "Another open merge request already exists for this source branch: !1"
    assert (again.status_code, again.json()) == (409, {"message": [text]})
    developer.put(f"{REQUESTS}/1", json={"state_event": "close"}).raise_for_status()
    assert open_request(developer).json()["iid"] == 2
    reopened = developer.put(f"{REQUESTS}/1", json={"state_event": "reopen"})
    assert reopened.status_code == 409


@pytest.mark.fact("gitlab-93")
def test_merge_requests_that_do_not_fit_are_refused(ask: Ask) -> None:
    developer = ask("developer")
    same = open_request(developer, "main")
    text = "You can't use same project/branch for source and target"
    assert (same.status_code, same.json()) == (422, {"message": [text]})
    absent = open_request(developer, "nowhere")
    assert (absent.status_code, list(absent.json()["message"])) == (400, ["source_branch"])
    assert developer.post(REQUESTS, json={}).json() == {
        "error": "title is missing, source_branch is missing, target_branch is missing"
    }
    assert open_request(ask("reporter")).status_code == 403
    assert ask("guest").get(REQUESTS).status_code == 403


@pytest.mark.fact("gitlab-94")
def test_they_are_listed_by_state_and_branches(ask: Ask) -> None:
    developer = ask("developer")
    for name in ("one", "two"):
        change(developer, name, "a.txt", name)
        open_request(developer, name)
    developer.put(f"{REQUESTS}/1", json={"state_event": "close"}).raise_for_status()

    def iids(**params: str) -> list[int]:
        return [each["iid"] for each in developer.get(REQUESTS, params=params).json()]

    assert iids() == [2, 1]
    assert iids(state="opened") == [2]
    assert iids(state="opened", source_branch="one", target_branch="main") == []
    assert iids(source_branch="one") == [1]
    assert iids(author_username="max.maintainer") == []


@pytest.mark.fact("gitlab-95")
@pytest.mark.sends_unknown_parameters
def test_what_can_be_changed(ask: Ask) -> None:
    developer = ask("developer")
    change(developer, "next", "a.txt", "a\n")
    open_request(developer, labels=["one"])
    body = {"title": "Draft: Later", "add_labels": ["two"], "remove_labels": ["one"], "source_branch": "other"}
    changed = developer.put(f"{REQUESTS}/1", json=body).json()
    kept = ("title", "draft", "labels", "source_branch", "detailed_merge_status")
    assert [changed[name] for name in kept] == ["Draft: Later", True, ["two"], "next", "draft_status"]
    assert developer.put(f"{REQUESTS}/1", json={}).status_code == 400
    assert ask("reporter").put(f"{REQUESTS}/1", json={"title": "x"}).status_code == 403


@pytest.mark.fact("gitlab-96")
def test_the_changes_are_those_since_the_branches_parted(ask: Ask, owner: httpx.Client) -> None:
    developer = ask("developer")
    sha = change(developer, "next", "a.txt", "a\n")
    change(owner, "main", "b.txt", "b\n")
    open_request(developer)
    changes = developer.get(f"{REQUESTS}/1/changes").json()["changes"]
    assert [(each["new_path"], each["diff"]) for each in changes] == [("a.txt", "@@ -0,0 +1 @@\n+a\n")]
    assert developer.get(f"{REQUESTS}/1/diffs").json() == changes
    assert [each["id"] for each in developer.get(f"{REQUESTS}/1/commits").json()] == [sha]


@pytest.mark.fact("gitlab-97")
def test_merging_joins_both_sides(ask: Ask, owner: httpx.Client) -> None:
    text = "".join(f"{number}\n" for number in range(1, 10))
    change(owner, "main", "numbers", text)
    head = change(owner, "next", "numbers", text.replace("9", "nine"))
    target = change(owner, "main", "numbers", text.replace("1", "one"))
    open_request(ask("developer"), remove_source_branch=True)
    assert ask("developer").put(f"{REQUESTS}/1/merge").status_code == 401
    other = owner.put(f"{REQUESTS}/1/merge", json={"sha": target})
    assert (other.status_code, other.json()) == (409, {"message": f"SHA does not match HEAD of source branch: {head}"})
    merged = owner.put(f"{REQUESTS}/1/merge", json={"sha": head}).json()
    assert (merged["state"], merged["merge_user"]["username"]) == ("merged", "sa-portctl")
    commit = owner.get(f"{PROJECT}/repository/commits/{merged['merge_commit_sha']}").json()
    assert commit["parent_ids"] == [target, head]
    assert commit["message"] == "Merge branch 'next' into 'main'\n\nNext\n\nSee merge request shop/checkout!1"
    raw = owner.get(f"{PROJECT}/repository/files/numbers/raw").text
    assert raw == text.replace("9", "nine").replace("1", "one")
    assert owner.get(f"{PROJECT}/repository/branches/next").status_code == 404
    assert [each["new_path"] for each in owner.get(f"{REQUESTS}/1/changes").json()["changes"]] == ["numbers"]
    assert owner.put(f"{REQUESTS}/1/merge").status_code == 405


@pytest.mark.fact("gitlab-98")
def test_what_cannot_be_merged(owner: httpx.Client) -> None:
    change(owner, "next", "README.md", "theirs\n")
    change(owner, "main", "README.md", "ours\n")
    found = open_request(owner).json()
    assert (found["has_conflicts"], found["detailed_merge_status"], found["merge_status"]) == (
        True, "conflict", "cannot_be_merged",
    )  # fmt: skip
    conflict = owner.put(f"{REQUESTS}/1/merge")
    assert (conflict.status_code, conflict.json()) == (422, {"message": "Branch cannot be merged"})
    owner.put(f"{REQUESTS}/1", json={"title": "Draft: x"}).raise_for_status()
    assert owner.put(f"{REQUESTS}/1/merge").status_code == 405


@pytest.mark.fact("gitlab-99")
def test_fast_forward_only(owner: httpx.Client) -> None:
    owner.put(PROJECT, json={"merge_method": "ff"}).raise_for_status()
    head = change(owner, "next", "a.txt", "a\n")
    merged = open_request(owner).json()
    assert merged["detailed_merge_status"] == "mergeable"
    assert owner.put(f"{REQUESTS}/1/merge").json()["merge_commit_sha"] is None
    assert owner.get(f"{PROJECT}/repository/branches/main").json()["commit"]["id"] == head
    change(owner, "late", "b.txt", "b\n")
    change(owner, "main", "c.txt", "c\n")
    assert open_request(owner, "late").json()["detailed_merge_status"] == "need_rebase"
    assert owner.put(f"{REQUESTS}/2/merge").status_code == 422


@pytest.mark.fact("gitlab-100")
def test_a_merge_request_is_deleted_by_an_owner(ask: Ask, owner: httpx.Client) -> None:
    change(owner, "next", "a.txt", "a\n")
    open_request(owner)
    assert ask("maintainer").delete(f"{REQUESTS}/1").status_code == 403
    assert owner.delete(f"{REQUESTS}/1").status_code == 204
    assert owner.get(REQUESTS).json() == []
