"""Archives of repositories."""

from __future__ import annotations

import io
import tarfile

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.gitlab.conftest import Ask

PROJECT = "/projects/shop%2Fcheckout"
ARCHIVE = f"{PROJECT}/repository/archive"


def head(client: httpx.Client, branch: str = "main") -> str:
    found: str = client.get(f"{PROJECT}/repository/branches/{branch}").raise_for_status().json()["commit"]["id"]
    return found


def members(answer: httpx.Response) -> list[str]:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/octet-stream")
    with tarfile.open(fileobj=io.BytesIO(answer.content), mode="r:gz") as archive:
        return archive.getnames()


def commit(client: httpx.Client, path: str, branch: str) -> None:
    body = {"branch": branch, "start_branch": "main", "commit_message": "Add", "content": "new\n"}
    client.post(f"{PROJECT}/repository/files/{path}", json=body).raise_for_status()


@pytest.mark.fact("gitlab-136")
def test_an_archive_has_one_folder_named_after_project_reference_and_commit(owner: httpx.Client) -> None:
    commit(owner, "deploy%2Flive%2Frun.sh", "feature/one")
    sha, other = head(owner), head(owner, "feature%2Fone")
    files = [".gitignore", "README.md", "checkout.py", "deploy.sh", "test_checkout.py"]
    for answer, top in (
        (owner.get(ARCHIVE), f"checkout-main-{sha}"),
        (owner.get(f"{ARCHIVE}.tar.gz", params={"sha": sha}), f"checkout-{sha}-{sha}"),
    ):
        assert members(answer) == [top, *(f"{top}/{name}" for name in files)]
        assert answer.headers["content-disposition"] == f'attachment; filename="{top}.tar.gz"'
    top = f"checkout-feature-one-{other}-deploy-live"
    assert members(owner.get(ARCHIVE, params={"sha": "feature/one", "path": "deploy/live"})) == [
        top,
        f"{top}/deploy",
        f"{top}/deploy/live",
        f"{top}/deploy/live/run.sh",
    ]


@pytest.mark.fact("gitlab-137")
def test_an_archive_is_open_to_api_tokens_of_those_who_see_the_code(ask: Ask, nobody: httpx.Client) -> None:
    statuses = {
        name: ask(name).get(ARCHIVE).status_code
        for name in ("reporter", "readonly", "guest", "outsider", "repository-only")
    }
    assert statuses == {"reporter": 200, "readonly": 200, "guest": 403, "outsider": 404, "repository-only": 403}
    absent = nobody.get(ARCHIVE)
    assert (absent.status_code, absent.json()) == (404, {"message": "404 Project Not Found"})
    ask("default").put("/groups/shop", json={"visibility": "public"}).raise_for_status()
    ask("default").put(PROJECT, json={"visibility": "public"}).raise_for_status()
    assert nobody.get(ARCHIVE).status_code == 200


@pytest.mark.fact("gitlab-138")
def test_what_has_no_archive(owner: httpx.Client, sandbox: Sandbox) -> None:
    unknown = owner.get(ARCHIVE, params={"sha": "nothing"})
    assert (unknown.status_code, unknown.json()) == (404, {"message": "404 File Not Found"})
    group = owner.get("/groups/shop").json()["id"]
    owner.post("/projects", json={"name": "empty", "namespace_id": group}).raise_for_status()
    empty = owner.get("/projects/shop%2Fempty/repository/archive")
    assert (empty.status_code, empty.json()) == (404, {"message": "404 File Not Found"})
    nowhere = owner.get(ARCHIVE, params={"path": "nowhere"})
    assert (nowhere.status_code, nowhere.content) == (200, b"")
    sandbox.switches.set({"archive-missing-path": "lenient"})
    nowhere = owner.get(ARCHIVE, params={"path": "nowhere"})
    assert (nowhere.status_code, nowhere.json()) == (404, {"message": "404 File Not Found"})
    assert owner.get(f"{ARCHIVE}.zip").status_code == 501


@pytest.mark.fact("gitlab-139")
def test_five_archives_a_minute(ask: Ask, sandbox: Sandbox) -> None:
    client = ask("reporter")
    assert [client.get(ARCHIVE).status_code for _ in range(6)] == [200] * 5 + [429]
    text = "This archive has been requested too many times. Try again later."
    assert client.get(ARCHIVE).json() == {"message": {"error": text}}
    assert ask("developer").get(ARCHIVE).status_code == 200
    assert client.get("/projects/shop%2Fpayments/repository/archive").status_code == 200
    sandbox.world.clock.advance(60)
    assert client.get(ARCHIVE).status_code == 200
    sandbox.switches.set({"archive-limit": "lenient"})
    assert {client.get(ARCHIVE).status_code for _ in range(9)} == {200}
