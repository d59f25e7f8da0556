"""Bytes of a file as text, and what can be said about text that does not parse."""

from __future__ import annotations

import re
from collections.abc import Sequence

from portctl.findings import Findings
from portctl.source import Source

_UNPRINTABLE = re.compile("[^\t\n\r -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_BARE_BRACES = re.compile(r"(?:^|[:\-,\[]\s+|^\s*)\{\{")


def decode(content: bytes, file: str, findings: Findings) -> str:
    """The text of a file, which must be UTF-8. A byte order mark in front is dropped."""
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        line, column = _position(before, len(before))
        findings.error(
            "Not UTF-8",
            Source(file, line, column),
            detail=f"Byte 0x{content[error.start]:02x} is not UTF-8.",
            hint="Save the file in UTF-8.",
        )
        raise findings.failure() from error


def refuse_characters(text: str, file: str, findings: Findings) -> None:
    """Refuse what YAML refuses, and the separators that YAML parsers quietly take for line breaks."""
    for match in _UNPRINTABLE.finditer(text):
        line, column = _position(text, match.start())
        findings.error(
            "Unprintable character",
            Source(file, line, column),
            detail=f"U+{ord(match.group()):04X} may not stand in a YAML file.",
            hint="Write it as an escape in a double-quoted text.",
        )
        raise findings.failure()


def _position(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def quoting_hint(all_lines: Sequence[str], first: int, last: int) -> str:
    """What to do when one of the lines (from 0) holds a placeholder or braces that YAML took for its own."""
    lines = all_lines[first : last + 1]
    if any("<%" in line for line in lines):
        return "Quote the scalar: a text with `<% %>` needs quotes where YAML would read part of it as its own."
    if any(_BARE_BRACES.search(line) for line in lines):
        return "Quote the scalar: without quotes YAML reads `{{` as the start of a mapping."
    return ""
