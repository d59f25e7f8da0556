"""`portctl show`."""

from __future__ import annotations

import pathlib

import click

from portctl.cli.options import FILE, Form, common, format_options
from portctl.cli.present import present_plan


@click.command("show")
@click.argument("plan", type=FILE)
@format_options(Form.TEXT, Form.JSON, Form.MARKDOWN)
@common
def command(plan: pathlib.Path, form: Form) -> None:
    """Print a saved plan.

    Exactly as it was shown when it was made. Needs no project and sends no request.
    """
    from portctl import app

    present_plan(dict(app.load_saved(plan).document), form)
