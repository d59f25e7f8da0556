"""What `apply` and `destroy` share: plan, show, ask, do, report."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from portctl.cli.common_options import current
from portctl.cli.options import Form
from portctl.cli.output import log, write_json
from portctl.cli.present import present_plan, present_report, refusal_code, report_code
from portctl.cli.progress import Progress
from portctl.errors import ConsentNeeded, ExitCode

if TYPE_CHECKING:
    from portctl.cli.wiring import Choices
    from portctl.model.plan import PlanOptions
    from portctl.model.report import Report


UNCHANGED = "Nothing was changed."
BEGUN = "If something was being applied, portctl plan shows what is left to do."
"""What Ctrl-C leaves behind before the first step, and from then on."""


def carry_out(choices: Choices, options: PlanOptions, *, yes: bool, form: Form) -> ExitCode:
    """Make a plan now and apply it, with consent. JSON is one document, `plan` and `report`, whatever happens."""
    from portctl import app
    from portctl.apply.execute import Approval
    from portctl.cli.wiring import open_session, open_workspace
    from portctl.views.json import plan_document

    current().if_interrupted = UNCHANGED
    workspace = open_workspace(choices)
    with Progress() as watch, open_session(workspace, read_only=False, watch=watch) as session:
        plan = app.plan(session, options)
        document = plan_document(plan)
        watch.clear()
        if form is Form.TEXT:
            present_plan(document, form)
        if plan.refusals:
            finish(document, None, form)
            return refusal_code(document)
        if not plan.steps:
            app.apply(session, plan, Approval.given(plan))
            finish(document, None, form)
            return ExitCode.OK
        if not plan.is_empty and not yes:
            _ask(destroy=options.destroy, form=form)
        watch.expect(len(plan.steps))
        current().if_interrupted = BEGUN
        report = app.apply(session, plan, Approval.given(plan))
    finish(document, report, form)
    return report_code(report)


def finish(plan: dict[str, Any], report: Report | None, form: Form) -> None:
    """Print what is still to be printed; a text plan has been shown before."""
    from portctl.views.json import report_document

    if report is not None and current().debug:
        _trace(report)
    shown = None if report is None else report_document(report)
    if form is Form.JSON:
        write_json({"plan": plan, "report": shown})
    elif shown is not None:
        present_report(shown)


def _trace(report: Report) -> None:
    """Where the errors of steps came from."""
    from portctl.cli.trace import trace

    for outcome in report.outcomes:
        if outcome.error is not None:
            log(trace(outcome.error))


def _ask(*, destroy: bool, form: Form) -> None:
    """Raise ConsentNeeded unless somebody at the terminal types `yes`."""
    verb = "destroy" if destroy else "apply"
    planning = "portctl plan --destroy" if destroy else "portctl plan"
    if form is Form.JSON or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConsentNeeded(
            "Nobody said yes",
            f"there is something to {verb}, and no terminal to ask at",
            hint=f"Add --yes, or save a plan with {planning} -o FILE and apply that: portctl apply FILE.",
        )
    question = "Destroy all of this?" if destroy else "Apply this?"
    answer = click.prompt(f"\n{question} Only 'yes' is accepted", default="", show_default=False, err=True)
    if answer.strip() != "yes":
        raise ConsentNeeded("Not confirmed", f"{verb} was called off, nothing was changed")
