"""`portctl destroy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from portctl.cli.carry import carry_out
from portctl.cli.options import (
    Form,
    allow_destroy_option,
    common,
    connected_options,
    format_options,
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
@allow_destroy_option
@connected_options
@format_options()
@common
def command(
    yes: bool, targets: tuple[Address, ...], allow_destroy: tuple[Address, ...], choices: Choices, form: Form
) -> ExitCode:
    """Delete everything this project created.

    What was there before, is protected, or is kept on purpose stays, and the report names it.
    """
    from portctl.model.plan import PlanOptions

    options = PlanOptions(targets=targets, allow_destroy=frozenset(allow_destroy), destroy=True)
    return carry_out(choices, options, yes=yes, form=form)
