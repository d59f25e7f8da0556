"""jq programs as Port runs them: jq of the 1.6 era, without a view of the host; errors give null."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jq


@lru_cache(maxsize=4096)
def _compiled(program: str) -> Any:
    """The program with an empty environment, or None where it does not compile."""
    try:
        return jq.compile(f"def env: {{}}; {{}} as $ENV | (\n{program}\n)")
    except ValueError:
        return None


def evaluate(program: str, value: Any) -> Any:
    """The program's first result; null where it has none, fails, or does not compile."""
    compiled = _compiled(program)
    if compiled is None:
        return None
    try:
        return next(iter(compiled.input(value)), None)
    except ValueError:
        return None
