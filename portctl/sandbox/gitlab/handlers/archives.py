"""The route of repository archives. Source: GitLab docs, "Repositories API"; GitLab, lib/api/repositories.rb."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.context import Call
from portctl.sandbox.gitlab.errors import GitLabError, not_found
from portctl.sandbox.gitlab.handlers.code import code, commit_of
from portctl.sandbox.gitlab.parameters import BOOLEAN, LATER, TEXT
from portctl.sandbox.gitlab.store import rates

ARCHIVE = {"sha": TEXT, "path": TEXT, "format": LATER, "include_lfs_blobs": BOOLEAN}
_MOST_PER_MINUTE = 5
_MOST_ANONYMOUS = 100
_LIMITED = {"message": {"error": "This archive has been requested too many times. Try again later."}}


def download(call: Call) -> Answer:
    """A tar.gz of one commit, or of one of its folders."""
    project, repository = code(call)
    _count(call, project)
    values = call.values(ARCHIVE)
    if not repository.heads():
        raise not_found("File")
    ref = values.get("sha") or project["default_branch"]
    sha = commit_of(repository, ref, "File")
    path = values.get("path") or ""
    name = "-".join(
        filter(None, (project["path"], ref.replace("/", "-"), sha, path.strip("/").replace("/", "-"))),
    )
    if path and not repository.exists(sha, path):
        if not call.instance.strict("archive-missing-path"):
            raise not_found("File")
        return _answered(name, b"")
    return _answered(name, repository.archive(sha, f"{name}/", path))


def _count(call: Call, project: Row) -> None:
    """Errors: 429."""
    who = "nobody" if call.user is None else call.user["id"]
    most = _MOST_ANONYMOUS if call.user is None else _MOST_PER_MINUTE
    if not call.instance.strict("archive-limit"):
        return
    if rates.exceeded(call.instance, f"archive:{project['id']}:{who}", most):
        raise GitLabError(429, _LIMITED)


def _answered(name: str, content: bytes) -> Answer:
    headers = {
        "content-disposition": f'attachment; filename="{name}.tar.gz"',
        "content-transfer-encoding": "binary",
    }
    return Answer(200, content, headers, content_type="application/octet-stream")
