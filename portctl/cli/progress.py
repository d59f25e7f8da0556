"""Progress on stderr: one live line on a terminal, plain lines anywhere else."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from portctl.cli.output import log, write_live
from portctl.model.plan import Phase
from portctl.model.report import Status

if TYPE_CHECKING:
    from portctl.model.plan import Step
    from portctl.model.report import Outcome

_COLUMNS = 80
_DOING = {
    Phase.CREATE: "creating",
    Phase.UPDATE: "updating",
    Phase.CONNECT: "connecting",
    Phase.COMPLETE: "completing",
    Phase.RENAME: "renaming",
    Phase.RELEASE: "releasing",
    Phase.DELETE: "deleting",
    Phase.LEDGER: "recording",
}


class Progress:
    """The engine's `Watch`; it may be told things from several threads at once."""

    def __init__(self, *, live: bool | None = None) -> None:
        self._live = sys.stderr.isatty() if live is None else live
        self._lock = threading.Lock()
        self._under_way: dict[str, str] = {}
        self._ended: set[str] = set()
        self._expected = 0
        self._waited: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def expect(self, steps: int) -> None:
        """How many steps there will be."""
        self._expected = steps

    def started(self, step: Step) -> None:
        doing = f"{_DOING[step.phase]} {step.change.address}"
        with self._lock:
            self._under_way[step.key] = doing
            self._show(doing)

    def ended(self, outcome: Outcome) -> None:
        with self._lock:
            self._under_way.pop(outcome.step.key, None)
            self._ended.add(outcome.step.key)
            line = f"{self._counter()} {_ended(outcome)}"
            if self._live and outcome.status in (Status.FAILED, Status.UNKNOWN):
                write_live("")
                log(line)
            self._show(line)

    def waiting(self, text: str) -> None:
        """What the run waits for, in words: `reading port`, `waiting for Port (attempt 2 of 5)`.

        Lines say the same thing once until something else happens: several threads may wait, and one several times.
        """
        with self._lock:
            if self._live:
                write_live(_fitting(text))
            elif text not in self._waited:
                self._waited.add(text)
                log(text)

    def clear(self) -> None:
        """Take the live line away, so that something else can be printed."""
        with self._lock:
            if self._live:
                write_live("")

    def _show(self, event: str) -> None:
        self._waited.clear()
        if not self._live:
            log(event)
            return
        under_way = ", ".join(self._under_way.values())
        write_live(_fitting(f"{self._counter()} {under_way}".rstrip()))

    def _counter(self) -> str:
        """`[3/14]`: steps that have ended, each once, and all of them."""
        return f"[{len(self._ended)}/{self._expected}]"


def _ended(outcome: Outcome) -> str:
    from portctl.views.escape import escape
    from portctl.views.report import done_word

    change, phase = outcome.step.change, outcome.step.phase
    match outcome.status:
        case Status.DONE:
            return f"{done_word(change.action, phase)} {change.address} ({outcome.seconds:.1f} s)"
        case Status.UNCHANGED:
            return f"nothing to do for {change.address}"
        case Status.SKIPPED:
            return f"skipped {change.address} ({phase})"
        case Status.FAILED | Status.UNKNOWN | Status.UNDER_WAY | Status.NOT_STARTED:
            why = f": {escape(outcome.error.summary)}" if outcome.error else ""
            return f"{outcome.status} {change.address} ({phase}){why}"


def _columns() -> int:
    """Of the terminal behind stderr: stdout may be a file, or another terminal."""
    with contextlib.suppress(OSError, ValueError):
        if not os.environ.get("COLUMNS"):
            return os.get_terminal_size(sys.stderr.fileno()).columns or _COLUMNS
    return shutil.get_terminal_size().columns


def _fitting(text: str) -> str:
    """Cut to the terminal's width: a line that wraps could not be taken away again."""
    room = _columns() - 1
    return text if len(text) <= room else f"{text[: room - 3]}..."
