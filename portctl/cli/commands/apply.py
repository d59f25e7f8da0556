"""`portctl apply`."""

from __future__ import annotations

import pathlib
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from portctl.cli.apply_flow import BEGUN, UNCHANGED, carry_out, finish
from portctl.cli.common_options import current
from portctl.cli.options import (
    FILE,
    Form,
    common,
    connected_options,
    format_options,
    selection_options,
    yes_option,
)
from portctl.cli.present import present_plan, report_code
from portctl.cli.progress import Progress
from portctl.errors import ExitCode
from portctl.model.plan import PlanOptions

if TYPE_CHECKING:
    from portctl.cli.wiring import Choices


@click.command("apply")
@click.argument("plan", type=FILE, required=False)
@yes_option
@connected_options
@selection_options
@format_options()
@common
def command(plan: pathlib.Path | None, yes: bool, choices: Choices, options: PlanOptions, form: Form) -> ExitCode:
    """Make the services what the manifests say.

    Without PLAN, a plan is made, shown, and applied when somebody types yes. With PLAN, a file that plan -o saved,
    exactly that is done and nothing is asked; it is refused when anything it stands on has changed since.
    """
    if plan is None:
        return carry_out(choices, options, yes=yes, form=form)
    if options != PlanOptions() or choices.gives_values:
        raise click.UsageError("Targets, labels, allowances and values are part of a saved plan: give them to plan -o.")
    return _apply_saved(plan, choices, form)


def _apply_saved(file: pathlib.Path, choices: Choices, form: Form) -> ExitCode:
    from portctl import app
    from portctl.cli.wiring import open_session, open_workspace
    from portctl.views.json import plan_document

    current().if_interrupted = UNCHANGED
    saved = app.load_saved(file)
    if choices.environment not in (None, saved.environment):
        raise click.UsageError(f"The saved plan is for environment {saved.environment!r}, not {choices.environment!r}.")
    workspace = open_workspace(replace(choices, environment=saved.environment, saved_values=saved.values))
    with Progress() as watch, open_session(workspace, read_only=False, watch=watch) as session:
        plan = app.take_up(session, saved)
        document = plan_document(plan)
        watch.clear()
        if form is Form.TEXT:
            present_plan(document, form)
        watch.expect(len(plan.steps))
        current().if_interrupted = BEGUN
        report = app.apply_saved(session, saved, plan)
    finish(document, report, form)
    return report_code(report)
