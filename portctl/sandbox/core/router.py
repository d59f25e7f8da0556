"""Routes matched on the raw path, segment by segment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from portctl.sandbox.core.exchange import decode_segments

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """A route found: its template, its parameters (decoded), and what was registered for it."""

    template: str
    params: dict[str, str]
    target: T


class Router(Generic[T]):
    """Literal segments win over parameters: `/v1/blueprints/system/{id}/structure` before `/v1/blueprints/{id}/...`."""

    def __init__(self, routes: Iterable[tuple[str, str, T]]) -> None:
        self._routes: dict[tuple[str, int], list[tuple[str, list[str], T]]] = {}
        for method, template, target in routes:
            parts = template.strip("/").split("/")
            self._routes.setdefault((method, len(parts)), []).append((template, parts, target))
        for candidates in self._routes.values():
            candidates.sort(key=lambda route: [part.startswith("{") for part in route[1]])

    def match(self, method: str, path: str) -> Match[T] | None:
        segments = decode_segments(path)
        for template, parts, target in self._routes.get((method, len(segments)), []):
            params = _fill(parts, segments)
            if params is not None:
                return Match(template, params, target)
        return None


def _fill(parts: list[str], segments: list[str]) -> dict[str, str] | None:
    params: dict[str, str] = {}
    for part, segment in zip(parts, segments, strict=True):
        if part.startswith("{"):
            if not segment:
                return None
            params[part[1:-1]] = segment
        elif part != segment:
            return None
    return params
