"""A service that answers from a list, and a client that talks to it without a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from portctl.errors import ApiError, PortctlError
from portctl.wire.client import Client, Refused

Reply = httpx.Response | Exception


def reply(status: int, body: Any = None, **headers: str) -> httpx.Response:
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=shown) if body is None else httpx.Response(status, json=body, headers=shown)


def answered(status: int, content: bytes, headers: Mapping[str, str]) -> httpx.Response:
    """An answer whose body goes out as it is, whatever its headers say of it."""
    return httpx.Response(status, headers=dict(headers), stream=httpx.ByteStream(content))


def refused(refusal: Refused) -> PortctlError:
    """The plainest translation: everything is an ApiError."""
    return ApiError(
        "refused", str(refusal.body), method=refusal.method, path=refusal.path, status=refusal.status, code="x"
    )


@dataclass
class Service:
    """Gives `replies` one after the other and remembers what it was asked; every wait of the client is in `waits`."""

    replies: Sequence[Reply] = ()
    asked: list[str] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.asked.append(f"{request.method} {request.url.raw_path.decode()}")
        answer = self.replies[len(self.requests) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, url: str = "https://api.example", **options: Any) -> Client:
        given: dict[str, Any] = {
            "service": "Example",
            "translate": refused,
            "sleep": self.waits.append,
            "now": lambda: 1_790_000_000.0,
            "transport": httpx.MockTransport(self),
        }
        return Client(url, **{**given, **options})


def failing(error: Callable[..., Exception], words: str = "boom") -> Exception:
    return error(words)
