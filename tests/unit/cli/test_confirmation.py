"""What somebody at a terminal sees and types: the program itself, behind a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import time

import pytest

from tests.unit.cli.conftest import Place
from tests.waiting import PATIENCE_SECONDS

PROMPT = "Apply this? Only 'yes' is accepted: "


def _at_a_terminal(place: Place, answer: bytes, *arguments: str) -> tuple[int, str]:
    """The exit code, and everything that the terminal showed."""
    ours, theirs = pty.openpty()
    program = [sys.executable, "-c", "from portctl.cli import main; main()", *arguments, "-C", str(place.root)]
    environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        program, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    ) as process:
        os.close(theirs)
        shown = ""
        answered = False
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                part = os.read(ours, 65536).decode()
            except OSError:
                break
            if not part:
                break
            shown += part
            if PROMPT in shown and not answered:
                os.write(ours, answer)
                answered = True
        os.close(ours)
        return process.wait(PATIENCE_SECONDS), shown.replace("\r\n", "\n")


def test_yes_applies_and_the_plan_is_coloured(place: Place) -> None:
    code, shown = _at_a_terminal(place, b"yes\n", "apply")
    assert code == 0, shown
    assert "\x1b[32m+  \x1b[0m \x1b[1mport/Blueprint:change\x1b[0m  will be created\n" in shown
    assert "\r\x1b[2K" in shown
    assert re.sub(r"\x1b\[[0-9;]*[mK]", "", shown).endswith("Apply complete: 2 created, 0 updated, 0 deleted.\n")


@pytest.mark.parametrize("answer", [b"y\n", b"\n", b"YES\n"])
def test_anything_else_applies_nothing(place: Place, answer: bytes) -> None:
    code, shown = _at_a_terminal(place, answer, "apply", "--color", "never")
    assert code == 5
    assert shown.endswith("error: Not confirmed\n  apply was called off, nothing was changed\n")
    assert "\x1b[1m" not in shown
    assert place.run("state", "list").out == "The ledger holds no resources.\n"


def test_an_interrupt_at_the_question_applies_nothing(place: Place) -> None:
    code, shown = _at_a_terminal(place, b"\x04", "apply", "--color", "never")
    assert code == 130
    assert shown.endswith("Interrupted. Nothing was changed.\n")
