"""A program in a session of its own, and the certain end of everything that it has started."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from portctl.sandbox.gitlab.ci.runner.confinement import View, confined

_POLL_SECONDS = 0.05
_DRAIN_SECONDS = 1.0
_KILL_SECONDS = 5.0
_CHUNK_BYTES = 65_536
_PROC = Path("/proc")


class Why(StrEnum):
    EXITED = "exited"
    EXPIRED = "expired"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Ended:
    """`exit_code` counts where the program exited by itself; a signal N is 128 + N, as shells have it."""

    why: Why
    exit_code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`mark`: a text that stands in the environment of the program and of whatever inherits it. `view`: None is all."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    mark: str
    view: View | None = None


def run(
    command: Command, write: Callable[[bytes], None], expired: Callable[[], bool], stopped: Callable[[], bool]
) -> Ended:
    """Run to the end, or until it expires or is stopped. Afterwards nothing that it has started is alive."""
    with _started(command) as process:
        assert process.stdout is not None
        pipe = process.stdout.fileno()
        os.set_blocking(pipe, False)
        try:
            why = _watch(process, pipe, write, expired, stopped)
        finally:
            end_all(process.pid, command.mark)
            process.wait()
        _drain(pipe, write)
    code = process.returncode
    return Ended(why, 128 - code if code < 0 else code)


@contextlib.contextmanager
def _started(command: Command) -> Iterator[subprocess.Popen[bytes]]:
    with contextlib.ExitStack() as open_things:
        arguments, environment, handles = list(command.arguments), dict(command.environment), []
        if command.view is not None:
            order = confined(arguments, environment, command.folder, command.view)
            arguments, handle = open_things.enter_context(order)
            environment, handles = {}, [handle]
        process = subprocess.Popen(
            arguments,
            env=environment,
            cwd=command.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=handles,
        )
        yield open_things.enter_context(process)


def _watch(
    process: subprocess.Popen[bytes],
    pipe: int,
    write: Callable[[bytes], None],
    expired: Callable[[], bool],
    stopped: Callable[[], bool],
) -> Why:
    is_open = True
    while process.poll() is None:
        if stopped():
            return Why.STOPPED
        if expired():
            return Why.EXPIRED
        if is_open:
            is_open = _pass_on(pipe, write)
        else:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_SECONDS)
    return Why.EXITED


def _pass_on(pipe: int, write: Callable[[bytes], None]) -> bool:
    """Wait a moment for output and hand it on; False once there will be no more."""
    ready, _, _ = select.select([pipe], [], [], _POLL_SECONDS)
    if not ready:
        return True
    chunk = os.read(pipe, _CHUNK_BYTES)
    if chunk:
        write(chunk)
    return bool(chunk)


def _drain(pipe: int, write: Callable[[bytes], None]) -> None:
    deadline = time.monotonic() + _DRAIN_SECONDS
    while time.monotonic() < deadline and _pass_on(pipe, write):
        continue


def end_all(session: int, mark: str) -> None:
    """Kill the session, its process group, and every process that carries the mark."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(session, signal.SIGKILL)
    _end_members(session, mark)


def end_marked(mark: str) -> None:
    """Kill every process that carries the mark, whoever started it."""
    _end_members(None, mark)


def _end_members(session: int | None, mark: str) -> None:
    deadline = time.monotonic() + _KILL_SECONDS
    while time.monotonic() < deadline:
        living = list(_members(session, mark.encode()))
        if not living:
            return
        for pid in living:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)


def _members(session: int | None, mark: bytes) -> Iterator[int]:
    """Living processes of the session, or with the mark in their environment; none where there is no /proc."""
    for entry in _PROC.iterdir() if _PROC.is_dir() else ():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            state, *numbers = (entry / "stat").read_bytes().rpartition(b")")[2].split()
            if state in (b"Z", b"X"):
                continue
            if int(numbers[2]) == session or mark in (entry / "environ").read_bytes():
                yield int(entry.name)
        except (OSError, ValueError):
            continue
