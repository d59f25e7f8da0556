"""Exceptions that nobody raised on purpose, as errors that can be told. Their messages may hold anything."""

from __future__ import annotations

import pathlib
import traceback

from portctl.errors import PortctlError

_REPORT_IT = "Run the same command with --debug and report what it prints, with the version of portctl."


def explained(error: Exception) -> PortctlError:
    """What the user is told of `error`, which is its cause."""
    if isinstance(error, PortctlError):
        return error
    if isinstance(error, OSError) and error.errno is not None:
        told = _of_system(error)
    elif isinstance(error, MemoryError):
        told = PortctlError("Out of memory", "this machine has no more to give")
    else:
        told = _bug(error)
    told.__cause__ = error
    return told


def _of_system(error: OSError) -> PortctlError:
    """What the system refused: a file by its name; without one it is the output, or the machine as a whole."""
    from portctl.disk import what_helps

    why = error.strerror or type(error).__name__
    if error.filename is None:
        return PortctlError("The system refused", f"{why}; of the output, if that goes into a file or a pipe")
    return PortctlError("Cannot use a file", f"{error.filename}: {why}", hint=what_helps(error))


def _bug(error: Exception) -> PortctlError:
    """Only its type and place are told."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {pathlib.Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return PortctlError("This is a bug in portctl", f"{type(error).__name__}{place}", hint=_REPORT_IT)
