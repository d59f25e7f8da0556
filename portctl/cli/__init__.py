"""The command line: one file per command, imported only when that command runs."""


def main() -> None:
    """The entry point of the `portctl` program."""
    import sys

    from portctl.cli.run import run

    sys.exit(run(sys.argv[1:]))
