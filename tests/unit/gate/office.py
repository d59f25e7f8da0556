"""Three services that answer from a table, and the gate's own connections to them without a network."""

from __future__ import annotations

import base64
import pathlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from portctl.gate.connections import Connections, Rim
from portctl.gate.gather import Desk
from portctl.gate.settings import Settings
from tests.unit.gate.settings_file import GITLAB, PORT, SERVICENOW, settings

HOSTS = {httpx.URL(url).host: name for name, url in (("port", PORT), ("gitlab", GITLAB), ("snow", SERVICENOW))}
SECRETS = {
    "PORT_CLIENT_ID": "canary-client-id",
    "PORT_CLIENT_SECRET": "canary-client-secret",
    "SERVICE_READ_TOKEN": "canary-read-token",
    "MARKS_TOKEN": "canary-marks-token",
    "TRIGGER_TOKEN": "canary-trigger-token",
    "SERVICENOW_SECRET": "canary-servicenow-secret",
}
ACCESS_TOKEN = "canary-access-token"
SIGN_IN = "port POST /v1/auth/access_token"
Reply = tuple[int, Any] | Exception | Callable[[httpx.Request], httpx.Response]


def canaries() -> tuple[str, ...]:
    """What must be nowhere: every credential, and what is sent of it."""
    pairs = (f"portctl.gate:{SECRETS['SERVICENOW_SECRET']}", f"oauth2:{SECRETS['SERVICE_READ_TOKEN']}")
    encoded = (base64.b64encode(text.encode()).decode() for text in (*SECRETS.values(), *pairs))
    return (*SECRETS.values(), ACCESS_TOKEN, *encoded)


@dataclass
class Office:
    """`replies`: by `service METHOD path`, one reply or several, of which the last stays. Anything else fails the test.

    `asked`: every request, in order; `bodies` and `queries` belong to them. `waits`: what the gate has slept.
    """

    folder: pathlib.Path
    replies: dict[str, Reply | list[Reply]] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=lambda: dict(SECRETS))
    changes: Mapping[str, Any] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    scrub: Callable[[str], str] = str
    transport: httpx.BaseTransport | None = None

    def __post_init__(self) -> None:
        self.replies.setdefault(SIGN_IN, (200, {"ok": True, "accessToken": ACCESS_TOKEN, "expiresIn": 10_800}))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        key = f"{HOSTS[request.url.host]} {request.method} {request.url.raw_path.decode().partition('?')[0]}"
        self.requests.append(request)
        if key != SIGN_IN:
            self.asked.append(key)
        assert key in self.replies, key
        found = self.replies[key]
        reply = (found.pop(0) if len(found) > 1 else found[0]) if isinstance(found, list) else found
        if isinstance(reply, Exception):
            raise reply
        return reply(request) if callable(reply) else answer(*reply)

    @property
    def settings(self) -> Settings:
        return settings(self.folder, **self.changes)

    @property
    def rim(self) -> Rim:
        def scrub_with(scrub: Callable[[str], str]) -> None:
            self.scrub = scrub

        return Rim(
            environ=self.secrets,
            say=self.log.append,
            scrub_with=scrub_with,
            transport=self.transport or httpx.MockTransport(self),
            sleep=self.waits.append,
        )

    def desk(self) -> Desk:
        chosen = self.settings
        return Desk(settings=chosen, connections=Connections(chosen, self.rim), sleep=self.waits.append)

    def sent_to(self, service: str) -> list[httpx.Request]:
        return [request for request in self.requests if HOSTS[request.url.host] == service]


def answer(status: int, body: Any = None) -> httpx.Response:
    if isinstance(body, str):
        return httpx.Response(status, text=body, headers={"content-type": "text/html"})
    return httpx.Response(status) if body is None else httpx.Response(status, json=body)
