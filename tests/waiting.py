"""Waiting for what is going to happen: long, because a busy machine is no failure, and never for a guess."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_SECONDS = 600.0
"""So long nothing that goes on takes, however busy the machine is: whoever waits longer waits in vain."""


def wait_until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
