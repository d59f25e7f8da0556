"""A child process for what may take too long or end its process: it answers lines of JSON with lines of JSON.

The program sets its own limits of memory and of the processor's time, and dies of them. Threads are not needed, and
nothing is started before the first question.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import pathlib
import selectors
import subprocess
import sys
import time
from typing import Any

_PATIENCE_SECONDS = 120.0
"""Of the clock, should a child not die by itself on a busy machine."""


class Confined:
    """Asks `program`, a Python file without an environment of its own; another child follows one that died."""

    def __init__(self, program: pathlib.Path) -> None:
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""

    def ask(self, question: Any) -> Any:
        """The answer, or None where the child died of the question."""
        try:
            return self._answer(self._started(), json.dumps(question).encode() + b"\n")
        except (TimeoutError, EOFError, BrokenPipeError):
            self.end()
            return None

    def end(self) -> None:
        """Stop the child, if there is one."""
        atexit.unregister(self.end)
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(BrokenPipeError):
                if stream is not None:
                    stream.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._buffer = b""
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(self._program)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
            )
            atexit.register(self.end)
        return self._process

    def _answer(self, process: subprocess.Popen[bytes], question: bytes) -> Any:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(question)
        process.stdin.flush()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                piece = os.read(process.stdout.fileno(), 65_536)
                if not piece:
                    raise EOFError
                self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)
