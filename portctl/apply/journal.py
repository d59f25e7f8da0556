"""The journal: one line before and one after every write request, on disk before the request leaves.

It holds methods and paths, never bodies, query strings or headers.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import pathlib
import threading
import time
from collections.abc import Callable
from typing import Any

from portctl.disk import open_own, what_helps, write_all
from portctl.errors import PortctlError

JOURNALS_KEPT = 20


def remove_old(folder: pathlib.Path) -> None:
    """Remove all journals in `folder` but the newest."""
    written: dict[pathlib.Path, float] = {}
    for file in folder.glob("*.jsonl"):
        with contextlib.suppress(FileNotFoundError):  # another run may remove the same ones
            written[file] = file.lstat().st_mtime
    for file in sorted(written, key=lambda file: (-written[file], file.name))[JOURNALS_KEPT:]:
        with contextlib.suppress(OSError):  # one that cannot be removed is in nobody's way
            file.unlink()


class Journal:
    """Append-only JSON lines for one run: what the wire's observer hears of writes."""

    def __init__(self, path: pathlib.Path, *, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self._now = now
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._handle: int | None = None
        self._torn = False

    def intent(self, method: str, path: str) -> int:
        """Record that a write is about to be sent; the number ties its result to it.

        Raises PortctlError where that cannot be recorded: then nothing may be sent.
        """
        number = next(self._numbers)
        try:
            self._append({"write": number, "method": method, "path": path, "at": self._now()})
        except OSError as error:
            raise PortctlError(
                "Journal cannot be written",
                f"{self.path}: {error.strerror}; {method} {path} was not sent",
                hint=what_helps(error),
            ) from error
        return number

    def result(self, token: int, status: int | None) -> None:
        """Record how a write ended; None when no answer came. What was sent is not undone where that fails."""
        with contextlib.suppress(OSError):
            self._append({"write": token, "status": status, "at": self._now()})

    def close(self) -> None:
        with self._lock:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None

    def _append(self, record: dict[str, Any]) -> None:
        with self._lock:
            if self._handle is None:
                self._handle = open_own(self.path, os.O_WRONLY | os.O_APPEND)
            # A line that did not fit is ended before the next one.
            line = ("\n" if self._torn else "") + json.dumps(record) + "\n"
            self._torn = True
            write_all(self._handle, line.encode())
            self._torn = False
            os.fsync(self._handle)
