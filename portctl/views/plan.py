"""A plan document as text: changes, what to look out for, the summary last."""

from __future__ import annotations

from collections.abc import Iterator

from portctl.model.change import Action
from portctl.views.changes import Line, change_lines, heading
from portctl.views.colour import PLAIN, Palette, Tone
from portctl.views.diagnostics import counted, explanation, finding_text
from portctl.views.escape import escape
from portctl.views.json import Document

_TONES = {
    Action.CREATE: Tone.ADDED,
    Action.UPDATE: Tone.CHANGED,
    Action.REPLACE: Tone.REMOVED,
    Action.DELETE: Tone.REMOVED,
    Action.ADOPT: Tone.KEPT,
    Action.MOVE: Tone.KEPT,
    Action.FORGET: Tone.KEPT,
    Action.RENAME: Tone.CHANGED,
    Action.NOOP: Tone.QUIET,
}
_SIGNS = {"+": Tone.ADDED, "-": Tone.REMOVED, "~": Tone.CHANGED, "!": Tone.WARNING, "": Tone.PLAIN}

_COUNTED = (
    Action.CREATE,
    Action.UPDATE,
    Action.REPLACE,
    Action.RENAME,
    Action.DELETE,
    Action.ADOPT,
    Action.MOVE,
    Action.FORGET,
)


def plan_text(document: Document, palette: Palette = PLAIN) -> str:
    """The one rendering of a plan on a terminal, whether just made or read from a file."""
    parts = [_header(document, palette)]
    parts += [_change(change, palette) for change in shown(document)]
    parts += remarks(document, palette)
    return "\n\n".join([*parts, palette.paint(Tone.STRONG, summary(document))])


def shown(document: Document) -> list[Document]:
    """The changes that do something."""
    return [change for change in document["changes"] if change["action"] != Action.NOOP or change["notes"]]


def summary(document: Document) -> str:
    """The last line: what would be done, or that nothing would."""
    counts = document["summary"]
    stopped = ""
    if document["refusals"]:
        number = counted(len(document["refusals"]), "refusal")
        stopped = f" Nothing can be applied: {number}."
    if not any(counts[action] for action in _COUNTED):
        return stopped.strip() or _nothing(document)
    always = always_counted(document)
    parts = [f"{counts[action]} to {action}" for action in _COUNTED if action in always or counts[action]]
    return f"Plan: {', '.join(parts)}.{stopped}"


def always_counted(document: Document) -> tuple[Action, ...]:
    """The actions that a summary of a plan or a report names even when there are none."""
    return (Action.DELETE,) if document["destroy"] else (Action.CREATE, Action.UPDATE, Action.DELETE)


def remarks(document: Document, palette: Palette = PLAIN) -> list[str]:
    """Warnings, notes and refusals, one text each, the weightiest last."""
    texts = [finding_text(warning, palette) for warning in document["warnings"]]
    texts += [f"note: {escape(note)}" for note in document["notes"]]
    texts += [_refusal(refusal, palette) for refusal in document["refusals"]]
    return texts


def organisations(document: Document) -> Iterator[str]:
    """Where the plan would be applied, one line for each instance."""
    for instance in document["instances"]:
        principal = f" as {instance['principal']}" if instance["principal"] else ""
        name = instance["provider"] if instance["name"] == "default" else f"{instance['provider']}@{instance['name']}"
        where = instance["url"]
        if instance["identity"] != where:
            where = f"{instance['identity']} at {where}"
        yield escape(f"{name}: {where}{principal}")


def body_line(line: Line) -> str:
    """A line below a heading, its sign in a column of its own."""
    return f"      {line.sign or ' '} {line.text}".rstrip()


def _header(document: Document, palette: Palette) -> str:
    kind = "Plan to destroy" if document["destroy"] else "Plan for"
    targeted = ", only the targets" if document["targeted"] else ""
    title = f"{kind} {escape(document['project'])}, environment {escape(document['environment'])}{targeted}"
    where = [palette.paint(Tone.QUIET, f"  {line}") for line in organisations(document)]
    return "\n".join([palette.paint(Tone.STRONG, title), *where])


def _change(change: Document, palette: Palette) -> str:
    action = Action(change["action"])
    symbol = palette.paint(_TONES[action], f"{action.symbol:<3}")
    address = palette.paint(Tone.STRONG, escape(change["address"]))
    lines = [f"{symbol} {address}  {heading(change)}"]
    lines += [palette.paint(_SIGNS[line.sign], body_line(line)) for line in change_lines(change)]
    return "\n".join(lines)


def _refusal(refusal: Document, palette: Palette) -> str:
    word = palette.paint(Tone.ERROR, "refused")
    address = f"  {refusal['address']}" if refusal["address"] else ""
    lines = [f"{word}: {palette.paint(Tone.STRONG, escape(refusal['summary']))}{escape(address)}"]
    return "\n".join([*lines, *explanation(refusal["detail"], refusal["hint"])])


def _nothing(document: Document) -> str:
    if document["destroy"]:
        return "No changes. There is nothing left to destroy."
    unchanged = document["summary"][Action.NOOP]
    if not unchanged:
        return "No changes. There are no resources."
    which = "The targets are" if document["targeted"] else "Everything is"
    return f"No changes. {which} as the manifests say ({counted(unchanged, 'resource')})."
