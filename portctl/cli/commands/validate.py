"""`portctl validate`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from portctl.cli.common_options import current
from portctl.cli.options import Form, common, format_options, workspace_options
from portctl.cli.output import write, write_json
from portctl.errors import ExitCode, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portctl.cli.wiring import Choices
    from portctl.model.diagnostic import Diagnostic


@click.command("validate")
@workspace_options
@format_options(Form.TEXT, Form.JSON)
@common
def command(choices: Choices, form: Form) -> ExitCode:
    """Check all manifests offline and list every finding.

    Needs no credentials and sends no request.
    """
    from portctl.views.diagnostics import findings_text
    from portctl.views.json import diagnostics_document

    diagnostics, resources = _check(choices)
    document = diagnostics_document(diagnostics, resources=resources)
    if form is Form.JSON:
        write_json(document)
    else:
        write(findings_text(document, current().palette(sys.stdout)))
    return ExitCode.OK if document["ok"] else ExitCode.INVALID


def _check(choices: Choices) -> tuple[Sequence[Diagnostic], int]:
    """All findings and the number of resources; files that cannot even be read are findings too."""
    from portctl import app
    from portctl.cli.wiring import open_workspace

    try:
        workspace = open_workspace(choices)
        validation = app.validate(workspace)
    except InvalidInput as error:
        if not error.diagnostics:
            raise
        return error.diagnostics, 0
    return validation.diagnostics, len(validation.resources)
