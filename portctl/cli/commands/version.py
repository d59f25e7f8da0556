"""`portctl version`."""

from __future__ import annotations

import platform

import click

from portctl.cli.options import Form, common, format_options
from portctl.cli.output import write, write_json


@click.command("version")
@format_options()
@common
def command(form: Form) -> None:
    """Print the version."""
    from portctl.views.json import FORMAT_VERSION, tool_version

    if form is Form.JSON:
        write_json(
            {"portctl": tool_version(), "python": platform.python_version(), "planFormatVersion": FORMAT_VERSION}
        )
    else:
        write(f"portctl {tool_version()} (Python {platform.python_version()})")
