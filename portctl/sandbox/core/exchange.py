"""The HTTP seam: what a service is asked and what it answers, free of any server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `path` is the raw path: percent-encoding is kept, so an encoded slash stays inside its segment."""

    method: str
    path: str
    query_string: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def query(self, name: str) -> str | None:
        """The last value of a query parameter."""
        return next((value for key, value in reversed(self.queries()) if key == name), None)

    def query_list(self, name: str) -> list[str]:
        """Every value of a repeatable parameter, written `name=a&name=b` or `name[]=a`."""
        return [value for key, value in self.queries() if key in (name, f"{name}[]")]

    def queries(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query_string, keep_blank_values=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON body with its status; text and bytes are sent as they are. The last three fields are for the journal."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"
    route: str | None = None
    caller: str | None = None
    note: str | None = None

    def encoded(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()


class Service(Protocol):
    """One emulated service: requests in, answers out, state that can be saved."""

    @property
    def name(self) -> str: ...

    def respond(self, request: Request) -> Answer: ...

    def refuse(self, status: int, why: str) -> Answer:
        """A refusal in the service's own error format, for what is no doing of the service itself."""
        ...

    def reset(self) -> None: ...

    def settle(self) -> int:
        """Finish all pending background work; how many jobs ended.

        Called without the world's lock, and not by the thread that serves: a job may call another service.
        """
        ...

    def dump(self) -> dict[str, Any]: ...

    def load(self, saved: Mapping[str, Any]) -> None: ...

    def credentials(self) -> dict[str, dict[str, str]]:
        """Credentials by name; `default` is the one for everyday use."""
        ...

    def listen_at(self, url: str) -> None:
        """Told once where the service can be reached."""
        ...


def decode_segments(path: str) -> list[str]:
    """The segments of a raw path, each decoded on its own."""
    return [unquote(segment) for segment in path.strip("/").split("/")]
