"""Lists of GitLab: read to their end, or not at all; and the login, against a scripted service."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.errors import AccessDenied, ApiError
from portctl.providers.gitlab.account import Account, User
from portctl.providers.gitlab.api import base_url
from portctl.providers.gitlab.objects import pages
from tests.unit.wire.services import Service, reply

FULL = [{"id": number} for number in range(100)]
NEXT = [{"id": number} for number in range(100, 200)]


def page(items: list[Any], following: str | None) -> Any:
    return reply(200, items, **({} if following is None else {"x_next_page": following}))


def test_pages_are_read_until_the_header_is_empty() -> None:
    service = Service([page(FULL, "2"), page(NEXT, "3"), page([{"id": 7}], "")])
    assert len(pages(service.client(), "/things", {"search": "a b"})) == 201
    assert service.asked == [f"GET /things?search=a+b&per_page=100&page={number}" for number in (1, 2, 3)]


def test_a_short_page_without_the_header_is_the_last_one() -> None:
    assert pages(Service([page([{"id": 1}], None)]).client(), "/things") == [{"id": 1}]


@pytest.mark.parametrize(
    ("replies", "what"),
    [
        ([page(FULL, None)], "nothing tells where the list ends"),
        ([page(FULL, "2"), page(FULL, "1")], "nothing tells where the list ends"),
        ([page(FULL, "1")], "nothing tells where the list ends"),
        ([reply(200, {"items": []})], "the answer is not a list"),
        ([reply(200, ["text"])], "the answer is not a list"),
    ],
)
def test_a_list_whose_end_cannot_be_told_is_an_error(replies: list[Any], what: str) -> None:
    with pytest.raises(ApiError) as caught:
        pages(Service(replies).client(), "/things")
    assert str(caught.value) == f"Unexpected answer: GET /things: {what}"


@pytest.mark.parametrize(
    ("answer", "user"),
    [
        ({"id": 7, "username": "sa", "web_url": "https://gl.ex/git/sa"}, User(7, "sa", "https://gl.ex/git", False)),
        ({"id": 7, "username": "root", "is_admin": True}, User(7, "root", "", True)),
    ],
)  # fmt: skip
def test_the_user_is_asked_for_once(answer: dict[str, Any], user: User) -> None:
    service = Service([reply(200, answer)])
    account = Account(service.client())
    assert account.user() == account.user() == user
    assert service.asked == ["GET /api/v4/user"]


@pytest.mark.parametrize("answer", [{}, {"id": "7", "username": "sa"}, {"id": 7}, [1]])
def test_what_says_no_user_is_not_gitlab(answer: Any) -> None:
    with pytest.raises(AccessDenied, match="Not GitLab's API"):
        Account(Service([reply(200, answer)]).client()).user()


@pytest.mark.parametrize("url", ["https://gl.example", "https://gl.example/", "https://gl.example/api/v4/"])
def test_the_address_may_name_the_api_or_not(url: str) -> None:
    assert base_url(url) == "https://gl.example"
