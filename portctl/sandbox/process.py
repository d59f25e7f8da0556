"""The sandbox as a process: serve until told to end, and say in a file where the services are."""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portctl.sandbox.core.faults import BadFault, Fault, read_fault
from portctl.sandbox.core.storage import write_private
from portctl.sandbox.core.switches import Switches, UnknownSwitch
from portctl.sandbox.server import SWITCHES, Sandbox, address_file


class AlreadyServed(RuntimeError):
    """Another process serves this state directory."""


def serve(
    state_dir: Path, seed: int, switches: Mapping[str, str], ends: threading.Event, *, faults: Sequence[Fault] = ()
) -> None:
    """Serve until `ends` is set. `faults` are armed from the first request on. Errors: AlreadyServed, UnknownSwitch."""
    with _alone(state_dir), Sandbox(state_dir, seed, switches) as sandbox:
        for fault in faults:
            sandbox.faults.add(fault)
        file = address_file(state_dir)
        write_private(file, describe(sandbox))
        try:
            ends.wait()
        finally:
            file.unlink(missing_ok=True)


def describe(sandbox: Sandbox) -> dict[str, Any]:
    """What the address file says: process, addresses, credentials."""
    services: dict[str, Any] = {}
    for name, url in sandbox.urls.items():
        others = {key: dict(each) for key, each in sandbox.credentials[name].items()}
        default = others.pop("default")
        organisation = {key: default.pop(key) for key in ("organisation",) if key in default}
        services[name] = {"url": url, **organisation, "credentials": default, "others": others}
    return {"pid": os.getpid(), "control": sandbox.control, "seed": sandbox.world.ids.seed, "services": services}


def run(arguments: Sequence[str]) -> int:
    """The program `python -m portctl.sandbox`; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m portctl.sandbox", description="Serve the sandbox.")
    parser.add_argument("--dir", type=Path, default=Path(".portctl/sandbox"), help="where its state is kept")
    parser.add_argument("--seed", type=int, default=0, help="what identifiers and secrets are derived from")
    parser.add_argument("--switch", action="append", default=[], metavar="NAME=strict|lenient")
    parser.add_argument("--fault", action="append", default=[], metavar="JSON", help="a request that is to fail")
    options = parser.parse_args(arguments)
    ends = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ends.set())
    try:
        faults = [read_fault(text) for text in options.fault]
        serve(options.dir, options.seed, parse_switches(options.switch), ends, faults=faults)
    except (AlreadyServed, UnknownSwitch, BadFault) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error.filename or options.dir}: {error.strerror}\n")
        return 1
    return 0


def check_switches(texts: Sequence[str]) -> dict[str, str]:
    """What `texts` choose, `NAME=strict` or `NAME=lenient` each. Errors: UnknownSwitch."""
    chosen = parse_switches(texts)
    Switches(SWITCHES, chosen)
    return chosen


def parse_switches(texts: Sequence[str]) -> dict[str, str]:
    """`NAME=strict` or `NAME=lenient`, as on the command line. Errors: UnknownSwitch."""
    chosen: dict[str, str] = {}
    for text in texts:
        name, equals, reading = text.partition("=")
        if not equals:
            raise UnknownSwitch(f'a switch is set as NAME=strict or NAME=lenient, not "{text}"')
        chosen[name] = reading
    return chosen


@contextmanager
def _alone(state_dir: Path) -> Iterator[None]:
    """Hold the state directory, for as long as this process lives at most. The lock file says whose it is."""
    state_dir.mkdir(parents=True, exist_ok=True)
    with (state_dir / "lock").open("a", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyServed(f"another sandbox serves {state_dir}: portctl sandbox down ends it") from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
