"""Where a ledger is kept. `file` is the embedded default; others implement the same protocol."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

from portctl.disk import dangling, lock, open_own, read_text, what_helps, write_all, write_whole
from portctl.errors import LockHeld, PortctlError
from portctl.json_text import parse
from portctl.ledger.document import dump_ledger, load_ledger, new_ledger, unreadable
from portctl.model.kind import Kind
from portctl.model.ledger import Ledger

_MOST_BYTES_OF_A_HOLDER = 4096


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
    """A ledger in one JSON file, replaced atomically, with a lock file beside it. `tool` is the version that saves.

    What it holds is read as of the kinds of `catalogue`.
    """

    def __init__(
        self,
        path: pathlib.Path,
        *,
        project: str,
        environment: str,
        tool: str = "",
        catalogue: Mapping[str, Kind] = MappingProxyType({}),
    ) -> None:
        self._path = path
        self._project = project
        self._environment = environment
        self._tool = tool
        self._catalogue = catalogue

    @property
    def where(self) -> str:
        return str(self._path)

    def load(self) -> Ledger:
        """The ledger, a new one where none was ever saved. A link that leads nowhere is no place without a ledger."""
        return self._kept() or new_ledger(self._project, self._environment)

    def _check_link(self) -> None:
        lost = dangling(self._path)
        if lost is not None:
            raise PortctlError(
                "Unreadable ledger",
                f"{lost} is a link, and what it leads to is not there"
                + ("" if lost == self._path else f"; the ledger is {self._path}"),
                hint="Is a disk not mounted? Without its ledger portctl does not know what it created. "
                "Where there never was one, remove the link.",
            )

    def _kept(self) -> Ledger | None:
        self._check_link()
        try:
            text = read_text(self._path)
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise unreadable(self.where, "it is not text in UTF-8") from error
        except OSError as error:
            raise PortctlError(
                "Unreadable ledger",
                f"{self._path}: {error.strerror}",
                hint="Check `ledger.path` in portctl.yaml and the permissions of the file.",
            ) from error
        ledger = load_ledger(text, self.where, self._catalogue)
        if (ledger.project, ledger.environment) != (self._project, self._environment):
            raise PortctlError(
                "Ledger of another project",
                f"{self._path} belongs to {ledger.project}/{ledger.environment}, "
                f"not to {self._project}/{self._environment}",
                hint="Give this environment a ledger path of its own in portctl.yaml.",
            )
        return ledger

    def save(self, ledger: Ledger) -> Ledger:
        kept = self._kept()
        if (kept.serial if kept else 0) != ledger.serial or (kept and kept.lineage != ledger.lineage):
            raise PortctlError(
                "Ledger changed underneath",
                f"{self._path} was written by another run since this one read it",
                hint="Run the command again.",
            )
        saved = replace(ledger, serial=ledger.serial + 1, tool=self._tool)
        try:
            write_whole(self._path, dump_ledger(saved))
        except OSError as error:
            raise PortctlError(
                "Ledger cannot be saved", f"{self._path}: {error.strerror}", hint=what_helps(error)
            ) from error
        return saved

    @contextlib.contextmanager
    def lock(self, holder: str) -> Iterator[None]:
        self._check_link()
        real = pathlib.Path(os.path.realpath(self._path))  # one lock for a ledger, whatever links lead to it
        beside = real.with_name(f"{real.name}.lock")
        try:
            file = open_own(beside, os.O_RDWR)
        except OSError as error:
            raise _unlockable(beside, error) from error
        try:
            if not self._locked(file, beside):
                raise LockHeld(
                    "Ledger is locked",
                    f"{self._path} is held by {_holder(os.read(file, _MOST_BYTES_OF_A_HOLDER))}",
                    hint="Wait for that run to end; the lock goes with its process.",
                )
            with contextlib.suppress(OSError):  # who holds it is a courtesy
                os.ftruncate(file, 0)
                write_all(file, json.dumps({"holder": holder, "pid": os.getpid()}).encode())
            try:
                yield
            finally:
                with contextlib.suppress(OSError):
                    os.ftruncate(file, 0)
        finally:
            os.close(file)

    def _locked(self, file: int, beside: pathlib.Path) -> bool:
        try:
            return lock(file, beside)
        except OSError as error:
            raise _unlockable(beside, error) from error


def _unlockable(beside: pathlib.Path, error: OSError) -> PortctlError:
    return PortctlError("Ledger cannot be locked", f"{beside}: {error.strerror}", hint=what_helps(error))


def _holder(text: bytes) -> str:
    try:
        record = parse(text)
        return f"{record['holder']} (process {record['pid']})"
    except (ValueError, KeyError, TypeError):
        return "another run"
