"""How long to wait before a request is sent again."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portctl.wire.retry import PATIENT, Patience

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("attempt", "status", "headers", "seconds"),
    [
        (0, None, {}, 0.5),
        (3, 503, {}, 4.0),
        (9, 503, {}, 60.0),
        (0, 429, {"retry-after": "7"}, 7.0),
        (0, 503, {"retry-after": "7.5"}, 7.5),
        (0, 429, {"retry-after": "Mon, 21 Sep 2026 14:13:27 GMT"}, 7.0),
        (0, 429, {"retry-after": "soon"}, 0.5),
        (0, 429, {"retry-after": "3600"}, 60.0),
        (0, 429, {"retry-after": "0"}, 0.5),
        (0, 429, {"x-ratelimit-reset": "12"}, 12.0),
        (0, 429, {"x-ratelimit-reset": "1790000012"}, 12.0),
        (0, 429, {"ratelimit-reset": "12"}, 12.0),
        (0, 429, {"retry-after": "3", "x-ratelimit-reset": "12"}, 3.0),
        (2, 429, {"x-ratelimit-reset": "1789999990"}, 2.0),
        (0, 429, {"x-ratelimit-reset": "later"}, 0.5),
        (0, 503, {"x-ratelimit-reset": "12"}, 0.5),
    ],
)
def test_the_wait_follows_what_the_service_says_within_bounds(
    attempt: int, status: int | None, headers: dict[str, str], seconds: float
) -> None:
    assert PATIENT.wait_seconds(attempt, status, headers, NOW) == seconds


@given(
    attempt=st.integers(0, 60),
    status=st.sampled_from([None, 429, 500, 503]),
    header=st.sampled_from(["retry-after", "x-ratelimit-reset", "ratelimit-reset"]),
    text=st.text() | st.floats().map(str) | st.integers().map(str),
)
def test_no_header_makes_the_wait_negative_or_endless(attempt: int, status: int | None, header: str, text: str) -> None:
    wait = Patience(longest_wait_seconds=30.0).wait_seconds(attempt, status, {header: text}, NOW)
    assert math.isfinite(wait)
    assert 0 < wait <= 30.0
