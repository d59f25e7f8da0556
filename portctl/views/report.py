"""A report document as text: what failed first, the summary last."""

from __future__ import annotations

from collections.abc import Sequence

from portctl.model.change import Action
from portctl.model.plan import Phase
from portctl.model.report import Status
from portctl.views.colour import PLAIN, Palette, Tone
from portctl.views.diagnostics import error_lines
from portctl.views.escape import escape
from portctl.views.json import Document
from portctl.views.plan import always_counted

_LEFT = "portctl plan shows what is left to do."
_SECTIONS = (
    (Status.FAILED, "Failed", Tone.ERROR),
    (Status.UNKNOWN, "Unknown: it may have been done; look before running it again", Tone.WARNING),
    (
        Status.UNDER_WAY,
        "Under way when it was interrupted: sent or not, done or not; the next plan finds out",
        Tone.WARNING,
    ),
    (Status.SKIPPED, "Skipped: something they need was not done", Tone.WARNING),
    (Status.NOT_STARTED, "Not started", Tone.WARNING),
    (Status.DONE, "Done", Tone.ADDED),
    (Status.UNCHANGED, "Nothing to do any more", Tone.QUIET),
)

_DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.RENAME: "renamed",
    Action.DELETE: "deleted",
    Action.ADOPT: "adopted",
    Action.MOVE: "moved",
    Action.FORGET: "forgotten",
}
_NOT_DONE = (Status.UNCHANGED, Status.FAILED, Status.SKIPPED, Status.UNKNOWN, Status.UNDER_WAY, Status.NOT_STARTED)

_PHASE_DONE = {
    Phase.CREATE: "created",
    Phase.UPDATE: "updated",
    Phase.CONNECT: "connected",
    Phase.COMPLETE: "completed",
    Phase.RENAME: "renamed",
    Phase.RELEASE: "released",
    Phase.DELETE: "deleted",
}


def report_text(document: Document, palette: Palette = PLAIN) -> str:
    """The report of an apply or a destroy."""
    parts = []
    for status, title, tone in _SECTIONS:
        outcomes = [outcome for outcome in document["outcomes"] if outcome["status"] == status]
        if outcomes:
            lines = [line for outcome in outcomes for line in _outcome(outcome)]
            parts.append("\n".join([palette.paint(tone, title), *lines]))
    unsaved = document["unsaved"]
    if unsaved:
        lines = [f"  {escape(unsaved['summary'])}", *(f"  {line}" for line in error_lines(unsaved))]
        parts.insert(0, "\n".join([palette.paint(Tone.ERROR, "Not recorded"), *lines]))
    parts += _list("Kept on purpose", document["kept"], palette)
    parts += _list("Cannot be removed and stays behind", document["residue"], palette)
    last = palette.paint(Tone.STRONG, summary(document))
    return "\n\n".join([*parts, f"{last}\n{_LEFT}" if document["interrupted"] else last])


def summary(document: Document) -> str:
    """The last line. Resources are counted once each, whatever number of steps they took."""
    counts = document["summary"]
    ended = "complete" if document["complete"] else "interrupted" if document["interrupted"] else "incomplete"
    always = always_counted(document)
    parts = [f"{counts[action]} {word}" for action, word in _DONE.items() if action in always or counts[action]]
    parts += [f"{counts[status]} {status}" for status in _NOT_DONE if counts[status]]
    return f"{'Destroy' if document['destroy'] else 'Apply'} {ended}: {', '.join(parts)}."


def done_word(action: Action, phase: Phase) -> str:
    """`created`, `completed`, ...: what a finished step did."""
    return _DONE.get(action, "done") if phase is Phase.LEDGER else _PHASE_DONE[phase]


def _outcome(outcome: Document) -> list[str]:
    action, phase = Action(outcome["action"]), Phase(outcome["phase"])
    head = f"{action.symbol:<3} {escape(outcome['address'])}"
    status = Status(outcome["status"])
    if status is Status.DONE:
        return [f"  {head}  {done_word(action, phase)}"]
    if status is Status.UNCHANGED:
        return [f"  {head}"]
    if status is Status.SKIPPED:
        because = outcome.get("because")
        return [f"  {head}  {phase}: needs {escape(because)}" if because else f"  {head}  {phase}"]
    error = outcome.get("error")
    if error is None:
        return [f"  {head}  {phase}"]
    return [f"  {head}  {phase}: {escape(error['summary'])}", *(f"      {line}" for line in error_lines(error))]


def _list(title: str, lines: Sequence[str], palette: Palette) -> list[str]:
    if not lines:
        return []
    return ["\n".join([palette.paint(Tone.STRONG, title), *(f"  {escape(line)}" for line in lines)])]
