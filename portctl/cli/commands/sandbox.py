"""`portctl sandbox`: run, inspect and end the emulated services of a project."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import click

from portctl.cli import output
from portctl.cli.commands.play import COMMANDS
from portctl.cli.common_options import current
from portctl.cli.options import common
from portctl.cli.project_root import private_folder, project_folder
from portctl.cli.sandbox_options import fault_option, switch_option
from portctl.errors import ExitCode, InvalidInput, PortctlError
from portctl.sandbox import launcher


@click.group()
def command() -> None:
    """Run emulated services on this machine.

    Its state lives in .portctl/sandbox and survives a restart; .portctl/sandbox.json says where it listens.
    """


for played in COMMANDS:
    command.add_command(played)


@command.command()
@click.option("--detach", is_flag=True, help="Start it in the background, and return once it answers.")
@click.option(
    "--seed", type=int, help="What identifiers and credentials are derived from; default: as its state was, else 0."
)
@switch_option
@fault_option
@common
def up(detach: bool, seed: int | None, switches: tuple[str, ...], faults: tuple[str, ...]) -> None:
    """Start the sandbox.

    Of one that is up already, switches are moved and faults are armed.
    """
    missing = launcher.missing_packages()
    if missing:
        raise PortctlError(
            "The sandbox is not installed",
            f"it needs {', '.join(missing)}",
            hint="pip install 'portctl-cli[sandbox]'",
        )
    folder = project_folder()
    if not (folder / "portctl.yaml").exists():
        output.log(f"note: {folder} is no project (it has no portctl.yaml); the sandbox is kept in .portctl/ there.")
    project = private_folder(folder).parent
    running = _status()
    former = launcher.kept_seed(project) if running is None else int(running.document["seed"])
    if seed is None:
        seed = former or 0
    elif former not in (None, seed):
        raise InvalidInput(
            "The sandbox has another seed",
            f"its identifiers and credentials were derived from {former}, not from {seed}",
            hint="Begin anew: portctl sandbox down, remove .portctl/sandbox, then start it with the seed.",
        )
    if running is not None:
        _steer(running, switches, faults)
        moved = f" Moved: {', '.join(switches)}." if switches else ""
        armed = f" Faults armed: {len(faults)}." if faults else ""
        output.write(f"The sandbox is already up.{moved}{armed}\n{_described(running)}")
    elif detach:
        output.write(f"The sandbox is up.\n{_described(_start(seed, switches, faults))}")
    else:
        _serve(seed, switches, faults)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@common
def status(as_json: bool) -> ExitCode:
    """Say whether the sandbox runs, and where. Ends with 3 when it does not."""
    running = _status()
    if as_json:
        current().json = True
        output.write_json(_document(running))
    else:
        output.write("The sandbox is down." if running is None else f"The sandbox is up.\n{_described(running)}")
    return ExitCode.INVALID if running is None else ExitCode.OK


@command.command()
@common
def reset() -> None:
    """Put everything back as it was when first started."""
    try:
        live = launcher.reset(project_folder())
    except launcher.ControlError as error:
        raise _failed(error) from error
    output.write("The sandbox is as new." if live else "The sandbox is down; it will be as new when started.")


@command.command()
@common
def down() -> None:
    """End the sandbox; its state is kept."""
    try:
        ended = launcher.down(project_folder())
    except launcher.ControlError as error:
        raise _failed(error) from error
    output.write("The sandbox is down." if ended else "The sandbox was not up.")


def _steer(running: launcher.Running, switches: tuple[str, ...], faults: tuple[str, ...]) -> None:
    try:
        if switches:
            launcher.call(running, "PUT", "/switches", dict(text.split("=", 1) for text in switches))
        for text in faults:
            launcher.call(running, "POST", "/faults", json.loads(text))
    except launcher.ControlError as error:
        raise _failed(error) from error


def _serve(seed: int, switches: tuple[str, ...], faults: tuple[str, ...]) -> None:
    output.write("The sandbox is starting; interrupt to end it. `portctl sandbox status` says where it listens.")
    sys.stdout.flush()
    program = launcher.command(project_folder(), seed, switches, faults)
    os.execve(program[0], program, launcher.environment())  # with no more of the environment than it needs


def _start(seed: int, switches: tuple[str, ...], faults: tuple[str, ...]) -> launcher.Running:
    try:
        return launcher.up(project_folder(), seed=seed, switches=switches, faults=faults)
    except launcher.ControlError as error:
        raise _failed(error) from error


def _status() -> launcher.Running | None:
    try:
        return launcher.status(project_folder())
    except launcher.ControlError as error:
        raise _failed(error) from error


def _failed(error: launcher.ControlError) -> PortctlError:
    return PortctlError("The sandbox failed", str(error), hint="its log is .portctl/sandbox/log")


def _described(running: launcher.Running) -> str:
    addresses = {**running.urls(), "control": running.control}
    width = max(map(len, addresses))
    lines = [f"  {name:<{width}}  {url}" for name, url in addresses.items()]
    return "\n".join([*lines, "  addresses and credentials: .portctl/sandbox.json"])


def _document(running: launcher.Running | None) -> dict[str, Any]:
    """Where it runs; credentials stay in the file."""
    if running is None:
        return {"running": False}
    return {"running": True, "pid": running.pid, "control": running.control, "services": running.urls()}
