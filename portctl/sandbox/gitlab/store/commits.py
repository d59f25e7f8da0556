"""Commits with several actions at once. Source: GitLab docs, "Commits API" and "Repository files API"."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.errors import refused
from portctl.sandbox.gitlab.git.repository import Commit, Entry, Repository
from portctl.sandbox.gitlab.git.writing import EXECUTABLE, REGULAR, Blob, NewCommit, Signature, write_commit
from portctl.sandbox.gitlab.store import projects, protection
from portctl.sandbox.gitlab.store.instance import Instance, git_instant

EXISTS = "A file with this name already exists"
MISSING = "A file with this name doesn't exist"
CHANGED = "You are attempting to update a file that has changed since you started editing it."
NOT_ALLOWED = "You are not allowed to push into this branch"
NO_BRANCH = "You can only create or edit files when you are on a branch"
_TRAVERSAL = "Path cannot include directory traversal"


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a commit begins: the branch's present commit, and the commit to build on. None: there is none."""

    head: str | None
    base: str | None


def commit(instance: Instance, user: Row, project: Row, values: Row) -> str:
    """Perform the actions as one commit and say its id. Errors: 400 with GitLab's text."""
    repository = instance.repository(project)
    branch: str = values["branch"]
    if not repository.valid_branch_name(branch):
        raise refused(NO_BRANCH)
    start = _start(repository, values)
    if not protection.may_push(instance, user, project, branch):
        raise refused(NOT_ALLOWED)
    moves_back = start.head is not None and start.head != start.base
    if moves_back and not protection.may_force(instance, project, branch):
        raise refused(NOT_ALLOWED)
    changes = _Changes(repository, start.base)
    for action in values["actions"]:
        changes.apply(action)
    now = int(instance.world.clock.seconds())
    author = Signature(values.get("author_name") or user["name"], values.get("author_email") or user["email"], now)
    new = NewCommit(
        branch=branch,
        parents=() if start.base is None else (start.base,),
        author=author,
        committer=Signature(user["name"], user["email"], now),
        message=values["commit_message"],
        changes=changes.made,
    )
    sha = write_commit(repository, new)
    if start.base is None:
        projects.branch_appeared(instance, project, branch)
    instance.world.changed()
    return sha


def shown(instance: Instance, project: Row, found: Commit) -> Row:
    return {
        "id": found.sha,
        "short_id": found.sha[:8],
        "created_at": git_instant(found.committed),
        "parent_ids": list(found.parents),
        "title": found.title,
        "message": found.message,
        "author_name": found.author_name,
        "author_email": found.author_email,
        "authored_date": git_instant(found.authored),
        "committer_name": found.committer_name,
        "committer_email": found.committer_email,
        "committed_date": git_instant(found.committed),
        "trailers": dict(found.trailers),
        "extended_trailers": {name: [value] for name, value in found.trailers.items()},
        "web_url": instance.web_url(f"{project['full_path']}/-/commit/{found.sha}"),
    }


def detailed(instance: Instance, project: Row, sha: str, *, stats: bool = True) -> Row:
    repository = instance.repository(project)
    body = shown(instance, project, repository.commit(sha))
    counted = {"stats": repository.stats(sha)} if stats else {}
    return {**body, **counted, "status": None, "project_id": project["id"], "last_pipeline": None}


def _start(repository: Repository, values: Row) -> _Start:
    branch, start_branch, start_sha = values["branch"], values.get("start_branch"), values.get("start_sha")
    heads = repository.heads()
    head = heads.get(branch)
    if start_branch and start_sha:
        raise refused("start_branch, start_sha are mutually exclusive")
    named = start_branch or start_sha
    if not named or named == branch:
        if head is None and heads:
            raise refused(NO_BRANCH)
        return _Start(head, head)
    base = heads.get(start_branch) if start_branch else repository.resolve(str(start_sha))
    if base is None and heads:
        raise refused(f"Cannot find {'start_branch' if start_branch else 'start_sha'} '{named}'")
    if head is not None and not values.get("force"):
        raise refused(f"A branch called '{branch}' already exists. Switch to that branch in order to make changes")
    return _Start(head, base)


class _Changes:
    """The files as they become while the actions are performed one after the other."""

    def __init__(self, repository: Repository, base: str | None) -> None:
        self._repository = repository
        self._base = base
        self._files: dict[str, Entry] = repository.files(base) if base else {}
        self.made: dict[str, Blob | None] = {}

    def apply(self, action: Row) -> None:
        path = _clean(action["file_path"])
        match action["action"]:
            case "create":
                self._refuse_present(path)
                self._write(path, _content(action), EXECUTABLE if action.get("execute_filemode") else REGULAR)
            case "update":
                self._check_unchanged(path, action)
                self._write(path, _content(action), self._mode(path))
            case "delete":
                self._check_unchanged(path, action)
                self._remove(path)
            case "move":
                self._move(path, action)
            case _:
                self._check_unchanged(path, action)
                self._keep(path, path, EXECUTABLE if action.get("execute_filemode") else REGULAR)

    def _move(self, path: str, action: Row) -> None:
        old = _clean(action.get("previous_path") or "")
        self._check_unchanged(old, action)
        self._refuse_present(path)
        if action.get("content") is not None:
            self._write(path, _content(action), self._mode(old))
        else:
            self._keep(old, path, self._mode(old))
        self._remove(old)

    def _exists(self, path: str) -> bool:
        return self.made[path] is not None if path in self.made else path in self._files

    def _refuse_present(self, path: str) -> None:
        if self._exists(path):
            raise refused(EXISTS)

    def _check_unchanged(self, path: str, action: Row) -> None:
        if not self._exists(path):
            raise refused(MISSING)
        expected = action.get("last_commit_id")
        if expected and self._base and self._repository.last_change(self._base, path) != expected:
            raise refused(CHANGED)

    def _mode(self, path: str) -> str:
        made = self.made.get(path)
        return made.mode if made is not None else self._files[path].mode

    def _write(self, path: str, content: bytes, mode: str) -> None:
        self.made[path] = Blob(content, mode=mode)

    def _keep(self, old: str, new: str, mode: str) -> None:
        made = self.made.get(old)
        self.made[new] = Blob(made.content, made.sha, mode) if made else Blob(sha=self._files[old].sha, mode=mode)

    def _remove(self, path: str) -> None:
        self.made[path] = None


def decoded(content: str, encoding: str | None) -> bytes:
    """Errors: 400 for text that is not base64."""
    if encoding != "base64":
        return content.encode()
    try:
        return base64.b64decode(content)
    except (binascii.Error, ValueError) as error:
        raise refused("Invalid base64 content") from error


def _content(action: Row) -> bytes:
    return decoded(action.get("content") or "", action.get("encoding"))


def _clean(path: str) -> str:
    if not path or path.startswith("/"):
        raise refused("You must provide a file path")
    if ".." in path.split("/"):
        raise refused(_TRAVERSAL)
    if "" in path.split("/") or ".git" in path.lower().split("/"):
        raise refused(f"invalid path: '{path}'")
    return path
