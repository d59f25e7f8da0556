"""A service that gives secrets as what tells its objects and its organisation: the ledger does not hold them."""

from __future__ import annotations

import json
import pathlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from portctl.cli import output
from portctl.cli.run import run
from tests.canary.echo import TOKEN

SIGNING = "q7Xw2Zk9-signing"
PROJECT = """\
apiVersion: portctl/v1
project: canary
manifests: [manifests]
defaultEnvironment: real
secrets: {ID: {env: CANARY_ID}, SECRET: {env: CANARY_SECRET}, SIGNING: {env: CANARY_SIGNING}}
"""
ENVIRONMENT = """\
apiVersion: portctl/v1
instances:
  port: {default: {url: URL, clientId: "<% secret('ID') %>", clientSecret: "<% secret('SECRET') %>"}}
"""
HOOK = """\
apiVersion: portctl/v1
kind: port/Webhook
metadata: {name: hook}
spec:
  identifier: hook
  title: TITLE
  enabled: true
  mappings: []
  security: {secret: "<% secret('SIGNING') %>", signatureHeaderName: X-Signature, signatureAlgorithm: sha256}
"""
GIVEN = [TOKEN, f"id-{SIGNING}", TOKEN[::-1]]


@contextmanager
def hostile(given: str) -> Iterator[str]:
    """A Port that answers as it should, except that `given` is every id and every time. Its address."""
    hooks: dict[str, dict[str, Any]] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", 0)))
            body = json.loads(sent) if sent else {}
            if self.command in ("POST", "PATCH", "PUT") and self.path.startswith("/v1/webhooks"):
                hooks["hook"] = {**hooks.get("hook", {}), **body, "createdAt": given, "updatedAt": given, "id": given}
            shown = [{**hook, "security": {**hook["security"], "secret": ""}} for hook in hooks.values()]
            answers: dict[str, Any] = {
                "/v1/auth/access_token": {"accessToken": TOKEN, "expiresIn": 3600, "tokenType": "Bearer"},
                "/v1/organization": {"organization": {"id": f"org {given}", "name": given}},
                "/v1/webhooks": {"integrations": shown},
            }
            answer = answers.get(self.path, {"integration": shown[0]} if shown else None)
            if self.command == "POST" and self.path == "/v1/webhooks":
                answer = {"integration": shown[0]}
            said = json.dumps({"ok": answer is not None, **(answer or {"error": "not_found", "message": "?"})}).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = do_PATCH = _any  # noqa: N815

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def root(tmp_path: pathlib.Path) -> Iterator[pathlib.Path]:
    yield tmp_path
    output.scrub_with(str)


@pytest.mark.parametrize("given", GIVEN, ids=["a token", "a secret of the project", "a token backwards"])
def test_what_a_service_says_of_an_object_is_not_kept_where_it_holds_a_secret(
    given: str, root: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("ID", "client-4711"), ("SECRET", "wOrd-of-canary"), ("SIGNING", SIGNING)):
        monkeypatch.setenv(f"CANARY_{name}", value)
    hook, plan = root / "manifests" / "hook.yaml", str(root / "plan.json")
    (root / "environments").mkdir()
    hook.parent.mkdir()
    with hostile(given) as url:
        (root / "portctl.yaml").write_text(PROJECT)
        (root / "environments" / "real.yaml").write_text(ENVIRONMENT.replace("URL", url))
        hook.write_text(HOOK.replace("TITLE", "One"))
        codes = [run([*words, "-C", str(root)]) for words in (["plan", "-o", plan], ["apply", "--yes", plan])]
        hook.write_text(HOOK.replace("TITLE", "Two"))
        again = (["apply", "--yes"], ["plan", "--detailed-exitcode"], ["state", "list"])
        codes += [run([*words, "-C", str(root)]) for words in again]
    said = capsys.readouterr()
    assert codes == [0] * 5, said.out + said.err
    (ledger,) = [json.loads(path.read_text("utf-8")) for path in root.rglob("*.json") if "ledger" in path.parts]
    (entry,) = ledger["entries"]
    assert (entry["remote"], entry["witness"]) == ("", "")
    assert ledger["instances"]["port@default"].startswith("org ")
    assert "(secret " in ledger["instances"]["port@default"]
    texts = [said.out, said.err, *(path.read_text("utf-8") for path in root.rglob("*") if path.is_file())]
    assert [text for text in texts if any(secret in text for secret in (TOKEN, TOKEN[::-1], SIGNING))] == []
