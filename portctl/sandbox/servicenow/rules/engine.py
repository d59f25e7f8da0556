"""JavaScript in child processes: a script has a time limit, and a child that oversteps it is killed."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIMIT_SECONDS = 5.0
_PROGRAM = Path(__file__).with_name("child.py")

Answerer = Callable[[str, list[Any]], Any]
"""Answers what a script asks of its surroundings. Raises ScriptFault for what the script did wrong."""


class ScriptFault(Exception):
    """Something the script asked for is not there, or not emulated; thrown inside the script."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a script ended: its value (conditions only), or the error that it threw and where."""

    value: bool | None
    error: str | None = None
    line: int | None = None


class Engine:
    """Idle children, started as needed. A child runs one script at a time."""

    def __init__(self, limit_seconds: float = LIMIT_SECONDS) -> None:
        self.limit_seconds = limit_seconds
        self._idle: list[_Child] = []

    def run(self, source: str, surroundings: dict[str, Any], answer: Answerer) -> Outcome:
        """Time that `answer` takes does not count against the script's limit."""
        try:
            child = self._idle.pop()
        except IndexError:
            child = _Child()
        try:
            outcome = child.run({**surroundings, "source": source}, self.limit_seconds, answer)
        except BaseException:
            child.kill()
            raise
        if child.is_alive:
            self._idle.append(child)
        return outcome

    def close(self) -> None:
        while self._idle:
            self._idle.pop().kill()


class _Child:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            start_new_session=True,
        )
        self._buffer = b""
        self.is_alive = True

    def run(self, given: dict[str, Any], limit_seconds: float, answer: Answerer) -> Outcome:
        remaining = limit_seconds
        try:
            self._send({"input": given, "limit_seconds": limit_seconds})
            while True:
                started = time.monotonic()
                message = self._receive(remaining)
                remaining -= time.monotonic() - started
                if "done" in message:
                    return _outcome(message["done"])
                self._send(_reply(answer, message["call"], message["arguments"]))
        except TimeoutError:
            self.kill()
            return Outcome(None, f"the script ran for more than {limit_seconds:g} seconds and was ended")
        except (BrokenPipeError, EOFError):
            self.kill()
            return Outcome(None, "the script's process ended, for example for want of memory")

    def kill(self) -> None:
        self.is_alive = False
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def _send(self, message: Any) -> None:
        stream = self._process.stdin
        if stream is None:
            raise EOFError
        stream.write(json.dumps(message).encode() + b"\n")
        stream.flush()

    def _receive(self, seconds: float) -> Any:
        """The next line. Errors: TimeoutError, EOFError."""
        stream = self._process.stdout
        if stream is None:
            raise EOFError
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                piece = os.read(stream.fileno(), 65_536)
                if not piece:
                    raise EOFError
                self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        return json.loads(line)


def _reply(answer: Answerer, name: str, arguments: list[Any]) -> dict[str, Any]:
    try:
        return {"value": answer(name, arguments)}
    except ScriptFault as fault:
        return {"error": str(fault)}


def _outcome(done: dict[str, Any]) -> Outcome:
    if done["ok"]:
        return Outcome(done.get("value"))
    return Outcome(None, str(done["error"]), done.get("line"))
