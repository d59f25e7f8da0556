"""One bare repository: references, trees, files and history, read by git's own commands."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_SHA = re.compile(r"[0-9a-f]{7,64}")
_WHOLE_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ANSWERS_KEPT = 1024
_EXPRESSION = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{")
"""What no name of a reference has, and git would read as a way from one to another commit."""
_FIELD, _END = "\x1f", "\x1e"
_FORMAT = _FIELD.join(
    ("%H", "%P", "%an", "%ae", "%at", "%cn", "%ce", "%ct", "%B", "%(trailers:only=true,unfold=true)", "")
)


class GitFailed(RuntimeError):
    """A git command that ended with an error; its own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Times are seconds since the epoch."""

    sha: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    authored: int
    committer_name: str
    committer_email: str
    committed: int
    message: str
    trailers: Mapping[str, str]

    @property
    def title(self) -> str:
        return self.message.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder of a tree. `path` from the root; `kind` is blob, tree or commit."""

    path: str
    mode: str
    kind: str
    sha: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class Repository:
    """A bare repository at a path."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *arguments: str, feed: bytes = b"") -> bytes:
        """The standard output of a git command. Errors: GitFailed."""
        ended = subprocess.run(
            ["git", *arguments], cwd=self.path, env=environment(self.path), input=feed, capture_output=True, check=False
        )
        if ended.returncode != 0:
            raise GitFailed(ended.stderr.decode("utf-8", "replace").strip() or f"git {arguments[0]} failed")
        return ended.stdout

    def _about(self, sha: str, *arguments: str) -> bytes:
        """As `run`, for a command that asks of nothing but `sha`: where that is whole, the answer never changes."""
        return _answered(self.path, arguments) if _WHOLE_SHA.fullmatch(sha) else self.run(*arguments)

    def heads(self) -> dict[str, str]:
        """Branch names with their commits."""
        lines = self.run("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads").decode().splitlines()
        pairs = (line.split(" ", 1) for line in lines)
        return {name.removeprefix("refs/heads/"): sha for sha, name in pairs}

    def head_of(self, branch: str) -> str | None:
        return None if _EXPRESSION.search(branch) else self._commit_named(f"refs/heads/{branch}")

    def tag_of(self, tag: str) -> str | None:
        return None if _EXPRESSION.search(tag) else self._commit_named(f"refs/tags/{tag}")

    def resolve(self, ref: str) -> str | None:
        """The commit that a branch, tag or commit id names."""
        found = self._commit_named(f"refs/heads/{ref}") or self._commit_named(f"refs/tags/{ref}")
        if found is None and _SHA.fullmatch(ref):
            found = self._commit_named(ref)
        return found

    def default_branch(self) -> str:
        return self.run("symbolic-ref", "HEAD").decode().strip().removeprefix("refs/heads/")

    def set_default_branch(self, branch: str) -> None:
        self.run("symbolic-ref", "HEAD", f"refs/heads/{branch}")

    def set_branch(self, branch: str, sha: str) -> None:
        self.run("update-ref", f"refs/heads/{branch}", sha)

    def delete_branch(self, branch: str) -> None:
        self.run("update-ref", "-d", f"refs/heads/{branch}")

    def valid_branch_name(self, branch: str) -> bool:
        try:
            self.run("check-ref-format", "--branch", branch)
        except GitFailed:
            return False
        return True

    def files(self, commit: str) -> dict[str, Entry]:
        """Every file of a commit by path."""
        return {entry.path: entry for entry in self.tree(commit, "", recursive=True) if entry.kind != "tree"}

    def tree(self, commit: str, path: str, *, recursive: bool) -> list[Entry]:
        """The entries below a folder, folders first on each level. Errors: GitFailed when it does not exist."""
        place = f"{commit}:{path.strip('/')}"
        flags = ["-r", "-t"] if recursive else []
        listed = self._about(commit, "ls-tree", "-z", *flags, place).decode("utf-8", "replace")
        above = f"{path.strip('/')}/" if path.strip("/") else ""
        return [_entry(line, above) for line in listed.split("\0") if line]

    def entry(self, commit: str, path: str) -> Entry | None:
        """The file at a path."""
        listed = self._about(commit, "--literal-pathspecs", "ls-tree", "-z", commit, "--", path).decode(
            "utf-8", "replace"
        )
        entries = [_entry(line, "") for line in listed.split("\0") if line]
        return next((entry for entry in entries if entry.path == path and entry.kind == "blob"), None)

    def exists(self, commit: str, path: str) -> bool:
        """Whether there is a file or folder at a path."""
        try:
            self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}:{path.strip('/')}")
        except GitFailed:
            return False
        return True

    def archive(self, commit: str, prefix: str, path: str = "") -> bytes:
        """A tar.gz of a commit, or of what lies at a path of it, below `prefix`."""
        place = [path.strip("/")] if path.strip("/") else []
        return self.run("--literal-pathspecs", "archive", "--format=tar.gz", f"--prefix={prefix}", commit, *place)

    def blob(self, sha: str) -> bytes:
        return self._about(sha, "cat-file", "blob", sha)

    def commit(self, sha: str) -> Commit:
        return self.log(sha, limit=1)[0]

    def log(self, revisions: str, *options: str, path: str = "", limit: int | None = None) -> list[Commit]:
        """Commits, newest first."""
        most = [] if limit is None else [f"-{limit}"]
        place = ["--", path] if path else ["--"]
        arguments = ["--literal-pathspecs", "log", f"--format={_FORMAT}{_END}", *most, *options, revisions, *place]
        records = self._about(revisions, *arguments).decode("utf-8", "replace").split(f"{_END}\n")
        return [_commit(record) for record in records if record.strip()]

    def last_change(self, commit: str, path: str) -> str | None:
        """The last commit that touched a path."""
        last = self._about(commit, "--literal-pathspecs", "log", "-1", "--format=%H", commit, "--", path)
        return last.decode().strip() or None

    def stats(self, sha: str) -> dict[str, int]:
        """Lines added and deleted by a commit."""
        lines = self.run("show", "--numstat", "--format=", "--first-parent", sha).decode("utf-8", "replace")
        added = deleted = 0
        for line in filter(None, lines.splitlines()):
            plus, minus, _ = line.split("\t", 2)
            added += 0 if plus == "-" else int(plus)
            deleted += 0 if minus == "-" else int(minus)
        return {"additions": added, "deletions": deleted, "total": added + deleted}

    def merge_base(self, one: str, other: str) -> str | None:
        try:
            return self.run("merge-base", one, other).decode().strip()
        except GitFailed:
            return None

    def is_ancestor(self, ancestor: str, of: str) -> bool:
        return self.merge_base(ancestor, of) == ancestor

    def _commit_named(self, name: str) -> str | None:
        try:
            return (
                self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").decode().strip()
            )
        except GitFailed:
            return None


@lru_cache(maxsize=_ANSWERS_KEPT)
def _answered(path: Path, arguments: tuple[str, ...]) -> bytes:
    return Repository(path).run(*arguments)


def environment(home: Path) -> dict[str, str]:
    """Nothing of the host's but the search path: no configuration, no credentials, no prompts."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }


