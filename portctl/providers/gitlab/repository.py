"""One repository through the API: heads, trees, files, merge requests. Nothing here decides what to write.

Source: GitLab docs, "Branches API", "Repositories API", "Repository files API", "Merge requests API".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from portctl.errors import ApiError
from portctl.model.value import Attributes, Value, get
from portctl.providers.gitlab.account import API
from portctl.providers.gitlab.objects import NOT_FOUND, pages
from portctl.wire.client import Client

_EXECUTABLE = "100755"
_SHA256_DIGITS = 64
MARK = "Portctl-Apply"
"""The trailer of our commits."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A file as a tree lists it."""

    id: str
    executable: bool

    def holds(self, text: str) -> bool:
        """Whether this is the blob of `text`."""
        content = text.encode()
        new = hashlib.sha256 if len(self.id) == _SHA256_DIGITS else hashlib.sha1
        return new(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest() == self.id


@dataclass(frozen=True, slots=True)
class File:
    """A file with its content. Bytes that are no text are shown as what they are, and equal no text."""

    content: str
    last_commit: str


@dataclass(frozen=True, slots=True)
class Request:
    """An open merge request."""

    number: int
    page: str


class Repository:
    """The repository of the project with this path."""

    def __init__(self, client: Client, project: str) -> None:
        self._client = client
        self.path = f"{API}/projects/{quote(project, safe='')}"

    def head(self, branch: str) -> str:
        """The commit at the tip of a branch; "" when there is no such branch. Raises when that cannot be told."""
        path = f"{self.path}/repository/branches/{quote(branch, safe='')}"
        try:
            return text_at(self._client.request("GET", path).body, path, "commit", "id")
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
        branches = pages(self._client, f"{self.path}/repository/branches", {"search": branch})
        if any(each.get("name") == branch for each in branches):
            raise _unexpected(path, "the branch is in the list of branches, and answered 404")
        return ""

    def default_branch(self) -> str:
        """The branch that others start from; "" in an empty repository."""
        branches = pages(self._client, f"{self.path}/repository/branches")
        return next((str(branch["name"]) for branch in branches if branch.get("default") is True), "")

    def blobs(self, commit: str, paths: Iterable[str]) -> Mapping[str, Blob]:
        """Those of `paths` that are files at `commit`, with one list per directory."""
        wanted = frozenset(paths)
        found: dict[str, Blob] = {}
        for folder in sorted({posixpath.dirname(path) for path in wanted}):
            for entry in self._entries(commit, folder):
                if entry.get("type") == "blob" and entry.get("path") in wanted:
                    found[str(entry["path"])] = Blob(str(entry["id"]), entry.get("mode") == _EXECUTABLE)
        return found

    def file(self, commit: str, path: str) -> File:
        where = f"{self.path}/repository/files/{quote(path, safe='')}"
        body = self._client.request("GET", where, query={"ref": commit}).body
        try:
            content = base64.b64decode(text_at(body, where, "content"), validate=False)
        except binascii.Error as error:
            raise _unexpected(where, "the content is not base64") from error
        try:
            text = content.decode()
        except UnicodeDecodeError:
            text = f"\ufffd (not text: {len(content)} bytes, {text_at(body, where, 'content_sha256')})"
        return File(text, text_at(body, where, "last_commit_id"))

    def open_request(self, source: str, target: str) -> Request | None:
        where = f"{self.path}/merge_requests"
        query = {"state": "opened", "source_branch": source, "target_branch": target}
        for item in pages(self._client, where, query):
            return request_of(item, where)
        return None

    def foreign_commits(self, source: str, target: str) -> tuple[str, ...]:
        """Who else committed to `source` since it left `target`."""
        where = f"{self.path}/repository/compare"
        body = self._client.request("GET", where, query={"from": target, "to": source}).body
        commits = get(body, ("commits",))
        if not isinstance(commits, tuple):
            raise _unexpected(where, "no commits")
        others = (commit for commit in commits if f"\n{MARK}: " not in str(commit.get("message", "")))
        return tuple(dict.fromkeys(str(commit.get("author_name", "somebody")) for commit in others))

    def _entries(self, commit: str, folder: str) -> list[Attributes]:
        """What stands in a folder. One that is not there has no entries, if the folder above agrees."""
        query = {"ref": commit, **({"path": folder} if folder else {})}
        try:
            return pages(self._client, f"{self.path}/repository/tree", query)
        except ApiError as error:
            if error.status != NOT_FOUND or not folder:
                raise
            above = self._entries(commit, posixpath.dirname(folder))
            if any(entry.get("path") == folder and entry.get("type") == "tree" for entry in above):
                raise
            return []


def request_of(item: Value, where: str) -> Request:
    """The merge request that an answer shows."""
    number, page = get(item, ("iid",)), get(item, ("web_url",))
    if not isinstance(number, int):
        raise _unexpected(where, "no iid")
    return Request(number, page if isinstance(page, str) else "")


def text_at(body: Value, where: str, *path: str) -> str:
    """The text at `path` of an answer, which must have it."""
    found = get(body, path)
    if not isinstance(found, str):
        raise _unexpected(where, f"no {'.'.join(path)}")
    return found


def _unexpected(where: str, what: str) -> ApiError:
    return ApiError("Unexpected answer", f"GET {where}: {what}", method="GET", path=where, status=200)
