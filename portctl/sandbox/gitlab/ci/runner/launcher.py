"""Run a program that sees no process but its own, and none of the files that it is not to see. Linux only.

A program of its own, started with an empty environment: `python -I launcher.py FD`. The file descriptor holds JSON with
`arguments`, `environment`, `folder`, `hidden` and `kept`; the rest is as in confinement.py. Exits as the program does.

Two user namespaces, one in the other: in the first, things are hidden; what is hidden there cannot be shown again in
the second, in which the program runs. Source: mount_namespaces(7), "Restrictions on mount namespaces".
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

NOT_CONFINED = 125
_NEW_MOUNTS, _NEW_USER, _NEW_PROCESSES = 0x00020000, 0x10000000, 0x20000000
_BIND, _RECURSIVE, _PRIVATE = 0x1000, 0x4000, 0x40000
_NO_SUID_DEVICES_EXEC = 0x2 | 0x4 | 0x8
_DIE_WITH_PARENT = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def main(order: dict[str, Any]) -> int:
    _enter(_NEW_USER | _NEW_MOUNTS | _NEW_PROCESSES)
    child = os.fork()
    if child:
        return _status_of(child)
    _check(_LIBC.prctl(_DIE_WITH_PARENT, signal.SIGKILL), "prctl")
    _hide(order["hidden"], order["kept"])
    program = os.fork()  # the first process of a namespace takes no signals by default: the program is the second
    if program:
        return _status_of(program)
    _enter(_NEW_USER | _NEW_MOUNTS)
    os.chdir(order["folder"])
    os.execvpe(order["arguments"][0], order["arguments"], order["environment"])


def _enter(flags: int) -> None:
    """New namespaces, in which user and group are who they are."""
    user, group = os.getuid(), os.getgid()
    _check(_LIBC.unshare(flags), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _hide(hidden: list[str], kept: list[str]) -> None:
    _mount("none", "/", "", _RECURSIVE | _PRIVATE)
    _mount("proc", "/proc", "proc", _NO_SUID_DEVICES_EXEC)
    handles = {place: os.open(place, os.O_PATH) for place in kept}
    for place in hidden:
        if os.path.isdir(place):
            _mount("none", place, "tmpfs", 0, "size=64k,mode=0755")
        elif os.path.exists(place):
            _mount("/dev/null", place, "", _BIND)
    for place, handle in handles.items():
        os.makedirs(place, exist_ok=True)
        _mount(f"/proc/self/fd/{handle}", place, "", _BIND)
        os.close(handle)


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    words = (source.encode(), target.encode(), kind.encode() or None, flags, options.encode() or None)
    _check(_LIBC.mount(words[0], words[1], words[2], ctypes.c_ulong(words[3]), words[4]), f"mount {target}")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _status_of(child: int) -> int:
    """Wait for the child, and for whatever is left to this process; the child's exit status as shells have it."""
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


if __name__ == "__main__":
    try:
        with os.fdopen(int(sys.argv[1]), encoding="utf-8") as source:
            wanted = json.load(source)
        code = main(wanted)
    except OSError as error:
        sys.stderr.write(f"the job cannot be confined: {error}\n")
        code = NOT_CONFINED
    os._exit(code)
