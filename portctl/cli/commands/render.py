"""`portctl render`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from portctl.cli.options import addresses, common, workspace_options
from portctl.cli.output import write
from portctl.errors import InvalidInput

if TYPE_CHECKING:
    from portctl.cli.wiring import Choices
    from portctl.model.address import Address


@click.command("render")
@click.argument("wanted", nargs=-1, metavar="[ADDRESS]...", callback=addresses)
@click.option("--explain", is_flag=True, help="Say in comments where each filled value comes from.")
@workspace_options
@common
def command(wanted: tuple[Address, ...], explain: bool, choices: Choices) -> None:
    """Print resources with every placeholder filled.

    Without an ADDRESS, all of them. Secrets, and outputs that only an apply can know, are named and not shown.
    """
    from portctl import app
    from portctl.cli.wiring import open_workspace
    from portctl.model.address import nearest
    from portctl.views.manifest import resources_text

    resources = app.render(open_workspace(choices))
    known = {resource.address for resource in resources}
    for address in wanted:
        if address not in known:
            raise InvalidInput(
                "No such resource",
                f"No manifest is called {address}.{nearest(address, known)}",
                hint="portctl render without an address prints all of them.",
            )
    chosen = tuple(resource for resource in resources if not wanted or resource.address in wanted)
    if chosen:
        write(resources_text(chosen, explain=explain))
