"""A finding in a user's file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portctl.source import Source


class Severity(StrEnum):
    """How much a finding weighs. `OFF` is only a setting: a finding never has it."""

    ERROR = "error"
    WARNING = "warning"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding: what (`summary`), where, why (`detail`), what to do next (`hint`).

    `rule` is the id of a rule in docs/rules.md, or of the check that spoke (`schema`, `yaml`, `reference`, ...).
    `path` is the path in the document as text, empty when the finding is about the file.
    """

    rule: str
    severity: Severity
    summary: str
    source: Source
    detail: str = ""
    hint: str = ""
    path: str = ""

    @property
    def sort_key(self) -> tuple[Source, str, str]:
        return (self.source, self.rule, self.summary)
