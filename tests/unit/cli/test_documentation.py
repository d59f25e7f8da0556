"""The pages about commands and exit codes say what the program does."""

from __future__ import annotations

import pathlib
import re

import click

from portctl.cli.root import COMMANDS, root
from portctl.errors import ExitCode

DOCS = pathlib.Path(__file__).parents[3] / "docs"


def _commands() -> dict[str, click.Command]:
    context = click.Context(root)
    found: dict[str, click.Command] = {}
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found.update({f"{name} {sub}": inner for sub, inner in command.commands.items()})
        else:
            found[name] = command
    return found


def test_every_exit_code_is_in_the_table_with_its_number() -> None:
    rows = re.findall(r"^\| (\d+) \| `([A-Z]+)` \|", (DOCS / "exit-codes.md").read_text(), re.MULTILINE)
    assert {name: int(code) for code, name in rows} == {member.name: member.value for member in ExitCode}


def test_every_refusal_ends_with_a_code_that_exists() -> None:
    rows = re.findall(r"^\| [^`|]+ \| (\d+) \|$", (DOCS / "exit-codes.md").read_text(), re.MULTILINE)
    assert len(rows) > 40
    assert {int(code) for code in rows} <= set(ExitCode)


def test_every_command_and_every_option_is_documented() -> None:
    page = (DOCS / "commands.md").read_text()
    headings = " ".join(re.findall(r"^## `portctl (.+)`", page, re.MULTILINE))
    missing = [name for name in _commands() if name.split()[0] not in headings or name.split()[-1] not in headings]
    assert missing == []
    options = {
        text
        for command in _commands().values()
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for text in parameter.opts
    }
    assert {"--detailed-exitcode", "--set-json", "-C"} <= options
    assert [option for option in sorted(options) if f"`{option}" not in page] == []


def test_the_summary_of_each_command_is_the_one_that_its_own_help_gives() -> None:
    context = click.Context(root)
    for name, lazy in COMMANDS.items():
        command = root.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(200).rstrip(".") == lazy.summary.rstrip("."), name
