"""`portctl destroy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from portctl.cli.apply_flow import carry_out
from portctl.cli.options import (
    Form,
    allow_destroy_option,
    common,
    connected_options,
    format_options,
    label_option,
    target_option,
    yes_option,
)

if TYPE_CHECKING:
    from portctl.cli.wiring import Choices
    from portctl.errors import ExitCode
    from portctl.model.address import Address


@click.command("destroy")
@yes_option
@target_option
@label_option
@allow_destroy_option
@connected_options
@format_options()
@common
def command(
    yes: bool,
    targets: tuple[Address, ...],
    labels: tuple[str, ...],
    allow_destroy: tuple[Address, ...],
    choices: Choices,
    form: Form,
) -> ExitCode:
    """Delete everything this project created.

    What was there before, is protected, or is kept on purpose stays, and the report names it. `portctl plan --destroy`
    shows and saves what would be done.
    """
    from portctl.model.plan import PlanOptions

    options = PlanOptions(targets=targets, labels=labels, allow_destroy=frozenset(allow_destroy), destroy=True)
    return carry_out(choices, options, yes=yes, form=form)
