"""jq programs as Port runs them: of the 1.6 era, without a view of the host, in a child process with a time limit."""

from __future__ import annotations

import re
import threading
from enum import Enum
from pathlib import Path
from typing import Any, Final

from portctl.sandbox.core.child import LineChild

LIMIT_SECONDS = 2.0
"""Of the processor."""
_PATIENCE_SECONDS = 60.0
"""Of the clock, should the child not die by itself."""
_QUOTE = re.compile(r"""(?<!\S)'(?![\s"])|(?<![\s"])'(?!\S)""")
_PROGRAM = Path(__file__).with_name("jq_child.py")


class Nothing(Enum):
    """What a program that yields nothing yields: JavaScript's `undefined`."""

    UNDEFINED = "undefined"


UNDEFINED: Final = Nothing.UNDEFINED


class Engine:
    """Idle children, started as needed. A program that overstepped the limit once is not run again."""

    def __init__(self, limit_seconds: float = LIMIT_SECONDS) -> None:
        self.limit_seconds = limit_seconds
        self._idle: list[LineChild] = []
        self._condemned: set[str] = set()
        self._lock = threading.Lock()

    def first(self, program: str, value: Any) -> Any:
        """The program's first result, UNDEFINED where it has none; null where it fails or takes too long."""
        if program in self._condemned:
            return None
        with self._lock:
            used = self._idle.pop() if self._idle else None
        reply = None if used is None else self._ask(used, program, value)
        if reply is None:  # the child may have died of something else
            reply = self._ask(LineChild(_PROGRAM), program, value)
        if reply is None:
            self._condemned.add(program)
            return None
        return None if "error" in reply else reply.get("value", UNDEFINED)

    def _ask(self, child: LineChild, program: str, value: Any) -> Any:
        """The child's reply; None where it dies of the question."""
        question = {"program": program, "input": value, "limit_seconds": self.limit_seconds}
        try:
            reply = child.ask(question, _PATIENCE_SECONDS)
        except (TimeoutError, EOFError):
            child.kill()
            return None
        with self._lock:
            self._idle.append(child)
        return reply

    def close(self) -> None:
        """End the children and forget what was condemned; the next program starts a child again."""
        with self._lock:
            idle, self._idle = self._idle, []
            self._condemned.clear()
        for child in idle:
            child.kill()


ENGINE: Final = Engine()
"""Shared by all sandboxes of this process: programs know nothing of each other."""


def first(program: str, value: Any) -> Any:
    """The program's first result, UNDEFINED where it has none; errors give null.

    Quotes around a text may be single where they touch a blank or an end of the program.
    """
    return ENGINE.first(_QUOTE.sub('"', program), value)


def evaluate(program: str, value: Any) -> Any:
    """The program's first result; null where it has none, fails, or does not end."""
    result = first(program, value)
    return None if result is UNDEFINED else result
