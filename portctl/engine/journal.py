"""The journal: one line before and one after every write request, on disk before the request leaves.

It holds methods and paths, never bodies, query strings or headers.
"""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import threading
import time
from collections.abc import Callable
from typing import Any

JOURNALS_KEPT = 20


def remove_old(folder: pathlib.Path) -> None:
    """Remove all journals in `folder` but the newest."""
    written = {file: file.stat().st_mtime for file in folder.glob("*.jsonl")}
    for file in sorted(written, key=lambda file: (-written[file], file.name))[JOURNALS_KEPT:]:
        file.unlink(missing_ok=True)


class Journal:
    """Append-only JSON lines for one run: what the wire's observer hears of writes."""

    def __init__(self, path: pathlib.Path, *, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self._now = now
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._handle: int | None = None

    def intent(self, method: str, path: str) -> int:
        """Record that a write is about to be sent; the number ties its result to it."""
        number = next(self._numbers)
        self._append({"write": number, "method": method, "path": path, "at": self._now()})
        return number

    def result(self, token: int, status: int | None) -> None:
        """Record how a write ended; None when no answer came."""
        self._append({"write": token, "status": status, "at": self._now()})

    def close(self) -> None:
        with self._lock:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None

    def _append(self, record: dict[str, Any]) -> None:
        with self._lock:
            if self._handle is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(self._handle, (json.dumps(record) + "\n").encode())
            os.fsync(self._handle)
