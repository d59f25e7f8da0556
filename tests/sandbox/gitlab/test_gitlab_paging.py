"""Lists in pages: numbered ones, and ones that follow a link."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from portctl.sandbox.core.exchange import Request
from portctl.sandbox.gitlab.pagination import offset

PROJECT = "/projects/shop%2Fcheckout"
VARIABLES = f"{PROJECT}/variables"


def fill(owner: httpx.Client, count: int) -> list[str]:
    keys = [f"KEY_{number:02}" for number in range(count)]
    for key in keys:
        owner.post(VARIABLES, json={"key": key, "value": "v"}).raise_for_status()
    return keys


def follow(client: httpx.Client, path: str, params: dict[str, str]) -> list[list[dict[str, Any]]]:
    """All pages, by the link to the next."""
    answer = client.get(path, params=params)
    pages = [answer.json()]
    while "next" in answer.links:
        answer = client.get(answer.links["next"]["url"])
        pages.append(answer.json())
    return pages


def relations(answer: httpx.Response) -> list[str]:
    return sorted(str(name) for name in answer.links)


@pytest.mark.fact("gitlab-21")
def test_numbered_pages_say_where_they_stand(owner: httpx.Client) -> None:
    keys = fill(owner, 5)
    pages = [owner.get(VARIABLES, params={"page": number, "per_page": 2}) for number in (1, 2, 3)]
    assert [[each["key"] for each in page.json()] for page in pages] == [keys[:2], keys[2:4], keys[4:]]
    names = ("x-page", "x-per-page", "x-prev-page", "x-next-page", "x-total", "x-total-pages")
    assert [[page.headers[name] for name in names] for page in pages] == [
        ["1", "2", "", "2", "5", "3"],
        ["2", "2", "1", "3", "5", "3"],
        ["3", "2", "2", "", "5", "3"],
    ]
    assert [relations(page) for page in pages] == [
        ["first", "last", "next"],
        ["first", "last", "next", "prev"],
        ["first", "last", "prev"],
    ]
    assert [len(page) for page in follow(owner, VARIABLES, {"per_page": "2"})] == [2, 2, 1]


@pytest.mark.fact("gitlab-22")
def test_a_page_has_twenty_items_unless_asked_and_never_more_than_a_hundred(owner: httpx.Client) -> None:
    fill(owner, 101)
    assert len(owner.get(VARIABLES).json()) == 20
    assert len(owner.get(VARIABLES, params={"per_page": 1000}).json()) == 100
    assert owner.get(VARIABLES, params={"per_page": 0}).json() == {"error": "per_page does not have a valid value"}


@pytest.mark.fact("gitlab-23")
def test_keyset_pages_follow_a_link_that_is_absent_on_the_last(owner: httpx.Client) -> None:
    up = follow(owner, "/projects", {"pagination": "keyset", "order_by": "id", "sort": "asc", "per_page": "2"})
    ids = [each["id"] for page in up for each in page]
    assert ([len(page) for page in up], ids) == ([2, 2, 2, 1], sorted(ids, key=int))
    down = follow(owner, "/projects", {"pagination": "keyset", "order_by": "id", "per_page": "3"})
    assert [each["id"] for page in down for each in page] == ids[::-1]
    answer = owner.get("/projects", params={"pagination": "keyset", "order_by": "id"})
    assert {"link", "x-total", "x-page"} & set(answer.headers) == set()
    groups = follow(owner, "/groups", {"pagination": "keyset", "per_page": "1"})
    assert [page[0]["path"] for page in groups] == ["gate", "platform", "shop"]


@pytest.mark.fact("gitlab-24")
def test_keyset_pages_are_refused_where_there_are_none(owner: httpx.Client) -> None:
    refusal = {"error": "Keyset pagination is not yet available for this type of request"}
    for path, params in ((VARIABLES, {}), (f"{PROJECT}/triggers", {}), ("/projects", {"order_by": "name"})):
        answer = owner.get(path, params={"pagination": "keyset", **params})
        assert (answer.status_code, answer.json()) == (405, refusal)


@pytest.mark.fact("gitlab-25")
def test_offsets_have_an_end(owner: httpx.Client) -> None:
    answer = owner.get("/projects", params={"page": 501, "per_page": 100})
    assert answer.status_code == 405
    assert "maximum allowed offset of 50000" in answer.json()["error"]


@pytest.mark.fact("gitlab-26")
def test_a_tree_is_paged_both_ways(owner: httpx.Client) -> None:
    path = f"{PROJECT}/repository/tree"
    names = [each["path"] for each in owner.get(path).json()]
    assert names == [".gitignore", "README.md", "checkout.py", "deploy.sh", "test_checkout.py"]
    pages = follow(owner, path, {"pagination": "keyset", "per_page": "3"})
    assert [[each["path"] for each in page] for page in pages] == [names[:3], names[3:]]
    assert owner.get(path, params={"per_page": 3}).headers["x-total"] == "5"


@pytest.mark.fact("gitlab-27")
def test_commits_are_never_counted(owner: httpx.Client) -> None:
    answer = owner.get(f"{PROJECT}/repository/commits", params={"per_page": 1})
    assert (len(answer.json()), answer.headers["x-next-page"], "x-total" in answer.headers) == (1, "2", False)
    assert relations(answer) == ["first", "next"]


@pytest.mark.fact("gitlab-115")
def test_more_than_ten_thousand_items_are_not_counted() -> None:
    answer = offset(Request("GET", "/things"), "http://sandbox", range(10_001), int)
    assert (len(answer.body), answer.headers["x-next-page"]) == (20, "2")
    assert {"x-total", "x-total-pages"} & set(answer.headers) == set()
    assert 'rel="last"' not in answer.headers["link"]
