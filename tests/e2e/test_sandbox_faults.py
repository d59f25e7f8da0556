"""`portctl sandbox up --fault`."""

from __future__ import annotations

import contextlib
import json
import pathlib
from collections.abc import Iterator

import pytest

from portctl.cli.run import run
from portctl.sandbox import launcher

FAULT = {"kind": "status", "method": "POST", "path": "^/v1/actions", "status": 503}


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> Iterator[pathlib.Path]:
    (tmp_path / "portctl.yaml").write_text("apiVersion: portctl/v1\nproject: delivery\n", encoding="utf-8")
    yield tmp_path
    launcher.down(tmp_path)


def armed(folder: pathlib.Path) -> list[tuple[str, int]]:
    running = launcher.status(folder)
    assert running is not None
    return [(fault["kind"], fault["status"]) for fault in launcher.call(running, "GET", "/faults")["faults"]]


def test_faults_are_armed_from_the_start_and_added_to_a_running_sandbox(folder: pathlib.Path) -> None:
    arguments = ["-C", str(folder), "sandbox", "up", "--detach"]
    assert run([*arguments, "--fault", json.dumps(FAULT), "--fault", '{"kind": "html"}']) == 0
    assert armed(folder) == [("status", 503), ("html", 500)]
    assert run([*arguments, "--fault", json.dumps({**FAULT, "status": 429})]) == 0
    assert armed(folder) == [("status", 503), ("html", 500), ("status", 429)]
    assert run([*arguments]) == 0
    assert len(armed(folder)) == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."),
        ("[]", 'a fault is a JSON object, for example {"kind": "status", "status": 503}.'),
        (
            '{"kind": "explode"}',
            (
                "kind is one of status, lose_answer, cut, html, delay, truncate, drop_field, duplicate, ignore, "
                "partial, not 'explode'."
            ),
        ),
        (
            '{"kind": "cut", "paht": "x"}',
            (
                "unknown key 'paht'; a fault has: field, kind, method, nth, path, retry_after_seconds, seconds, "
                "service, status, times, value."
            ),
        ),
        ('{"kind": "cut", "nth": "2"}', 'nth cannot be "2".'),
        ('{"kind": "cut", "path": "["}', "path is not a regular expression: unterminated character set at position 0."),
    ],
)
def test_a_malformed_fault_is_a_mistake_on_the_command_line(
    text: str, why: str, folder: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.chdir(folder):
        assert run(["sandbox", "up", "--detach", "--fault", text]) == 64
    assert capsys.readouterr().err.endswith(f"Error: Invalid value for '--fault': {why}\n")
    assert launcher.status(folder) is None
