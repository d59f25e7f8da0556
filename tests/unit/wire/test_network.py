"""A private certificate authority, a client certificate and a proxy, for each provider, over real TLS."""

from __future__ import annotations

import importlib
import json
import pathlib
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import trustme

from portctl.errors import InvalidInput, Unreachable
from portctl.model.plan import InstanceInfo
from portctl.model.project import InstanceSettings, SecretOrigin, SecretSource
from portctl.model.value import SecretRef, pending
from portctl.source import Source, SourceMap
from portctl.vault import Vault
from portctl.wire.body import LIMITS
from portctl.wire.exchange import Line, NotSent
from portctl.wire.network import network_options

FILE = "environments/test.yaml"
NO_PEM = "it is not what OpenSSL can read, in PEM and without a passphrase"
CREDENTIALS: dict[str, dict[str, str]] = {
    "port": {"clientId": "id", "clientSecret": "s3cret-value"},
    "gitlab": {"token": "s3cret-value"},
    "servicenow": {"username": "me", "password": "s3cret-value"},
}
ANSWERS: dict[str, Any] = {
    "/v1/auth/access_token": {"accessToken": "a.b.c", "expiresIn": 3600},
    "/v1/organization": {"organization": {"id": "org_1", "name": "Org"}},
    "/api/v4/user": {"id": 1, "username": "me", "web_url": "https://gitlab.example.com/me"},
    "/api/now/table/sys_user": {"result": [{"sys_id": "0" * 32, "user_name": "me"}]},
}
every_provider = pytest.mark.parametrize("provider", CREDENTIALS)


