"""Which answers are answers: what else may come leaves open what a write did, and says nothing of what is there."""

from __future__ import annotations

import httpx
import pytest

from portctl.errors import AnswerLost, ApiError, Unreachable
from tests.unit.wire.services import Reply, Service, reply

PART = "answers GET /v1/x with 206, a part of an answer that was not asked for in parts"


@pytest.mark.parametrize("status", [200, 201, 204])
def test_what_the_services_answer_when_all_is_well(status: int) -> None:
    service = Service([reply(status, {"n": 1}), reply(status, {"n": 1})])
    client = service.client()
    assert [client.request(method, "/v1/x").status for method in ("GET", "POST")] == [status, status]


def test_a_write_may_be_accepted_for_later() -> None:
    assert Service([reply(202, {"n": 1})]).client().request("DELETE", "/v1/x").status == 202


@pytest.mark.parametrize("status", [202, 203, 205, 206, 207, 208, 226, 304, 300])
def test_any_other_answer_to_a_read_says_nothing_of_what_is_there(status: int) -> None:
    what = PART if status == 206 else f"answers GET /v1/x with {status}, which is no answer of its API"
    service = Service([reply(status, {"things": []}, content_range="bytes 0-13/900")])
    with pytest.raises(Unreachable) as caught:
        service.client().request("GET", "/v1/x")
    assert str(caught.value) == f"Example cannot be used: https://api.example {what}"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (reply(203, {"ok": True}), "the answer was 203"),
        (reply(205), "the answer was 205"),
        (reply(206, {"ok": True}), "the answer is a part of one that was not asked for in parts"),
        (reply(302), "the answer was 302"),
        (reply(304), "the answer was 304"),
        (reply(307, location="https://api.example/v1/y"), "the answer is a redirect to another address"),
        (reply(408, {"message": "Request Timeout"}), "the answer was 408: Request Timeout"),
        (reply(408), "the answer was 408"),
        (httpx.Response(425, html="<html>"), "the answer was 425"),
        (reply(499, {"message": "?"}), "the answer was 499: ?"),
        (httpx.Response(499, html="<html>"), "the answer was 499"),
        (httpx.Response(500, html="<html>"), "the answer was 500"),
        (httpx.Response(501, html="<html>"), "the answer was 501"),
        (reply(520), "the answer was 520"),
        (httpx.Response(522, html="<html>"), "the answer was 522"),
        (httpx.Response(524, html="<html>"), "the answer was 524"),
        (httpx.Response(527, html="<html>"), "the answer was 527"),
        (httpx.Response(599, text="?"), "the answer was 599"),
    ],
)
def test_any_other_answer_to_a_write_leaves_open_what_it_did(method: str, answer: Reply, why: str) -> None:
    service = Service([answer] * 5)
    with pytest.raises(AnswerLost) as caught:
        service.client().request(method, "/v1/x")
    assert str(caught.value) == f"Answer lost: Example may or may not have done {method} /v1/x: {why}"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 412, 413, 422, 423, 431])
def test_a_refusal_says_that_nothing_was_done(status: int) -> None:
    with pytest.raises(ApiError) as caught:
        Service([reply(status, {"message": "no"})]).client().request("POST", "/v1/x")
    assert caught.value.status == status


@pytest.mark.parametrize("status", [408, 425, 520, 521, 522, 523, 524])
def test_what_something_on_the_way_answers_to_a_read_is_tried_again(status: int) -> None:
    service = Service([httpx.Response(status, html="<html>"), reply(200, {"n": 1})])
    assert service.client().request("GET", "/v1/x").body == {"n": 1}
    assert service.waits == [0.5]


@pytest.mark.parametrize(
    ("base", "where", "asked"),
    [
        ("https://api.example", "/v1/7?a=b", "/v1/7?a=b"),
        ("https://api.example", "7", "/v1/7"),
        ("https://api.example", "https://API.Example:443/v1/7#there", "/v1/7"),
        ("https://api.example", "//api.example/v1/7", "/v1/7"),
        ("http://api.example:80/base", "http://api.example/base/v1/7", "/base/v1/7"),
        ("https://api.example/base", "/base/v1/7", "/base/v1/7"),
    ],
)
def test_a_read_follows_every_spelling_of_the_same_service(base: str, where: str, asked: str) -> None:
    service = Service([reply(301, location=where), reply(200, {"id": 7})])
    assert service.client(base).request("GET", "/v1/old").body == {"id": 7}
    assert service.asked[1:] == [f"GET {asked}"]


@pytest.mark.parametrize(
    "where",
    [
        "http://api.example/base/v1/7",
        "https://api.example:444/base/v1/7",
        "https://api.example.evil.example/base/v1/7",
        "https://api.example@evil.example/base/v1/7",
        "https://user@api.example/base/v1/7",
        "//evil.example/base/v1/7",
        "/v1/7",
        "/baseless/v1/7",
        "../../v1/7",
        "",
    ],
)
def test_a_read_follows_to_no_other_service(where: str) -> None:
    service = Service([reply(301, location=where)])
    with pytest.raises(Unreachable, match="redirects GET /v1/old to another address"):
        service.client("https://api.example/base").request("GET", "/v1/old")
    assert len(service.requests) == 1


def test_no_cookie_of_an_answer_is_sent_with_another_request() -> None:
    service = Service([reply(200, {}, Set_Cookie="session=1; Path=/"), reply(200, {})])
    client = service.client()
    for _ in range(2):
        client.request("GET", "/v1/x")
    assert ["cookie" in request.headers for request in service.requests] == [False, False]
