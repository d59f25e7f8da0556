"""The state on disk: one JSON file, written atomically and readable by its owner only."""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_FLUSH_SECONDS = 0.2
_REST = 10
"""A large state takes long to save: so many times that long passes before it is saved again."""


def write_private(path: Path, document: Any) -> None:
    """Write JSON atomically with mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(json.dumps(document, ensure_ascii=False))  # many times faster than `json.dump`
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_json(path: Path) -> Any:
    """The document, or None where there is no file or it is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


class Saver:
    """Saves shortly after a change, many changes at once, and once more at the end.

    What cannot be saved now is tried again; `say` is told once, and when it went well again.
    """

    def __init__(self, path: Path, dump: Callable[[], Any], say: Callable[[str], None]) -> None:
        self._path = path
        self._dump = dump
        self._say = say
        self._failing = False
        self._dirty = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-saver", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def changed(self) -> None:
        self._dirty.set()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()
        self._save()

    def _run(self) -> None:
        pause_seconds = _FLUSH_SECONDS
        while not self._stopping.wait(pause_seconds):
            if self._dirty.is_set():
                begin = time.monotonic()
                self._save()
                pause_seconds = max(_FLUSH_SECONDS, _REST * (time.monotonic() - begin))

    def _save(self) -> None:
        self._dirty.clear()
        try:
            write_private(self._path, self._dump())
        except OSError as error:
            self._dirty.set()
            if not self._failing:
                self._say(f"the state is not saved: {self._path}: {error.strerror}; it is tried again until it is")
            self._failing = True
        else:
            if self._failing:
                self._say("the state is saved again")
            self._failing = False
