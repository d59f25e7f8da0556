"""How long to wait before a request is sent again."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portctl.wire.retry import DEFAULT_RETRY_POLICY, asked_seconds, when_text

NOW = 1_790_000_000.0
"""Mon, 21 Sep 2026 14:13:20 GMT"""


@pytest.mark.parametrize(("attempt", "seconds"), [(0, 0.5), (3, 4.0), (7, 60.0), (9, 60.0), (5000, 60.0)])
def test_the_wait_doubles_up_to_a_minute_where_nothing_is_said(attempt: int, seconds: float) -> None:
    assert DEFAULT_RETRY_POLICY.wait_seconds(attempt) == seconds


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {}, None),
        (429, {"retry-after": "7"}, 7.0),
        (503, {"retry-after": "7.5"}, 7.5),
        (429, {"retry-after": "Mon, 21 Sep 2026 14:13:27 GMT"}, 7.0),
        (429, {"retry-after": "Mon, 21 Sep 2026 14:13:07 GMT"}, 0.0),
        (429, {"retry-after": "Mon, 21 Sep 2026 14:13:27 GMT", "date": "Mon, 21 Sep 2026 14:13:07 GMT"}, 20.0),
        (429, {"retry-after": "soon"}, None),
        (429, {"retry-after": "-7"}, None),
        (429, {"retry-after": "nan"}, None),
        (503, {"retry-after": "-7"}, None),
        (429, {"retry-after": "9" * 400}, 1e300),
        (429, {"retry-after": "Mon, 01 Jan 0001 00:00:00 +2359"}, 0.0),
        (429, {"retry-after": "3600"}, 3600.0),
        (429, {"retry-after": "0"}, 0.0),
        (429, {"x-ratelimit-reset": "12"}, 12.0),
        (429, {"x-ratelimit-reset": "298"}, 298.0),
        (429, {"x-ratelimit-reset": "1790000012"}, 12.0),
        (429, {"x-ratelimit-reset": "1790000012000"}, 12.0),
        (429, {"x-ratelimit-reset": "1790000012", "date": "Mon, 21 Sep 2026 13:13:20 GMT"}, 3612.0),
        (429, {"x-ratelimit-reset": "1790000012", "date": "yesterday"}, 12.0),
        (429, {"ratelimit-reset": "12"}, 12.0),
        (429, {"ratelimit-reset": "1790000012"}, 12.0),
        (429, {"retry-after": "3", "x-ratelimit-reset": "12"}, 3.0),
        (429, {"x-ratelimit-reset": "1789999990"}, 0.0),
        (429, {"x-ratelimit-reset": "later"}, None),
        (503, {"x-ratelimit-reset": "12"}, None),
    ],
)
def test_what_a_service_asks_for_is_understood(status: int, headers: dict[str, str], seconds: float | None) -> None:
    assert asked_seconds(status, headers, NOW) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (297.2, "until 14:18:17 UTC (298 s)"),
        (40_000.0, "until 01:20:00 UTC (40,000 s)"),
        (86_400.0, "until 2026-09-22 14:13:20 UTC (86,400 s)"),
        (1e300, "for more than a year"),
    ],
)
def test_a_wait_is_told_with_the_time_of_its_end(seconds: float, text: str) -> None:
    assert when_text(seconds, NOW) == text


@given(
    status=st.sampled_from([429, 500, 503]),
    header=st.sampled_from(["retry-after", "x-ratelimit-reset", "ratelimit-reset"]),
    text=st.text() | st.floats().map(str) | st.integers().map(str) | st.datetimes().map(str),
    date=st.text() | st.datetimes().map(str) | st.integers().map(str),
)
def test_no_header_asks_for_a_wait_that_has_no_end_or_no_form(status: int, header: str, text: str, date: str) -> None:
    asked = asked_seconds(status, {header: text, "date": date}, NOW)
    assert asked is None or (math.isfinite(asked) and asked >= 0)
    assert when_text(asked or 0.0, NOW)
