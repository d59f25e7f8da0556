"""Credentials in headers: what no header can hold is refused before anything is sent, by the name of the secret."""

from __future__ import annotations

import pathlib

import httpx
import pytest

from portctl.errors import AccessDenied, InvalidInput
from portctl.model.project import InstanceSettings, SecretOrigin, SecretSource
from portctl.model.value import SecretRef, pending
from portctl.providers.gitlab.auth import PrivateToken
from portctl.providers.servicenow.auth import chosen_auth
from portctl.source import Source, SourceMap
from portctl.vault import Vault
from portctl.wire.auth import Token, TokenAuth, header_text
from tests.unit.wire.services import Service, reply

HINT = (
    "Store it without: `printf '%s'` writes no line break where `echo` does. One at the end of a variable, a file or a "
    "command's output is taken off already."
)


def vault(value: str) -> Vault:
    return Vault({"TOKEN": SecretSource("TOKEN", SecretOrigin.VALUE, value)}, root=pathlib.Path(), environ={})


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("canary-one\ncanary-two", "a line break"),
        ("canary-one\rcanary-two", "a line break"),
        ("canary\tend", None),
        ("canary\0end", "a control character"),
        ("canary\x7fend", "a control character"),
        (" canary", "a blank at its beginning or end"),
        ("canary\t", "a blank at its beginning or end"),
        ("canary-€", "a character that is not in Latin-1"),
        ("canary-é", None),
    ],
)
def test_a_credential_that_no_header_can_hold_is_refused_before_a_request(value: str, why: str | None) -> None:
    service, held = Service([reply(200, {})]), vault(value)
    auth = PrivateToken(lambda: header_text(held, pending((SecretRef("TOKEN"),)), "PRIVATE-TOKEN"))
    client = service.client(auth=auth)
    if why is None:
        client.request("GET", "/x")
        assert (b"PRIVATE-TOKEN", value.encode("latin-1")) in service.requests[0].headers.raw
        return
    with pytest.raises(InvalidInput) as caught:
        client.request("GET", "/x")
    assert str(caught.value) == (
        f"Secret cannot be sent: secret 'TOKEN' has {why}, and goes into the header PRIVATE-TOKEN, which can hold none"
    )
    assert caught.value.hint == (HINT if why == "a line break" else "Check what is stored there.")
    assert service.requests == []


def test_a_password_may_hold_anything_where_it_is_sent_in_base64() -> None:
    service = Service([reply(200, {})])
    settings = InstanceSettings(
        provider="servicenow",
        name="default",
        settings={"username": "admin", "password": pending((SecretRef("TOKEN"),))},
        sources=SourceMap(Source("here")),
    )
    service.client(auth=chosen_auth(settings, vault("one\ntwo €"), lambda: 0.0)).request("GET", "/x")
    assert service.requests[0].headers["authorization"] == "Basic YWRtaW46b25lCnR3byDigqw="


def test_a_token_from_a_service_that_no_header_can_hold_is_not_sent() -> None:
    service = Service([reply(200, {})])
    auth = TokenAuth(lambda _: Token("canary-one\ncanary-two", 1000.0), now=lambda: 0.0)
    with pytest.raises(AccessDenied) as caught:
        service.client(auth=auth).request("GET", "/x")
    assert str(caught.value) == "Login failed: the token that the service gave has a line break: no header can hold it"
    assert service.requests == []


def test_what_the_library_refuses_is_what_is_refused_here() -> None:
    """httpx and h11 against a server: whatever header_text lets through, they send."""
    for value in ("canary\tend", "canary-é", "canary-\xff", "~!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}"):
        assert header_text(vault(value), pending((SecretRef("TOKEN"),)), "X") == value
        httpx.Headers([(b"X", value.encode("latin-1"))])
