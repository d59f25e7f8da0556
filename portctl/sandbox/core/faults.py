"""Faults on demand: which request fails, how, and how often."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    STATUS = "status"
    """Answer with `status` (and `value` as the body, where given) and perform nothing."""
    LOSE_ANSWER = "lose_answer"
    """Perform the request, then cut the connection."""
    CUT = "cut"
    """Cut the connection and perform nothing."""
    HTML = "html"
    """Answer 200 with a web page (`value`, where given) and perform nothing."""
    DELAY = "delay"
    """Wait `seconds` of the wall clock, then answer as usual."""
    TRUNCATE = "truncate"
    """Perform the request, send half of the answer, then cut the connection."""
    DROP_FIELD = "drop_field"
    """Perform the write without the body's `field` (or with `value` in its place), and say nothing about it."""
    DUPLICATE = "duplicate"
    """Perform the request twice and give the second answer, as when something on the way repeats it."""
    IGNORE = "ignore"
    """Answer 200 with `value`, or with nothing but that it is well, and perform nothing."""
    PARTIAL = "partial"
    """Perform the request, and answer 206 with half of every list of the answer."""


class BadFault(ValueError):
    """A fault that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. Requests that match are counted from when it is added; the `nth` is hit, and `times` from there on.

    `path` is a regular expression searched in the raw path; `times` None means for ever.
    """

    kind: FaultKind
    service: str | None = None
    method: str | None = None
    path: str = ""
    nth: int = 1
    times: int | None = 1
    status: int = 500
    retry_after_seconds: int | None = None
    seconds: float = 0.0
    field: str = ""
    value: Any = None

    def matches(self, service: str, method: str, path: str) -> bool:
        return (
            self.service in (None, service) and self.method in (None, method) and re.search(self.path, path) is not None
        )


@dataclass(slots=True)
class _Armed:
    fault: Fault
    seen: int = 0

    def hit(self) -> bool:
        self.seen += 1
        times = self.fault.times
        return self.seen >= self.fault.nth and (times is None or self.seen < self.fault.nth + times)


@dataclass(slots=True)
class Faults:
    """The faults that are armed."""

    _armed: list[_Armed] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._armed.append(_Armed(fault))

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()

    def take(self, service: str, method: str, path: str) -> Fault | None:
        """The first fault that hits this request. Every armed fault that matches counts it."""
        with self._lock:
            hits = [armed.fault for armed in self._armed if armed.fault.matches(service, method, path) and armed.hit()]
        return hits[0] if hits else None

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [
                {**{item.name: getattr(armed.fault, item.name) for item in fields(Fault)}, "seen": armed.seen}
                for armed in self._armed
            ]


def read_fault(text: str) -> Fault:
    """A fault as it is written on a command line. Errors: BadFault."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise BadFault(f"not JSON: {error}") from error
    except RecursionError as error:
        raise BadFault(f"nested more than {_MOST_DEEP} deep") from error
    if _is_deep(document, _MOST_DEEP):
        raise BadFault(f"nested more than {_MOST_DEEP} deep")
    if not isinstance(document, dict):
        raise BadFault('a fault is a JSON object, for example {"kind": "status", "status": 503}')
    return parse_fault(document)


def parse_fault(document: Mapping[str, Any]) -> Fault:
    """A fault from its JSON form (keys: the fields of `Fault`). Errors: BadFault."""
    names = {item.name for item in fields(Fault)}
    unknown = sorted(set(document) - names)
    if unknown:
        raise BadFault(f"unknown key {unknown[0]!r}; a fault has: {', '.join(sorted(names))}")
    if document.get("kind") not in tuple(FaultKind):
        raise BadFault(f"kind is one of {', '.join(FaultKind)}, not {document.get('kind')!r}")
    for name, types in _TYPES.items():
        if name in document and (not isinstance(document[name], types) or isinstance(document[name], bool)):
            raise BadFault(f"{name} cannot be {json.dumps(document[name])}")
    try:
        re.compile(document.get("path", ""))
        return Fault(**{**document, "kind": FaultKind(document["kind"])})
    except re.error as error:
        raise BadFault(f"path is not a regular expression: {error}") from error


def _is_deep(value: Any, most: int) -> bool:
    """Whether anything in `value` stands below more than `most` objects and lists."""
    level = [value]
    for _ in range(most + 1):
        level = [
            item
            for each in level
            if isinstance(each, dict | list)
            for item in (each.values() if isinstance(each, dict) else each)
        ]
    return any(isinstance(each, dict | list) for each in level)


_MOST_DEEP = 50
_TYPES: Mapping[str, Any] = {
    "service": str | None,
    "method": str | None,
    "path": str,
    "nth": int,
    "times": int | None,
    "status": int,
    "retry_after_seconds": int | None,
    "seconds": int | float,
    "field": str,
}


def first_half(body: Any) -> Any:
    """The JSON `body` with half of each list that it is or holds, rounded down."""
    if isinstance(body, list):
        return body[: len(body) // 2]
    return {name: first_half(value) for name, value in body.items()} if isinstance(body, dict) else body


def drop_field(body: bytes, fault: Fault) -> bytes:
    """The JSON body without the fault's dotted `field`, or with its `value` there; untouched where that path ends."""
    try:
        document = json.loads(body)
    except ValueError:
        return body
    *parents, last = fault.field.split(".")
    place = document
    for name in parents:
        place = place.get(name) if isinstance(place, dict) else None
    if not isinstance(place, dict) or last not in place:
        return body
    if fault.value is None:
        del place[last]
    else:
        place[last] = fault.value
    return json.dumps(document).encode()
