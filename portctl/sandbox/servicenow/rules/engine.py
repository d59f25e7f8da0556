"""JavaScript in child processes: a script has a time limit, and a child that oversteps it is killed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portctl.sandbox.core.child import LineChild

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
        self._idle: list[LineChild] = []

    def run(self, source: str, surroundings: dict[str, Any], answer: Answerer) -> Outcome:
        """Time that `answer` takes does not count against the script's limit."""
        try:
            child = self._idle.pop()
        except IndexError:
            child = LineChild(_PROGRAM)
        try:
            outcome = _converse(child, {**surroundings, "source": source}, self.limit_seconds, answer)
        except TimeoutError:
            child.kill()
            return Outcome(None, f"the script ran for more than {self.limit_seconds:g} seconds and was ended")
        except EOFError:
            child.kill()
            return Outcome(None, "the script's process ended, for example for want of memory")
        except BaseException:
            child.kill()
            raise
        self._idle.append(child)
        return outcome

    def close(self) -> None:
        while self._idle:
            self._idle.pop().kill()


def _converse(child: LineChild, given: dict[str, Any], limit_seconds: float, answer: Answerer) -> Outcome:
    """Errors: TimeoutError, EOFError, as the child has them."""
    remaining = limit_seconds
    message: Any = {"input": given, "limit_seconds": limit_seconds}
    while True:
        started = time.monotonic()
        said = child.ask(message, remaining)
        remaining -= time.monotonic() - started
        if "done" in said:
            return _outcome(said["done"])
        message = _reply(answer, said["call"], said["arguments"])


def _reply(answer: Answerer, name: str, arguments: list[Any]) -> dict[str, Any]:
    try:
        return {"value": answer(name, arguments)}
    except ScriptFault as fault:
        return {"error": str(fault)}


def _outcome(done: dict[str, Any]) -> Outcome:
    if done["ok"]:
        return Outcome(done.get("value"))
    return Outcome(None, str(done["error"]), done.get("line"))
