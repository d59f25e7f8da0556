"""A plan document as Markdown for a comment on a merge request.

Everything that was not written by us stands in a code block or in escaped HTML, where it can neither format anything
nor mention anybody. The text never grows beyond what a comment may hold.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from portctl.model.change import Action
from portctl.views.changes import Line, change_lines, heading
from portctl.views.escape import escape
from portctl.views.json import Document
from portctl.views.plan import organisations, remarks, shown, summary

LIMIT = 60_000
"""Characters. GitHub refuses a comment of more than 65,536; GitLab takes a million."""

_NOTICE_ROOM = 250
_BACKTICKS = re.compile("`+")
_DIFF_SIGNS = {"~": "!"}
"""Viewers colour `+`, `-` and `!` in a block of kind `diff`."""


def plan_markdown(document: Document, limit: int = LIMIT) -> str:
    """The summary first, then what to look out for, then every change folded away.

    Details that do not fit `limit` are left out, then whole changes; a notice says how many.
    """
    head = _head(document, limit // 2)
    changes = shown(document)
    parts, left_out = _fit(changes, limit - len(head) - _NOTICE_ROOM)
    if left_out:
        cut = f"{left_out} of {len(changes)} changes are not shown in full: a comment may hold {limit} characters."
        parts.append(f"**{cut}** Run `portctl plan`, or `portctl show` on the saved plan, to read all of it.")
    return "\n\n".join([head, *parts])


def fenced(lines: Sequence[str], language: str) -> str:
    """A code block whose fence is longer than any run of backticks inside."""
    text = "\n".join(lines)
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _head(document: Document, room: int) -> str:
    kind = "Plan to destroy" if document["destroy"] else "Plan for"
    title = f"<h3>{kind} <code>{_html(document['project'])}</code>, environment <code>{_html(document['environment'])}"
    parts = [f"{title}</code></h3>", f"**{summary(document)}**"]
    where = list(organisations(document))
    if where:
        parts.append(fenced(where, "text"))
    said = "\n\n".join(remarks(document))
    if said:
        shortened = said if len(said) <= room else f"{said[:room]}\n... (cut short)"
        parts.append(fenced(shortened.splitlines(), "text"))
    return "\n\n".join(parts)


def _fit(changes: Sequence[Document], room: int) -> tuple[list[str], int]:
    """As many changes as fit, every one at least by its title if possible, and how many are not there in full."""
    parts: list[str] = []
    short = 0
    later = sum(len(_title(change)) + 2 for change in changes)
    for change in changes:
        title, details = _title(change), _details(change)
        later -= len(title) + 2
        text = details if len(details) + 2 + later <= room else title
        if len(text) + 2 > room:
            break
        room -= len(text) + 2
        short += text is not details
        parts.append(text)
    return parts, short + len(changes) - len(parts)


def _title(change: Document) -> str:
    return f"<p>{_heading(change)}</p>"


def _details(change: Document) -> str:
    lines = [_diff_line(line) for line in change_lines(change)]
    if not lines:
        return _title(change)
    return f"<details>\n<summary>{_heading(change)}</summary>\n\n{fenced(lines, 'diff')}\n\n</details>"


def _heading(change: Document) -> str:
    symbol = Action(change["action"]).symbol.strip()
    return f"<code>{_html(symbol)} {_html(change['address'])}</code> <code>{html.escape(heading(change))}</code>"


def _diff_line(line: Line) -> str:
    return f"{_DIFF_SIGNS.get(line.sign, line.sign) or ' '} {line.text}".rstrip()


def _html(text: str) -> str:
    return html.escape(escape(text))
