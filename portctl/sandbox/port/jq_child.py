"""Runs jq programs, one after the other. A program by itself, so that what they do to their process harms nobody.

Reads a line of JSON `{"program": ..., "input": ..., "limit_seconds": ...}` and answers with one: `{"value": ...}`, `{}`
for a program that yields nothing, or `{"error": ...}`. An endless program cannot be stopped from within: the process
dies of it, after so much time of the processor, however busy the machine is.
"""

from __future__ import annotations

import json
import math
import re
import resource
import signal
import sys
from functools import lru_cache
from typing import Any

import jq

MEMORY_BYTES = 1024 * 1024 * 1024
_SURROUNDINGS = "def env: {}; def debug: .; def stderr: .; def input: error; def inputs: empty; {} as $ENV | "
"""No view of the host; and none of the functions with which the library takes its process down."""
_LATER_FUNCTIONS = (
    *("pick(f)", "abs", "toarray", "trim", "ltrim", "rtrim", "have_literal_numbers", "have_decnum"),
    *("debug(f)", "scan(a; b)", "skip(a; b)", "trimstr(a)", "add(f)"),
)
_LATER = "".join(f'def {name}: error("not known to jq 1.6"); ' for name in _LATER_FUNCTIONS)
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"|#[^\n]*')
_CHOICE = re.compile(r"(?<![\w.$@:])(if|else)\b(?!\s*:)")


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    speaks_later = _compiles("have_decnum")
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    for line in sys.stdin:
        job = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, job["limit_seconds"])
        result = _run(job["program"], job["input"], speaks_later=speaks_later)
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


def lacks_else(program: str) -> bool:
    """Whether an `if` stands without its `else`, which jq 1.6 refuses and later ones take."""
    words = [match[1] for match in _CHOICE.finditer(_TEXT.sub('""', program))]
    return words.count("if") > words.count("else")


def _run(program: str, value: Any, *, speaks_later: bool) -> dict[str, Any]:
    """`speaks_later`: the library is newer than Port's, and is kept from what came since."""
    if speaks_later and lacks_else(program):
        return {"error": "syntax error: if without else"}
    surroundings = _LATER + _SURROUNDINGS if speaks_later else _SURROUNDINGS
    try:
        return {"value": _json(next(iter(_compiled(surroundings + program).input(text=json.dumps(value)))))}
    except StopIteration:
        return {}
    except (ValueError, OverflowError, RecursionError, MemoryError) as error:
        return {"error": str(error)}


def _compiles(program: str) -> bool:
    try:
        jq.compile(program)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def _compiled(program: str) -> Any:
    return jq.compile(program)


def _json(value: Any) -> Any:
    """What JSON can say of a result: numbers that are none become null, as JavaScript prints them."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_json(each) for each in value]
    if isinstance(value, dict):
        return {name: _json(each) for name, each in value.items()}
    return value


if __name__ == "__main__":
    main()
