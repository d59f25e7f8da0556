"""Compiles jq programs, many at a time. A program by itself: a bad one may end or fill its process.

Reads a line of JSON, a list of programs, and answers with one: for each what is wrong with it, or "". Whatever is
compiled, jq compiles its own library first, which takes longer: many programs are compiled as parts of one.
"""

from __future__ import annotations

import json
import resource
import signal
import sys

import jq

MEMORY_BYTES = 512 * 1024 * 1024
LIMIT_SECONDS = 2.0
"""Of the processor, for what is compiled at once."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_checked(json.loads(line))) + "\n")
        sys.stdout.flush()


def _checked(programs: list[str]) -> list[str]:
    if len(programs) == 1:
        return [_compiled(programs[0])]
    if not _compiled(", ".join(f"({program}\n)" for program in programs)):
        return [""] * len(programs)
    half = len(programs) // 2
    return _checked(programs[:half]) + _checked(programs[half:])


def _compiled(program: str) -> str:
    signal.setitimer(signal.ITIMER_PROF, LIMIT_SECONDS)
    try:
        jq.compile(program)
    except ValueError as error:
        return str(error)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return ""


if __name__ == "__main__":
    main()
