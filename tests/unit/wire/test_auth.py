"""Tokens: asked for once, renewed in time, replaced when refused."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from portctl.errors import ApiError
from portctl.wire.auth import Token, TokenAuth
from portctl.wire.client import Client
from tests.unit.wire.services import Service, reply
from tests.waiting import PATIENCE_SECONDS


class Issuer:
    """Gives the tokens `t1`, `t2`, ...; each lives `lifetime` seconds of the clock `time`."""

    def __init__(self, lifetime: float = 1000.0) -> None:
        self.time = 0.0
        self.lifetime = lifetime
        self.issued = 0

    def issue(self, _: Client) -> Token:
        self.issued += 1
        return Token(f"t{self.issued}", self.time + self.lifetime)

    def auth(self) -> TokenAuth:
        return TokenAuth(self.issue, now=lambda: self.time)


def sent(service: Service) -> list[str | None]:
    return [request.headers.get("authorization") for request in service.requests]


def test_one_token_serves_until_a_minute_before_its_end() -> None:
    issuer, service = Issuer(), Service([reply(200, {})] * 4)
    client = service.client(auth=issuer.auth())
    for issuer.time in (0.0, 939.0, 940.0, 941.0):
        client.request("GET", "/x")
    assert sent(service) == ["Bearer t1", "Bearer t1", "Bearer t2", "Bearer t2"]


def test_a_service_that_gives_short_tokens_is_not_asked_before_every_request() -> None:
    issuer, service = Issuer(lifetime=30.0), Service([reply(200, {})] * 3)
    client = service.client(auth=issuer.auth())
    for issuer.time in (0.0, 4.0, 5.0):
        client.request("GET", "/x")
    assert sent(service) == ["Bearer t1", "Bearer t1", "Bearer t2"]


def test_a_refused_token_is_replaced_once_even_for_a_write() -> None:
    issuer, service = Issuer(), Service([reply(401, {}), reply(201, {"ok": True})])
    assert service.client(auth=issuer.auth()).request("POST", "/x").status == 201
    assert sent(service) == ["Bearer t1", "Bearer t2"]
    assert service.waits == []


def test_a_second_refusal_is_final() -> None:
    issuer, service = Issuer(), Service([reply(401, {})] * 2)
    with pytest.raises(ApiError) as caught:
        service.client(auth=issuer.auth()).request("GET", "/x")
    assert (caught.value.status, issuer.issued) == (401, 2)


def test_credentials_that_cannot_be_renewed_are_sent_once() -> None:
    class Fixed:
        def headers(self, _: Client) -> dict[str, str]:
            return {"Authorization": "Basic x"}

        def renew(self, _: object) -> bool:
            return False

    service = Service([reply(401, {})])
    with pytest.raises(ApiError):
        service.client(auth=Fixed()).request("GET", "/x")
    assert sent(service) == ["Basic x"]


def test_an_anonymous_request_carries_no_credentials() -> None:
    issuer, service = Issuer(), Service([reply(401, {})])
    with pytest.raises(ApiError):
        service.client(auth=issuer.auth()).request("GET", "/x", anonymous=True)
    assert (sent(service), issuer.issued) == ([None], 0)


def test_threads_that_start_together_share_one_token_and_one_renewal() -> None:
    issuer, barrier = Issuer(), threading.Barrier(8)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] == "Bearer t1":
            barrier.wait(timeout=PATIENCE_SECONDS)
            return reply(401, {})
        return reply(200, {"by": request.headers["authorization"]})

    client = Service().client(auth=issuer.auth(), transport=httpx.MockTransport(answer))
    with ThreadPoolExecutor(8) as pool:
        bodies = [answer.body for answer in pool.map(lambda _: client.request("GET", "/x"), range(8))]
    assert bodies == [{"by": "Bearer t2"}] * 8
    assert (issuer.issued, client.count) == (2, 16)


def test_a_token_does_not_print() -> None:
    assert repr(Token("t0ken", 1.0)) == "Token(expires_at=1.0)"
