"""What is wrong with a pipeline, and where."""

from __future__ import annotations

from dataclasses import dataclass

from portctl.source import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, at `path` of the file called `file`."""

    file: str
    path: Path
    text: str
