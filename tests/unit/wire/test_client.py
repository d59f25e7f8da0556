"""The client: what it sends, repeats, refuses and says when something is wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from portctl.errors import AnswerLost, ApiError, ExitCode, InvalidInput, PortctlError, Unreachable
from portctl.wire.client import Response
from tests.unit.wire.services import Reply, Service, reply

OK = {"ok": True}
HTML = httpx.Response(200, html="<html>Sign in</html>")


def test_an_answer_is_frozen_json_with_lower_case_headers() -> None:
    service = Service([reply(200, {"list": [1, {"a": None}]}, X_Request_Id="r1")])
    answer = service.client().request("GET", "/v1/things", query={"version": "v2"})
    assert (answer.status, answer.body, answer.headers["x-request-id"]) == (200, {"list": (1, {"a": None})}, "r1")
    assert service.asked == ["GET /v1/things?version=v2"]


def test_an_encoded_path_and_a_path_in_the_base_address_stay_as_they_are() -> None:
    service = Service([reply(204)])
    client = service.client("https://proxy.example/port/")
    assert client.request("DELETE", "/v1/blueprints/a%2Fb%3A%C3%BC") == Response(204, None, {})
    assert service.asked == ["DELETE /port/v1/blueprints/a%2Fb%3A%C3%BC"]


def test_frozen_values_are_sent_as_json() -> None:
    service = Service([reply(200, OK)])
    service.client().request("PUT", "/v1/x", body={"list": ({"a": 1}, "ü"), "none": None})
    assert service.requests[0].content == '{"list":[{"a":1},"ü"],"none":null}'.encode()


CONNECT = httpx.ConnectError("not for printing")
RESET = httpx.ReadError("not for printing")


@pytest.mark.parametrize(
    ("method", "replies", "waits"),
    [
        ("GET", [reply(503), reply(500, {}), reply(200, OK)], [0.5, 1.0]),
        ("GET", [RESET, httpx.ReadTimeout("slow"), reply(200, OK)], [0.5, 1.0]),
        ("PUT", [RESET, reply(200, OK)], [0.5]),
        ("DELETE", [reply(504), reply(200, OK)], [0.5]),
        ("POST", [reply(429, {}, Retry_After="9"), reply(200, OK)], [9.0]),
        ("POST", [CONNECT, httpx.ConnectTimeout("slow"), httpx.PoolTimeout("busy"), reply(200, OK)], [0.5, 1.0, 2.0]),
        ("PATCH", [reply(429, {}, X_Ratelimit_Reset="1790000004"), reply(200, OK)], [4.0]),
    ],
)
def test_what_is_safe_to_repeat_is_repeated(method: str, replies: list[Reply], waits: list[float]) -> None:
    service = Service(replies)
    client = service.client()
    assert client.request(method, "/v1/x").body == OK
    assert (service.waits, client.count) == (waits, len(replies))


@pytest.mark.parametrize(
    ("method", "answer", "why"),
    [
        ("POST", RESET, "the connection broke"),
        ("POST", httpx.RemoteProtocolError("?"), "it ended the connection or gave no answer that is HTTP"),
        ("PATCH", httpx.ReadTimeout(""), "no answer in time"),
        ("POST", reply(504, {"ok": False}), "a gateway answered 504"),
        ("POST", reply(502), "a gateway answered 502"),
        ("POST", reply(503), "the answer was 503"),
        ("POST", reply(503, {"ok": False}), "the answer was 503"),
        ("POST", reply(503, {"ok": False, "error": "busy", "message": "Back at 9"}), "the answer was 503: Back at 9"),
        ("POST", reply(503, {"error": {"message": "Node is down"}}), "the answer was 503: Node is down"),
        ("POST", reply(502, {"error": "no upstream"}), "a gateway answered 502: no upstream"),
        ("POST", HTML, "the answer is not JSON"),
    ],
)
def test_a_write_that_may_have_happened_is_not_sent_again(method: str, answer: Reply, why: str) -> None:
    service = Service([answer])
    with pytest.raises(AnswerLost) as caught:
        service.client().request(method, "/v1/x", query={"token": "t0ken"})
    assert str(caught.value) == f"Answer lost: Example may or may not have done {method} /v1/x: {why}"
    assert (len(service.requests), service.waits, caught.value.exit_code) == (1, [], ExitCode.UNREACHABLE)


def test_a_write_that_may_be_repeated_is_lost_only_after_every_attempt() -> None:
    service = Service([RESET] * 5)
    with pytest.raises(AnswerLost):
        service.client().request("PATCH", "/v1/x", repeatable=True)
    assert service.waits == [0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("answer", "tries", "what"),
    [
        (CONNECT, 5, "https://api.example cannot be reached: no connection"),
        (RESET, 5, "https://api.example did not answer: the connection broke"),
        (httpx.ReadTimeout("slow"), 3, "https://api.example did not answer: no answer in time"),
        (httpx.ConnectTimeout("slow"), 3, "https://api.example cannot be reached: no connection in time"),
        (reply(503), 5, "https://api.example answers 503, 5 times in a row"),
        (httpx.Response(502, html="<html>"), 5, "https://api.example answers 502, 5 times in a row"),
        (HTML, 1, "https://api.example answered 200 with text/html, not JSON: that is not its API"),
        (
            httpx.Response(404, content=b"nothing", headers={"content-type": "text/plain; charset=utf-8"}),
            1,
            "https://api.example answered 404 with text/plain, not JSON: that is not its API",
        ),
        (
            httpx.Response(301, headers={"location": "https://evil.example/?token=1"}),
            1,
            "https://api.example redirects GET /v1/x to another address",
        ),
    ],
)
def test_what_does_not_answer_as_its_api_is_unreachable(answer: Reply, tries: int, what: str) -> None:
    service = Service([answer] * tries)
    with pytest.raises(Unreachable) as caught:
        service.client().request("GET", "/v1/x")
    assert str(caught.value) == f"Example cannot be used: {what}"
    assert "Check `url`" in caught.value.hint
    assert len(service.requests) == tries


def test_a_read_follows_one_redirect_within_the_service() -> None:
    service = Service([reply(301, location="https://api.example/v1/7"), reply(200, {"id": 7})])
    assert service.client().request("GET", "/v1/old%2Fname", query={"a": "b"}).body == {"id": 7}
    assert service.asked == ["GET /v1/old%2Fname?a=b", "GET /v1/7"]


def test_a_second_redirect_is_not_followed() -> None:
    service = Service([reply(301, location=f"https://api.example/v1/{name}") for name in ("a", "b")])
    with pytest.raises(Unreachable, match="redirects GET /v1/a to another address"):
        service.client().request("GET", "/v1/x")


def test_no_redirect_is_followed_with_a_write_and_whether_it_was_done_is_open() -> None:
    service = Service([httpx.Response(302, headers={"location": "https://api.example/v2/x"})])
    with pytest.raises(AnswerLost, match="may or may not have done POST /v1/x: the answer is a redirect to another"):
        service.client().request("POST", "/v1/x")
    assert service.asked == ["POST /v1/x"]


def test_a_refusal_is_translated_once_with_secrets_scrubbed() -> None:
    service = Service([reply(422, {"message": "bad value hunter22", "n": 1})])
    client = service.client(scrub=lambda text: text.replace("hunter22", "(secret X)"))
    with pytest.raises(ApiError) as caught:
        client.request("PUT", "/v1/x/hunter22")
    assert caught.value.detail == "{'message': 'bad value (secret X)', 'n': 1}"
    assert caught.value.path == "/v1/x/(secret X)"


def test_a_client_that_only_reads_lets_nothing_else_out() -> None:
    service = Service([reply(200, OK)] * 2)
    client = service.client(read_only=True, safe=("/v1/login", "/v1/*/search"))
    client.request("GET", "/v1/x")
    client.request("POST", "/v1/x/search")
    for method, path in [
        ("POST", "/v1/x"),
        ("POST", "/v1/x/y/search"),
        ("POST", "/v1/search"),
        ("POST", "/v1/login/x"),
        ("PUT", "/v1/login"),
        ("PATCH", "/v1/x"),
        ("DELETE", "/v1/x"),
    ]:
        with pytest.raises(PortctlError, match=f"Write refused: {method} {path}: this command only reads"):
            client.request(method, path)
    assert service.asked == ["GET /v1/x", "POST /v1/x/search"]


def test_a_post_that_only_reads_is_repeated() -> None:
    service = Service([RESET, reply(200, OK)])
    service.client(safe=("/v1/search",)).request("POST", "/v1/search")
    assert service.waits == [0.5]


class Notes:
    """An observer that writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.waits: list[str] = []

    def intent(self, method: str, path: str) -> int:
        self.heard.append(f"{method} {path}")
        return len(self.heard)

    def result(self, token: int, status: int | None) -> None:
        self.heard.append((token, status))

    def waiting(self, text: str) -> None:
        self.waits.append(text)


