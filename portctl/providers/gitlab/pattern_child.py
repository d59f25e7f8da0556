"""Searches texts with regular expressions, one after the other: in Python, unlike in RE2, one may take for ever.

Reads a line of JSON, the pattern and the text, and answers with one: whether it is found, also where Python cannot
read the pattern.
"""

from __future__ import annotations

import json
import re
import resource
import signal
import sys

MEMORY_BYTES = 256 * 1024 * 1024
LIMIT_SECONDS = 1.0
"""Of the processor, for one search."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for line in sys.stdin:
        pattern, text = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, LIMIT_SECONDS)
        found = _found(pattern, text)
        signal.setitimer(signal.ITIMER_PROF, 0)
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


def _found(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern.replace(r"\z", r"\Z"), text) is not None
    except (re.error, RecursionError, OverflowError, MemoryError):
        return True


if __name__ == "__main__":
    main()
