"""Files of a repository: read by directory, written as one commit per branch, directly or through a merge request.

GitLab serialises the writes of one repository; so do we. Source: GitLab docs, "Commits API".
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from portctl.errors import AccessDenied, ApiError, PortctlError, StalePlan
from portctl.model.kind import Kind
from portctl.model.provider import About, ValidationIssue, WriteRequest
from portctl.model.resource import Identity, Live
from portctl.model.value import MISSING, Attributes, Value, get
from portctl.providers.gitlab.ci import DEFAULT_FILE, NotYaml, parse
from portctl.providers.gitlab.inputs import STAND_IN, completed
from portctl.providers.gitlab.objects import NOT_FOUND, GitLabObjects, invisible
from portctl.providers.gitlab.repository import MARK, Blob, Repository, Request, request_of, text_at
from portctl.source import Path

_FILES = "files"
_NOTHING = About({}, frozenset())
_LOCAL = re.compile(r"(?m)^[ \t]*+(?:-[ \t]*+)?local:")
_JOB = re.compile(r"jobs:([^:]+?)(?::([A-Za-z_]+))?(?::| config|\s|$)")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where files are looked at and written: the branch itself, or the source of a merge request into it."""

    branch: str
    request: Request | None = None
    source: str = ""

    @property
    def looked_at(self) -> str:
        return self.source if self.request else self.branch