def test_the_observer_hears_of_every_write_and_of_no_read() -> None:
    notes = Notes()
    service = Service([reply(200, OK), reply(200, OK), reply(503), RESET, reply(201, OK)])
    client = service.client(observer=notes, safe=("/v1/search",))
    client.request("GET", "/v1/x")
    client.request("POST", "/v1/search")
    client.request("PUT", "/v1/x", query={"token": "t0ken"})
    assert notes.heard == ["PUT /v1/x", (1, 503), "PUT /v1/x", (3, None), "PUT /v1/x", (5, 201)]


def test_the_observer_hears_what_is_waited_for() -> None:
    notes = Notes()
    service = Service([reply(503), httpx.ReadTimeout("slow"), CONNECT, RESET, reply(200, OK)])
    service.client(observer=notes).request("GET", "/v1/x")
    assert notes.waits == [
        "waiting for Example (attempt 2 of 5): answered 503",
        "waiting for Example (attempt 3 of 3): no answer",
        "waiting for Example (attempt 4 of 5): cannot be reached",
        "waiting for Example (attempt 5 of 5): no answer",
    ]


def test_the_log_has_one_line_per_exchange_without_query_headers_or_body(caplog: pytest.LogCaptureFixture) -> None:
    service = Service([reply(200, {"answer": "confidential"}), RESET])
    client = service.client()
    with caplog.at_level(logging.DEBUG):
        client.request("PUT", "/v1/x", query={"token": "confidential"}, body={"secret": "confidential"})
        with pytest.raises(AnswerLost):
            client.request("POST", "/v1/y")
    lines = [record.getMessage().rpartition(" ")[0].rpartition(" ")[0] for record in caplog.records]
    assert lines == ["PUT /v1/x 200", "POST /v1/y no answer"]


