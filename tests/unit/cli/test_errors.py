"""Every way a command can end, told the same way. The commands here stand for any of ours."""

from __future__ import annotations

import errno
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable, Iterator

import click
import pytest

from portctl.cli import output
from portctl.cli.apply_flow import BEGUN
from portctl.cli.common_options import current
from portctl.cli.options import Form, common, format_options
from portctl.cli.run import run
from portctl.errors import AccessDenied, ApiError, ExitCode, InvalidInput, PortctlError, StalePlan
from portctl.model.diagnostic import Diagnostic, Severity
from portctl.source import Source


@pytest.fixture(autouse=True)
def unscrubbed() -> Iterator[None]:
    yield
    output.scrub_with(str)


def ending(action: Callable[[], object]) -> click.Command:
    @click.command()
    @format_options()
    @common
    def command(form: Form) -> object:
        assert form in Form
        return action()

    return command


def failing(error: BaseException) -> click.Command:
    def action() -> None:
        raise error

    return ending(action)


def test_a_command_ends_with_what_it_returns() -> None:
    assert run([], ending(lambda: None)) == 0
    assert run([], ending(lambda: ExitCode.CHANGES)) == 2


def test_an_error_is_told_on_stderr_and_gives_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    error = StalePlan("The plan is stale", "port/Action:a changed at the service", hint="Make a new plan.")
    assert run([], failing(error)) == 4
    assert capsys.readouterr() == (
        "",
        "error: The plan is stale\n  port/Action:a changed at the service\n  hint: Make a new plan.\n",
    )


def test_invalid_input_lists_all_findings(capsys: pytest.CaptureFixture[str]) -> None:
    findings = [
        Diagnostic(rule="yaml", severity=Severity.ERROR, summary=f"Problem {n}", source=Source("a.yaml", n, 1))
        for n in (1, 2)
    ]
    assert run([], failing(InvalidInput("Invalid manifests", "2 errors", diagnostics=findings))) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert (
        told.err
        == """\
error[yaml]: Problem 1
  a.yaml:1:1

error[yaml]: Problem 2
  a.yaml:2:1

error: Invalid manifests
  2 errors
"""
    )


def test_with_json_an_error_is_also_a_document_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    error = ApiError("Refused", "why", method="GET", path="/v1/actions", status=500, hint="Try later.")
    assert run(["--json"], failing(error)) == 1
    told = capsys.readouterr()
    assert told.err == "error: Refused\n  GET /v1/actions was answered 500\n  why\n  hint: Try later.\n"
    assert json.loads(told.out) == {
        "error": {
            "exitCode": 1,
            "summary": "Refused",
            "detail": "why",
            "hint": "Try later.",
            "request": {"method": "GET", "path": "/v1/actions", "status": 500, "code": ""},
        }
    }


def test_debug_shows_where_an_error_came_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--debug"], failing(AccessDenied("Wrong credentials"))) == 8
    told = capsys.readouterr().err
    assert told.startswith("Traceback (most recent call last):\n")
    assert told.endswith("AccessDenied: Wrong credentials\nerror: Wrong credentials\n")


def test_a_bug_says_so_without_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([], failing(KeyError("hunter2"))) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: This is a bug in portctl\n  KeyError at test_errors.py:")
    assert told.err.endswith(
        "\n  hint: Run the same command with --debug and report what it prints, with the version of portctl.\n"
    )
    assert "hunter2" not in told.err


def test_a_file_that_cannot_be_used_is_named(capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path) -> None:
    missing = tmp_path / "missing"
    assert run([], ending(missing.read_text)) == 1
    assert capsys.readouterr().err == f"error: Cannot use a file\n  {missing}: No such file or directory\n"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EAGAIN])
