"""The JSON documents that portctl emits and stores, one function each.

`formatVersion` changes when a reader of an older document would misunderstand a newer one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from portctl.errors import ApiError, InvalidInput, PortctlError
from portctl.model.change import Action, Change, Edit, Why
from portctl.model.diagnostic import Diagnostic, Severity
from portctl.model.plan import InstanceInfo, Plan, Refusal
from portctl.model.report import Outcome, Report, Status
from portctl.model.resource import RemoteKey
from portctl.model.value import MISSING
from portctl.source import path_text
from portctl.views.escape import escape_json
from portctl.views.hiding import shown_after, shown_before
from portctl.views.values import value_document

FORMAT_VERSION = 1
Document = dict[str, Any]

_NOT_DONE = (Status.UNCHANGED, Status.FAILED, Status.SKIPPED, Status.UNKNOWN, Status.UNDER_WAY, Status.NOT_STARTED)
_BY_WEIGHT = (
    Status.FAILED,
    Status.UNKNOWN,
    Status.UNDER_WAY,
    Status.SKIPPED,
    Status.NOT_STARTED,
    Status.DONE,
    Status.UNCHANGED,
)


@cache
def tool_version() -> str:
    """The version of this installation."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("portctl-cli")
    except PackageNotFoundError:
        return "unknown"


def json_text(document: Any) -> str:
    """`document` as indented JSON that cannot act on a terminal. Keys keep their order."""
    return escape_json(json.dumps(document, indent=2, ensure_ascii=False))


def plan_document(plan: Plan) -> Document:
    """The plan as `plan --json` prints it and a saved plan holds it."""
    return {
        "formatVersion": FORMAT_VERSION,
        "tool": f"portctl {tool_version()}",
        "project": plan.project,
        "environment": plan.environment,
        "digest": plan.digest,
        "destroy": plan.destroy,
        "targeted": plan.targeted,
        "instances": [_instance(instance) for instance in plan.instances],
        "summary": {action.value: plan.count(action) for action in Action},
        "changes": [_change(change) for change in plan.changes],
        "refusals": [_refusal(refusal) for refusal in plan.refusals],
        "warnings": [diagnostic_document(warning) for warning in plan.warnings],
        "notes": list(plan.notes),
        "requests": dict(plan.requests),
    }


def report_document(report: Report) -> Document:
    """What an apply did: one outcome per step, and `summary` counting resources by how they ended."""
    plan = report.plan
    steps = {step.key: f"{step.change.address} ({step.phase.value})" for step in plan.steps}
    return {
        "formatVersion": FORMAT_VERSION,
        "tool": f"portctl {tool_version()}",
        "project": plan.project,
        "environment": plan.environment,
        "digest": plan.digest,
        "destroy": plan.destroy,
        "complete": report.complete,
        "interrupted": report.interrupted,
        "unsaved": None if report.unsaved is None else error_document(report.unsaved),
        "summary": _tally(report),
        "outcomes": [_outcome(outcome, steps) for outcome in report.outcomes],
        "kept": list(report.kept),
        "residue": list(report.residue),
        "seconds": round(report.seconds, 3),
        "requests": dict(report.requests),
    }


def diagnostics_document(diagnostics: Iterable[Diagnostic], *, resources: int) -> Document:
    """What `validate` found. `ok` when nothing weighs as an error."""
    found = [diagnostic_document(diagnostic) for diagnostic in diagnostics]
    errors = sum(1 for item in found if item["severity"] == Severity.ERROR)
    return {
        "formatVersion": FORMAT_VERSION,
        "tool": f"portctl {tool_version()}",
        "ok": not errors,
        "resources": resources,
        "summary": {"errors": errors, "warnings": len(found) - errors},
        "diagnostics": found,
    }


