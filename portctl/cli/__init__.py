"""The command line: one file per command, imported only when that command runs."""


def main() -> None:
    """The entry point of the `portctl` program."""
    import os
    import sys

    from portctl.cli.standard_streams import open_closed

    open_closed()  # before anything else is opened

    from portctl.cli.interruption import catch_signals
    from portctl.cli.run import run
    from portctl.errors import ExitCode

    catch_signals()
    code = run(sys.argv[1:])
    if code == ExitCode.INTERRUPTED:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # what is still under way in a thread has been told of, and is not waited for
    sys.exit(code)