class Files(GitLabObjects):
    """See the module."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._about: dict[Identity, About] = {}
        self._empty: set[Identity] = set()
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def read(
        self,
        kind: Kind,
        identities: Sequence[Identity],
        about: Mapping[Identity, About] = MappingProxyType({}),
    ) -> Mapping[Identity, Live]:
        self._about.update(about)
        found = ((identity, self._fetch(kind, identity)) for identity in identities)
        return {identity: live for identity, live in found if live is not None}

    def check(self, kind: Kind, identity: Identity, attributes: Attributes) -> Sequence[ValidationIssue]:  # noqa: ARG002
        """What the project's CI lint says. It knows the files of the repository only, so local includes are left.

        It takes no inputs and refuses a file that needs some: those get a default here, and what is said of that is
        left out.
        """
        content = get(attributes, (_FILES, DEFAULT_FILE, "content"))
        if identity in self._empty or not isinstance(content, str) or _LOCAL.search(content):
            return ()
        asked = _lintable(content)
        if asked is None:
            return ()
        path = f"{Repository(self._client, identity[0]).path}/ci/lint"
        try:
            response = self._client.request("POST", path, body={"content": asked}).body
        except (AccessDenied, ApiError):
            return ()
        errors = get(response, ("errors",))
        if get(response, ("valid",)) is not False or not isinstance(errors, tuple):
            return ()
        said = [str(error) for error in errors if STAND_IN not in str(error)]
        return tuple(ValidationIssue(_place_of(error, content), f"GitLab: {error}") for error in said)

    def create(self, kind: Kind, write: WriteRequest) -> Live:
        return self._commit(kind, write.identity, write.attributes, seen={}, touched=_files(write.attributes))

    def update(self, kind: Kind, live: Live, write: WriteRequest) -> Live:
        changed = {
            str(path[1]): None for path in (*write.changed, *write.removed) if path[:1] == (_FILES,) and path[1:]
        }
        if (_FILES,) in (*write.changed, *write.removed):
            changed |= dict.fromkeys([*_files(write.attributes), *_files(live.attributes)])
        wanted = _files(write.attributes)
        touched = {path: wanted.get(path) for path in changed}
        return self._commit(kind, live.identity, write.attributes, seen=_files(live.attributes), touched=touched)

    def delete(self, kind: Kind, live: Live, *, cascade: bool = False) -> None:  # noqa: ARG002
        seen = _files(live.attributes)
        attributes = self._about.get(live.identity, _NOTHING).attributes
        self._commit(kind, live.identity, attributes, seen=seen, touched=dict.fromkeys(seen))

    def _fetch(self, kind: Kind, identity: Identity) -> Live | None:
        about = self._about.get(identity, _NOTHING)
        project, branch = identity
        repository = Repository(self._client, project)
        try:
            place = _place(repository, branch, about.attributes)
            head = repository.head(place.looked_at)
        except ApiError as error:
            if error.status == NOT_FOUND:
                hint = "Check the project and its setting `repository_access_level`."
                raise invisible(f"the repository of {project}", self._account.user().name, hint) from error
            raise
        wanted = _files(about.attributes)
        paths = {*wanted, *(str(path[1]) for path in about.paths if path[:1] == (_FILES,) and len(path) > 1)}
        if not head:
            self._empty.add(identity)
            return None
        self._empty.discard(identity)
        files = dict(_contents(repository, head, paths, wanted))
        return _live(kind, identity, head, files, place.request) if files else None

    def _commit(
        self, kind: Kind, identity: Identity, attributes: Attributes, *, seen: Attributes, touched: Attributes
    ) -> Live:
        """Make `touched` (path -> file, None to delete it) true where only what was `seen` stands now."""
        project, branch = identity
        before = self._about.get(identity, _NOTHING)
        self._about[identity] = About(attributes, before.paths)
        with self._lock:
            lock = self._locks.setdefault(project, threading.Lock())
        with lock:
            head, request = _Committing(self._client, project, attributes).bring(branch, seen, touched)
        wanted = _files(attributes)
        files = (
            dict(_contents(Repository(self._client, project), head, {*wanted, *seen, *touched}, wanted)) if head else {}
        )
        return _live(kind, identity, head, files, request)


class _Committing:
    """One change of one branch."""

    def __init__(self, client: Any, project: str, attributes: Attributes) -> None:
        self._client = client
        self._project = project
        self._attributes = attributes
        self._repository = Repository(client, project)

    def bring(self, branch: str, seen: Attributes, touched: Attributes) -> tuple[str, Request | None]:
        """The commit at which everything is as wanted, and the merge request that it waits in."""
        repository = self._repository
        place = _place(repository, branch, self._attributes)
        head = repository.head(place.looked_at)
        if place.source and not head:
            raise PortctlError(
                "No branch to merge into",
                f"{self._project} has no branch {place.looked_at} yet",
                hint="Leave `merge_request` out until there is a first commit.",
            )
        blobs = repository.blobs(head, touched) if head else {}
        actions = [
            action for path in sorted(touched) for action in self._actions(path, touched[path], seen, blobs, head)
        ]
        if actions:
            start = self._start(place, head)
            body = {
                "branch": place.source or branch,
                "commit_message": self._message(),
                "actions": tuple(actions),
                **start,
            }
            where = f"{repository.path}/repository/commits"
            head = text_at(self._client.request("POST", where, body=body).body, where, "id")
        if not place.source or place.request is not None:
            return head, place.request
        return head, self._open(place) if actions else None

    def _actions(
        self, path: str, wanted: Value, seen: Attributes, blobs: Mapping[str, Blob], head: str
    ) -> Iterator[Attributes]:
        """What makes `path` be as wanted. What stands there must be what was seen, or what is wanted already."""
        blob = blobs.get(path)
        if _is(blob, wanted):
            return
        if (blob.id if blob else MISSING) != get(seen, (path, "blob")):
            raise StalePlan(
                "Changed meanwhile",
                f"{self._project}: somebody changed {path} after it was read; nothing was committed",
                hint="Plan again.",
            )
        lock = {"last_commit_id": self._repository.file(head, path).last_commit} if blob else {}
        if wanted is None:
            yield {"action": "delete", "file_path": path, **lock}
            return
        if blob is None or not blob.holds(wanted["content"]):
            yield {"action": "update" if blob else "create", "file_path": path, "content": wanted["content"], **lock}
        if (blob is not None and blob.executable) != (wanted.get("execute_filemode") is True):
            yield {"action": "chmod", "file_path": path, "execute_filemode": wanted.get("execute_filemode") is True}

    def _start(self, place: _Place, head: str) -> Attributes:
        """Where a branch that is not there yet begins; one of ours without a merge request begins anew."""
        if place.source:
            if place.request:
                return {}
            if not self._repository.head(place.source):
                return {"start_branch": place.branch} if head else {}
            others = self._repository.foreign_commits(place.source, place.branch)
            if others:
                raise StalePlan(
                    "Branch has commits of others",
                    f"{self._project}: {place.source} has commits by {', '.join(others)} and no open merge request",
                    hint=f"Merge or delete {place.source}, or name another source_branch.",
                )
            return {"start_branch": place.branch, "force": True}
        if head:
            return {}
        default = self._repository.default_branch()
        return {"start_branch": default} if default and default != place.branch else {}

    def _message(self) -> str:
        said = self._attributes.get("commit_message")
        return f"{said if isinstance(said, str) else 'Update managed files'}\n\n{MARK}: {uuid.uuid4()}\n"

    def _open(self, place: _Place) -> Request:
        wanted = self._attributes.get("merge_request")
        given = wanted if isinstance(wanted, Mapping) else {}
        body = {
            "source_branch": place.source,
            "target_branch": place.branch,
            "title": given.get("title") or f"Update managed files on {place.branch}",
            "remove_source_branch": given.get("remove_source_branch", True),
            **({"description": given["description"]} if given.get("description") else {}),
        }
        where = f"{self._repository.path}/merge_requests"
        return request_of(self._client.request("POST", where, body=body).body, where)


def _live(kind: Kind, identity: Identity, head: str, files: Attributes, request: Request | None) -> Live:
    notes = (f"pending: !{request.number} {request.page}".rstrip(),) if request else ()
    return Live(kind, identity, {"branch": identity[1], _FILES: files, "head": head}, notes)


def _place(repository: Repository, branch: str, attributes: Attributes) -> _Place:
    source = get(attributes, ("merge_request", "source_branch"))
    if not isinstance(source, str) or not source:
        return _Place(branch)
    return _Place(branch, repository.open_request(source, branch), source)


def _files(attributes: Attributes) -> Attributes:
    found = attributes.get(_FILES)
    return found if isinstance(found, Mapping) else {}


def _contents(
    repository: Repository, head: str, paths: set[str], wanted: Attributes
) -> Iterator[tuple[str, Attributes]]:
    """The files that exist. The text of one whose blob is that of the wanted text need not be asked for."""
    for path, blob in repository.blobs(head, paths).items():
        text = get(wanted, (path, "content"))
        same = isinstance(text, str) and blob.holds(text)
        content = text if same else repository.file(head, path).content
        yield path, {"content": content, "execute_filemode": blob.executable, "blob": blob.id}


def _is(blob: Blob | None, file: Value) -> bool:
    """Whether `blob` is exactly `file`; None on both sides means that there is none."""
    if blob is None or file is None:
        return blob is None and file is None
    executable = file.get("execute_filemode") is True
    return blob.executable == executable and isinstance(file["content"], str) and blob.holds(file["content"])


def _lintable(content: str) -> str | None:
    """The text to ask CI lint about; None for one that it cannot judge."""
    try:
        return completed(content, parse(content))
    except NotYaml:
        return content


def _place_of(error: str, content: str) -> Path:
    """The line that an error of CI lint is about, as far as its text tells: `jobs:build:script config ...`."""
    found = _JOB.search(error)
    path: Path = tuple(part for part in found.groups() if part) if found else ()
    try:
        line = parse(content).line(path)
    except NotYaml as problem:
        line = problem.line
    return (_FILES, DEFAULT_FILE, "content", line)
