"""Ctrl-C and SIGTERM. Whoever waits is woken: a wait of minutes does not outlive the wish to stop."""

from __future__ import annotations

import os
import select
import signal
from typing import NoReturn

_interrupted, _interrupt = os.pipe()
"""Readable from the first signal on. A pipe, since a handler may take no lock that the thread below it may hold."""


def catch_signals() -> None:
    """A CI system that cancels a job sends SIGTERM: end as on Ctrl-C, with the ledger written."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)


def sleep(seconds: float) -> None:
    """Sleep, in any thread. Raises KeyboardInterrupt once a signal has come."""
    if select.select([_interrupted], [], [], seconds)[0]:
        raise KeyboardInterrupt


def _stop(*_: object) -> NoReturn:
    os.write(_interrupt, b"\0")
    raise KeyboardInterrupt
