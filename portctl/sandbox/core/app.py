"""The ASGI application in front of a service: faults, the journal, and connections that can be cut."""

from __future__ import annotations

import asyncio
import logging
import traceback
from dataclasses import replace
from email.utils import format_datetime
from typing import Any, ClassVar

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from portctl.sandbox.core.clock import Clock
from portctl.sandbox.core.exchange import Answer, Request, Service
from portctl.sandbox.core.faults import Fault, FaultKind, drop_field, first_half
from portctl.sandbox.core.world import World

_LOG = logging.getLogger(__name__)
_DEFECT = "The sandbox itself failed on this request, which is a defect of it; GET /health has the traceback"
_PAGE = "<!doctype html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>"


class CuttableProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, which remembers its open connections so that an application can cut its own."""

    open_connections: ClassVar[dict[tuple[Any, Any], asyncio.Transport]] = {}
    """By client and server address."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.open_connections[(self.client, self.server)] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.open_connections.pop((self.client, self.server), None)
        super().connection_lost(exc)


class ServiceApp:
    """One service on one port."""

    def __init__(self, service: Service, world: World) -> None:
        self._service = service
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        http = HttpRequest(scope, receive)
        request = Request(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            query_string=scope["query_string"].decode("latin-1"),
            headers={name.lower(): value for name, value in http.headers.items()},
            body=await http.body(),
        )
        fault = self._world.faults.take(self._service.name, request.method, request.path)
        if fault is None:
            await self._send(self._perform(request, None), scope, receive, send)
        else:
            await self._misbehave(fault, request, scope, receive, send)

    async def _misbehave(self, fault: Fault, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        note = f"fault: {fault.kind}"
        match fault.kind:
            case FaultKind.CUT:
                self._record(request, Answer(0, note=note))
                await _cut(scope, receive)
            case FaultKind.STATUS | FaultKind.HTML | FaultKind.IGNORE:
                answer = replace(self._scripted(fault), note=note)
                self._record(request, answer)
                await self._send(answer, scope, receive, send)
            case FaultKind.LOSE_ANSWER:
                self._perform(request, note)
                await _cut(scope, receive)
            case FaultKind.TRUNCATE:
                await _truncate(_response(self._perform(request, note), self._world.clock), scope, receive, send)
            case FaultKind.DELAY:
                resets = self._world.resets
                await asyncio.sleep(fault.seconds)
                if resets != self._world.resets:
                    await _cut(scope, receive)
                    return
                await self._send(self._perform(request, note), scope, receive, send)
            case FaultKind.DUPLICATE:
                self._perform(request, note)
                await self._send(self._perform(request, note), scope, receive, send)
            case FaultKind.PARTIAL:
                await self._send(_part_of(self._perform(request, note)), scope, receive, send)
            case FaultKind.DROP_FIELD:
                altered = replace(request, body=drop_field(request.body, fault))
                await self._send(self._perform(altered, note), scope, receive, send)

    def _scripted(self, fault: Fault) -> Answer:
        if fault.kind is FaultKind.HTML:
            page = _PAGE if fault.value is None else fault.value
            return Answer(200, page, content_type="text/html; charset=utf-8")
        if fault.kind is FaultKind.IGNORE:
            return Answer(200, {"ok": True} if fault.value is None else fault.value)
        answer = self._service.refuse(fault.status, "Refused by a fault of the sandbox")
        if fault.value is not None:
            answer = replace(answer, body=fault.value)
        if fault.retry_after_seconds is None:
            return answer
        return replace(answer, headers={**answer.headers, "retry-after": str(fault.retry_after_seconds)})

    def _perform(self, request: Request, note: str | None) -> Answer:
        with self._world.lock:
            try:
                answer = self._service.respond(request)
            except Exception:
                self._world.crashes.append(traceback.format_exc())
                _LOG.exception("%s %s", request.method, request.path)
                answer = replace(self._service.refuse(500, _DEFECT), note="the sandbox itself failed; see its log")
            self._record(request, answer if note is None else replace(answer, note=note))
            return answer

    def _record(self, request: Request, answer: Answer) -> None:
        self._world.journal.record(
            at=self._world.clock.stamp(),
            service=self._service.name,
            method=request.method,
            path=request.path,
            query=request.query_string,
            status=answer.status,
            route=answer.route,
            caller=answer.caller,
            note=answer.note,
            request_body=request.body,
            response_body=answer.body,
            moved=self._world.switches.moved(),
        )

    async def _send(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        await _response(answer, self._world.clock)(scope, receive, send)


def _part_of(answer: Answer) -> Answer:
    """As a proxy answers that asks for a part and hands it on for the whole."""
    part = replace(answer, body=first_half(answer.body))
    last = max(0, len(part.encoded()) - 1)
    return replace(part, status=206, headers={**answer.headers, "content-range": f"bytes 0-{last}/*"})


def _response(answer: Answer, clock: Clock) -> Response:
    """With the date of the sandbox's clock, by which its limits end, too."""
    date = format_datetime(clock.now(), usegmt=True)
    headers = {"date": date, "content-type": answer.content_type, **answer.headers}
    return Response(answer.encoded(), status_code=answer.status, headers=headers)


async def _truncate(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Announce the whole body, send half of it, cut."""

    async def half(message: Message) -> None:
        body: Any = message.get("body", b"")
        if message["type"] == "http.response.body":
            message = {**message, "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    await response(scope, receive, half)
    await asyncio.sleep(0)
    await _cut(scope, receive)


async def _cut(scope: Scope, receive: Receive) -> None:
    transport = CuttableProtocol.open_connections.get((tuple(scope["client"]), tuple(scope["server"])))
    if transport is not None:  # the client may have gone by itself
        transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
