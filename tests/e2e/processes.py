"""`portctl` as a process of its own, to be watched and stopped in the middle of things."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from tests.unit.cli.conftest import Place
from tests.waiting import PATIENCE_SECONDS


@dataclass(frozen=True, slots=True)
class Done:
    """How a process ended; the sandbox's address reads `URL`."""

    code: int
    out: str
    err: str


@contextlib.contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`portctl ARGUMENTS` in the current folder; ended with the context at the latest."""
    with subprocess.Popen(
        [sys.executable, "-m", "portctl", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def end(process: subprocess.Popen[str], place: Place) -> Done:
    """Wait for the end of `process`."""
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    url = place.sandbox.urls["port"]
    return Done(process.returncode, out.replace(url, "URL"), err.replace(url, "URL"))


def portctl(place: Place, *arguments: str) -> Done:
    with started(*arguments) as process:
        return end(process, place)
