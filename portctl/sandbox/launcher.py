"""Starting, finding and ending a project's sandbox from another process. Needs none of the sandbox's own packages."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_KILL_SECONDS = 5.0
_ANSWER_SECONDS = 60.0
_NEEDED = ("HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER")
_NEEDED_FAMILIES = ("COV", "LC_", "PYTHON")
_PACKAGES = ("starlette", "uvicorn", "jq", "dukpy")


class ControlError(RuntimeError):
    """The sandbox cannot be started, reached or ended; the text says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a project keeps its sandbox."""

    project: Path

    @property
    def state_dir(self) -> Path:
        return self.project / ".portctl" / "sandbox"

    @property
    def address_file(self) -> Path:
        return self.project / ".portctl" / "sandbox.json"

    @property
    def lock_file(self) -> Path:
        """Locked by the process that serves, which writes its number into it."""
        return self.state_dir / "lock"

    @property
    def log_file(self) -> Path:
        return self.state_dir / "log"


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox that answers. `document` is its address file: pid, control, services with credentials."""

    pid: int
    control: str
    document: dict[str, Any]

    def urls(self) -> dict[str, str]:
        return {name: str(service["url"]) for name, service in self.document["services"].items()}


def missing_packages() -> list[str]:
    """The packages of the extra `sandbox` that are not installed."""
    from importlib.util import find_spec

    return [name for name in _PACKAGES if find_spec(name) is None]


def status(project: Path) -> Running | None:
    """The project's sandbox, or None. A file left by a process that died is taken away.

    Errors: ControlError when it runs and does not answer, or its file does not tell where.
    """
    place = Place(project)
    file = place.address_file
    _require_files(place)
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        running = Running(int(document["pid"]), str(document["control"]), document)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, RecursionError):
        _forget(place)
        return None
    try:
        health = call(running, "GET", "/health")
    except ControlError:
        if _server(place) is not None:
            raise
        health = None
    if not isinstance(health, dict) or health.get("pid") != running.pid:
        _forget(place)
        return None
    return running


def _forget(place: Place) -> None:
    """Take the address file away. Errors: ControlError where the process that wrote it runs: only the file is wrong."""
    pid = _server(place)
    if pid is not None:
        raise ControlError(
            f"it runs (process {pid}), and {place.address_file} does not say where: something has changed that file; "
            "portctl sandbox down ends it, portctl sandbox up --detach starts it again"
        )
    place.address_file.unlink(missing_ok=True)


def _require_files(place: Place) -> None:
    """Errors: ControlError where something else than a file has the name of one: to open a pipe may take for ever."""
    for file in (place.address_file, place.lock_file, place.log_file):
        if file.exists() and not file.is_file():
            raise ControlError(f"{file} is there and no file")


def up(project: Path, *, seed: int = 0, switches: Sequence[str] = (), faults: Sequence[str] = ()) -> Running:
    """Start a sandbox in a session of its own and wait until it answers; one that is up already is left alone.

    `switches` are `NAME=strict` or `NAME=lenient`, `faults` JSON objects.

    Errors: ControlError with its last words.
    """
    already = status(project)
    if already is not None:
        return already
    place = Place(project)
    place.state_dir.mkdir(parents=True, exist_ok=True)
    with place.log_file.open("w", encoding="utf-8") as log:
        child = subprocess.Popen(
            command(project, seed, switches, faults),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        running = status(project) if place.address_file.exists() else None
        if running is not None and running.pid == child.pid:
            child.returncode = 0  # it lives on without us
            return running
        if child.poll() is not None:
            raise ControlError(f"the sandbox did not start: {_last_words(place)}")
        time.sleep(0.02)
    child.kill()
    child.wait()
    raise ControlError(f"the sandbox did not answer within {_START_SECONDS:.0f} seconds; see {place.log_file}")


def environment() -> dict[str, str]:
    """What a sandbox needs of this process's environment: whatever it starts could read the rest in it."""
    return {name: value for name, value in os.environ.items() if name in _NEEDED or name.startswith(_NEEDED_FAMILIES)}


def command(project: Path, seed: int, switches: Sequence[str], faults: Sequence[str]) -> list[str]:
    """The command line that serves a project's sandbox. No module is taken from the folder that it is started in."""
    chosen = [part for text in switches for part in ("--switch", text)]
    chosen += [part for text in faults for part in ("--fault", text)]
    program = [sys.executable, "-P", "-m", "portctl.sandbox"]
    return [*program, "--dir", str(Place(project).state_dir), "--seed", str(seed), *chosen]


def kept_seed(project: Path) -> int | None:
    """What the state that the project's sandbox has left was derived from; None without one."""
    try:
        return int(json.loads((Place(project).state_dir / "state.json").read_text(encoding="utf-8"))["seed"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def reset(project: Path) -> bool:
    """Back to the seeded state; whether a running sandbox did it (otherwise the next one starts afresh)."""
    running = status(project)
    if running is not None:
        call(running, "POST", "/reset")
        return True
    (Place(project).state_dir / "state.json").unlink(missing_ok=True)
    return False


def down(project: Path) -> bool:
    """End the project's sandbox and wait for it; whether there was one. Its state is kept.

    One that does not end when told to, because it still answers somebody, is killed.
    """
    place = Place(project)
    pid = _server(place)
    if pid is None:
        answers = status(project)
        pid = answers.pid if answers else None
    if pid is not None:
        for number, seconds in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, _KILL_SECONDS)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            if _ended(pid, seconds):
                break
        else:
            raise ControlError(f"the sandbox (process {pid}) does not end")
    place.address_file.unlink(missing_ok=True)
    return pid is not None


def _ended(pid: int, seconds: float) -> bool:
    """Whether the process ends within `seconds`."""
    deadline = time.monotonic() + seconds
    while _alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _server(place: Place) -> int | None:
    """The process that serves `place`, known by the lock that it holds: a number in a file may be another's by now."""
    try:
        with place.lock_file.open(encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(lock.read())
    except (FileNotFoundError, ValueError):
        pass
    return None


def call(running: Running, method: str, path: str, body: Any = None) -> Any:
    """One request to the control API. Errors: ControlError."""
    address = urlsplit(running.control)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_ANSWER_SECONDS)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        response = connection.getresponse()
        document = json.loads(response.read())
    except (OSError, ValueError, RecursionError, http.client.HTTPException) as error:
        raise ControlError(
            f"the sandbox at {running.control} does not answer: {error}; portctl sandbox down ends it"
        ) from error
    finally:
        connection.close()
    if response.status >= 400:
        raise ControlError(str(document.get("error", document)))
    return document


def _alive(pid: int) -> bool:
    """Whether the process exists and has not ended (an ended child of ours lingers until it is asked for)."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _last_words(place: Place) -> str:
    text = place.log_file.read_text(encoding="utf-8").strip()
    return text.splitlines()[-1] if text else "it ended without a word"
