"""The changes of a plan document as lines, before anybody decides how a line looks."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from portctl.model.change import Action, Why
from portctl.source import Path, path_text
from portctl.views.escape import escape
from portctl.views.json import Document
from portctl.views.values import block, entry, is_long_text, is_nested, scalar

SHORT = 80
"""Characters that two values may have together to stand on one line, `before -> after`."""

LONGEST_TEXT = 12
"""Lines of a new text that are shown whole; of a longer one the first `START_OF_TEXT` are."""

START_OF_TEXT = 6
WHOLE = path_text(())

_WORDS = {
    Action.CREATE: "will be created",
    Action.UPDATE: "will be updated",
    Action.REPLACE: "will be replaced",
    Action.DELETE: "will be deleted",
    Action.ADOPT: "will be adopted",
    Action.MOVE: "will be moved",
    Action.FORGET: "will be forgotten",
    Action.RENAME: "will have a part renamed",
    Action.NOOP: "stays as it is",
}

_REASONS = {
    Why.MANIFEST: "manifest changed",
    Why.DRIFT: "drift: changed outside portctl",
    Why.CONFLICT: "conflict: changed on both sides",
    Why.NEW: "new",
    Why.SECRET: "secret changed",
    Why.UNKNOWN: "known after apply",
    Why.AGAIN: "written again: another change of this plan loses it",
}

_BY_IDENTITY = (Action.DELETE, Action.ADOPT, Action.FORGET)
_TRAILING_SPACE = re.compile(r" +$")


@dataclass(frozen=True, slots=True)
class Line:
    """`sign` is what the line does: `+`, `-`, `~`, `!` (look here), or nothing."""

    sign: str
    text: str


def heading(change: Document) -> str:
    """The words behind a change's address."""
    words = _WORDS[Action(change["action"])]
    if change.get("was"):
        words += f" from {escape(change['was'])}"
    return f"{words}: {escape(change['why'])}" if change["why"] else words


def change_lines(change: Document) -> Iterator[Line]:
    """Everything below a change's heading."""
    action = Action(change["action"])
    identity = " / ".join(change["identity"])
    if action in _BY_IDENTITY and not change["address"].endswith(f":{identity}"):
        yield Line("", f"identity: {escape(identity)}")
    for loss in change["losses"]:
        where = "" if loss["path"] == WHOLE else f" at {escape(loss['path'])}"
        yield Line("!", f"LOSES DATA{where}: {escape(loss['why'])}")
    for renamed in change.get("renames", ()):
        yield Line("~", f"{escape(renamed['path'])}: renamed from {escape(renamed['from'])}, its data stays")
    for edit in change["edits"]:
        yield from _edit(edit, change["address"], reason=action is not Action.CREATE)
    for note in change["notes"]:
        yield Line("", f"note: {escape(note)}")


def _edit(edit: Document, address: str, *, reason: bool) -> Iterator[Line]:
    path = escape(edit["path"])
    because = f"  ({_REASONS[Why(edit['why'])]})" if reason else ""
    if "before" not in edit:
        yield from _one_side("+", path, edit["after"], because, fold=f"all: portctl render {escape(address)}")
    elif "after" not in edit:
        yield from _one_side("-", path, edit["before"], because)
    else:
        yield from _both_sides(path, edit["before"], edit["after"], because)


def _one_side(sign: str, path: str, value: Any, because: str, *, fold: str = "") -> Iterator[Line]:
    """`value` below its path. With `fold`, which says where to see the rest, only the start of a long text."""
    lines = _folded(entry(path, value, ()), fold) if fold else (text for _, text in entry(path, value, ()))
    for number, text in enumerate(lines):
        yield Line(sign, text if number else f"{text}{because}")


def _folded(lines: Iterable[tuple[Path, str]], where: str) -> Iterator[str]:
    """Lines that share a path are one text: its name, then the text itself."""
    for _, group in itertools.groupby(lines, key=lambda line: line[0]):
        head, *text = (line for _, line in group)
        yield head
        if len(text) <= LONGEST_TEXT:
            yield from text
            continue
        yield from text[:START_OF_TEXT]
        indent = " " * (len(text[0]) - len(text[0].lstrip()))
        yield f"{indent}... + {len(text) - START_OF_TEXT} lines ({where})"


def _both_sides(path: str, before: Any, after: Any, because: str) -> Iterator[Line]:
    in_lines = any(is_nested(value) or is_long_text(value) for value in (before, after))
    if not in_lines:
        old, new = scalar(before), scalar(after)
        if old == new:
            yield Line("~", f"{path}: {new}{because}")
        elif len(old) + len(new) <= SHORT:
            yield Line("~", f"{path}: {old} -> {new}{because}")
        else:
            yield from (Line("~", f"{path}:{because}"), Line("-", f"  {old}"), Line("+", f"  {new}"))
        return
    yield Line("~", f"{path}:{because}")
    yield from _unified(_as_lines(before, after), _as_lines(after, before))


def _as_lines(value: Any, other: Any) -> list[str]:
    """Two texts are compared line by line as they are, anything else as the YAML it would be shown as."""
    if isinstance(value, str) and isinstance(other, str):
        lines = [_visible(line) for line in value.removesuffix("\n").split("\n")]
        unended = not value.endswith("\n") and other.endswith("\n")
        return [*lines, r"\ no line end here"] if unended else lines
    return [text for _, text in block(value)]


def _visible(line: str) -> str:
    return _TRAILING_SPACE.sub(lambda match: r"\x20" * len(match[0]), escape(line))


def _unified(before: list[str], after: list[str]) -> Iterator[Line]:
    for line in list(difflib.unified_diff(before, after, lineterm=""))[2:]:
        if line.startswith("@@"):
            yield Line("", f"  {line}")
        else:
            yield Line(line[0].strip(), f"  {line[1:]}")
