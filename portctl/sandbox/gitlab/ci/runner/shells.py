"""The shells that jobs may run in, and what stands on their search path."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from portctl.sandbox.gitlab.ci.runner.stubs import python, stand_ins

_SYSTEM = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")
_TOOLS = ("bash", "git", "curl", "jq", "python3", "node")
_PYTHON = "python3"
_ON_THE_IMAGE = ("curl", "jq")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")


class MissingShell(RuntimeError):
    """The shell is not on this machine."""


class UnknownShell(ValueError):
    """No shell that jobs may run in."""


@dataclass(frozen=True, slots=True)
class Shell:
    """`argv`: how it is started, without the script. `path`: the job's search path."""

    name: str
    argv: tuple[str, ...]
    path: str


Find = Callable[[Path], Shell]
"""A shell whose own files are kept in a folder."""


def named(name: str, programs: Sequence[str] = ()) -> Find:
    """`bash` or `dash`, or `busybox` with more programs beside it. Errors: UnknownShell, MissingShell."""
    if name in _SYSTEM_SHELLS and not programs:
        _program(name)
        return _SYSTEM_SHELLS[name]
    if name != "busybox":
        raise UnknownShell(
            'a shell is "bash" or "dash", which have the programs of the system, or "busybox" with more programs'
        )
    for each in programs:
        if not _NAME.fullmatch(each):
            raise UnknownShell(f'"{each}" is not the name of a program')
    for each in (name, *_ON_THE_IMAGE, *programs):
        _program(each)
    return partial(busybox, more=tuple(programs))


def bash(folder: Path) -> Shell:
    """Bash with the programs of the system. Errors: MissingShell."""
    return _with_the_system("bash", folder)


def dash(folder: Path) -> Shell:
    """The `sh` of many images, with the programs of the system. Errors: MissingShell."""
    return _with_the_system("dash", folder)


def _with_the_system(name: str, folder: Path) -> Shell:
    program = _program(name)
    found = [Path(place).parent for tool in _TOOLS if (place := shutil.which(tool)) is not None]
    places = [folder_of for folder_of in found if str(folder_of) not in _SYSTEM]
    return Shell(name, (program,), _path(python(stand_ins(folder)), *places, *_SYSTEM))


def busybox(folder: Path, *, more: Sequence[str] = ()) -> Shell:
    """BusyBox's `sh` with its applets, curl and jq, and `more`: what a small image has. Errors: MissingShell."""
    program = _program("busybox")
    applets = folder / "-".join(("busybox", *more))
    if not applets.is_dir():
        applets.mkdir(parents=True)
        names = subprocess.run([program, "--list"], capture_output=True, check=True, text=True).stdout.split()
        for name in names:
            (applets / name).symlink_to(program)
        for name in (*_ON_THE_IMAGE, *more):
            (applets / name).unlink(missing_ok=True)
            if name == _PYTHON:
                python(applets)
            else:
                (applets / name).symlink_to(_program(name))
    return Shell("busybox sh", (program, "sh"), _path(stand_ins(folder), applets))


_SYSTEM_SHELLS: Mapping[str, Find] = {"bash": bash, "dash": dash}


def _path(*folders: Path | str) -> str:
    return os.pathsep.join(dict.fromkeys(str(folder) for folder in folders))


def _program(name: str) -> str:
    """Where it is. Errors: MissingShell."""
    if name == _PYTHON:
        return sys.executable
    found = shutil.which(name)
    if found is None:
        raise MissingShell(f"{name} is not installed")
    return found
