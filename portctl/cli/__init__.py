"""The command line: one file per command, imported only when that command runs."""


def main() -> None:
    """The entry point of the `portctl` program."""
    import os
    import signal
    import sys

    from portctl.cli.run import run
    from portctl.errors import ExitCode

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    # A CI system that cancels a job sends SIGTERM: end as on Ctrl-C, with the ledger written.
    signal.signal(signal.SIGTERM, interrupt)
    code = run(sys.argv[1:])
    if code == ExitCode.INTERRUPTED:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # what is still under way in a thread has been told of, and is not waited for
    sys.exit(code)
