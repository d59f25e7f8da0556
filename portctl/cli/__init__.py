"""The command line: one file per command, imported only when that command runs."""


def main() -> None:
    """The entry point of the `portctl` program."""
    import signal
    import sys

    from portctl.cli.run import run

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    # A CI system that cancels a job sends SIGTERM: end as on Ctrl-C, with the ledger written.
    signal.signal(signal.SIGTERM, interrupt)
    sys.exit(run(sys.argv[1:]))
