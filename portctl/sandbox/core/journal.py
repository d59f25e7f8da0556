"""What was asked and answered. Bodies stay in memory; what is printed or sent out has every credential masked."""

from __future__ import annotations

import re
import threading
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

_SECRET_PARAMETER = re.compile(r"((?:^|&)[^=&]*(?:token|secret|password|key)[^=&]*=)[^&]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer. Status 0: the connection was cut before an answer."""

    number: int
    at: str
    service: str
    method: str
    path: str
    query: str
    status: int
    route: str | None
    caller: str | None
    note: str | None
    request_body: bytes
    response_body: Any
    moved: tuple[str, ...] = ()
    """Switches that did not stand as they do by default when it was answered."""

    def public(self) -> dict[str, Any]:
        """The exchange without bodies and credentials."""
        return {
            "number": self.number,
            "at": self.at,
            "service": self.service,
            "method": self.method,
            "path": self.path,
            "query": mask_query(self.query),
            "status": self.status,
            "route": self.route,
            "caller": self.caller,
            "note": self.note,
            "moved": list(self.moved),
        }


class Journal:
    """The last exchanges, and counters over all of them."""

    def __init__(self, keep: int = 20_000) -> None:
        self._lock = threading.Lock()
        self._exchanges: deque[Exchange] = deque(maxlen=keep)
        self._counters: Counter[str] = Counter()
        self._number = 0

    def record(
        self,
        *,
        at: str,
        service: str,
        method: str,
        path: str,
        query: str,
        status: int,
        route: str | None,
        caller: str | None,
        note: str | None,
        request_body: bytes,
        response_body: Any,
        moved: tuple[str, ...] = (),
    ) -> None:
        with self._lock:
            self._number += 1
            number = self._number
            self._counters[f"{service} {method} {route or path}"] += 1
            self._exchanges.append(
                Exchange(
                    number=number,
                    at=at,
                    service=service,
                    method=method,
                    path=path,
                    query=query,
                    status=status,
                    route=route,
                    caller=caller,
                    note=note,
                    request_body=request_body,
                    response_body=response_body,
                    moved=moved,
                )
            )

    def exchanges(self, *, since: int = 0) -> list[Exchange]:
        """The exchanges after number `since`, oldest first."""
        with self._lock:
            return [exchange for exchange in self._exchanges if exchange.number > since]

    def counters(self) -> dict[str, int]:
        """Requests by `service METHOD route`."""
        with self._lock:
            return dict(sorted(self._counters.items()))

    def clear(self) -> None:
        with self._lock:
            self._exchanges.clear()
            self._counters.clear()
            self._number = 0


def mask_query(query: str) -> str:
    """The query string with the values of parameters that carry secrets replaced."""
    return _SECRET_PARAMETER.sub(r"\1***", query)
