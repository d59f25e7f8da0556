"""GitLab's two ways of cutting lists into pages. Source: GitLab docs, "REST API", pagination."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from portctl.sandbox.core.exchange import Answer, Request
from portctl.sandbox.gitlab.errors import GitLabError, bad_parameters
from portctl.sandbox.gitlab.parameters import Field, Type, checked

_MOST_PER_PAGE = 100
_COUNTED_UP_TO = 10_000
_OFFSET_CAP = 50_000
_FIELDS = {"page": Field(Type.INTEGER), "per_page": Field(Type.INTEGER)}

Show = Callable[[Any], Any]


def offset(request: Request, base_url: str, items: Sequence[Any], show: Show, *, counted: bool = True) -> Answer:
    """One numbered page. `counted` False: the collection is one of those that GitLab never counts (commits)."""
    number, size = _window(request)
    start = (number - 1) * size
    page = items[start : start + size]
    last = max(1, -(-len(items) // size))
    more = start + size < len(items)
    links = {"prev": number - 1 if number > 1 else None, "next": number + 1 if more else None, "first": 1}
    headers = {
        "x-page": str(number),
        "x-per-page": str(size),
        "x-next-page": str(number + 1) if more else "",
        "x-prev-page": str(number - 1) if number > 1 else "",
    }
    if counted and len(items) <= _COUNTED_UP_TO:
        headers |= {"x-total": str(len(items)), "x-total-pages": str(last)}
        links["last"] = last
    targets = {rel: _address(request, base_url, page=to, per_page=size) for rel, to in links.items() if to is not None}
    headers["link"] = ", ".join(f'<{target}>; rel="{rel}"' for rel, target in targets.items())
    return Answer(200, [show(item) for item in page], headers)


def keyset(request: Request, base_url: str, items: Sequence[Any], show: Show, **cursor: Callable[[Any], Any]) -> Answer:
    """The first page of what is left, with a link to the rest. `cursor`: one parameter, drawn from the last item."""
    _, size = _window(request)
    page = items[:size]
    headers = {}
    if len(items) > size:
        ((name, draw),) = cursor.items()
        target = _address(request, base_url, **{name: draw(page[-1]), "per_page": size})
        headers["link"] = f'<{target}>; rel="next"'
    return Answer(200, [show(item) for item in page], headers)


def wants_keyset(request: Request) -> bool:
    return request.query("pagination") == "keyset"


def refuse_keyset(request: Request) -> None:
    """Errors: 405 where a list has no keyset pages and they are asked for."""
    if wants_keyset(request):
        raise GitLabError(405, {"error": "Keyset pagination is not yet available for this type of request"})


def refuse_deep_offset(request: Request, what: str) -> None:
    number, size = _window(request)
    if number * size > _OFFSET_CAP:
        text = (
            f"Offset pagination has a maximum allowed offset of {_OFFSET_CAP} for requests that return objects of "
            f"type {what}. Remaining records can be retrieved using keyset pagination."
        )
        raise GitLabError(405, {"error": text})


def _window(request: Request) -> tuple[int, int]:
    values = checked(_FIELDS, dict(request.queries()))
    number, size = values.get("page") or 1, values.get("per_page", 20)
    if size is None or size < 1:
        raise bad_parameters("per_page does not have a valid value")
    return max(1, number), min(size, _MOST_PER_PAGE)


def _address(request: Request, base_url: str, **changed: Any) -> str:
    kept = [(name, value) for name, value in request.queries() if name not in (*changed, "private_token")]
    return f"{base_url}{request.path}?{urlencode([*kept, *changed.items()])}"
