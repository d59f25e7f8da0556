"""Where a ledger is kept. `file` is the embedded default; others implement the same protocol."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pathlib
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

from portctl.engine.ledger import Ledger, dump_ledger, load_ledger, new_ledger, unreadable
from portctl.errors import LockHeld, PortctlError


class LedgerBackend(Protocol):
    """Loads and saves one ledger, and holds its lock."""

    @property
    def where(self) -> str:
        """The place, for messages."""

    def load(self) -> Ledger: ...

    def save(self, ledger: Ledger) -> Ledger:
        """Keep `ledger`, whose `serial` must be the one that is kept now. Returns it with the next serial."""

    def lock(self, holder: str) -> AbstractContextManager[None]:
        """Hold the ledger for one run. Raises LockHeld naming the other holder."""


class FileBackend:
    """A ledger in one JSON file, replaced atomically, with a lock file beside it. `tool` is the version that saves."""

    def __init__(self, path: pathlib.Path, *, project: str, environment: str, tool: str = "") -> None:
        self._path = path
        self._project = project
        self._environment = environment
        self._tool = tool

    @property
    def where(self) -> str:
        return str(self._path)

    def load(self) -> Ledger:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return new_ledger(self._project, self._environment)
        except UnicodeDecodeError as error:
            raise unreadable(self.where, "it is not text in UTF-8") from error
        except OSError as error:
            raise PortctlError(
                "Unreadable ledger",
                f"{self._path}: {error.strerror or 'it cannot be read'}",
                hint="Check `ledger.path` in portctl.yaml and the permissions of the file.",
            ) from error
        ledger = load_ledger(text, self.where)
        if (ledger.project, ledger.environment) != (self._project, self._environment):
            raise PortctlError(
                "Ledger of another project",
                f"{self._path} belongs to {ledger.project}/{ledger.environment}, "
                f"not to {self._project}/{self._environment}",
                hint="Give this environment a ledger path of its own in portctl.yaml.",
            )
        return ledger

    def save(self, ledger: Ledger) -> Ledger:
        kept = self.load() if self._path.exists() else None
        if (kept.serial if kept else 0) != ledger.serial or (kept and kept.lineage != ledger.lineage):
            raise PortctlError(
                "Ledger changed underneath",
                f"{self._path} was written by another run since this one read it",
                hint="Run the command again.",
            )
        saved = replace(ledger, serial=ledger.serial + 1, tool=self._tool)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(dump_ledger(saved))
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self._path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
        return saved

    @contextlib.contextmanager
    def lock(self, holder: str) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with open(self._path.with_name(self._path.name + ".lock"), "a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise LockHeld(
                    "Ledger is locked",
                    f"{self._path} is held by {_holder(file.read())}",
                    hint="Wait for that run to end; the lock goes with its process.",
                ) from None
            file.truncate(0)
            file.write(json.dumps({"holder": holder, "pid": os.getpid()}))
            file.flush()
            try:
                yield
            finally:
                file.truncate(0)


def _holder(text: str) -> str:
    try:
        record = json.loads(text)
        return f"{record['holder']} (process {record['pid']})"
    except (ValueError, KeyError, TypeError):
        return "another run"
