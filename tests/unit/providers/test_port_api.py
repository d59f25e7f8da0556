"""Port's login and refusals, without a network."""

from __future__ import annotations

import base64
import json
import pathlib
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from portctl.errors import AccessDenied, ApiError, ExitCode, InvalidInput, PortctlError, Unreachable
from portctl.model.project import InstanceSettings, SecretOrigin, SecretSource
from portctl.model.value import Pending, SecretRef, pending
from portctl.providers.catalogue import catalogue
from portctl.providers.port.api import HAS_DEPENDENTS, SAFE_POSTS, base_url, connect, translate
from portctl.providers.rest import RestProvider
from portctl.source import Source, SourceMap
from portctl.vault import SecretMissing, Vault
from portctl.wire.client import Refused
from tests.unit.wire.services import Service, reply

BLUEPRINT = catalogue()["port/Blueprint"]
SETTINGS: Mapping[str, str | Pending] = {
    "url": "https://api.port.io/v1/",
    "clientId": "id-1",
    "clientSecret": pending((SecretRef("PORT"),)),
}


def port(service: Service, settings: Any = None, secret: str = "client-s3cr3t", **given: Any) -> RestProvider:
    instance = InstanceSettings(
        provider="port",
        name="default",
        settings=SETTINGS if settings is None else settings,
        sources=SourceMap(Source("environments/test.yaml", 3, 5)),
    )
    vault = Vault({"PORT": SecretSource("PORT", SecretOrigin.VALUE, secret)}, root=pathlib.Path(), environ={})
    options: dict[str, Any] = {
        "vault": vault,
        "read_only": True,
        "transport": httpx.MockTransport(service),
        "sleep": service.waits.append,
        "now": lambda: 1_790_000_000.0,
    }
    return connect(instance, **{**options, **given})


def jwt(**claims: Any) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"header.{payload}.signature"


def token(text: str, seconds: int = 10_800) -> httpx.Response:
    return reply(200, {"ok": True, "accessToken": text, "expiresIn": seconds, "tokenType": "Bearer"})


def organisation(**fields: Any) -> httpx.Response:
    return reply(200, {"ok": True, "organization": fields})


def test_login_asks_for_a_token_and_for_the_organisation() -> None:
    service = Service(
        [token(jwt(orgId="org_1")), organisation(id="org_1", name="Acme"), reply(200, {"blueprints": []})]
    )
    client = port(service)
    info = client.login()
    assert (info.identity, info.principal, info.url, info.provider, info.name) == (
        "org_1",
        "Acme",
        "https://api.port.io",
        "port",
        "default",
    )
    client.read(BLUEPRINT, [("a",)])
    assert service.asked == ["POST /v1/auth/access_token", "GET /v1/organization", "GET /v1/blueprints"]
    assert json.loads(service.requests[0].content) == {"clientId": "id-1", "clientSecret": "client-s3cr3t"}
    assert service.requests[0].headers.get("authorization") is None
    assert service.requests[1].headers["authorization"] == f"Bearer {jwt(orgId='org_1')}"


@pytest.mark.parametrize(
    ("text", "said", "identity"),
    [
        (jwt(orgId="org_1"), {"id": "org_2"}, "org_1"),
        (jwt(), {"id": "org_2"}, "org_2"),
        ("opaque", {"id": "org_2"}, "org_2"),
        ("a.!!!.c", {"id": "org_2"}, "org_2"),
        ("a.WzFd.c", {"id": "org_2"}, "org_2"),
    ],
)
def test_the_organisation_is_that_of_the_token_or_of_the_answer(text: str, said: Any, identity: str) -> None:
    assert port(Service([token(text), organisation(**said)])).login().identity == identity


def test_an_api_that_names_no_organisation_is_not_port_s() -> None:
    with pytest.raises(AccessDenied, match="Not Port's API: /v1/organization"):
        port(Service([token("opaque"), reply(200, {"ok": True})])).login()
    with pytest.raises(AccessDenied, match="Not Port's API: /v1/auth/access_token: no accessToken in the answer"):
        port(Service([reply(200, {"ok": True})])).login()


def test_a_token_without_a_lifetime_is_used_and_asked_for_again_soon() -> None:
    service = Service([reply(200, {"accessToken": jwt(orgId="o")}), organisation(id="o")])
    assert port(service).login().identity == "o"


