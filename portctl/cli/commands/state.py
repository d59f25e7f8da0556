"""`portctl state list|show|rm`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from portctl.cli.options import Form, address, addresses, common, environment_option, format_options
from portctl.cli.output import log, write, write_json

if TYPE_CHECKING:
    from portctl.cli.wiring import Choices
    from portctl.model.address import Address


@click.group("state")
@common
def command() -> None:
    """Look into the ledger.

    The ledger is what portctl knows to be its own: addresses, identities and hashes, never values.
    """


@command.command("list")
@environment_option
@format_options()
@common
def list_command(choices: Choices, form: Form) -> None:
    """Print the address and the origin of every object in the ledger."""
    from portctl import app
    from portctl.cli.wiring import open_workspace
    from portctl.views.state import state_document, state_list_text

    documents = [state_document(entry) for entry in app.state_list(open_workspace(choices))]
    if form is Form.JSON:
        write_json(documents)
    else:
        write(state_list_text(documents))


@command.command("show")
@click.argument("wanted", metavar="ADDRESS", callback=address)
@environment_option
@format_options()
@common
def show_command(wanted: Address, choices: Choices, form: Form) -> None:
    """Print what the ledger knows of one object. It holds hashes of values, never values."""
    from portctl import app
    from portctl.cli.wiring import open_workspace
    from portctl.views.state import state_document, state_show_text

    document = state_document(app.state_show(open_workspace(choices), wanted))
    if form is Form.JSON:
        write_json(document)
    else:
        write(state_show_text(document))


@command.command("rm")
@click.argument("wanted", nargs=-1, required=True, metavar="ADDRESS...", callback=addresses)
@environment_option
@common
def rm_command(wanted: tuple[Address, ...], choices: Choices) -> None:
    """Forget objects without touching them. portctl will no longer update or delete them."""
    from portctl import app
    from portctl.cli.wiring import open_workspace

    app.state_remove(open_workspace(choices), wanted)
    log(f"Forgotten: {', '.join(str(address) for address in wanted)}")
