"""The control API: look into a running sandbox and steer it. JSON over HTTP on a port of its own."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from portctl.sandbox.core.faults import BadFault, parse_fault
from portctl.sandbox.core.jobs import Unsettled
from portctl.sandbox.core.switches import UnknownSwitch
from portctl.sandbox.gitlab.ci.runner import shells
from portctl.sandbox.gitlab.store import runners

if TYPE_CHECKING:
    from portctl.sandbox.server import Sandbox


_OWN_NAMES = ("127.0.0.1", "localhost")
_OWN_SITES = ("none", "same-origin")


class BadCommand(ValueError):
    """A control request that cannot be understood."""


class ControlApp:
    """ASGI application; one method per route."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._routes: dict[tuple[str, str], Callable[[Request, Any], Any]] = {
            ("GET", "/health"): self._health,
            ("GET", "/journal"): self._journal,
            ("GET", "/counters"): self._counters,
            ("GET", "/faults"): self._faults,
            ("POST", "/faults"): self._add_fault,
            ("DELETE", "/faults"): self._clear_faults,
            ("GET", "/switches"): self._switches,
            ("PUT", "/switches"): self._set_switches,
            ("GET", "/hosts"): self._hosts,
            ("PUT", "/hosts"): self._set_hosts,
            ("PUT", "/lag"): self._set_lag,
            ("GET", "/runner"): self._runner,
            ("PUT", "/runner"): self._set_runner,
            ("PUT", "/shell"): self._set_shell,
            ("POST", "/advance"): self._advance,
            ("POST", "/settle"): self._settle,
            ("POST", "/reset"): self._reset,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        why_not = _refused(request)
        handler = self._routes.get((request.method, request.url.path))
        if why_not:
            response = JSONResponse({"error": why_not}, status_code=403)
        elif handler is None:
            known = sorted(f"{method} {path}" for method, path in self._routes)
            response = JSONResponse({"error": "no such control route", "routes": known}, status_code=404)
        else:
            response = await _run(handler, request)
        await response(scope, receive, send)

    def _health(self, _request: Request, _body: Any) -> Any:
        crashes = self._sandbox.world.crashes
        return {"ok": True, "pid": os.getpid(), "services": self._sandbox.urls, "crashes": crashes}

    def _journal(self, request: Request, _body: Any) -> Any:
        since = int(request.query_params.get("since", "0"))
        return {"exchanges": [exchange.public() for exchange in self._sandbox.journal.exchanges(since=since)]}

    def _counters(self, _request: Request, _body: Any) -> Any:
        return {"counters": self._sandbox.counters}

    def _faults(self, _request: Request, _body: Any) -> Any:
        return {"faults": self._sandbox.faults.listed()}

    def _add_fault(self, _request: Request, body: Any) -> Any:
        for document in body if isinstance(body, list) else [body]:
            if not isinstance(document, dict):
                raise BadCommand("a fault is a JSON object")
            self._sandbox.faults.add(parse_fault(document))
        return self._faults(_request, body)

    def _clear_faults(self, _request: Request, _body: Any) -> Any:
        self._sandbox.faults.clear()
        return {"faults": []}

    def _switches(self, _request: Request, _body: Any) -> Any:
        return {"switches": self._sandbox.switches.positions()}

    def _set_switches(self, _request: Request, body: Any) -> Any:
        if not isinstance(body, dict):
            raise BadCommand('switches are set by {"name": "strict" or "lenient"}')
        self._sandbox.switches.set(body)
        return self._switches(_request, body)

    def _hosts(self, _request: Request, _body: Any) -> Any:
        return {"hosts": self._sandbox.world.hosts.table()}

    def _set_hosts(self, _request: Request, body: Any) -> Any:
        if not isinstance(body, dict) or not all(isinstance(url, str) for url in body.values()):
            raise BadCommand('hosts are set by {"host or *.domain": "http address of this machine"}')
        self._sandbox.world.hosts.set(body)
        return self._hosts(_request, body)

    def _set_lag(self, _request: Request, body: Any) -> Any:
        self._sandbox.set_lag(_seconds(body))
        return {"seconds": self._sandbox.world.lag_seconds}

    def _runner(self, _request: Request, _body: Any) -> Any:
        gitlab = self._sandbox.gitlab
        return {"paused": gitlab.pipelines.is_paused, "token": runners.own(gitlab.instance)["token"]}

    def _set_runner(self, request: Request, body: Any) -> Any:
        if not isinstance(body, dict) or not isinstance(body.get("paused"), bool):
            raise BadCommand('the runner is set by {"paused": true or false}')
        self._sandbox.gitlab.pipelines.pause(paused=body["paused"])
        return self._runner(request, body)

    def _set_shell(self, _request: Request, body: Any) -> Any:
        document = body if isinstance(body, dict) else {}
        name, programs = document.get("name"), document.get("programs", [])
        if not isinstance(name, str) or not isinstance(programs, list) or any(type(one) is not str for one in programs):
            raise BadCommand(
                'the shell is set by {"name": "bash", "dash" or "busybox", "programs": ["more for busybox"]}'
            )
        self._sandbox.gitlab.pipelines.shell = shells.named(name, programs)
        return {"name": name, "programs": programs}

    def _advance(self, _request: Request, body: Any) -> Any:
        self._sandbox.world.clock.advance(_seconds(body))
        return {"now": self._sandbox.world.clock.stamp()}

    def _settle(self, _request: Request, _body: Any) -> Any:
        return {"ended": self._sandbox.settle()}

    def _reset(self, _request: Request, _body: Any) -> Any:
        self._sandbox.reset()
        return {"ok": True}


def _refused(request: Request) -> str:
    """Why this caller is not let in, "" where it is: pages in a browser call addresses of this machine, too."""
    _, port = request.scope["server"]
    hosts = [f"{name}:{port}" for name in _OWN_NAMES]
    host = request.headers.get("host", "")
    if host not in hosts:
        return f"the control API is asked at {hosts[0]}, not at another name"
    origin = request.headers.get("origin", f"http://{host}")
    if origin != f"http://{host}" or request.headers.get("sec-fetch-site", "none") not in _OWN_SITES:
        return "the control API is not there for pages of other sites"
    return ""


async def _run(handler: Callable[[Request, Any], Any], request: Request) -> JSONResponse:
    try:
        raw = await request.body()
        return JSONResponse(await asyncio.to_thread(handler, request, json.loads(raw) if raw else None))
    except Unsettled as error:
        return JSONResponse({"error": str(error)}, status_code=409)
    except (BadCommand, BadFault, UnknownSwitch, shells.MissingShell, ValueError, RecursionError) as error:
        return JSONResponse({"error": str(error)}, status_code=400)


def _seconds(body: Any) -> float:
    seconds = body.get("seconds") if isinstance(body, dict) else None
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or seconds < 0:
        raise BadCommand('give {"seconds": N}, N not negative')
    return float(seconds)
