"""Compiles jq programs, one after the other. A program by itself: a bad one may end or fill its process.

Reads a line of JSON, the program, and answers with one: what is wrong with it, or "".
"""

from __future__ import annotations

import json
import resource
import signal
import sys

import jq

MEMORY_BYTES = 512 * 1024 * 1024
LIMIT_SECONDS = 2.0
"""Of the processor, for one program."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for line in sys.stdin:
        signal.setitimer(signal.ITIMER_PROF, LIMIT_SECONDS)
        said = _compiled(json.loads(line))
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


def _compiled(program: str) -> str:
    try:
        jq.compile(program)
    except ValueError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    main()
