"""A server that refuses everything and sends back what it was sent, in every form and in every part of an answer."""

from __future__ import annotations

import html
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

from tests.canary.values import ECHOES

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ0c3Q4SHZxMiJ9.born-Hv3kQ9zT-here"
"""What signing in gives: a secret that was born during the run."""

TURNS = 8
_LOGINS = ("/v1/auth/access_token", "/oauth_token.do")
_LONGEST_HEADER = 20_000


class Part(StrEnum):
    """Where in an answer the echo stands."""

    TEXT = "texts of JSON"
    KEYS = "keys of JSON"
    HTML = "a page"
    PLAIN = "plain text"
    BROKEN = "JSON that ends too early"
    TYPE = "the content type"
    HEADER = "another header"
    PLACE = "where a redirect leads"
    REASON = "the reason phrase"


@dataclass
class Echo:
    """How the server answers. `after_login`: signing in succeeds. `asked`: the requests that it got."""

    url: str
    part: Part = Part.TEXT
    status: int = 400
    after_login: bool = False
    asked: list[str] = field(default_factory=list)


@contextmanager
def echoing() -> Iterator[Echo]:
    """A server on this machine, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            asked = f"{self.requestline}\n{self.headers}\n{body.decode('utf-8', 'replace')}"
            echo.asked.append(asked)
            if echo.after_login and self.path in _LOGINS:
                token = {"ok": True, "accessToken": TOKEN, "expiresIn": 3600, "access_token": TOKEN, "expires_in": 3600}
                self._send(200, json.dumps(token).encode(), {"Content-Type": "application/json"})
                return
            self._send(*_answer(echo, asked))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815

        def _send(self, status: int, body: bytes, headers: dict[str, str], reason: str | None = None) -> None:
            self.send_response(status, reason)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    echo = Echo(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield echo
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def forms(text: str, turn: int) -> str:
    """`text` in an eighth of all forms, one after the other: more would not be told. Which, says `turn`."""
    return "; ".join(ECHOES[name](text) for name in list(ECHOES)[turn % TURNS :: TURNS])


def document(said: str, *, in_keys: bool) -> dict[str, Any]:
    """A refusal in the shapes of all three services at once, as far as they agree."""
    if in_keys:
        return {"ok": False, "message": {said: [said]}, "error": {said: said}, "details": {said: {said: said}}}
    return {
        "ok": False,
        "message": said,
        "error": {"message": said, "detail": said},
        "error_description": said,
        "details": {"value": said, "list": [said]},
    }


def _answer(echo: Echo, asked: str) -> tuple[int, bytes, dict[str, str], str | None]:
    said = forms(asked, len(echo.asked))
    line = quote(asked)[:_LONGEST_HEADER]
    kind = {"Content-Type": "application/json"}
    match echo.part:
        case Part.TEXT | Part.KEYS:
            body = json.dumps(document(said, in_keys=echo.part is Part.KEYS), ensure_ascii=False)
            return echo.status, body.encode("utf-8", "surrogatepass"), kind, None
        case Part.BROKEN:
            return echo.status, json.dumps({"message": asked})[:-1].encode(), kind, None
        case Part.HTML:
            page = f"<html><title>{html.escape(asked)}</title>{html.escape(said)}".encode("utf-8", "replace")
            return echo.status, page, {"Content-Type": "text/html"}, None
        case Part.PLAIN:
            return echo.status, said.encode("utf-8", "replace"), {"Content-Type": "text/plain"}, None
        case Part.TYPE:
            return echo.status, b"?", {"Content-Type": line}, None
        case Part.HEADER:
            return echo.status, b"{}", {**kind, "X-Echo": line, "Retry-After": line, "X-RateLimit-Reset": line}, None
        case Part.PLACE:
            return 302, b"", {"Location": f"{echo.url}/{line}"}, None
        case Part.REASON:
            return echo.status, b"", {}, line
