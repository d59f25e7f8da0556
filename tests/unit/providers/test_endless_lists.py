"""Lists that never end, of each service: given up by number, and never taken for a shorter one."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from portctl.errors import Unreachable
from portctl.providers.gitlab.objects import pages
from portctl.providers.rest import RestProvider
from portctl.providers.servicenow.tables import Tables
from portctl.wire import listing
from portctl.wire.client import Client
from tests.unit.providers.kinds import SEARCHED, provider
from tests.unit.wire.services import Service, refused

Answering = Callable[[int, httpx.Request], httpx.Response]


def client(answer: Answering) -> tuple[Client, Callable[[], int]]:
    """A client of a service whose n-th answer, from 0, is `answer(n, request)`; and how many it has given."""
    numbers = itertools.count()
    made = Client(
        "https://api.example",
        service="Example",
        translate=refused,
        transport=httpx.MockTransport(lambda request: answer(next(numbers), request)),
    )
    return made, lambda: made.count


def gitlab(answer: Answering) -> tuple[int, str]:
    """How many pages were asked for until it was given up, and why."""
    made, count = client(answer)
    with pytest.raises(Unreachable) as caught:
        pages(made, "/things")
    assert caught.value.summary == "Unexpected answer"
    return count(), caught.value.detail


def test_gitlab_that_always_has_a_next_page() -> None:
    def answer(number: int, _: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[{"id": number}], headers={"x-next-page": str(number + 2)})

    assert gitlab(answer) == (1001, "GET /things: the list has more than 1,000 pages")


def test_gitlab_whose_pages_grow() -> None:
    def answer(number: int, _: httpx.Request) -> httpx.Response:
        rows = [{"id": f"{number}.{row}"} for row in range(2**number)]
        return httpx.Response(200, json=rows, headers={"x-next-page": str(number + 2)})

    assert gitlab(answer) == (17, "GET /things: the list has more than 100,000 objects")


def test_gitlab_that_gives_one_page_again_and_again() -> None:
    def answer(number: int, _: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[{"id": 1}], headers={"x-next-page": str(number + 2)})

    assert gitlab(answer) == (2, "GET /things: the same page came twice: nothing tells where the list ends")


def test_pages_that_are_large_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_BYTES", 10_000)

    def answer(number: int, _: httpx.Request) -> httpx.Response:
        rows = [{"id": number, "text": "x" * 3000}]
        return httpx.Response(200, json=rows, headers={"x-next-page": str(number + 2)})

    assert gitlab(answer) == (4, "GET /things: the list has more than 10,000 bytes")


@pytest.mark.parametrize(
    ("cursors", "asked", "what"),
    [
        ((f"c{number}" for number in itertools.count()), 1001, "the list has more than 1,000 pages"),
        (itertools.repeat({"a": 1}), 1, "the pages of the list go in a cycle"),
        (itertools.cycle(["a", "b"]), 3, "the pages of the list go in a cycle"),
    ],
    ids=["always-new", "no-text", "two-in-turn"],
)
def test_a_search_with_a_cursor_that_leads_nowhere(cursors: Any, asked: int, what: str) -> None:
    class Endless(Service):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            self.asked.append(request.method)
            body = {"things": [{"identifier": f"x{len(self.asked)}"}], "next": next(cursors)}
            return httpx.Response(200, json=body)

    service = Endless()
    made: RestProvider = provider(service)
    with pytest.raises(Unreachable) as caught:
        made.read(SEARCHED, [("g", "a") if SEARCHED.scope else ("a",)])
    assert what in caught.value.detail
    assert len(service.asked) == asked


@pytest.mark.parametrize(
    ("total", "asked", "what"),
    [
        ("100001", 1, "the list has more than 100,000 objects"),
        ("9" * 18, 1, "the list has more than 100,000 objects"),
        ("9" * 5000, 1, "without x-total-count nothing tells where the list ends"),
        ("90000", 2, "the same page came twice: nothing tells where the list ends"),
    ],
)
def test_servicenow_that_has_more_rows_than_anybody_can_read(total: str, asked: int, what: str) -> None:
    def answer(_: int, __: httpx.Request) -> httpx.Response:
        rows = [{"sys_id": str(row), "name": "a"} for row in range(1000)]
        return httpx.Response(200, content=json.dumps({"result": rows}), headers={"x-total-count": total})

    made, count = client(answer)
    with pytest.raises(Unreachable) as caught:
        Tables(made).matching("sys_script", ("name",), [("a",)])
    assert caught.value.detail == f"GET /api/now/table/sys_script: {what}"
    assert count() == asked
