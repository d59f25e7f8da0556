"""What is kept about each deployment: files of a GitLab project that only the account of the gate may write to.

A file is made by a commit that creates it; GitLab refuses to create one that is there. Whoever creates `started.json`
first deploys; whoever gives a deployment up creates it together with `ended.json`, in one commit. Folders are named
after the month of the request, so that old ones can be removed whole. Source: GitLab docs, "Commits API", "Repository
files API".
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote

from portctl.errors import AnswerLost, ApiError, PortctlError, Unreachable
from portctl.gate.evidence import Ended, Marks, Rejected, Run, Started, Tested
from portctl.json_text import parse
from portctl.model.value import Value, get, thaw
from portctl.wire.client import Client

TESTED, STARTED, ENDED, REJECTED = "tested.json", "started.json", "ended.json", "rejected.json"
_FOLDER = "deployments"
_BRANCH = "main"
_REFUSED, _NOT_FOUND, _BROKEN = (400, 409), 404, 500
_TRIES = 5
_PAGE = 100
_MONTH, _IS_MONTH = "%Y-%m", re.compile(r"\d{4}-\d{2}")
_TYPES: Mapping[str, type | tuple[type, ...]] = {"str": str, "bool": bool, "int": int, "float": (int, float)}
Mark = TypeVar("Mark", Tested, Started, Ended, Rejected)


class TakenBySomebodyElse(Exception):
    """A mark is there already, and it is not this one."""


class MarkStore:
    """The marks of all deployments. `project`: path of the project that keeps them."""

    def __init__(self, client: Client, project: str, sleep: Callable[[float], object] = time.sleep) -> None:
        self._client = client
        self._repository = f"/api/v4/projects/{quote(project, safe='')}/repository"
        self._project = project
        self._sleep = sleep
        self._is_seen = False

    def read(self, request: Run) -> Marks:
        return Marks(
            tested=self._read(request, TESTED, Tested),
            started=self._read(request, STARTED, Started),
            ended=self._read(request, ENDED, Ended),
            rejected=None if request.is_open else self._read(request, REJECTED, Rejected),
        )

    def keep_tested(self, request: Run, tested: Tested) -> None:
        """Errors: TakenBySomebodyElse where something else was tested for this request."""
        self._create(request, {TESTED: tested})

    def take_start(self, request: Run, started: Started) -> None:
        """Errors: TakenBySomebodyElse."""
        self._create(request, {STARTED: started})

    def close(self, request: Run, started: Started, ended: Ended) -> None:
        """Errors: TakenBySomebodyElse where the deployment was started."""
        self._create(request, {STARTED: started, ENDED: ended})

    def keep_end(self, request: Run, ended: Ended) -> None:
        """Errors: TakenBySomebodyElse where another end is kept: the first one that is told stays."""
        self._create(request, {ENDED: ended})

    def keep_rejection(self, request: Run, rejected: Rejected) -> None:
        with contextlib.suppress(TakenBySomebodyElse):
            self._create(request, {REJECTED: rejected})

    def clean(self, before: float) -> int:
        """Remove a page of files of the oldest month that lies wholly before a moment (Unix seconds); how many."""
        limit = datetime.fromtimestamp(max(before, 0.0), UTC).strftime(_MONTH)
        query = {"path": _FOLDER, "ref": _BRANCH, "per_page": str(_PAGE)}
        months = [month for month in self._names(query, "tree") if _IS_MONTH.fullmatch(month) and month < limit]
        if not months:
            return 0
        query = {"path": f"{_FOLDER}/{min(months)}", "ref": _BRANCH, "per_page": str(_PAGE), "recursive": "true"}
        paths = self._names(query, "blob")
        actions = [{"action": "delete", "file_path": path} for path in paths]
        if actions:
            self._commit(f"Remove marks of {min(months)}", actions)
        return len(actions)

    def _names(self, query: Mapping[str, str], kind: str) -> list[str]:
        """What lies in a folder; nothing where there is no such folder."""
        try:
            rows = self._client.request("GET", f"{self._repository}/tree", query=query).body
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise
            self._check_seen()
            return []
        field = "name" if kind == "tree" else "path"
        return [str(get(row, (field,))) for row in rows if get(row, ("type",)) == kind]

    def _create(self, request: Run, marks: Mapping[str, Tested | Started | Ended | Rejected]) -> None:
        """All of them or none. A refusal or a lost answer is looked into: GitLab's texts do not tell why."""
        actions = [
            {"action": "create", "file_path": f"{_place(request)}/{name}", "content": _written(mark)}
            for name, mark in marks.items()
        ]
        message = f"{' and '.join(name.removesuffix('.json') for name in marks)} {request.id}"
        problem: PortctlError | None = None
        for attempt in range(_TRIES):
            if attempt:
                self._sleep(0.5 * 2 ** (attempt - 1))
            try:
                self._commit(message, actions)
                return
            except (ApiError, AnswerLost, Unreachable) as error:
                if isinstance(error, ApiError) and error.status not in _REFUSED and error.status < _BROKEN:
                    raise
                problem = error
            there = {name: self._content(request, name) for name in marks}
            if any(text is not None for text in there.values()):
                if all(there[name] == _written(mark) for name, mark in marks.items()):
                    return
                raise TakenBySomebodyElse(", ".join(name for name, text in there.items() if text is not None))
        assert problem is not None
        raise problem

    def _commit(self, message: str, actions: list[dict[str, str]]) -> None:
        body = {"branch": _BRANCH, "commit_message": message, "actions": actions}
        self._client.request("POST", f"{self._repository}/commits", body=body)

    def _read(self, request: Run, name: str, kind: type[Mark]) -> Mark | None:
        text = self._content(request, name)
        if text is None:
            return None
        try:
            return _parsed(text, kind)
        except (TypeError, ValueError) as error:
            place = f"{self._project}: {_place(request)}/{name}"
            raise PortctlError("Mark that cannot be read", place, hint="Nothing is deployed while it is so.") from error

    def _content(self, request: Run, name: str) -> str | None:
        """A file's text, None where there is none. GitLab answers 404 for what may not be seen, too."""
        path = f"{self._repository}/files/{quote(f'{_place(request)}/{name}', safe='')}"
        try:
            body = self._client.request("GET", path, query={"ref": _BRANCH}).body
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise
            self._check_seen()
            return None
        return _decoded(body)

    def _check_seen(self) -> None:
        """Errors: ApiError where the branch that holds the marks is not there, or not for us to see."""
        if not self._is_seen:
            self._client.request("GET", f"{self._repository}/branches/{_BRANCH}")
            self._is_seen = True


def _place(request: Run) -> str:
    return f"{_FOLDER}/{datetime.fromtimestamp(request.created_at, UTC).strftime(_MONTH)}/{request.id}"


def _written(mark: Tested | Started | Ended | Rejected) -> str:
    return json.dumps(asdict(mark), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _parsed(text: str, kind: type[Mark]) -> Mark:
    """Errors: TypeError, ValueError, where it is not as it was written."""
    document = parse(text)
    mark = kind(**document)
    for field in fields(kind):
        value = getattr(mark, field.name)
        is_flag = isinstance(value, bool)
        if not isinstance(value, _TYPES[str(field.type)]) or is_flag is not (field.type == "bool"):
            raise TypeError(field.name)
    return mark


def _decoded(body: Value) -> str:
    try:
        return base64.b64decode(str(thaw(get(body, ("content",))))).decode()
    except ValueError as error:
        raise PortctlError("Not what GitLab answers", "a file whose content is no Base64 text") from error
