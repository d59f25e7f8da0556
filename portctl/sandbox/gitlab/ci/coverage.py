"""The coverage that a job's log tells. Source: GitLab docs, "`coverage`"."""

from __future__ import annotations

import re
from pathlib import Path

from portctl.sandbox.gitlab.ci.patterns import parse_pattern

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def coverage_of(log: Path, pattern: str | None) -> float | None:
    """The last match in the log: its first group, or all of it."""
    if pattern is None or not log.is_file():
        return None
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    matches = [match for line in lines for match in parse_pattern(pattern).finditer(line)]
    number = _NUMBER.search(matches[-1][1] or "" if matches[-1].groups() else matches[-1][0]) if matches else None
    return float(number[0]) if number else None
