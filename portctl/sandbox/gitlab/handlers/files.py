"""Routes of files and trees. Source: GitLab docs, "Repository files API", "Repositories API"."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab import pagination
from portctl.sandbox.gitlab.context import Call, done
from portctl.sandbox.gitlab.errors import bad_parameters, not_found, refused
from portctl.sandbox.gitlab.git.repository import Entry, GitFailed
from portctl.sandbox.gitlab.git.writing import EXECUTABLE
from portctl.sandbox.gitlab.handlers.code import code, commit_of
from portctl.sandbox.gitlab.parameters import BOOLEAN, NEEDED, TEXT, Field, one_of
from portctl.sandbox.gitlab.store import commits
from portctl.sandbox.gitlab.store.access import Level

DELETE: dict[str, Field] = {
    "branch": NEEDED,
    "commit_message": NEEDED,
    "start_branch": TEXT,
    "author_email": TEXT,
    "author_name": TEXT,
    "last_commit_id": TEXT,
}
WRITE = {**DELETE, "content": NEEDED, "encoding": one_of("text", "base64"), "execute_filemode": BOOLEAN}
TREE = {"path": TEXT, "ref": TEXT, "recursive": BOOLEAN, "page_token": TEXT}


@dataclass(frozen=True, slots=True)
class _Found:
    """A file at a commit."""

    ref: str
    commit: str
    last_commit: str
    entry: Entry
    content: bytes

    def facts(self) -> Row:
        return {
            "file_name": self.entry.name,
            "file_path": self.entry.path,
            "size": len(self.content),
            "encoding": "base64",
            "content_sha256": hashlib.sha256(self.content).hexdigest(),
            "ref": self.ref,
            "blob_id": self.entry.sha,
            "commit_id": self.commit,
            "last_commit_id": self.last_commit,
            "execute_filemode": self.entry.mode == EXECUTABLE,
        }


def read(call: Call) -> Answer:
    found = _find(call, NEEDED)
    return Answer(200, {**found.facts(), "content": base64.b64encode(found.content).decode()})


def head(call: Call) -> Answer:
    """The facts about a file as headers, without its content."""
    facts = _find(call, NEEDED).facts()
    return Answer(200, "", {_header(name): _text(value) for name, value in facts.items()})


def raw(call: Call) -> Answer:
    found = _find(call, TEXT)
    headers = {_header(name): _text(value) for name, value in found.facts().items()}
    return Answer(200, found.content, headers, content_type="text/plain; charset=utf-8")


def create(call: Call) -> Answer:
    return _written(call, "create", 201)


def update(call: Call) -> Answer:
    return _written(call, "update", 200)


def delete(call: Call) -> Answer:
    project = call.writable_project(Level.DEVELOPER)
    values = call.values(DELETE)
    action = {"action": "delete", "file_path": call.params["file"], "last_commit_id": values.get("last_commit_id")}
    commits.commit(call.instance, call.me, project, {**values, "actions": [action]})
    return done()


def tree(call: Call) -> Answer:
    project, repository = code(call)
    values = call.values(TREE)
    ref = values.get("ref") or project["default_branch"]
    sha = commit_of(repository, ref, "Tree")
    try:
        entries = repository.tree(sha, values.get("path") or "", recursive=bool(values.get("recursive")))
    except GitFailed as error:
        raise not_found("Tree") from error
    if not values.get("recursive"):
        entries.sort(key=lambda entry: entry.kind != "tree")
    url = call.instance.address.url
    if not pagination.wants_keyset(call.request):
        return pagination.offset(call.request, url, entries, _shown_entry)
    if values.get("page_token"):
        places = [_page_token(entry) for entry in entries]
        if values["page_token"] not in places:
            raise refused("Invalid page token", 422)
        entries = entries[places.index(values["page_token"]) + 1 :]
    return pagination.keyset(call.request, url, entries, _shown_entry, page_token=_page_token)


def _find(call: Call, ref_field: Field) -> _Found:
    project, repository = code(call)
    ref = call.values({"ref": ref_field, "lfs": BOOLEAN}).get("ref") or project["default_branch"]
    path = call.params["file"]
    _check_path(path)
    sha = commit_of(repository, ref)
    entry = repository.entry(sha, path)
    if entry is None:
        raise not_found("File")
    last = repository.last_change(sha, path) or sha
    return _Found(ref, sha, last, entry, repository.blob(entry.sha))


def _written(call: Call, action: str, status: int) -> Answer:
    path = call.params["file"]
    _check_path(path)
    project = call.writable_project(Level.DEVELOPER)
    values = call.values(WRITE)
    names = ("content", "encoding", "last_commit_id", "execute_filemode")
    sent = {name: values[name] for name in names if name in values}
    if action == "update" and call.instance.strict("idle-file-update"):
        _refuse_idle(call, project, values)
    whole = {**values, "actions": [{"action": action, "file_path": path, **sent}]}
    commits.commit(call.instance, call.me, project, whole)
    return Answer(status, {"file_path": path, "branch": values["branch"]})


def _refuse_idle(call: Call, project: Row, values: Row) -> None:
    repository = call.instance.repository(project)
    sha = repository.head_of(values.get("start_branch") or values["branch"])
    entry = repository.entry(sha, call.params["file"]) if sha else None
    wanted = commits.decoded(values["content"], values.get("encoding"))
    if entry is not None and repository.blob(entry.sha) == wanted:
        raise refused("The file already has this content")


def _check_path(path: str) -> None:
    if ".." in path.split("/") or path.startswith("/"):
        raise bad_parameters("file_path should be a valid file path")


def _shown_entry(entry: Entry) -> Row:
    return {"id": entry.sha, "name": entry.name, "type": entry.kind, "path": entry.path, "mode": entry.mode}


def _page_token(entry: Entry) -> str:
    """Names a place in the tree; the real one is opaque, too."""
    return hashlib.sha1(entry.path.encode(), usedforsecurity=False).hexdigest()


def _header(name: str) -> str:
    return "X-Gitlab-" + "-".join(word.capitalize() for word in name.split("_"))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
