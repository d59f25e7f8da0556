"""Git itself: clone, fetch and push over HTTP, and what survives a restart."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.servers import gitlab_client

PROJECT = "/projects/shop%2Fcheckout"


def git(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, env=clean, capture_output=True, text=True, check=False
    )


def address(sandbox: Sandbox, credential: str, project: str = "shop/checkout") -> str:
    token = sandbox.credentials["gitlab"][credential]["token"]
    return f"{sandbox.urls['gitlab'].replace('://', f'://oauth2:{token}@')}/{project}.git"


def write(folder: Path, text: str) -> None:
    (folder / "README.md").write_text(text)
    assert git("commit", "-q", "-a", "-m", text, folder=folder).returncode == 0


@pytest.mark.fact("gitlab-108")
def test_a_project_is_cloned_with_a_token(sandbox: Sandbox, owner: httpx.Client, tmp_path: Path) -> None:
    assert owner.get(PROJECT).json()["http_url_to_repo"] == f"{sandbox.urls['gitlab']}/shop/checkout.git"
    cloned = git("clone", "-q", address(sandbox, "reporter"), str(tmp_path / "a"))
    assert (cloned.returncode, cloned.stderr) == (0, "")
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        ".git", ".gitignore", "README.md", "checkout.py", "deploy.sh", "test_checkout.py",
    ]  # fmt: skip
    head = git("rev-parse", "HEAD", folder=tmp_path / "a").stdout.strip()
    assert head == owner.get(f"{PROJECT}/repository/branches/main").json()["commit"]["id"]


@pytest.mark.fact("gitlab-109")
def test_who_may_clone(sandbox: Sandbox, tmp_path: Path) -> None:
    codes = [
        git("clone", "-q", address(sandbox, name), str(tmp_path / name)).returncode
        for name in ("guest", "outsider", "expired")
    ]
    plain = git("clone", "-q", f"{sandbox.urls['gitlab']}/shop/checkout.git", str(tmp_path / "plain"))
    assert (codes, plain.returncode) == ([128, 128, 128], 128)
    with httpx.Client(base_url=sandbox.urls["gitlab"]) as client:
        answer = client.get("/shop/checkout.git/info/refs", params={"service": "git-upload-pack"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Basic realm="GitLab"')


@pytest.mark.fact("gitlab-110")
def test_a_push_arrives_and_protection_holds(sandbox: Sandbox, owner: httpx.Client, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    git("clone", "-q", address(sandbox, "developer"), str(folder))
    write(folder, "pushed")
    protected = git("push", "-q", "origin", "HEAD:main", folder=folder)
    assert protected.returncode != 0
    assert "You are not allowed to push code to protected branches on this project." in protected.stderr
    assert git("push", "-q", "origin", "HEAD:mine", folder=folder).returncode == 0
    params = {"ref": "mine"}
    assert owner.get(f"{PROJECT}/repository/files/README.md/raw", params=params).text == "pushed"
    assert git("push", "-q", address(sandbox, "maintainer"), "HEAD:main", folder=folder).returncode == 0
    assert owner.get(f"{PROJECT}/repository/files/README.md/raw").text == "pushed"
    assert git("push", "-q", address(sandbox, "reporter"), "HEAD:more", folder=folder).returncode != 0


@pytest.mark.fact("gitlab-111")
def test_history_of_a_protected_branch_is_not_lost(sandbox: Sandbox, owner: httpx.Client, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    remote = address(sandbox, "maintainer")
    git("clone", "-q", remote, str(folder))
    git("commit", "-q", "--amend", "-m", "Other", folder=folder)
    forced = git("push", "-q", "--force", remote, "HEAD:main", folder=folder)
    assert "You are not allowed to force push code to a protected branch on this project." in forced.stderr
    deleted = git("push", "-q", remote, ":main", folder=folder)
    assert deleted.returncode != 0
    owner.patch(f"{PROJECT}/protected_branches/main", json={"allow_force_push": True}).raise_for_status()
    assert git("push", "-q", "--force", remote, "HEAD:main", folder=folder).returncode == 0
    assert owner.get(f"{PROJECT}/repository/commits").json()[0]["title"] == "Other"


@pytest.mark.fact("gitlab-112")
def test_the_first_push_makes_the_default_branch(sandbox: Sandbox, owner: httpx.Client, tmp_path: Path) -> None:
    group = owner.get("/groups/shop").json()["id"]
    path = f"/projects/{owner.post('/projects', json={'path': 'fresh', 'namespace_id': group}).json()['id']}"
    git("clone", "-q", address(sandbox, "default"), str(tmp_path / "a"))
    remote = address(sandbox, "default", "shop/fresh")
    assert git("push", "-q", remote, "HEAD:trunk", folder=tmp_path / "a").returncode == 0
    assert owner.get(path).json()["default_branch"] == "trunk"
    assert owner.get(f"{path}/protected_branches/trunk").status_code == 200


@pytest.mark.fact("gitlab-113")
def test_repositories_survive_a_restart_and_go_with_a_reset(tmp_path: Path) -> None:
    file = {"branch": "main", "commit_message": "x", "content": "kept"}
    with Sandbox(tmp_path / "state") as first, gitlab_client(first) as client:
        client.post(f"{PROJECT}/repository/files/kept", json=file).raise_for_status()
        client.post(f"{PROJECT}/variables", json={"key": "A", "value": "b"}).raise_for_status()
    with Sandbox(tmp_path / "state") as second, gitlab_client(second) as client:
        assert client.get(f"{PROJECT}/repository/files/kept/raw").text == "kept"
        assert client.get(f"{PROJECT}/variables/A").json()["value"] == "b"
        second.reset()
        assert client.get(f"{PROJECT}/repository/files/kept/raw").status_code == 404
        assert client.get(f"{PROJECT}/variables").json() == []
    (tmp_path / "state" / "state.json").unlink()
    with Sandbox(tmp_path / "state") as third, gitlab_client(third) as client:
        client.post(f"{PROJECT}/repository/files/kept", json=file).raise_for_status()
        assert len(list((tmp_path / "state" / "gitlab").iterdir())) == 1
