"""stdin, stdout and stderr, which whoever starts a program may have closed (`portctl validate >&-`)."""

from __future__ import annotations

import os
import sys


def open_closed() -> None:
    """Let each stream that is closed read nothing and write nowhere.

    Python has None for it then, and the next file that is opened, a ledger perhaps, would get its number: whatever is
    started from here writes its output there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):  # a file gets the lowest number that is free
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)
