"""The group of all commands. Its help knows what each command does without importing it."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass

import click

from portctl.cli.options import common


@dataclass(frozen=True, slots=True)
class Lazy:
    """A command that is not imported yet: its module exposes it as `command`."""

    module: str
    summary: str


COMMANDS: Mapping[str, Lazy] = {
    "validate": Lazy("portctl.cli.commands.validate", "Check all manifests offline and list every finding."),
    "render": Lazy("portctl.cli.commands.render", "Print resources with every placeholder filled."),
    "plan": Lazy("portctl.cli.commands.plan", "Show what apply would do."),
    "show": Lazy("portctl.cli.commands.show", "Print a saved plan."),
    "apply": Lazy("portctl.cli.commands.apply", "Make the services what the manifests say."),
    "destroy": Lazy("portctl.cli.commands.destroy", "Delete everything this project created."),
    "state": Lazy("portctl.cli.commands.state", "Look into the ledger."),
    "schema": Lazy("portctl.cli.commands.schema", "Print the JSON Schema of manifests."),
    "gate": Lazy("portctl.cli.commands.gate", "Control changes inside a deployment pipeline."),
    "sandbox": Lazy("portctl.cli.commands.sandbox", "Run emulated services on this machine."),
    "demo": Lazy(
        "portctl.cli.commands.demo", "Tell the story of a deployment on a sandbox of its own, and check every step."
    ),
    "version": Lazy("portctl.cli.commands.version", "Print the version."),
}


class LazyGroup(click.Group):
    """Imports a command's module when that command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        lazy = COMMANDS.get(cmd_name)
        if lazy is None:
            return None
        command = importlib.import_module(lazy.module).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        near = difflib.get_close_matches(name, COMMANDS, 1)
        ctx.fail(f"No such command {name!r}.{f' Did you mean {near[0]!r}?' if near else ''}")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.summary) for name, lazy in COMMANDS.items()])


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from portctl.views.json import tool_version

        click.echo(f"portctl {tool_version()}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print it.")
@common
def root() -> None:
    """Plan and apply for delivery workflows that span Port, GitLab and ServiceNow.

    `portctl plan` shows what would change, `portctl apply` changes it.
    """
