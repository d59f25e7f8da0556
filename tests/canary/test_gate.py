"""No job of the gate says a credential, in its log, its error, its files, or to another service."""

from __future__ import annotations

import base64
import json
import pathlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from portctl.errors import PortctlError
from portctl.gate.code import NoCode
from portctl.gate.commands import Gate, run_gate
from portctl.gate.connections import CREDENTIALS, Connections
from portctl.gate.evidence import Question
from portctl.views.diagnostics import error_text
from portctl.views.json import error_document
from tests.canary.echo import Part, document, forms
from tests.canary.ground import BODIES, GROUPS, Tracks
from tests.canary.values import values
from tests.sampling import chosen
from tests.unit.gate.deployments import NOW, call, taking
from tests.unit.gate.office import HOSTS, SIGN_IN, Office
from tests.unit.gate.test_silence import KINDS, furnished

OWNERS = {
    **dict.fromkeys(("PORT_CLIENT_ID", "PORT_CLIENT_SECRET"), "port"),
    **dict.fromkeys(("SERVICE_READ_TOKEN", "MARKS_TOKEN", "TRIGGER_TOKEN"), "gitlab"),
    "SERVICENOW_SECRET": "snow",
}
CASES = [
    (number, question, service, part)
    for number in range(len(GROUPS))
    for question in Question
    for service in ("port", "gitlab", "snow", "writes")
    for part in (Part.TEXT, Part.KEYS, Part.HTML)
]


def held(number: int) -> dict[str, str]:
    made = zip(CREDENTIALS, BODIES, GROUPS[number], strict=True)
    return {name: values(body, "canary")[kind].replace("\0", "0") for name, body, kind in made}


def echo(request: httpx.Request, part: Part, turn: int) -> httpx.Response:
    said = forms(f"{dict(request.headers)} {request.url} {request.content.decode()}", turn)
    status = (400, 403, 404, 409, 422)[turn % 5]
    if part is Part.HTML:
        return httpx.Response(status, html=said.encode("utf-8", "replace").decode())
    body = json.dumps(document(said, in_keys=part is Part.KEYS))
    return httpx.Response(status, content=body, headers={"content-type": "application/json"})


@pytest.fixture
def office(tmp_path: pathlib.Path) -> Office:
    return Office(tmp_path)


@pytest.mark.parametrize(("number", "question", "service", "part"), chosen("gate", CASES, 60))
def test_what_a_service_sends_back_is_not_told(
    office: Office, tmp_path: pathlib.Path, number: int, question: Question, service: str, part: Part
) -> None:
    office.secrets = held(number)
    furnished(office, question, tmp_path)
    turns: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        turns.append(request)
        known = HOSTS[request.url.host] == service if service != "writes" else request.method != "GET"
        key = f"{HOSTS[request.url.host]} {request.method} {request.url.raw_path.decode().partition('?')[0]}"
        if known and key != SIGN_IN:
            return echo(request, part, len(turns) + number)
        if key not in office.replies:
            return httpx.Response(404, json={"ok": False}) if request.method == "GET" else taking()
        return office(request)

    office.transport = httpx.MockTransport(reply)
    gate = Gate(settings=office.settings, call=call(KINDS[question]), now=NOW, rim=office.rim, root=tmp_path)
    lines: list[str] = []
    try:
        run_gate(question, gate)
    except PortctlError as error:
        lines = [error_text(error_document(error)), repr(error)]
    told = office.scrub("\n".join([*office.log, *lines]))
    files = "\n".join(path.read_text("utf-8", "replace") for path in tmp_path.rglob("*") if path.is_file())
    tracks = {name: Tracks.of(body, office.secrets[name]) for name, body in zip(CREDENTIALS, BODIES, strict=True)}
    assert told
    assert [name for name, track in tracks.items() if track.are_in(told) or track.are_in(files)] == []
    for request in turns:
        sent = f"{request.url} {request.content.decode()}"
        elsewhere = [name for name in CREDENTIALS if OWNERS[name] != HOSTS[request.url.host]]
        assert [name for name in elsewhere if tracks[name].are_in(sent)] == [], sent[:2000]


@contextmanager
def repositories() -> Iterator[str]:
    """A GitLab that refuses to give code, in the way that git shows to its user, and says who has asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers["authorization"]
            plain = base64.b64decode(asked.removeprefix("Basic ")).decode()
            lines = [b"# service=git-upload-pack\n", None, f"ERR not for {asked}, which is {plain!r}".encode()]
            body = b"".join(b"0000" if line is None else f"{len(line) + 4:04x}".encode() + line for line in lines)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_what_git_repeats_of_a_server_is_not_told(office: Office, tmp_path: pathlib.Path) -> None:
    """Why there is no code is told to the developer, in Port."""
    office.secrets = {"SERVICE_READ_TOKEN": "glpat-q7Xw2Zk9canary", "PATH": "/usr/bin:/bin"}
    with repositories() as url:
        office.changes = {"gitlab": url}
        connections = Connections(office.settings, office.rim)
        with pytest.raises(NoCode) as caught:
            connections.code().newest("shop/checkout", "main", tmp_path / "code.tar.gz")
    assert caught.value.detail == (
        "branch main of project shop/checkout cannot be read: remote error: "
        "not for Basic (secret SERVICE_READ_TOKEN for git), which is 'oauth2:(secret SERVICE_READ_TOKEN)'"
    )