def create(path: Path, default_branch: str, settings: Sequence[tuple[str, str]] = ()) -> Repository:
    """An empty bare repository."""
    path.mkdir(parents=True)
    repository = Repository(path)
    repository.run("init", "--bare", "--quiet", "--template=", f"--initial-branch={default_branch}")
    lines = "".join(f"[{name.rpartition('.')[0]}]\n\t{name.rpartition('.')[2]} = {value}\n" for name, value in settings)
    with (path / "config").open("a", encoding="utf-8") as config:
        config.write(lines)
    return repository


def _entry(line: str, above: str) -> Entry:
    head, path = line.split("\t", 1)
    mode, kind, sha = head.split(" ")
    return Entry(f"{above}{path}", mode, kind, sha)


def _commit(record: str) -> Commit:
    sha, parents, author, author_email, authored, committer, committer_email, committed, message, trailers, _ = (
        record.lstrip("\n").split(_FIELD)
    )
    pairs = (line.partition(": ") for line in trailers.splitlines() if line)
    return Commit(
        sha=sha,
        parents=tuple(parents.split()),
        author_name=author,
        author_email=author_email,
        authored=int(authored),
        committer_name=committer,
        committer_email=committer_email,
        committed=int(committed),
        message=message.rstrip("\n"),
        trailers={key: value for key, _, value in pairs},
    )
