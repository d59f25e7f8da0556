"""`portctl sandbox`: run, inspect and end the emulated services of a project."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import click

from portctl.cli import output
from portctl.cli.options import common
from portctl.cli.place import private_folder, project_folder
from portctl.cli.play import COMMANDS
from portctl.cli.session import current
from portctl.errors import PortctlError
from portctl.sandbox import control


@click.group()
def command() -> None:
    """Run emulated services on this machine.

    Its state lives in .portctl/sandbox and survives a restart; .portctl/sandbox.json says where it listens.
    """


for played in COMMANDS:
    command.add_command(played)


@command.command()
@click.option("--detach", is_flag=True, help="Start it in the background, and return once it answers.")
@click.option("--seed", default=0, show_default=True, help="What identifiers and credentials are derived from.")
@click.option(
    "--switch",
    "switches",
    multiple=True,
    metavar="NAME=strict|lenient",
    help="Choose a reading of what nobody knows about a service.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="JSON",
    callback=lambda _, __, texts: _checked(texts),
    help="Let a request fail from the start, as docs/sandbox.md says.",
)
@common
def up(detach: bool, seed: int, switches: tuple[str, ...], faults: tuple[str, ...]) -> None:
    """Start the sandbox."""
    missing = control.missing_packages()
    if missing:
        raise PortctlError(
            "The sandbox is not installed",
            f"it needs {', '.join(missing)}",
            hint="pip install 'portctl-cli[sandbox]'",
        )
    private_folder(project_folder())
    running = _status()
    if running is not None:
        _arm(running, faults)
        output.write(f"The sandbox is already up.\n{_described(running)}")
    elif detach:
        output.write(f"The sandbox is up.\n{_described(_start(seed, switches, faults))}")
    else:
        _serve(seed, switches, faults)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@common
def status(as_json: bool) -> None:
    """Say whether the sandbox runs, and where."""
    running = _status()
    if as_json:
        current().json = True
        output.write_json(_document(running))
    else:
        output.write("The sandbox is down." if running is None else f"The sandbox is up.\n{_described(running)}")


@command.command()
@common
def reset() -> None:
    """Put everything back as it was when first started."""
    try:
        live = control.reset(project_folder())
    except control.ControlError as error:
        raise _failed(error) from error
    output.write("The sandbox is as new." if live else "The sandbox is down; it will be as new when started.")


@command.command()
@common
def down() -> None:
    """End the sandbox; its state is kept."""
    try:
        ended = control.down(project_folder())
    except control.ControlError as error:
        raise _failed(error) from error
    output.write("The sandbox is down." if ended else "The sandbox was not up.")


def _checked(faults: tuple[str, ...]) -> tuple[str, ...]:
    from portctl.sandbox.core.faults import BadFault, read_fault

    for text in faults:
        try:
            read_fault(text)
        except BadFault as error:
            raise click.BadParameter(f"{error}.") from error
    return faults


def _arm(running: control.Running, faults: tuple[str, ...]) -> None:
    try:
        for text in faults:
            control.call(running, "POST", "/faults", json.loads(text))
    except control.ControlError as error:
        raise _failed(error) from error


def _serve(seed: int, switches: tuple[str, ...], faults: tuple[str, ...]) -> None:
    output.write("The sandbox is starting; interrupt to end it. `portctl sandbox status` says where it listens.")
    sys.stdout.flush()
    program = control.command(project_folder(), seed, switches, faults)
    os.execve(program[0], program, control.environment())  # with no more of the environment than it needs


def _start(seed: int, switches: tuple[str, ...], faults: tuple[str, ...]) -> control.Running:
    try:
        return control.up(project_folder(), seed=seed, switches=switches, faults=faults)
    except control.ControlError as error:
        raise _failed(error) from error


def _status() -> control.Running | None:
    try:
        return control.status(project_folder())
    except control.ControlError as error:
        raise _failed(error) from error


def _failed(error: control.ControlError) -> PortctlError:
    return PortctlError("The sandbox failed", str(error), hint="its log is .portctl/sandbox/log")


def _described(running: control.Running) -> str:
    addresses = {**running.urls(), "control": running.control}
    width = max(map(len, addresses))
    lines = [f"  {name:<{width}}  {url}" for name, url in addresses.items()]
    return "\n".join([*lines, "  addresses and credentials: .portctl/sandbox.json"])


def _document(running: control.Running | None) -> dict[str, Any]:
    """Where it runs; credentials stay in the file."""
    if running is None:
        return {"running": False}
    return {"running": True, "pid": running.pid, "control": running.control, "services": running.urls()}
