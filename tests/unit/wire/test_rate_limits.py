"""Rate limits are waited out as the service says, told once, and not for ever."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from portctl.errors import AnswerLost, ApiError, ExitCode, TryLater
from portctl.wire.auth import Token, TokenAuth
from portctl.wire.client import Client
from portctl.wire.retry import RetryPolicy
from tests.unit.wire.services import Service, refused, reply
from tests.unit.wire.test_client import Notes

NOW = 1_790_000_000.0
OK = {"ok": True}
MOST = "600 s is the most that is waited"
WAITED = "waiting for Example until 14:18:18 UTC (298 s): it limits requests"


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Retry_After": "298"},
        {"X_Ratelimit_Reset": "298"},
        {"Ratelimit_Reset": "298"},
        {"Ratelimit_Reset": "1790000298"},
    ],
    ids=["retry-after", "x-ratelimit-reset", "ratelimit-reset", "epoch"],
)
def test_a_full_window_is_waited_for_and_said_in_one_line(method: str, headers: dict[str, str]) -> None:
    notes = Notes()
    service = Service([reply(429, {}, **headers), reply(200, OK)])
    assert service.client(observer=notes).request(method, "/v1/x").body == OK
    assert (service.waits, notes.waits) == ([298.0], [WAITED])


def test_limits_use_up_no_tries() -> None:
    service = Service([*[reply(429, {}, Retry_After="20")] * 9, *[reply(503)] * 4, reply(200, OK)])
    assert service.client().request("GET", "/v1/x").body == OK
    assert service.waits == [*[20.0] * 6, 32.0, 60.0, 60.0, 0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("replies", "waits", "detail"),
    [
        (
            [reply(429, {}, Retry_After="601")],
            [],
            f"no requests until 14:23:21 UTC (601 s): it limits requests; {MOST}",
        ),
        (
            [reply(429, {}, Retry_After="3155760000")],
            [],
            f"no requests for more than a year: it limits requests; {MOST}",
        ),
        (
            [reply(503, {}, Retry_After="9" * 400)],
            [],
            f"no requests for more than a year: it answered 503; {MOST}",
        ),
        (
            [reply(429, {}, Retry_After="298")] * 3,
            [298.0, 298.0],
            f"no requests until 14:18:18 UTC (298 s): it limits requests; {MOST}, and 596 s were waited already",
        ),
        (
            [reply(503, {}, Retry_After="7200")],
            [],
            f"no requests until 16:13:20 UTC (7,200 s): it answered 503; {MOST}",
        ),
    ],
    ids=["one-window", "a-century", "no-end", "several-windows", "maintenance"],
)
def test_what_is_longer_than_the_patience_is_an_error_that_says_until_when(
    replies: list[httpx.Response], waits: list[float], detail: str
) -> None:
    service = Service(replies)
    with pytest.raises(TryLater) as caught:
        service.client().request("GET", "/v1/x")
    assert caught.value.detail == f"Example takes {detail}"
    assert caught.value.hint == "Run the same command again then, or let it wait: --max-wait SECONDS."
    assert (caught.value.exit_code, service.waits) == (ExitCode.UNREACHABLE, waits)


def test_a_limit_without_a_word_about_its_end_is_tried_out_as_long_as_the_patience_lasts() -> None:
    service = Service([reply(429, {})] * 30)
    with pytest.raises(TryLater, match="and 544 s were waited already"):
        service.client().request("POST", "/v1/x")
    assert service.waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, *[60.0] * 8]


@pytest.mark.parametrize("said", ["nan", "inf", "-5", "soon", ""])
def test_a_wait_that_cannot_be_read_is_as_if_nothing_was_said(said: str) -> None:
    notes = Notes()
    service = Service([reply(503, {"why": "busy"}, Retry_After=said)] * 9)
    with pytest.raises(ApiError) as caught:
        service.client(observer=notes).request("GET", "/v1/x")
    assert (caught.value.status, service.waits) == (503, [0.5, 1.0, 2.0, 4.0])
    assert notes.waits == [f"waiting for Example (attempt {number} of 5): answered 503" for number in range(2, 6)]


def test_a_patience_of_nothing_waits_for_no_limit() -> None:
    service = Service([reply(429, {}, Retry_After="1")])
    with pytest.raises(TryLater, match="0 s is the most that is waited"):
        service.client(retry_policy=RetryPolicy(max_wait_seconds=0.0)).request("GET", "/v1/x")


def test_whoever_sends_once_gets_the_refusal_itself() -> None:
    service = Service([reply(429, {}, Retry_After="1")])
    with pytest.raises(ApiError) as caught:
        service.client(retry_policy=RetryPolicy(attempts=1)).request("POST", "/v1/x")
    assert (caught.value.status, service.waits) == (429, [])


def test_a_write_that_was_sent_before_the_limit_may_have_been_done() -> None:
    service = Service([httpx.ReadError("reset"), reply(429, {}, Retry_After="3600")])
    with pytest.raises(AnswerLost, match="may or may not have done PUT /v1/x: Example takes no requests until"):
        service.client().request("PUT", "/v1/x")


def test_a_maintenance_that_says_its_end_is_waited_for() -> None:
    notes = Notes()
    service = Service([reply(503, {}, Retry_After="120"), reply(200, OK)])
    service.client(observer=notes).request("GET", "/v1/x")
    assert notes.waits == ["waiting for Example until 14:15:20 UTC (120 s): it answered 503"]


def test_a_clock_that_is_set_back_or_ahead_changes_no_wait() -> None:
    """Between one answer and the next the clock jumps; the service's own clock goes with its answers."""
    notes, clock = Notes(), [NOW, NOW - 86_400.0 * 400, NOW + 86_400.0 * 4000]
    limited = reply(429, {}, X_Ratelimit_Reset="1790000100", Date="Mon, 21 Sep 2026 14:13:20 GMT")
    service = Service([limited, limited, limited, reply(200, OK)])
    times = iter(clock)
    service.client(observer=notes, now=lambda: next(times)).request("GET", "/v1/x")
    assert service.waits == [100.0, 100.0, 100.0]
    assert [note.partition(" (")[2] for note in notes.waits] == ["100 s): it limits requests"] * 3


