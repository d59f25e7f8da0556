"""`portctl plan`."""

from __future__ import annotations

import pathlib
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from portctl.cli.options import FILE, Form, common, connected_options, format_options, selection_options
from portctl.cli.output import log
from portctl.cli.present import present_plan, refusal_code
from portctl.cli.progress import Progress
from portctl.errors import ExitCode

if TYPE_CHECKING:
    from portctl.cli.wiring import Choices
    from portctl.model.plan import PlanOptions


@click.command("plan")
@click.option("-o", "--out", type=FILE, help="Save the plan, for apply to do exactly that.")
@click.option("--destroy", is_flag=True, help="What `portctl destroy` would do.")
@click.option("--detailed-exitcode", is_flag=True, help="End with 2 when there are changes.")
@connected_options
@selection_options
@format_options(Form.TEXT, Form.JSON, Form.MARKDOWN)
@common
def command(
    out: pathlib.Path | None, destroy: bool, detailed_exitcode: bool, choices: Choices, options: PlanOptions, form: Form
) -> ExitCode:
    """Show what apply would do. Nothing is written to any service."""
    if destroy:
        options = _to_destroy(options)
    return _plan(choices, options, out=out, detailed_exitcode=detailed_exitcode, form=form)


def _to_destroy(options: PlanOptions) -> PlanOptions:
    """Raises UsageError for allowances that are about what is declared."""
    if options.adopt or options.rotate or options.allow_deletes is not None:
        raise click.UsageError("--adopt, --rotate and --allow-deletes have no meaning with --destroy.")
    return replace(options, destroy=True)


def _plan(
    choices: Choices, options: PlanOptions, *, out: pathlib.Path | None, detailed_exitcode: bool, form: Form
) -> ExitCode:
    from portctl import app
    from portctl.cli.wiring import open_session, open_workspace
    from portctl.views.json import plan_document

    workspace = open_workspace(choices)
    with Progress() as watch, open_session(workspace, read_only=True, watch=watch) as session:
        plan = app.plan(session, options)
        if out is not None and not plan.refusals:
            app.save(session, plan, options, out)
    document = plan_document(plan)
    present_plan(document, form)
    if out is not None:
        log(
            f"Not saved to {out}: a plan with refusals cannot be applied."
            if plan.refusals
            else f"Saved to {out}. To do exactly this: {_applying(out, choices.directory)}"
        )
    if plan.refusals:
        return refusal_code(document)
    return ExitCode.CHANGES if detailed_exitcode and not plan.is_empty else ExitCode.OK


def _applying(out: pathlib.Path, directory: pathlib.Path) -> str:
    """The command that applies the saved plan, as a shell takes it. All but the project stands in the plan."""
    file = f"./{out}" if str(out).startswith("-") else str(out)
    project = [] if directory == pathlib.Path(".") else ["-C", str(directory)]
    return shlex.join(["portctl", *project, "apply", file])
