"""Clone, fetch and push over HTTP, by git's own `git http-backend`. Source: GitLab docs, "Clone with HTTPS"."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from portctl.sandbox.core.exchange import Answer, Request
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.errors import GitLabError, not_emulated
from portctl.sandbox.gitlab.git.repository import environment
from portctl.sandbox.gitlab.store import access, jobs, projects, protection, users
from portctl.sandbox.gitlab.store.access import Level
from portctl.sandbox.gitlab.store.instance import Instance

_REQUEST = re.compile(r"/(?P<project>.+?)(?:\.git)?/(?P<rest>info/refs|git-upload-pack|git-receive-pack)")
_HOOK = """#!/bin/sh
# Refuses a push as GitLab does: forbidden branches as a whole, protected ones when history would be lost.
[ -z "$SANDBOX_REFUSAL" ] || { echo "GitLab: $SANDBOX_REFUSAL" >&2; exit 1; }
while read -r old new ref; do
  case "$old" in *[!0]*) ;; *) continue ;; esac
  case " $SANDBOX_KEPT_REFS " in *" $ref "*)
    git merge-base --is-ancestor "$old" "$new" || {
      echo "GitLab: You are not allowed to force push code to a protected branch on this project." >&2
      exit 1
    }
  esac
done
"""
_JOB_USER = "gitlab-ci-token"
_NOTHING = "0" * 40
_ABSENT = "The project you were looking for could not be found or you don't have permission to view it."
_DENIED = (
    "HTTP Basic: Access denied. If a password was provided for Git authentication, the password was incorrect or "
    "you're required to use a token instead of a password."
)


def is_git_request(request: Request) -> bool:
    return not request.path.startswith("/api/") and _REQUEST.fullmatch(request.path) is not None


class GitHttp:
    """Git's smart HTTP for the projects of one instance."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def respond(self, request: Request) -> Answer:
        match = _REQUEST.fullmatch(request.path)
        assert match is not None
        try:
            user, job = self._caller(request)
            pushes = "git-receive-pack" in (match["rest"], request.query("service"))
            project = self._project(unquote(match["project"]), user, pushes)
            if job is not None:
                _allow_job(job, project, pushes)
            return self._served(request, match["rest"], project, user)
        except GitLabError as error:
            answer = error.answer()
        return answer

    def _caller(self, request: Request) -> tuple[Row | None, Row | None]:
        """The user, and the job whose token was given, if it was one.

        Basic authentication: a personal token as the password, under any user name (`oauth2` by convention), or the
        token of a running job under the name `gitlab-ci-token`.
        """
        word, _, rest = request.headers.get("authorization", "").partition(" ")
        if word.lower() != "basic":
            return None, None
        try:
            name, _, password = base64.b64decode(rest).decode().partition(":")
            if name == _JOB_USER:
                job = jobs.by_token(self._instance, password)
                return users.find(self._instance, job["user_id"]), job
            token = users.authenticate(self._instance, password)
        except (ValueError, GitLabError) as error:
            raise _challenge() from error
        return users.find(self._instance, token["user_id"]), None

    def _project(self, path: str, user: Row | None, pushes: bool) -> Row:
        row = projects.resolve(self._instance.state, path)
        if row is None or not access.sees_project(self._instance, user, row):
            raise _challenge() if user is None else GitLabError(404, _ABSENT)
        if not access.sees_code(self._instance, user, row):
            raise GitLabError(403, "You are not allowed to download code from this project.")
        if pushes and user is None:
            raise _challenge()
        if pushes and access.project_level(self._instance, user, row) < Level.DEVELOPER:
            raise GitLabError(403, "You are not allowed to push code to this project.")
        if pushes and (row["archived"] or row["pending_delete"] is not None):
            raise GitLabError(403, "You can't push code to a read-only project.")
        return row

    def _served(self, request: Request, rest: str, project: Row, user: Row | None) -> Answer:
        git = shutil.which("git")
        repository = self._instance.repository(project)
        variables = {
            **environment(repository.path),
            "GIT_PROJECT_ROOT": str(repository.path.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{repository.path.name}/{rest}",
            "REQUEST_METHOD": request.method,
            "QUERY_STRING": request.query_string,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(request.body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
            "REMOTE_USER": user["username"] if user else "",
            "REMOTE_ADDR": "127.0.0.1",
        }
        pushes = rest == "git-receive-pack" and user is not None
        if pushes and user is not None:
            variables |= self._rules(request, project, user)
            _install_hook(repository.path / "hooks")
        before = repository.heads() if pushes else {}
        ended = subprocess.run(
            [git or "git", "http-backend"], env=variables, input=request.body, capture_output=True, check=False
        )
        if ended.returncode != 0 and not ended.stdout:
            raise not_emulated(f"Git over HTTP without git's http-backend: {ended.stderr.decode('utf-8', 'replace')}")
        if pushes:
            self._after_push(project, before, repository.heads())
        return _answer(ended.stdout, user)

    def _rules(self, request: Request, project: Row, user: Row) -> dict[str, str]:
        refs = list(_pushed_refs(request))
        branches = [ref.removeprefix("refs/heads/") for ref, _ in refs if ref.startswith("refs/heads/")]
        deleted = [ref.removeprefix("refs/heads/") for ref, new in refs if new == _NOTHING]
        kept = [name for name in branches if not protection.may_force(self._instance, project, name)]
        refusal = ""
        if not all(protection.may_push(self._instance, user, project, name) for name in branches):
            refusal = "You are not allowed to push code to protected branches on this project."
        elif any(protection.covering(self._instance, project, name) for name in deleted):
            refusal = "You can only delete protected branches using the web interface."
        return {"SANDBOX_REFUSAL": refusal, "SANDBOX_KEPT_REFS": " ".join(f"refs/heads/{name}" for name in kept)}

    def _after_push(self, project: Row, before: dict[str, str], after: dict[str, str]) -> None:
        if not before and after:
            branch = project["default_branch"] if project["default_branch"] in after else next(iter(after))
            projects.branch_appeared(self._instance, project, branch)
        self._instance.world.changed()


def _allow_job(job: Row, project: Row, pushes: bool) -> None:
    """The token of a job is for its own project: lists of other projects that may come are not emulated."""
    if job["project_id"] != project["id"]:
        raise GitLabError(403, f"Authentication by CI/CD job token not allowed to {project['full_path']}.")
    if pushes and not project["ci_push_repository_for_job_token_allowed"]:
        raise GitLabError(403, "You are not allowed to upload code for this project.")


def _pushed_refs(request: Request) -> Iterator[tuple[str, str]]:
    """Names and new ids of the references that a push wants to move, from the head of its body."""
    body = request.body
    if request.headers.get("content-encoding") == "gzip":
        body = zlib.decompress(body, wbits=31)
    while len(body) >= 4:
        length = int(body[:4], 16)
        if length == 0:
            return
        _, new, name = body[4:length].split(b"\0")[0].decode().strip().split(" ")
        yield name, new
        body = body[length:]


def _install_hook(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    file = folder / "pre-receive"
    if not file.exists():
        file.write_text(_HOOK, encoding="utf-8")
        file.chmod(0o755)


def _answer(output: bytes, user: Row | None) -> Answer:
    head, _, body = output.partition(b"\r\n\r\n")
    pairs = (line.partition(":") for line in head.decode("latin-1").split("\r\n"))
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    status = int(headers.pop("status", "200").split()[0])
    content_type = headers.pop("content-type", "text/plain")
    caller = user["username"] if user else None
    return Answer(status, body, headers, content_type, route="git", caller=caller)


def _challenge() -> GitLabError:
    return GitLabError(401, _DENIED, {"www-authenticate": 'Basic realm="GitLab"'})