def test_eight_threads_meet_one_limit_and_one_line_says_so() -> None:
    """Each has its own request; the limit is the same."""
    notes, together = Notes(), threading.Barrier(8)
    first: set[int] = set()

    def answer(_: httpx.Request) -> httpx.Response:
        if threading.get_ident() in first:
            return reply(200, OK)
        first.add(threading.get_ident())
        together.wait()
        return reply(429, {}, X_Ratelimit_Reset="298")

    client = _client(answer, observer=notes)
    threads = [threading.Thread(target=client.request, args=("GET", "/v1/x")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (client.count, notes.waits) == (16, [WAITED])


def test_a_limit_of_sign_ins_is_waited_for_once_by_all() -> None:
    """Port: 100 tokens in five minutes. Who needs one waits for the one who asks."""
    notes, asked = Notes(), []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if request.url.path == "/token":
            limited = asked.count("/token") == 1
            return reply(429, {}, Retry_After="298") if limited else reply(200, {"token": "t0ken"})
        return reply(200, OK)

    def issue(client: Client) -> Token:
        return Token(str(client.request("POST", "/token", anonymous=True).body["token"]), NOW + 3600)

    client = _client(answer, observer=notes, auth=TokenAuth(issue, now=lambda: NOW))
    threads = [threading.Thread(target=client.request, args=("GET", "/v1/x")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (asked.count("/token"), asked.count("/v1/x"), notes.waits) == (2, 8, [WAITED])


def _client(answer: Any, **options: Any) -> Client:
    return Client(
        "https://api.example",
        service="Example",
        translate=refused,
        sleep=lambda _: None,
        transport=httpx.MockTransport(answer),
        **{"now": lambda: NOW, **options},
    )
