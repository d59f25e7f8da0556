"""The network between portctl and its services, which breaks at one request of a run.

Stands where httpx sends: what is above it is what users have. Requests are handed to the sandbox's services without any
socket, because many thousand runs are played. A kill is an exception that nothing catches; from then on
nothing of that run is sent any more, and whoever plays the run puts the ledger back to what it was at that moment.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum

import httpx
import pytest

from portctl.providers.gitlab.api import SAFE_POSTS as GITLAB
from portctl.providers.port.api import SAFE_POSTS as PORT
from portctl.providers.servicenow.api import SAFE_POSTS as SERVICENOW
from portctl.sandbox.core.exchange import Request, Service
from portctl.sandbox.server import Sandbox

_SAFE = [re.compile(re.escape(path).replace(r"\*", "[^/]+")) for path in (*PORT, *GITLAB, *SERVICENOW)]


class Break(StrEnum):
    """What happens to a request."""

    KILLED_BEFORE = "killed before it was sent"
    KILLED_AFTER = "killed after it was performed"
    LOST = "performed, answer lost"
    TWICE = "performed twice"
    CONFLICT = "performed, answered 409"
    REDIRECTED = "performed, answered by a redirect"
    DIVERTED = "not performed, answered by a redirect"


OF_READS = (Break.KILLED_BEFORE, Break.LOST, Break.CONFLICT, Break.DIVERTED)
"""Those that differ for a request that changes nothing."""


class Killed(BaseException):
    """The process died."""


@dataclass(slots=True)
class Wire:
    """Counts the requests of a run, reads and writes apart, and breaks one of them."""

    sandbox: Sandbox
    services: Mapping[int | None, Service]
    how: Break | None = None
    writes: bool = False
    at: int = 0
    dies: Callable[[], None] = lambda: None
    counts: dict[bool, int] = field(default_factory=dict)
    writes_seen: list[str] = field(default_factory=list)
    hit: str = ""
    dead: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, how: Break | None, *, writes: bool, at: int, dies: Callable[[], None]) -> None:
        self.how, self.writes, self.at, self.dies = how, writes, at, dies
        self.counts, self.writes_seen, self.hit, self.dead = {False: 0, True: 0}, [], "", False

    def disarm(self) -> None:
        self.how, self.dead = None, False

    def send(self, request: httpx.Request) -> httpx.Response:
        """What the service answers that the request is for."""
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        with self.sandbox.world.lock:
            asked = Request(request.method, path, query, headers, request.read())
            answer = self.services[request.url.port].respond(asked)
        headers = {"content-type": answer.content_type, **answer.headers}
        return httpx.Response(answer.status, headers=headers, content=answer.encoded(), request=request)

    def handle(self, request: httpx.Request) -> httpx.Response:
        if not _ours():
            return self.send(request)
        if self.dead:
            raise Killed
        if not self._is_hit(request):
            return self.send(request)
        match self.how:
            case Break.KILLED_BEFORE:
                self._die()
            case Break.KILLED_AFTER:
                self.send(request)
                self._die()
            case Break.LOST:
                self.send(request)
                raise httpx.ReadError("the line broke", request=request)
            case Break.TWICE:
                self.send(request)
                return self.send(request)
            case Break.CONFLICT:
                self.send(request)
                return httpx.Response(409, json=_CONFLICT, request=request)
            case Break.REDIRECTED:
                self.send(request)
        return httpx.Response(302, headers={"location": "https://login.example.com/"}, request=request)

    def _is_hit(self, request: httpx.Request) -> bool:
        path = request.url.raw_path.decode().partition("?")[0]
        writes = request.method != "GET" and not any(safe.fullmatch(path) for safe in _SAFE)
        with self._lock:
            self.counts[writes] = self.counts.get(writes, 0) + 1
            if writes:
                self.writes_seen.append(f"{request.method} {path}")
            if self.how is None or writes is not self.writes or self.counts[writes] != self.at:
                return False
            self.hit = f"{request.method} {path}"
            return True

    def _die(self) -> None:
        self.dead = True
        self.dies()
        raise Killed


_CONFLICT = {"ok": False, "error": "conflict", "message": "Conflict", "status": "failure"}


def _ours() -> bool:
    """Whether portctl sends, and not one of the sandbox's services to another."""
    thread = threading.current_thread()
    return thread is threading.main_thread() or thread.name.startswith("ThreadPoolExecutor")


@contextmanager
def breakable(sandbox: Sandbox) -> Iterator[Wire]:
    """Everything that httpx sends goes through the wire."""
    wire = Wire(sandbox, {httpx.URL(url).port: sandbox.services[name] for name, url in sandbox.urls.items()})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.HTTPTransport, "handle_request", lambda _, request: wire.handle(request))
        yield wire
