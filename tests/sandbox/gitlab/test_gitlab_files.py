"""Files, one at a time, and the tree."""

from __future__ import annotations

import base64
import hashlib

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.gitlab.conftest import Ask

PROJECT = "/projects/shop%2Fcheckout"
FILES = f"{PROJECT}/repository/files"
MAIN = {"ref": "main"}


def body(content: str = "new\n", **more: object) -> dict[str, object]:
    return {"branch": "main", "commit_message": "Change it", "content": content, **more}


@pytest.mark.fact("gitlab-69")
def test_a_file_is_read_with_its_facts(owner: httpx.Client) -> None:
    head = owner.get(f"{PROJECT}/repository/branches/main").json()["commit"]
    found = owner.get(f"{FILES}/README.md", params=MAIN).json()
    raw = base64.b64decode(found.pop("content"))
    assert found == {
        "file_name": "README.md",
        "file_path": "README.md",
        "size": len(raw),
        "encoding": "base64",
        "content_sha256": hashlib.sha256(raw).hexdigest(),
        "ref": "main",
        "blob_id": hashlib.sha1(b"blob %d\0" % len(raw) + raw).hexdigest(),
        "commit_id": head["id"],
        "last_commit_id": head["parent_ids"][0],
        "execute_filemode": False,
    }
    assert owner.get(f"{FILES}/README.md/raw").content == raw


@pytest.mark.fact("gitlab-70")
def test_head_says_the_same_in_headers(owner: httpx.Client) -> None:
    found = owner.get(f"{FILES}/checkout.py", params=MAIN).json()
    answer = owner.head(f"{FILES}/checkout.py", params={"ref": "HEAD"})
    facts = {name.removeprefix("x-gitlab-"): value for name, value in answer.headers.items() if "x-gitlab" in name}
    assert facts == {
        "file-name": "checkout.py",
        "file-path": "checkout.py",
        "size": str(found["size"]),
        "encoding": "base64",
        "content-sha256": found["content_sha256"],
        "ref": "HEAD",
        "blob-id": found["blob_id"],
        "commit-id": found["commit_id"],
        "last-commit-id": found["last_commit_id"],
        "execute-filemode": "false",
    }
    missing = owner.head(f"{FILES}/nothing", params=MAIN)
    assert (missing.status_code, missing.content) == (404, b"")


@pytest.mark.fact("gitlab-140")
def test_a_token_for_repositories_reads_files_one_by_one_and_nothing_else(ask: Ask) -> None:
    client = ask("repository-only")
    assert client.get(f"{FILES}/README.md", params=MAIN).status_code == 200
    assert client.head(f"{FILES}/README.md", params=MAIN).status_code == 200
    assert client.get(f"{FILES}/README.md/raw").status_code == 200
    assert client.put(f"{FILES}/README.md", json=body()).status_code == 403
    assert client.get(f"{PROJECT}/repository/tree").status_code == 403


@pytest.mark.fact("gitlab-71")
def test_what_is_not_there_is_named(owner: httpx.Client) -> None:
    answers = [
        owner.get(f"{FILES}/README.md"),
        owner.get(f"{FILES}/README.md", params={"ref": "nowhere"}),
        owner.get(f"{FILES}/nothing", params=MAIN),
        owner.get(f"{FILES}/..%2Fetc", params=MAIN),
    ]
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (400, {"error": "ref is missing"}),
        (404, {"message": "404 Commit Not Found"}),
        (404, {"message": "404 File Not Found"}),
        (400, {"error": "file_path should be a valid file path"}),
    ]


@pytest.mark.fact("gitlab-72")
def test_files_are_created_changed_and_deleted(owner: httpx.Client) -> None:
    path = f"{FILES}/docs%2Fa.md"
    made = owner.post(path, json=body("one\n"))
    assert (made.status_code, made.json()) == (201, {"file_path": "docs/a.md", "branch": "main"})
    changed = owner.put(path, json=body(base64.b64encode(b"\0two").decode(), encoding="base64"))
    assert (changed.status_code, changed.json()) == (200, {"file_path": "docs/a.md", "branch": "main"})
    assert owner.get(f"{path}/raw").content == b"\0two"
    gone = owner.delete(path, params={"branch": "main", "commit_message": "Away"})
    assert (gone.status_code, gone.content) == (204, b"")
    assert owner.get(path, params=MAIN).status_code == 404


@pytest.mark.fact("gitlab-73")
def test_refusals_are_texts(owner: httpx.Client) -> None:
    stale = owner.get(f"{FILES}/README.md", params=MAIN).json()["last_commit_id"]
    owner.put(f"{FILES}/README.md", json=body("fresh\n")).raise_for_status()
    answers = [
        owner.post(f"{FILES}/README.md", json=body()),
        owner.put(f"{FILES}/nothing", json=body()),
        owner.put(f"{FILES}/README.md", json=body(last_commit_id=stale)),
        owner.put(f"{FILES}/README.md", json={**body(), "branch": "nowhere"}),
        owner.post(f"{FILES}/x", json={**body(), "branch": "main", "start_branch": "nowhere"}),
    ]
    assert [(answer.status_code, answer.json()["message"]) for answer in answers] == [
        (400, "A file with this name already exists"),
        (400, "A file with this name doesn't exist"),
        (400, "You are attempting to update a file that has changed since you started editing it."),
        (400, "You can only create or edit files when you are on a branch"),
        (400, "Cannot find start_branch 'nowhere'"),
    ]


@pytest.mark.fact("gitlab-74")
def test_the_same_content_is_refused_or_committed(sandbox: Sandbox, owner: httpx.Client) -> None:
    owner.put(f"{FILES}/README.md", json=body("same\n")).raise_for_status()
    assert owner.put(f"{FILES}/README.md", json=body("same\n")).status_code == 400
    sandbox.switches.set({"idle-file-update": "lenient"})
    assert owner.put(f"{FILES}/README.md", json=body("same\n")).status_code == 200


@pytest.mark.fact("gitlab-75")
def test_who_may_write(ask: Ask) -> None:
    refused = ask("developer").post(f"{FILES}/x", json=body())
    assert (refused.status_code, refused.json()) == (400, {"message": "You are not allowed to push into this branch"})
    other = {**body(), "branch": "mine", "start_branch": "main"}
    assert ask("developer").post(f"{FILES}/x", json=other).status_code == 201
    assert ask("reporter").post(f"{FILES}/x", json=body()).status_code == 403
    assert ask("reporter").get(f"{FILES}/README.md", params=MAIN).status_code == 200
    assert ask("guest").get(f"{FILES}/README.md", params=MAIN).status_code == 403


@pytest.mark.fact("gitlab-76")
def test_the_tree_shows_folders_first(owner: httpx.Client) -> None:
    owner.post(f"{FILES}/src%2Fdeep%2Fa.py", json=body()).raise_for_status()
    tree = f"{PROJECT}/repository/tree"
    entries = [(each["type"], each["path"], each["mode"]) for each in owner.get(tree).json()]
    assert entries[:2] == [("tree", "src", "040000"), ("blob", ".gitignore", "100644")]
    below = owner.get(tree, params={"path": "src", "recursive": True}).json()
    assert [(each["type"], each["path"], each["name"]) for each in below] == [
        ("tree", "src/deep", "deep"),
        ("blob", "src/deep/a.py", "a.py"),
    ]
    for params in ({"path": "nowhere"}, {"ref": "nowhere"}):
        missing = owner.get(tree, params=params)
        assert (missing.status_code, missing.json()) == (404, {"message": "404 Tree Not Found"})
