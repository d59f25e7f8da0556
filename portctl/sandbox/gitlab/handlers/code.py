"""What the routes of a repository have in common: who may read it, and what a reference names."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.context import Call
from portctl.sandbox.gitlab.errors import forbidden, not_found
from portctl.sandbox.gitlab.git.repository import Repository
from portctl.sandbox.gitlab.store import access


def code(call: Call) -> tuple[Row, Repository]:
    """The project and its repository. Errors: 404 invisible, 403 for guests of a private project."""
    project = call.project()
    if not access.sees_code(call.instance, call.user, project):
        raise forbidden()
    return project, call.instance.repository(project)


def commit_of(repository: Repository, ref: str, what: str = "Commit") -> str:
    """The commit that a reference names; `HEAD` is the default branch. Errors: 404."""
    sha = repository.resolve(repository.default_branch() if ref == "HEAD" else ref)
    if sha is None:
        raise not_found(what)
    return sha