def test_what_the_system_refuses_is_no_bug(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([], failing(OSError(number, os.strerror(number)))) == 1
    told = f"{os.strerror(number)}; of the output, if that goes into a file or a pipe"
    assert capsys.readouterr().err == f"error: The system refused\n  {told}\n"


def test_a_machine_without_memory_is_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([], failing(MemoryError())) == 1
    assert capsys.readouterr().err == "error: Out of memory\n  this machine has no more to give\n"


def test_an_error_of_the_system_without_a_number_is_a_bug(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([], failing(OSError("?"))) == 1
    assert capsys.readouterr().err.startswith("error: This is a bug in portctl\n  OSError at test_errors.py:")


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), click.Abort()])
def test_an_interrupt_says_what_it_leaves_behind(
    interruption: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    def applying() -> None:
        current().if_interrupted = BEGUN
        raise interruption

    assert run([], failing(interruption)) == 130
    assert run([], ending(applying)) == 130
    assert list(filter(None, capsys.readouterr().err.splitlines())) == [
        "Interrupted.",
        "Interrupted. If something was being applied, portctl plan shows what is left to do.",
    ]


def test_other_errors_of_the_command_line_library_end_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([], failing(click.ClickException("odd"))) == 1
    assert capsys.readouterr().err == "Error: odd\n"


def test_everything_written_passes_the_scrubber(capsys: pytest.CaptureFixture[str]) -> None:
    def action() -> None:
        output.write("a hunter2 b")
        output.log("c hunter2 d")
        output.write_json({"hunter2": ["x hunter2", 1]})
        raise PortctlError("Failed with hunter2")

    output.scrub_with(lambda text: text.replace("hunter2", '(secret "P")'))
    assert run(["--debug"], ending(action)) == 1
    told = capsys.readouterr()
    assert "hunter2" not in told.out + told.err
    text, document = told.out.split("\n", 1)
    assert text == 'a (secret "P") b'
    assert json.loads(document) == {'(secret "P")': ['x (secret "P")', 1]}
    assert told.err.startswith('c (secret "P") d\nTraceback')


def test_a_form_and_json_may_not_contradict_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    @click.command()
    @format_options(Form.TEXT, Form.JSON)
    def command(form: Form) -> None:
        output.write(form)

    assert run(["--json", "--format", "text"], command) == 64
    assert capsys.readouterr().err.endswith("Error: --json and --format text contradict each other.\n")
    assert [run(arguments, command) for arguments in ([], ["--json"], ["--format", "json"])] == [0, 0, 0]
    assert capsys.readouterr().out == "text\njson\njson\n"


@pytest.mark.parametrize(
    "arguments", ["plan", "validate", "state list", "sandbox status", "sandbox up", "sandbox down", "demo"]
)
def test_a_folder_that_is_none_is_refused(
    arguments: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for folder, why in ((file, "it is a file"), (tmp_path / "gone", "there is no such folder")):
        assert run(["-C", str(folder), *arguments.split()]) == 3
        hint = "Name the folder of a project, or one below it."
        assert capsys.readouterr() == ("", f"error: Not a folder\n  {folder}: {why}\n  hint: {hint}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan", "-t", "nonsense"], "'nonsense' is not an address like port/Action:deploy."),
        (["plan", "-l", "team"], "'team' is not of the form name=value."),
        (["plan", "--allow-deletes", "-1"], "-1 is not in the range x>=0."),
        (["state", "show", "x"], "'x' is not an address like port/Action:deploy."),
        (["plan", "--set", "a"], "'a' is not of the form name=value."),
        (["plan", "--set-json", "=1"], "'=1' is not of the form name=value."),
        (["plan", "--workers", "0"], "0 is not in the range 1<=x<=64."),
        (["render", "a"], "'a' is not an address like port/Action:deploy."),
        (["state", "rm"], "Missing argument 'ADDRESS...'."),
        (["state"], "Look into the ledger."),
        ([], "Plan and apply for delivery workflows that span Port, GitLab and ServiceNow."),
        (["version", "more"], "Got unexpected extra argument (more)"),
        (["sandbox", "up", "--seed", "x"], "'x' is not a valid integer."),
        (["sandbox", "up", "--switch", "accept"], "'accept' is not of the form NAME=strict or NAME=lenient."),
        (["sandbox", "up", "--fault", "{"], "Invalid value for '--fault'"),
        (["sandbox", "reject", "CHG1"], "Missing option '--reason'."),
        (["demo", "--scenario", "x"], "'x' is not one of 'approve-in-port'"),
        (["demo", "--lag", "-1"], "-1.0 is not in the range x>=0."),
        (["demo", "--fault", "{"], "Invalid value for '--fault'"),
        (["gate", "dance"], "No such command 'dance'"),
        (["plan", "--colour", "always"], "No such option '--colour'"),
    ],
)
def test_a_command_line_that_cannot_be_understood_ends_with_64(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 64
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err


def test_debug_repeats_nothing_that_a_library_says(capsys: pytest.CaptureFixture[str]) -> None:
    def action() -> None:
        try:
            try:
                raise ValueError("said by a library: hunter2")
            except ValueError as error:
                raise OSError(5, "also hunter2") from error
        except OSError:
            raise PortctlError("Ours", "to be read") from ExceptionGroup("hunter2", [KeyError("hunter2")])

    assert run(["--debug"], ending(action)) == 1
    told = capsys.readouterr().err
    assert "hunter2" not in told
    lines = [line for line in told.splitlines() if not line.startswith("  File ")]
    assert lines == [
        "ExceptionGroup",
        "KeyError",
        "",
        "The above exception was the direct cause of the following exception:",
        "",
        "Traceback (most recent call last):",
        "portctl.errors.PortctlError: Ours: to be read",
        "error: Ours",
        "  to be read",
    ]


def test_a_secret_on_the_command_line_by_mistake_is_not_repeated(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "canary-q7Xw2Zk9")
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "sandbox.yaml").write_text("apiVersion: portctl/v1\nsandbox: true\n")
    (tmp_path / "portctl.yaml").write_text("apiVersion: portctl/v1\nproject: x\nsecrets: {TOKEN: {env: TOKEN}}\n")
    for arguments in (["plan", "canary-q7Xw2Zk9"], ["plan", "-t", "canary-q7Xw2Zk9"], ["--canary-q7Xw2Zk9"]):
        assert run(["-C", str(tmp_path), *arguments]) == 64
        told = capsys.readouterr().err
        assert "(secret TOKEN)" in told
        assert "q7Xw2Zk9" not in told


def test_what_libraries_log_is_not_printed(tmp_path: pathlib.Path) -> None:
    """In a process of its own: under pytest somebody always listens."""
    program = (
        "import logging, sys, click; from portctl.cli.run import run; "
        "sys.exit(run([], click.Command('x', callback=lambda: logging.getLogger('httpx').error('hunter2'))))"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
