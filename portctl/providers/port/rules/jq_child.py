"""Compiles jq programs, many at a time. A program by itself: a bad one may end or fill its process.

Reads a line of JSON, a list of programs, and answers with one: for each what is wrong with it, or "". Whatever is
compiled, jq compiles its own library first, which takes longer: many programs are compiled as parts of one.
"""

from __future__ import annotations

import bisect
import json
import re
import resource
import signal
import sys

import jq

MEMORY_BYTES = 512 * 1024 * 1024
LIMIT_SECONDS = 2.0
"""Of the processor, for what is compiled at once."""
_PLACED = re.compile(r"^jq: error: (.*) at <top-level>, line (\d+):$", re.MULTILINE)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_checked(json.loads(line))) + "\n")
        sys.stdout.flush()


def _checked(programs: list[str]) -> list[str]:
    """What is wrong with each. What jq says of all in one names lines: most of the guilty ones are found at once."""
    if len(programs) == 1:
        return [_compiled(programs[0])]
    starts, text = [], ""
    for program in programs:
        starts.append(text.count("\n") + 1)
        text += f"{', ' if text else ''}({program}\n)\n"
    said = _compiled(text)
    if not said:
        return [""] * len(programs)
    found: dict[int, str] = {}
    for why, line in _PLACED.findall(said):
        index = bisect.bisect_right(starts, int(line)) - 1
        if index not in found:
            # A name that is not defined is known once all is parsed: jq would say the same of the program alone.
            found[index] = why if why.endswith("is not defined") else _compiled(programs[index])
    if not found:
        half = len(programs) // 2
        return _checked(programs[:half]) + _checked(programs[half:])
    others = [index for index in range(len(programs)) if index not in found]
    found.update(zip(others, _checked([programs[index] for index in others]) if others else [], strict=True))
    return [found[index] for index in range(len(programs))]


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
