"""The code of services, fetched from GitLab by git: of the right commit, by nobody's option, and nothing is run."""

from __future__ import annotations

import base64
import io
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from portctl.errors import PortctlError
from portctl.gate.code import Code, NoCode
from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from tests.servers import gitlab_client

SERVICE = "shop/checkout"
COMMITS = "/projects/shop%2Fcheckout/repository/commits"
TOKEN = "glpat-canary-0123456789"
SHIM = '#!/bin/sh\nfor word in "$@"; do printf "%s\\n" "$word" >> "{log}"; done\nexec {git} "$@"\n'


@pytest.fixture
def archive(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "gate" / "source.tar.gz"


def code(sandbox: Sandbox, credential: str = "gate-reader", **environ: str) -> Code:
    token = sandbox.credentials["gitlab"][credential]["token"]
    return Code(sandbox.urls["gitlab"], token, {**os.environ, **environ}, sandbox.world.clock.advance)


def commit(sandbox: Sandbox, path: str, text: str, branch: str = "main") -> str:
    action = {"action": "create", "file_path": path, "content": text}
    body = {"branch": branch, "commit_message": "Try", "actions": [action]}
    with gitlab_client(sandbox, "owner") as client:
        if branch != "main":
            body["start_branch"] = "main"
        sha: str = client.post(COMMITS, json=body).raise_for_status().json()["id"]
    return sha


def names(archive: pathlib.Path) -> list[str]:
    with tarfile.open(archive) as opened:
        return [member.name for member in opened.getmembers() if not member.isdir()]


def text_of(archive: pathlib.Path, name: str) -> str:
    with tarfile.open(archive) as opened:
        file = opened.extractfile(f"source/{name}")
        assert file is not None
        return io.TextIOWrapper(file, encoding="utf-8").read()


def refusal(call: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(NoCode) as caught:
        call(*arguments)
    return caught.value.detail


def test_the_newest_code_of_a_branch(sandbox: Sandbox, archive: pathlib.Path) -> None:
    old, new = commit(sandbox, "a.txt", "one\n"), commit(sandbox, "b.txt", "two\n")
    assert code(sandbox).newest(SERVICE, "main", archive) == new
    assert {"source/a.txt", "source/b.txt", "source/deploy.sh"} <= set(names(archive))
    code(sandbox).at(SERVICE, old, archive)
    assert "source/a.txt" in names(archive)
    assert "source/b.txt" not in names(archive)


def test_a_branch_of_another_name(sandbox: Sandbox, archive: pathlib.Path) -> None:
    sha = commit(sandbox, "c.txt", "three\n", branch="feature/JIRA-1+#2")
    assert code(sandbox).newest(SERVICE, "feature/JIRA-1+#2", archive) == sha
    assert "source/c.txt" in names(archive)


def test_a_tag_is_no_branch(sandbox: Sandbox, archive: pathlib.Path, tmp_path: pathlib.Path) -> None:
    push(sandbox, tmp_path / "work", lambda _: None, "HEAD:refs/tags/v1")
    said = refusal(code(sandbox).newest, SERVICE, "v1", archive)
    assert said == "branch v1 of project shop/checkout cannot be read: couldn't find remote ref refs/heads/v1"


ABSENT = "0123456789" * 4


def test_what_is_not_there_is_told(sandbox: Sandbox, archive: pathlib.Path) -> None:
    """At once: another try would not change it."""
    url, soon = sandbox.urls["gitlab"], sandbox.world.clock.now() + timedelta(hours=1)
    with gitlab_client(sandbox) as client:
        client.post("/projects", json={"name": "empty", "namespace_id": namespace(client)}).raise_for_status()
    assert [
        refusal(code(sandbox).newest, SERVICE, "nothing", archive),
        refusal(code(sandbox).newest, "shop/nothing", "main", archive),
        refusal(code(sandbox).newest, "shop/empty", "main", archive),
        refusal(code(sandbox, "outsider").newest, SERVICE, "main", archive),
    ] == [
        "branch nothing of project shop/checkout cannot be read: couldn't find remote ref refs/heads/nothing",
        f"branch main of project shop/nothing cannot be read: repository '{url}/shop/nothing.git/' not found",
        "branch main of project shop/empty cannot be read: couldn't find remote ref refs/heads/main",
        f"branch main of project shop/checkout cannot be read: repository '{url}/shop/checkout.git/' not found",
    ]
    said = refusal(code(sandbox).at, SERVICE, ABSENT, archive)
    assert said.startswith(f"commit {ABSENT} of project shop/checkout cannot be read: ")
    assert not archive.exists()
    assert sandbox.world.clock.now() < soon


def namespace(client: httpx.Client) -> int:
    found: int = client.get("/groups/shop").json()["id"]
    return found


def test_a_dead_token_is_told_without_the_token(sandbox: Sandbox, archive: pathlib.Path) -> None:
    said = refusal(code(sandbox, "revoked").newest, SERVICE, "main", archive)
    assert said == "branch main of project shop/checkout cannot be read: GitLab does not take the token of this job"
    token = sandbox.credentials["gitlab"]["revoked"]["token"]
    assert token not in said
    assert base64.b64encode(f"oauth2:{token}".encode()).decode() not in said


HOSTILE = [
    "", "/", "checkout", "..", "../shop/checkout", "shop/../checkout", "shop/..", "-c", "--upload-pack=touch x",
    "shop/--upload-pack=touch", "-/shop", "ext::sh -c touch% x", "ext::a/b", "file:///etc", "@", "shop/@",
    "shop/checkout@{1}", "shop/checkout\n", "shop/checkout\nx", "shop\x00/checkout", "shop/check out", "shop/chéckout",
    "shop/\u202echeckout",
    "shop//checkout", "/shop/checkout", "shop/checkout/", "shop/checkout.git", "shop/checkout.GIT", "shop%2Fcheckout",
    "https://evil.example/shop/checkout", "evil.example:shop/checkout", "user@evil.example/shop", "shop/checkout?x=1",
    "shop/checkout#x", "shop\\checkout", "~/checkout", "$HOME/x", "a/" * 128 + "b", "x" * 300 + "/y",
]  # fmt: skip


@pytest.mark.parametrize("project", HOSTILE)
def test_what_is_no_path_of_a_project_never_reaches_git(tmp_path: pathlib.Path, project: str) -> None:
    """With an empty search path git itself would be missed."""
    fetching = Code("https://gitlab.invalid", TOKEN, {"PATH": str(tmp_path)})
    expected = f"{project[:255]!r} is not the path of a project"
    assert refusal(fetching.newest, project, "main", tmp_path / "a.tar.gz") == expected
    assert refusal(fetching.at, project, "a" * 40, tmp_path / "a.tar.gz") == expected


@pytest.mark.parametrize(
    "branch",
    ["", "-", "--upload-pack=touch x", "-main", "..", "a..b", "../main", "@", "@{-1}", "main@{1}", "main:x", "+main",
     ":main", "main\n", "ma in", "m^", "m~1", "m*", "m?", "m[", "m\\", "ext::x", "mäin", "\u202emain", "m\x00",
     "x" * 256],
)  # fmt: skip
def test_what_is_no_branch_never_reaches_git(tmp_path: pathlib.Path, branch: str) -> None:
    fetching = Code("https://gitlab.invalid", TOKEN, {"PATH": str(tmp_path)})
    said = refusal(fetching.newest, SERVICE, branch, tmp_path / "a.tar.gz")
    assert said == f"{branch[:255]!r} is not the name of a branch"


@pytest.mark.parametrize(
    "sha", ["", "main", "HEAD", "a" * 39, "A" * 40, "a" * 41, "-" * 40, "--upload-pack=x", "a" * 63]
)
def test_what_is_no_commit_never_reaches_git(tmp_path: pathlib.Path, sha: str) -> None:
    fetching = Code("https://gitlab.invalid", TOKEN, {"PATH": str(tmp_path)})
    assert refusal(fetching.at, SERVICE, sha, tmp_path / "a.tar.gz") == f"{sha[:64]!r} is no commit"


@pytest.mark.parametrize("branch", ["main.lock", "a//b", "a/", "a/.b", "main."])
def test_what_git_takes_for_no_branch_is_told(sandbox: Sandbox, archive: pathlib.Path, branch: str) -> None:
    assert refusal(code(sandbox).newest, SERVICE, branch, archive).startswith(f"branch {branch} of project {SERVICE}")


def test_the_token_is_in_no_argument_and_in_no_file(
    sandbox: Sandbox, archive: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of git's repository is kept, in place of being removed."""
    log, git = tmp_path / "log", shutil.which("git")
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin" / "git"
    shim.write_text(SHIM.format(log=log, git=git), encoding="utf-8")
    shim.chmod(0o755)
    kept = tmp_path / "repository"
    kept.mkdir()

    @contextmanager
    def folder() -> Iterator[str]:
        yield str(kept)

    monkeypatch.setattr(tempfile, "TemporaryDirectory", folder)
    code(sandbox, PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}").newest(SERVICE, "main", archive)
    words = log.read_text("utf-8")
    assert "fetch" in words.splitlines()
    token = sandbox.credentials["gitlab"]["gate-reader"]["token"]
    found = [path for path in tmp_path.rglob("*") if path.is_file()]
    for secret in (token, base64.b64encode(f"oauth2:{token}".encode()).decode()):
        assert [path for path in found if secret.encode() in path.read_bytes()] == []
    assert (kept / "config").is_file()


@contextmanager
def listening(answer: int, where: str = "") -> Iterator[tuple[str, list[str]]]:
    """A server that answers everything alike; its address, and what it was asked with which credential."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers.get('authorization', '-')}")
            self.send_response(answer)
            if where:
                self.send_header("location", f"{where}{self.path}")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(archive: pathlib.Path, status: int) -> None:
    waits: list[float] = []
    with listening(404) as (elsewhere, asked_there), listening(status, elsewhere) as (url, asked):
        said = refusal(Code(url, TOKEN, os.environ, waits.append).newest, SERVICE, "main", archive)
    basic = base64.b64encode(f"oauth2:{TOKEN}".encode()).decode()
    assert asked == [f"/shop/checkout.git/info/refs?service=git-upload-pack Basic {basic}"] * 3
    assert asked_there == []
    assert waits == [1.0, 4.0]
    assert said.startswith("branch main of project shop/checkout cannot be read: unable to ")
    assert basic not in said


def test_what_fails_once_is_tried_again(sandbox: Sandbox, archive: pathlib.Path) -> None:
    sandbox.faults.add(Fault(FaultKind.STATUS, service="gitlab", path=r"/info/refs", status=502, times=2))
    sha = commit(sandbox, "a.txt", "one\n")
    assert code(sandbox).newest(SERVICE, "main", archive) == sha


def test_nothing_of_the_jobs_own_git_counts(sandbox: Sandbox, archive: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """A home and variables that would send git elsewhere, or have it run something."""
    canary, home = tmp_path / "canary", tmp_path / "home"
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".config" / "git" / "attributes").write_text("* export-ignore\n", encoding="utf-8")
    (home / ".netrc").write_text("default login a password b\n", encoding="utf-8")
    config = (
        f'[url "http://127.0.0.1:9/"]\n insteadOf = {sandbox.urls["gitlab"]}/\n[core]\n fsmonitor = touch {canary}\n'
        f"[credential]\n helper = !touch {canary}\n[http]\n proxy = http://127.0.0.1:9\n"
        f'[tar "tar.gz"]\n command = touch {canary}; cat\n'
    )
    (home / ".gitconfig").write_text(config, encoding="utf-8")
    template = home / "template" / "hooks"
    template.mkdir(parents=True)
    for name in ("post-checkout", "reference-transaction", "post-merge"):
        (template / name).write_text(f"#!/bin/sh\ntouch {canary}\n", encoding="utf-8")
        (template / name).chmod(0o755)
    environ = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "GIT_TEMPLATE_DIR": str(home / "template"),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_ASKPASS": f"touch {canary}",
        "GIT_PROXY_COMMAND": f"touch {canary}",
        "GIT_EXEC_PATH": str(home),
        "GIT_DIR": str(home),
        "GIT_TRACE_CURL": str(tmp_path / "trace"),
        "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor'='touch {canary}'",
    }
    code(sandbox, **environ).newest(SERVICE, "main", archive)
    assert "source/deploy.sh" in names(archive)
    assert not canary.exists()
    assert not (tmp_path / "trace").exists()


def push(
    sandbox: Sandbox, folder: pathlib.Path, change: Callable[[pathlib.Path], object], ref: str = "HEAD:main"
) -> str:
    """Clone as the owner, change something, push; the commit."""
    token = sandbox.credentials["gitlab"]["owner"]["token"]
    url = f"{sandbox.urls['gitlab'].replace('://', f'://oauth2:{token}@')}/{SERVICE}.git"
    run(None, "clone", "-q", url, str(folder))
    change(folder)
    run(folder, "commit", "-q", "--allow-empty", "-m", "Try")
    run(folder, "push", "-q", "origin", ref)
    return run(folder, "rev-parse", "HEAD").strip()


def run(folder: pathlib.Path | None, *arguments: str) -> str:
    clean = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, env=clean, capture_output=True, check=True)
    return done.stdout.decode()


def test_a_repository_full_of_traps_is_packed_and_nothing_of_it_is_run(
    sandbox: Sandbox, archive: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    canary = tmp_path / "canary"
    attributes = "* filter=evil diff=evil merge=evil\nhidden.txt export-ignore\nversion.txt export-subst\n"

    def trap(folder: pathlib.Path) -> None:
        (folder / ".gitattributes").write_text(attributes, encoding="utf-8")
        (folder / "hidden.txt").write_text("hidden\n", encoding="utf-8")
        (folder / "version.txt").write_text("$Format:%H$ $Format:%(trailers)$\n", encoding="utf-8")
        url = f"ext::sh -c touch% {canary}"
        (folder / ".gitmodules").write_text(f'[submodule "m"]\n path = m\n url = {url}\n', encoding="utf-8")
        (folder / "link").symlink_to("/etc/passwd")
        (folder / "up").symlink_to("../../..")
        config = f'[filter "evil"]\n smudge = touch {canary}\n clean = touch {canary}\n required = true\n'
        (folder / ".gitconfig").write_text(config, encoding="utf-8")
        hooks = folder / "hooks"
        hooks.mkdir()
        (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {canary}\n", encoding="utf-8")
        (hooks / "post-checkout").chmod(0o755)
        run(folder, "add", "-A")
        run(folder, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},m")

    sha = push(sandbox, tmp_path / "work", trap)
    assert code(sandbox).newest(SERVICE, "main", archive) == sha
    assert not canary.exists()
    assert text_of(archive, "version.txt").startswith(sha)
    with tarfile.open(archive) as opened:
        kinds = {member.name: member for member in opened.getmembers()}
    assert all(name == "source" or name.startswith("source/") for name in kinds)
    assert (kinds["source/link"].issym(), kinds["source/link"].linkname) == (True, "/etc/passwd")
    assert kinds["source/m"].isdir()
    assert "source/hidden.txt" not in kinds
    assert {"source/.gitmodules", "source/.gitattributes", "source/hooks/post-checkout"} <= set(kinds)


@pytest.mark.parametrize("command", [Code.newest, Code.at])
def test_without_git_the_job_says_so(tmp_path: pathlib.Path, command: Callable[..., object]) -> None:
    fetching = Code("https://gitlab.invalid", TOKEN, {"PATH": str(tmp_path)})
    with pytest.raises(PortctlError) as caught:
        command(fetching, SERVICE, "main" if command is Code.newest else "a" * 40, tmp_path / "a.tar.gz")
    assert str(caught.value) == "git is missing: the image of this job has no git"


def test_the_job_is_told_which_authorities_to_trust(tmp_path: pathlib.Path) -> None:
    """As the clients of the API are, by the same variables."""
    shim = tmp_path / "git"
    shim.write_text(f'#!/bin/sh\nenv > "{tmp_path}/seen"\nexit 1\n', encoding="utf-8")
    shim.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SSL_CERT_FILE": "/ca.pem", "NO_PROXY": "x", "GIT_DIR": "y"}
    refusal(Code("https://gitlab.invalid", TOKEN, environ, lambda _: None).at, SERVICE, "a" * 40, tmp_path / "a")
    seen = (tmp_path / "seen").read_text("utf-8").splitlines()
    keys = {line.partition("=")[2] for line in seen if line.startswith("GIT_CONFIG_KEY_")}
    assert "http.sslCAInfo" in keys
    assert "NO_PROXY=x" in seen
    assert not any(line.startswith("GIT_DIR=") for line in seen)
