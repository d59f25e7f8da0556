"""A disk that fails: every call of the system that writes below a folder is counted, and can be made to fail."""

from __future__ import annotations

import errno
import os
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
FAILURES = {
    "no space": errno.ENOSPC,
    "quota": errno.EDQUOT,
    "input/output": errno.EIO,
    "read-only": errno.EROFS,
}


class FailingDisk:
    """Counts calls; from number `first` on they fail, all of them or, `once`, only that one.

    A write that fails has written half of what it was given: that is what a full disk does.
    """

    def __init__(self, root: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._root = str(root.resolve())
        self._files: set[int] = set()
        self._first = 0
        self._once = False
        self._errno = 0
        self.calls: list[str] = []
        real_open, real_close, real_write = os.open, os.close, os.write

        def opening(path: Any, flags: int, *rest: Any, **more: Any) -> int:
            ours = bool(flags & _WRITING) and self._is_below(path)
            if ours:
                self._count(f"open {_shown(path)}", path)
            file = real_open(path, flags, *rest, **more)
            (self._files.add if ours else self._files.discard)(file)
            return file

        def closing(file: int) -> None:
            self._files.discard(file)
            real_close(file)

        def writing(file: int, content: bytes) -> int:
            if file in self._files:
                try:
                    self._count("write")
                except OSError:
                    real_write(file, content[: len(content) // 2])
                    raise
            return real_write(file, content)

        monkeypatch.setattr(os, "open", opening)
        monkeypatch.setattr(os, "close", closing)
        monkeypatch.setattr(os, "write", writing)
        for name in ("fsync", "ftruncate", "fchmod"):
            monkeypatch.setattr(os, name, self._on_file(name, getattr(os, name)))
        for name in ("mkdir", "replace", "unlink"):
            monkeypatch.setattr(os, name, self._on_path(name, getattr(os, name)))

    def fail(self, first: int, error: int, *, once: bool) -> None:
        self._first, self._errno, self._once = first, error, once
        self.calls.clear()

    def heal(self) -> None:
        self._first = 0
        self.calls.clear()

    def _on_file(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(file: int, *rest: Any) -> Any:
            if file in self._files or (name == "fsync" and self._is_below(os.readlink(f"/proc/self/fd/{file}"))):
                self._count(name)
            return real(file, *rest)

        return call

    def _on_path(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *rest: Any, **more: Any) -> Any:
            if self._is_below(path) and name != "unlink":
                self._count(f"{name} {_shown(path)}", path)
            return real(path, *rest, **more)

        return call

    def _is_below(self, path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and str(path).startswith(self._root)

    def _count(self, what: str, path: Any = None) -> None:
        self.calls.append(what)
        number = len(self.calls)
        if self._first and (number == self._first or (number > self._first and not self._once)):
            raise OSError(self._errno, os.strerror(self._errno), *([] if path is None else [str(path)]))


def _shown(path: Any) -> str:
    return pathlib.Path(path).name
