"""Streams that whoever starts the program has closed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.unit.cli.conftest import Place
from tests.waiting import PATIENCE_SECONDS

REFUSED = """\
error: Nobody said yes
  there is something to apply, and no terminal to ask at
  hint: Add --yes, or save a plan with portctl plan -o FILE and apply that: portctl apply FILE.
"""
APPLIED = """\
creating port/Blueprint:change
[1/2] created port/Blueprint:change
creating port/Secret:TOKEN
[2/2] created port/Secret:TOKEN
"""


def ended(line: str) -> tuple[int, str, str]:
    """Of `portctl LINE` in a shell: exit code, stdout, stderr without the seconds that steps took."""
    program = ["bash", "-c", f"exec {sys.executable} -m portctl {line}"]
    done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    said = [text.partition(" (")[0] for text in done.stderr.splitlines()]
    return done.returncode, done.stdout, "".join(f"{text}\n" for text in said)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("validate >&-", (0, "", "")),
        ("validate 2>&-", (0, "Valid: 2 resources, 0 warnings.\n", "")),
        ("validate --json >&-", (0, "", "")),
        ("plan --detailed-exitcode >&-", (2, "", "")),
        ("plan --detailed-exitcode <&- >&- 2>&-", (2, "", "")),
        ("apply <&- >&-", (5, "", REFUSED)),
        ("apply 2>&- >&-", (5, "", "")),
        ("state list >&-", (0, "", "")),
        ("--version >&-", (0, "", "")),
    ],
)
def test_a_closed_stream_changes_nothing_but_what_is_seen(
    line: str, expected: tuple[int, str, str], project: Place
) -> None:
    assert project.root.is_dir()
    assert ended(line) == expected


def test_an_apply_without_an_output_is_an_apply(project: Place) -> None:
    assert ended("apply --yes --workers 1 <&- >&-") == (0, "", APPLIED)
    ledger = json.loads((project.root / ".portctl/ledger/sandbox.json").read_text(encoding="utf-8"))
    assert [entry["address"] for entry in ledger["entries"]] == ["port/Blueprint:change", "port/Secret:TOKEN"]
    assert ended("plan --detailed-exitcode")[0] == 0
