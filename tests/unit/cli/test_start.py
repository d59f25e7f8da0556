"""Starting up: what is imported, and how a run ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

from portctl.cli.root import COMMANDS

HEAVY = ["jinja2", "httpx", "jsonschema", "deepdiff", "asyncio", "starlette", "yaml", "uvicorn", "jq"]
LISTING = f"""
import sys
from portctl.cli.run import run
code = run(sys.argv[1:])
print([name for name in {HEAVY!r} if name in sys.modules], code, file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["version", "--json"], *([name, "--help"] for name in COMMANDS if name != "sandbox")],
    ids=" ".join,
)
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", LISTING, *arguments], capture_output=True, text=True, check=True)
    assert done.stderr == "[] 0\n"


def test_help_imports_no_command() -> None:
    code = (
        "import sys; from portctl.cli.run import run; run(['--help']);"
        f"print([n for n in {[lazy.module for lazy in COMMANDS.values()]!r} if n in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_the_program_ends_with_the_code_of_its_run() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from portctl.cli import main; main()", "paln"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 64
    assert done.stdout == ""
    assert done.stderr == (
        "Usage: portctl [OPTIONS] COMMAND [ARGS]...\n"
        "Try 'portctl --help' for help.\n\n"
        "Error: No such command 'paln'. Did you mean 'plan'?\n"
    )


def test_nobody_reading_the_output_is_no_error_to_tell() -> None:
    code = "from portctl.cli.output import write\nfor n in range(20000): write('x' * 50)"
    program = f"import click, sys; from portctl.cli.run import run\n@click.command()\ndef c():\n exec({code!r})\n"
    with subprocess.Popen(
        [sys.executable, "-c", f"{program}sys.exit(run([], c))"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1
