"""Print plans and reports in the form that was asked for, and tell how a command ends."""

from __future__ import annotations

import sys
from typing import Any

from portctl.cli.common_options import current
from portctl.cli.options import Form
from portctl.cli.output import write, write_json
from portctl.errors import ExitCode
from portctl.model.report import Report, Status


def present_plan(document: dict[str, Any], form: Form) -> None:
    """The one way a plan is printed, whether it was just made or read from a file."""
    if form is Form.JSON:
        write_json(document)
    elif form is Form.MARKDOWN:
        from portctl.views.markdown import plan_markdown

        write(plan_markdown(document))
    else:
        from portctl.views.plan import plan_text

        write(plan_text(document, current().palette(sys.stdout)))


def present_report(document: dict[str, Any]) -> None:
    from portctl.views.report import report_text

    write(f"\n{report_text(document, current().palette(sys.stdout))}")


def refusal_code(document: dict[str, Any]) -> ExitCode:
    """The lowest exit code among a plan's refusals, success when there are none."""
    return ExitCode(min((refusal["exitCode"] for refusal in document["refusals"]), default=ExitCode.OK))


def report_code(report: Report) -> ExitCode:
    """Success, interrupted, partly applied, or, when nothing at all was done, the code of what failed."""
    if report.interrupted:
        return ExitCode.INTERRUPTED
    if report.complete:
        return ExitCode.OK
    if report.count(Status.DONE) or report.count(Status.UNKNOWN):
        return ExitCode.PARTIAL
    return min((outcome.error.exit_code for outcome in report.outcomes if outcome.error), default=ExitCode.PARTIAL)
