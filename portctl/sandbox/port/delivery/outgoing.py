"""HTTP out of the sandbox, to this machine only, with Port's signature. Source: port.md 5.6."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from portctl.sandbox.core.world import World

OUTBOUND = "port-outbound"
"""The name under which these requests stand in the journal, besides the entry of whoever received them."""
TIMEOUT_SECONDS = 30.0
_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request. `shown` is its URL with secrets masked."""

    method: str
    url: str
    shown: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a status and a body (JSON where it is any), or the error that stood in the way."""

    status: int = 0
    body: Any = None
    error: str | None = None

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    def complaint(self) -> str:
        if self.error is not None:
            return f"Failed to invoke the webhook: {self.error}"
        return f"Failed to invoke the webhook with status code: {self.status}."


def signature(key: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows that Port has sent this."""
    message = f"{timestamp}.".encode() + body
    digest = hmac.new(key.encode(), message, hashlib.sha256).digest()
    return {
        "x-port-timestamp": str(timestamp),
        "x-port-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def send(world: World, outgoing: Outgoing) -> Reply:
    """Called without the world's lock: whoever answers may need it. Redirects are not followed."""
    try:
        address = world.hosts.resolve(outgoing.url)
        host = urlsplit(outgoing.url).hostname
    except ValueError:
        return _noted(world, outgoing, Reply(error=f"{outgoing.shown} is not a URL"))
    if address is None:
        refused = f"{host} is no host of this machine and stands for none of the sandbox's services"
        return _noted(world, outgoing, Reply(error=refused))
    parts = urlsplit(address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(outgoing.method, path, outgoing.body, dict(outgoing.headers))
        answer = connection.getresponse()
        reply = Reply(answer.status, _parsed(answer.read(_MOST_BYTES)))
    except (OSError, http.client.HTTPException, ValueError) as error:
        reply = Reply(error=str(error) or type(error).__name__)
    finally:
        connection.close()
    return _noted(world, outgoing, reply)


def note(world: World, outgoing: Outgoing, status: int, text: str | None) -> None:
    """Write a request down that was sent, or was not. Bodies are not kept: they may hold secrets."""
    shown, _, query = outgoing.shown.partition("?")
    world.journal.record(
        at=world.clock.stamp(),
        service=OUTBOUND,
        method=outgoing.method,
        path=shown,
        query=query,
        status=status,
        route=outgoing.shown.partition("://")[2].partition("/")[0] or shown,
        caller="port",
        note=text,
        request_body=b"",
        response_body=None,
    )


def _noted(world: World, outgoing: Outgoing, reply: Reply) -> Reply:
    note(world, outgoing, reply.status, None if reply.error is None else f"failed: {reply.error}")
    return reply


def _parsed(body: bytes) -> Any:
    text = body.decode(errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return text
