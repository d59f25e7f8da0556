"""The options that choose how a sandbox behaves, checked before one is started."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from portctl.errors import InvalidInput

Command = Callable[..., Any]


def _checked_switches(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:
    from portctl.sandbox.core.switches import UnknownSwitch

    for text in texts:
        if "=" not in text:
            raise click.BadParameter(f"{text!r} is not of the form NAME=strict or NAME=lenient.")
    if texts:
        from portctl.sandbox.process import check_switches

        try:
            check_switches(texts)
        except UnknownSwitch as error:
            hint = "The pages docs/sandbox-*.md say what each of them means."
            raise InvalidInput("Unknown switch", f"{error}.", hint=hint) from error
    return texts


def _checked_faults(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:
    from portctl.sandbox.core.faults import BadFault, read_fault

    for text in texts:
        try:
            read_fault(text)
        except BadFault as error:
            raise click.BadParameter(f"{error}.") from error
    return texts


def switch_option(function: Command) -> Command:
    return click.option(
        "--switch",
        "switches",
        multiple=True,
        metavar="NAME=strict|lenient",
        callback=_checked_switches,
        help="Choose a reading of what nobody knows about a service.",
    )(function)


def fault_option(function: Command) -> Command:
    return click.option(
        "--fault",
        "faults",
        multiple=True,
        metavar="JSON",
        callback=_checked_faults,
        help="Let a request fail from the start, as docs/sandbox.md says.",
    )(function)
