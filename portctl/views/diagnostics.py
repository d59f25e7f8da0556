"""Findings and failures as text: what, where, why, what next."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from portctl.model.diagnostic import Severity
from portctl.views.colour import PLAIN, Palette, Tone
from portctl.views.escape import escape
from portctl.views.json import Document

_TONES = {Severity.ERROR: Tone.ERROR, Severity.WARNING: Tone.WARNING, Severity.OFF: Tone.QUIET}


def findings_text(document: Document, palette: Palette = PLAIN) -> str:
    """The document of `validate`: every finding, then how many."""
    parts = [finding_text(finding, palette) for finding in document["diagnostics"]]
    return "\n\n".join([*parts, _verdict(document, palette)])


def finding_text(finding: Document, palette: Palette = PLAIN) -> str:
    """One finding: `severity[rule]: summary`, then place and path, detail and hint."""
    word = palette.paint(_TONES[Severity(finding["severity"])], f"{finding['severity']}[{finding['rule']}]")
    place = f"{finding['file']}:{finding['line']}:{finding['column']}"
    where = f"{place}  {finding['path']}" if finding["path"] else place
    return "\n".join(
        [
            f"{word}: {palette.paint(Tone.STRONG, escape(finding['summary']))}",
            f"  {escape(where)}",
            *explanation(finding["detail"], finding["hint"]),
        ]
    )


def error_text(error: Document, palette: Palette = PLAIN) -> str:
    """The document of a failure. Findings are listed first, so that the last thing read is what stopped the run.

    A failure that is one finding and nothing else is told once.
    """
    findings = error.get("diagnostics", ())
    parts = [finding_text(finding, palette) for finding in findings]
    if len(findings) == 1 and all(findings[0][key] == error[key] for key in ("summary", "detail", "hint")):
        return parts[0]
    word = palette.paint(Tone.ERROR, "error")
    lines = [f"{word}: {palette.paint(Tone.STRONG, escape(error['summary']))}", *error_lines(error)]
    return "\n\n".join([*parts, "\n".join(lines)])


def error_lines(error: Document) -> Iterator[str]:
    """What stands below a failure's summary."""
    if "place" in error:
        place = error["place"]
        yield f"  {escape(place['file'])}:{place['line']}:{place['column']}"
    if "request" in error:
        request = error["request"]
        sent, answer = f"{request['method']} {request['path']}", f"{request['status']} {request['code']}".rstrip()
        if sent not in error["detail"]:
            yield f"  {escape(f'{sent} was answered {answer}')}"
    yield from explanation(error["detail"], error["hint"])


def explanation(detail: str, hint: str) -> Iterator[str]:
    """Why and what next, indented, without empty lines. What a hint shows below its first line can be pasted."""
    yield from (f"  {escape(line.rstrip())}" for line in detail.splitlines() if line.strip())
    first, _, shown = hint.strip().partition("\n")
    if first:
        yield f"  hint: {escape(first)}"
    yield from (f"        {escape(line.rstrip())}" for line in textwrap.dedent(shown).splitlines() if line.strip())


def _verdict(document: Document, palette: Palette) -> str:
    errors, warnings = document["summary"]["errors"], document["summary"]["warnings"]
    resources = counted(document["resources"], "resource")
    if errors:
        words = f"Invalid: {counted(errors, 'error')}, {counted(warnings, 'warning')}."
        return palette.paint(Tone.ERROR, words)
    words = f"Valid: {resources}, {counted(warnings, 'warning')}."
    return palette.paint(Tone.WARNING if warnings else Tone.ADDED, words)


def counted(number: int, word: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
