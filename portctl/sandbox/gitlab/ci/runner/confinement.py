"""What a job sees of this machine: not the processes and files of the sandbox, of its starter or of other jobs.

Needs Linux, and a kernel that gives namespaces to ordinary users. Elsewhere a job sees what its user sees, as with
GitLab's shell executor.
"""

from __future__ import annotations

import contextlib
import functools
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LAUNCHER = Path(__file__).with_name("launcher.py")
_PROBE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class View:
    """A job sees nothing of what lies in `hidden` (folders and files), but for the folders `kept`."""

    hidden: tuple[Path, ...]
    kept: tuple[Path, ...]


@contextlib.contextmanager
def confined(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, view: View
) -> Iterator[tuple[list[str], int]]:
    """What to start, without any environment, and the file that it inherits: others would see a command line."""
    order = {
        "arguments": list(arguments),
        "environment": dict(environment),
        "folder": str(folder),
        "hidden": [str(place) for place in view.hidden],
        "kept": [str(place) for place in view.kept],
    }
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        json.dump(order, file)
        file.seek(0)
        yield [sys.executable, "-I", str(_LAUNCHER), str(file.fileno())], file.fileno()


@functools.cache
def is_possible() -> bool:
    """Whether this machine lets jobs be confined; tried once."""
    if sys.platform != "linux":
        return False
    with confined(["/bin/sh", "-c", "exit 7"], {}, Path("/"), View((), ())) as (arguments, handle):
        try:
            done = subprocess.run(
                arguments,
                env={},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                pass_fds=[handle],
                timeout=_PROBE_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
    return done.returncode == 7