@pytest.mark.parametrize(
    "url",
    ["", "api.port.io", "ftp://api.port.io", "https://", "https://user@api.port.io", "https://a.io?x=1", "https://a:b"],
)
def test_an_address_that_cannot_be_one_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(InvalidInput, match="Not a usable address") as caught:
        Service().client(url)
    assert caught.value.exit_code is ExitCode.INVALID


def test_a_closed_client_opens_again_when_used() -> None:
    service = Service([reply(200, OK)] * 2)
    client = service.client()
    client.close()
    client.request("GET", "/v1/x")
    client.close()
    assert client.request("GET", "/v1/x").body == OK


def test_the_beginning_of_a_file_is_read_and_no_more() -> None:
    sent = []

    def pieces() -> Iterator[bytes]:
        for number in range(1000):
            sent.append(number)
            yield b"\xff0123456789"

    service = Service([reply(503), httpx.Response(200, content=pieces(), headers={"content-type": "text/xml"})])
    assert service.client().beginning("/v1/file", 15) == b"\xff0123456789\xff012"
    assert (service.waits, sent) == ([0.5], [0, 1])
    assert service.requests[1].headers["accept-encoding"] == "identity"


def test_the_beginning_of_a_file_that_is_not_there_is_a_refusal() -> None:
    service = Service([reply(404, {"message": "404 Not Found"}), httpx.Response(200)])
    client = service.client()
    with pytest.raises(ApiError) as caught:
        client.beginning("/v1/file", 15)
    assert caught.value.status == 404
    assert client.beginning("/v1/empty", 15) == b""
