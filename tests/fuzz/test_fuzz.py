"""No input ends in anything but an answer or a finding, in a few seconds and little memory.

A plain run tries what fits into a few seconds and differs from run to run. `PORTCTL_FUZZ=N` tries N of each target.
One case again: `python -m tests.fuzz.child TARGET SEED CASE+1 1e9`.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.figures import record
from tests.fuzz.targets import TARGETS
from tests.sampling import EXHAUSTIVE, SEED

CASES = int(os.environ.get("PORTCTL_FUZZ") or (20_000 if EXHAUSTIVE else 1_000_000))
SECONDS = 1e9 if os.environ.get("PORTCTL_FUZZ") or EXHAUSTIVE else 4.0
MOST_SECONDS = 20.0
"""Of the processor, for one case. The page has what it takes really."""
MOST_BYTES = 600 * 1024 * 1024
_ROOT = pathlib.Path(__file__).resolve().parents[2]


def fuzz(target: str) -> dict[str, Any]:
    """What the child said at last; the case that it died of, if it did."""
    command = [sys.executable, "-m", "tests.fuzz.child", target, str(SEED), str(CASES), str(SECONDS)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    last = json.loads(lines[-1]) if lines else {}
    if isinstance(last, dict) and done.returncode == 0:
        return last
    return {"case": last, "error": f"ended with {done.returncode}: {done.stderr[-2000:]}"}


@pytest.fixture(scope="module")
def figures() -> Iterator[dict[str, object]]:
    """What goes into the page when all targets have been through."""
    found: dict[str, object] = {}
    yield found
    if len(found) == 3 * len(TARGETS):
        record("fuzzing", found)


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_is_a_surprise(target: str, covered: list[str], figures: dict[str, object]) -> None:
    found = fuzz(target)
    assert "error" not in found, f"seed {SEED}, case {found['case']} of {target}\n{found['error']}"
    memory = found["bytes"] >> 20
    most = f"at most {found['seconds']:.2f} s (case {found['slowest']}) and {memory} MiB"
    covered.append(f"fuzzing: {found['cases']} {target}, {most}")
    figures[f"{target}: cases"] = found["cases"]
    figures[f"{target}: longest, seconds of the processor"] = f"{found['seconds']:.2f}"
    figures[f"{target}: most memory, MiB"] = memory
    assert found["seconds"] < MOST_SECONDS, f"seed {SEED}, case {found['slowest']} of {target}"
    assert found["bytes"] < MOST_BYTES, f"seed {SEED}, {target}"
