"""Progress, and colour by the kind of stream."""

from __future__ import annotations

import fcntl
import io
import os
import struct
import termios

import pytest

from portctl.cli.common_options import ColourChoice, CommonOptions
from portctl.cli.progress import Progress
from portctl.errors import PortctlError
from portctl.model.change import Action
from portctl.model.plan import Phase
from portctl.model.report import Outcome, Status
from tests.unit.views.builders import change, step

CREATE = step(change("a", Action.CREATE), Phase.CREATE)
UPDATE = step(change("b", Action.UPDATE), Phase.UPDATE)
DELETE = step(change("c", Action.DELETE), Phase.DELETE)
COMPLETE = step(change("d", Action.CREATE), Phase.COMPLETE)


def tell(progress: Progress) -> None:
    with progress:
        progress.waiting("reading port")
        progress.expect(14)
        progress.started(CREATE)
        progress.started(UPDATE)
        progress.ended(Outcome(step=CREATE, status=Status.DONE, seconds=0.34))
        progress.ended(Outcome(step=UPDATE, status=Status.FAILED, error=PortctlError("Port \x1b refused")))
        progress.ended(Outcome(step=DELETE, status=Status.UNCHANGED))
        progress.ended(Outcome(step=COMPLETE, status=Status.SKIPPED))


def test_without_a_terminal_every_event_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Progress(live=False))
    assert capsys.readouterr() == (
        "",
        """\
reading port
creating port/Action:a
updating port/Action:b
[1/14] created port/Action:a (0.3 s)
[2/14] failed port/Action:b (update): Port \\x1b refused
[3/14] nothing to do for port/Action:c
[4/14] skipped port/Action:d (complete)
""",
    )


def test_what_is_waited_for_is_said_once_until_something_happens(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(live=False) as progress:
        for text in ("reading again", "reading again", "waiting for Port (attempt 2 of 5)", "reading again"):
            progress.waiting(text)
        progress.started(CREATE)
        progress.waiting("reading again")
    assert capsys.readouterr().err.splitlines() == [
        "reading again",
        "waiting for Port (attempt 2 of 5)",
        "creating port/Action:a",
        "reading again",
    ]


def test_on_a_terminal_one_line_is_drawn_over_and_taken_away_at_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    tell(Progress(live=True))
    written = capsys.readouterr().err
    assert written.split("\r\x1b[2K")[1:] == [
        "reading port",
        "[0/14] creating port/Action:a",
        "[0/14] creating port/Action:a, updat...",
        "[1/14] updating port/Action:b",
        "[2/14] failed port/Action:b (update): Port \\x1b refused\n",
        "[2/14]",
        "[3/14]",
        "[4/14]",
        "",
    ]


def test_the_line_is_as_wide_as_the_terminal_behind_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 20, 0, 0))
    with os.fdopen(follower, "w", encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stderr", stream)
        Progress(live=True).waiting("reading everything that stands in port")
        stream.flush()
    assert os.read(leader, 1000) == b"\r\x1b[2Kreading everythi..."
    os.close(leader)


def test_a_step_that_is_tried_again_counts_once(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(live=False) as progress:
        progress.expect(2)
        progress.ended(Outcome(step=CREATE, status=Status.FAILED))
        progress.ended(Outcome(step=CREATE, status=Status.DONE))
    assert capsys.readouterr().err.splitlines() == [
        "[1/2] failed port/Action:a (create)",
        "[1/2] created port/Action:a (0.0 s)",
    ]


class Stream(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(
    ("choice", "terminal", "environ", "on"),
    [
        (ColourChoice.AUTO, True, {"TERM": "xterm"}, True),
        (ColourChoice.AUTO, False, {"TERM": "xterm"}, False),
        (ColourChoice.AUTO, True, {"TERM": "dumb"}, False),
        (ColourChoice.AUTO, True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (ColourChoice.AUTO, True, {"TERM": "xterm", "NO_COLOR": ""}, True),
        (ColourChoice.ALWAYS, False, {"NO_COLOR": "1"}, True),
        (ColourChoice.NEVER, True, {"TERM": "xterm"}, False),
    ],
)
def test_colour_is_decided_by_the_choice_then_the_environment(
    choice: ColourChoice, terminal: bool, environ: dict[str, str], on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert CommonOptions(colour=choice).palette(Stream(terminal=terminal)).on is on
