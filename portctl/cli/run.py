"""Run a command line: from arguments to an exit code, with every error told the same way."""

from __future__ import annotations

import contextlib
import io
import itertools
import pathlib
import sys
from collections.abc import Sequence

import click

from portctl.cli.common_options import CommonOptions
from portctl.cli.output import log, log_requests, silence_libraries, write_json
from portctl.cli.root import root
from portctl.errors import ExitCode, PortctlError
from portctl.unexpected import explained


def run(arguments: Sequence[str], command: click.Command = root) -> int:
    """The exit code of `portctl ARGUMENTS`. What a command returns is its code; None is success."""
    session = CommonOptions()
    silence_libraries()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = command.main(list(arguments), prog_name="portctl", standalone_mode=False, obj=session)
        sys.stdout.flush()
        return int(code or ExitCode.OK)
    except click.ClickException as error:
        _learn_secrets(session, arguments)
        _say(error)
        return ExitCode.USAGE if isinstance(error, click.UsageError) else ExitCode.ERROR
    except (click.Abort, KeyboardInterrupt):
        return _interrupted(session)
    except BrokenPipeError:
        _silence_stdout()
        return ExitCode.ERROR
    except PortctlError as error:
        return _failed(error, session, error)
    except OSError as error:
        if error.filename is None:
            _silence_stdout()
        return _failed(explained(error), session, error)
    except Exception as error:
        return _failed(explained(error), session, error)
    finally:
        log_requests(on=False)


def _say(error: click.ClickException) -> None:
    """What click has to say. It repeats arguments, and what stands on a command line by mistake may be a secret."""
    said = io.StringIO()
    error.show(said)
    log(said.getvalue().rstrip("\n"))


def _learn_secrets(session: CommonOptions, arguments: Sequence[str]) -> None:
    """Let the scrubber know the project's secrets, if there is a project that can be read.

    Where the command line could not be parsed, nobody has looked at `-C`.
    """
    asked = [after for option, after in itertools.pairwise(arguments) if option in ("-C", "--chdir")]
    for directory in (session.directory, *map(pathlib.Path, asked)):
        with contextlib.suppress(Exception):
            from portctl.cli.wiring import Choices, open_workspace

            open_workspace(Choices(directory=directory))


def _failed(told: PortctlError, session: CommonOptions, cause: Exception) -> int:
    from portctl.views.diagnostics import error_text
    from portctl.views.json import error_document

    document = error_document(told)
    if session.debug:
        from portctl.cli.trace import trace

        log(trace(cause))
    log(error_text(document, session.palette(sys.stderr)))
    if session.json:
        write_json({"error": document})
    return told.exit_code


def _interrupted(session: CommonOptions) -> int:
    log(f"Interrupted. {session.if_interrupted}".rstrip())
    return ExitCode.INTERRUPTED


def _silence_stdout() -> None:
    """Nobody reads any more: let the interpreter's own flush at exit go nowhere."""
    sys.stdout = io.StringIO()