def diagnostic_document(diagnostic: Diagnostic) -> Document:
    return {
        "rule": diagnostic.rule,
        "severity": diagnostic.severity.value,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
        "hint": diagnostic.hint,
        "file": diagnostic.source.file,
        "line": diagnostic.source.line,
        "column": diagnostic.source.column,
        "path": diagnostic.path,
    }


def error_document(error: PortctlError) -> Document:
    """A failure: `exitCode` is the command's, `place`, `request` and `diagnostics` stand only where there are any."""
    document: Document = {
        "exitCode": int(error.exit_code),
        "summary": error.summary,
        "detail": error.detail,
        "hint": error.hint,
    }
    if error.source is not None:
        document["place"] = {"file": error.source.file, "line": error.source.line, "column": error.source.column}
    if isinstance(error, ApiError):
        request = {"method": error.method, "path": error.path, "status": error.status, "code": error.code}
        document["request"] = request
    if isinstance(error, InvalidInput) and error.diagnostics:
        document["diagnostics"] = [diagnostic_document(diagnostic) for diagnostic in error.diagnostics]
    return document


def _instance(instance: InstanceInfo) -> Document:
    return {
        "provider": instance.provider,
        "name": instance.name,
        "identity": instance.identity,
        "url": instance.url,
        "principal": instance.principal,
    }


def _change(change: Change) -> Document:
    document: Document = {
        "address": str(change.address),
        "kind": change.kind.full_name,
        "action": change.action.value,
        "identity": list(change.identity),
        "why": change.why,
        "edits": [_edit(change, edit) for edit in _edits(change)],
        "losses": [{"path": path_text(loss.path), "why": loss.why} for loss in change.losses],
        "notes": list(change.notes),
    }
    if change.was is not None:
        document["was"] = str(change.was)
    if change.renames:
        document["renames"] = [{"path": renamed.path, "from": renamed.before} for renamed in change.renames]
    return document


def _edits(change: Change) -> tuple[Edit, ...]:
    """A new object is shown whole, by its top-level keys."""
    if change.action is Action.CREATE and change.after is not None:
        return tuple(Edit((key,), MISSING, value, Why.NEW) for key, value in change.after.items())
    return change.edits


def _edit(change: Change, edit: Edit) -> Document:
    document: Document = {"path": path_text(edit.path)}
    if edit.before is not MISSING:
        document["before"] = value_document(shown_before(change, edit))
    if edit.after is not MISSING:
        document["after"] = value_document(shown_after(edit))
    return {**document, "why": edit.why.value}


def _refusal(refusal: Refusal) -> Document:
    return {
        "exitCode": int(refusal.exit_code),
        "summary": refusal.summary,
        "detail": refusal.detail,
        "hint": refusal.hint,
        "address": "" if refusal.address is None else str(refusal.address),
    }


def _outcome(outcome: Outcome, steps: dict[str, str]) -> Document:
    change = outcome.step.change
    document: Document = {
        "address": str(change.address),
        "action": change.action.value,
        "phase": outcome.step.phase.value,
        "status": outcome.status.value,
        "seconds": round(outcome.seconds, 3),
    }
    if outcome.because:
        document["because"] = steps.get(outcome.because, outcome.because)
    if outcome.error is not None:
        document["error"] = error_document(outcome.error)
    return document


def _tally(report: Report) -> Document:
    """Each resource once: under its action when all its steps were done, else under its worst step's status."""
    by_key: dict[RemoteKey, list[Outcome]] = {}
    for outcome in report.outcomes:
        by_key.setdefault(outcome.step.change.key, []).append(outcome)
    tally = dict.fromkeys((*Action, *_NOT_DONE), 0)
    for outcomes in by_key.values():
        worst = min((outcome.status for outcome in outcomes), key=_BY_WEIGHT.index)
        change = outcomes[0].step.change
        tally[change.action if worst is Status.DONE else worst] += 1
        tally[Action.DELETE] += change.also_deleted if worst is Status.DONE else 0
    return {word.value: count for word, count in tally.items()}