@pytest.mark.parametrize(
    ("answer", "error", "summary", "hint"),
    [
        (
            reply(401, {"ok": False, "error": "invalid_credentials", "message": "Invalid credentials supplied"}),
            AccessDenied,
            "Login refused: Port: Invalid credentials supplied",
            "`clientId` and `clientSecret`",
        ),
        (reply(404, {"ok": False}), AccessDenied, "Not Port's API: POST /v1/auth/access_token: status 404", "(EU)"),
        (
            httpx.Response(200, html="<html>"),
            Unreachable,
            "Port cannot be used: https://api.port.io answered 200",
            "url",
        ),
        (httpx.ConnectError("no route"), Unreachable, "Port cannot be used: https://api.port.io cannot be", "network"),
    ],
)
def test_a_login_that_fails_says_what_to_check(answer: Any, error: type[PortctlError], summary: str, hint: str) -> None:
    with pytest.raises(error) as caught:
        port(Service([answer] * 5)).login()
    assert str(caught.value).startswith(summary)
    assert hint in caught.value.hint
    assert "client-s3cr3t" not in f"{caught.value} {caught.value.hint}"


def test_secrets_that_port_echoes_are_scrubbed() -> None:
    echo = reply(
        422, {"error": "invalid_request", "message": "client-s3cr3t is too short", "details": {"v": "client-s3cr3t"}}
    )
    with pytest.raises(ApiError) as caught:
        port(Service([echo])).login()
    assert caught.value.detail == (
        'POST /v1/auth/access_token (422): (secret PORT) is too short {"v": "(secret PORT)"}'
    )


@pytest.mark.parametrize("lacking", ["url", "clientId", "clientSecret"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_setting_that_is_missing_is_named_with_its_place(lacking: str, value: str | None) -> None:
    settings = {name: text for name, text in SETTINGS.items() if name != lacking}
    with pytest.raises(InvalidInput) as caught:
        port(Service(), settings if value is None else {**settings, lacking: value})
    assert caught.value.detail == f"instance port@default lacks {lacking}"
    assert str(caught.value.source) == "environments/test.yaml:3:5"
    assert caught.value.exit_code is ExitCode.INVALID


def test_a_secret_that_is_not_there_stops_the_login_before_anything_is_sent() -> None:
    service = Service()
    with pytest.raises(SecretMissing):
        port(service, secret="").login()
    assert service.asked == []


@pytest.mark.parametrize(
    "url", ["https://api.port.io", "https://api.port.io/", "https://api.port.io/v1", "https://api.port.io/v1/"]
)
def test_the_address_may_end_in_the_version_or_not(url: str) -> None:
    assert base_url(url) == "https://api.port.io"


def test_an_address_behind_a_proxy_keeps_its_path() -> None:
    assert base_url("https://proxy.example/port/v1") == "https://proxy.example/port"


def refusal(status: int, code: str = "", message: str = "", **more: Any) -> PortctlError:
    body = {"ok": False, **({"error": code} if code else {}), **({"message": message} if message else {}), **more}
    return translate(Refused(method="PUT", path="/v1/blueprints/a", status=status, body=body))


def test_a_refusal_names_request_status_message_and_details() -> None:
    error = refusal(422, "invalid_permissions", "Unknown names", details={"invalidProperties": ["tier", "ü"]})
    assert isinstance(error, ApiError)
    assert str(error) == (
        'Port refused a request: PUT /v1/blueprints/a (422): Unknown names {"invalidProperties": ["tier", "ü"]}'
    )
    assert (error.method, error.path, error.status, error.code) == (
        "PUT",
        "/v1/blueprints/a",
        422,
        "invalid_permissions",
    )


@pytest.mark.parametrize(
    ("status", "code", "message", "error", "hint"),
    [
        (401, "token_expired", "expired", AccessDenied, "The token was not accepted"),
        (403, "", "IP not whitelisted: 1.2.3.4", AccessDenied, "listed addresses only"),
        (403, "protected_blueprint_violation", "protected", AccessDenied, "Port protects this object"),
        (403, "forbidden", "no", AccessDenied, "role Admin"),
        (409, "identifier_taken", "taken", ApiError, "--adopt ADDRESS"),
        (422, "has_dependents", "needed", ApiError, "still needs it"),
        (429, "rate_limit_exceeded", "slow down", ApiError, "--workers"),
        (404, "not_found", "gone", ApiError, ""),
    ],
)
def test_a_refusal_says_what_to_do_next(
    status: int, code: str, message: str, error: type[PortctlError], hint: str
) -> None:
    translated = refusal(status, code, message)
    assert type(translated) is error
    assert translated.detail.endswith(message)
    assert hint in translated.hint


@pytest.mark.parametrize("body", [None, "text", ("a",), {"error": 5}])
def test_a_refusal_without_an_envelope_still_says_its_status(body: Any) -> None:
    error = translate(Refused(method="GET", path="/v1/x", status=500, body=body))
    assert str(error) == "Port refused a request: GET /v1/x (500): status 500"


def test_the_posts_that_a_plan_may_send_are_the_login_and_searches() -> None:
    assert SAFE_POSTS == ("/v1/auth/access_token", "/v1/blueprints/*/entities/search")
    assert frozenset({"has_dependents"}) == HAS_DEPENDENTS