@dataclass(slots=True)
class Server:
    url: str = ""
    seen: list[str] = field(default_factory=list)
    proxied: list[str | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Files:
    authority: trustme.CA
    ca: pathlib.Path
    certificate: pathlib.Path
    key: pathlib.Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    mine = authority.issue_cert("portctl@example.com")
    mine.cert_chain_pems[0].write_to_path(str(folder / "mine.pem"))
    mine.private_key_pem.write_to_path(str(folder / "mine.key"))
    return Files(authority, folder / "ca.pem", folder / "mine.pem", folder / "mine.key")


@contextmanager
def serving(files: Files | None = None, *, demands_certificate: bool = False) -> Iterator[Server]:
    """A service that knows the logins of all three; with `files` over TLS."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            server.seen.append(self.path.partition("?")[0])
            server.proxied.append(self.headers.get("proxy-authorization"))
            path = self.path.partition("?")[0].partition("://")[2]
            body = json.dumps(ANSWERS[f"/{path.partition('/')[2]}" if path else self.path.partition("?")[0]]).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.send_header("x-total-count", "1")
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def log_message(self, *_arguments: Any) -> None:
            """Nothing is logged."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """A handshake that fails is what some tests are about."""

    with Quiet(("127.0.0.1", 0), Handler) as httpd:
        if files is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            files.authority.issue_cert("localhost").configure_cert(context)
            files.authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED if demands_certificate else ssl.CERT_NONE
            httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
        server.url = f"{'https' if files else 'http'}://localhost:{httpd.server_address[1]}"
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            httpd.shutdown()
            thread.join()


def vault() -> Vault:
    values = {"SECRET": "s3cret-value", "PROXY": "http://me:proxy-s3cret@localhost:{port}"}
    sources = {name: SecretSource(name, SecretOrigin.VALUE, value) for name, value in values.items()}
    return Vault(sources, root=pathlib.Path(), environ={})


def settings(provider: str, url: str, **more: Any) -> InstanceSettings:
    own = {
        name: pending((SecretRef("SECRET"),)) if "s3cret" in text else text
        for name, text in CREDENTIALS[provider].items()
    }
    source = SourceMap(Source("environments/test.yaml"), {(name,): Source(FILE, 7) for name in more})
    return InstanceSettings(provider=provider, name="default", settings={"url": url, **own, **more}, sources=source)


def login(provider: str, url: str, **more: Any) -> InstanceInfo:
    api = importlib.import_module(f"portctl.providers.{provider}.api")
    made = api.connect(settings(provider, url, **more), vault=vault(), read_only=True, sleep=lambda _: None)
    try:
        info: InstanceInfo = made.login()
        return info
    finally:
        made.close()


@every_provider
def test_a_private_authority_is_trusted_where_it_is_named_and_nowhere_else(provider: str, files: Files) -> None:
    with serving(files) as server:
        assert login(provider, server.url, caFile=str(files.ca)).url == server.url
        with pytest.raises(Unreachable, match="no authority that is trusted here has signed its certificate"):
            login(provider, server.url)


@every_provider
def test_a_client_certificate_is_shown_to_who_demands_one(provider: str, files: Files) -> None:
    shown = {"caFile": str(files.ca), "clientCertificate": str(files.certificate), "clientKey": str(files.key)}
    with serving(files, demands_certificate=True) as server:
        assert login(provider, server.url, **shown).url == server.url
        with pytest.raises(Unreachable):
            login(provider, server.url, caFile=str(files.ca))


@every_provider
def test_requests_go_through_the_proxy_that_is_named(provider: str) -> None:
    with serving() as proxy:
        url = "http://service.invalid"
        assert login(provider, url, proxy=proxy.url).url == url
        assert {path.partition(".invalid")[0] for path in proxy.seen} == {"http://service"}
        secret = pending(("http://me:", SecretRef("SECRET"), f"@{proxy.url.removeprefix('http://')}"))
        assert login(provider, url, proxy=secret).url == url
        assert proxy.proxied[-1] == "Basic bWU6czNjcmV0LXZhbHVl"


@every_provider
def test_a_proxy_that_is_down_is_said_without_its_credentials(provider: str) -> None:
    secret = pending(("http://me:", SecretRef("SECRET"), "@127.0.0.1:9"))
    with pytest.raises(Unreachable) as caught:
        login(provider, "http://service.invalid", proxy=secret)
    assert "cannot be reached" in caught.value.detail
    assert "s3cret-value" not in f"{caught.value.detail}{caught.value.hint}"


@pytest.mark.parametrize(
    "url",
    ["s3cret", "ftp://me:s3cret@proxy", "http://me:s3/cret@proxy:1", "http://me:s3cret\n@proxy:1", "http://[s3cret:1"],
)
def test_a_proxy_that_is_no_address_is_refused_before_a_request_and_not_repeated(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        login("port", "http://service.invalid", proxy=url)
    assert str(caught.value) == "Proxy cannot be used: proxy of port@default is http:// or https://, a host and a port"
    assert caught.value.hint == "In its user and password, characters such as / ? # @ and blanks are percent-encoded."


def test_files_that_cannot_be_used_are_named_with_their_setting(files: Files, tmp_path: pathlib.Path) -> None:
    text = tmp_path / "text.pem"
    text.write_text("no certificate", "utf-8")
    wrong: list[tuple[dict[str, str], str]] = [
        ({"caFile": str(tmp_path / "none.pem")}, "none.pem: No such file or directory"),
        ({"caFile": str(text)}, f"text.pem: {NO_PEM}"),
        (
            {"clientCertificate": str(text)},
            f"text.pem: {NO_PEM}",
        ),
        ({"clientKey": str(files.key)}, "a clientKey belongs to a clientCertificate, and there is none"),
    ]
    for given, detail in wrong:
        with pytest.raises(InvalidInput) as caught:
            network_options(settings("port", "https://localhost", **given), vault())
        assert caught.value.detail.endswith(detail)
        assert caught.value.source == Source(FILE, 7)


def test_without_such_settings_nothing_changes() -> None:
    assert network_options(settings("port", "https://localhost"), vault(), {"timeout": 5.0}) == {"timeout": 5.0}


NO_ADDRESS = "no address of a proxy: http:// or https://, a host and a port"
ENCODED = "In its user and password, characters such as / ? # @ and blanks are percent-encoded."
READ = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that says nothing of the network."""
    for name in READ:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("name", "value", "why", "hint"),
    [
        ("HTTPS_PROXY", "ftp://s3cret:s3cret@proxy", NO_ADDRESS, ENCODED),
        ("http_proxy", "foo://s3cret", NO_ADDRESS, ENCODED),
        ("HTTP_PROXY", "http://user:s3cret@127.0.0.1:notaport", NO_ADDRESS, ENCODED),
        ("all_proxy", "user:s3c/ret@127.0.0.1:1", NO_ADDRESS, ENCODED),
        (
            "ALL_PROXY",
            "socks5://user:s3cret@127.0.0.1:1",
            "a SOCKS proxy, and the package for these is not installed",
            "Install httpx[socks] beside portctl, or name an HTTP proxy.",
        ),
        ("no_proxy", "[::1", "no list of hosts", "NO_PROXY is a list of hosts with commas between them."),
    ],
)
def test_a_variable_that_names_no_proxy_is_named_without_its_value(
    name: str, value: str, why: str, hint: str, bare: pytest.MonkeyPatch
) -> None:
    bare.setenv("https_proxy" if name == "no_proxy" else "NO_PROXY", "localhost")
    bare.setitem(sys.modules, "socksio", None)
    bare.setenv(name, value)
    with pytest.raises(InvalidInput) as caught:
        Line({}, LIMITS).send("GET", "https://127.0.0.1:9/", headers={})
    expected = f"Proxy cannot be used: {name} in the environment holds {why}"
    assert (str(caught.value), caught.value.hint) == (expected, hint)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("SSL_CERT_FILE", "/nonexistent", "no such file or directory"),
        ("SSL_CERT_FILE", "/", "is a directory"),
        ("SSL_CERT_FILE", __file__, "no certificate in PEM"),
        ("SSL_CERT_DIR", "/nonexistent", "no such folder"),
    ],
)
def test_a_variable_that_names_no_authorities_is_named(
    name: str, value: str, why: str, bare: pytest.MonkeyPatch
) -> None:
    bare.setenv(name, value)
    with pytest.raises(InvalidInput) as caught:
        Line({}, LIMITS).send("GET", "https://127.0.0.1:9/", headers={})
    assert (str(caught.value), caught.value.hint) == (
        f"Certificate cannot be used: {name} in the environment: {why}",
        f"Correct {name} or unset it; an instance's `caFile` counts in its place.",
    )


def test_a_folder_of_authorities_counts_where_it_is_asked(bare: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    bare.setenv("SSL_CERT_DIR", "/nonexistent")
    with pytest.raises(NotSent):
        Line({}, LIMITS).send("GET", "http://127.0.0.1:9/", headers={})
    bare.setenv("SSL_CERT_DIR", f"/nonexistent:{tmp_path}")
    with pytest.raises(NotSent):
        Line({}, LIMITS).send("GET", "https://127.0.0.1:9/", headers={})


@pytest.mark.parametrize("host", ["a..b", "a" * 300])
def test_a_proxy_whose_name_is_none_is_not_asked(host: str, bare: pytest.MonkeyPatch) -> None:
    bare.setenv("HTTP_PROXY", f"http://{host}")
    with pytest.raises(NotSent) as caught:
        Line({}, LIMITS).send("GET", "http://127.0.0.1:9/", headers={})
    assert str(caught.value) == "its name, or that of a proxy, is none that can be looked up"
    with pytest.raises(InvalidInput):
        network_options(settings("port", "https://localhost", proxy=f"http://{host}:1"), vault())
