"""Writes of which it is not known that they did what they should."""

from __future__ import annotations

from portctl.errors import PortctlError
from portctl.model.change import Change

ATTEMPTS = 2
"""How often a write is sent whose answer gets lost."""


class NotAsWanted(PortctlError):
    """The service accepted a write, and what it shows afterwards is something else than what was asked for."""


class OutcomeUnknown(PortctlError):
    """A write was sent, and nothing that can be read tells whether it was done."""


NOT_SHOWN = "reading it back did not show it"
"""What was seen afterwards, for `answer_lost`; `OTHER` likewise."""

OTHER = "what was read back is not what was sent"


def answer_lost(change: Change, error: PortctlError, seen: str) -> OutcomeUnknown:
    """`error` is what came in place of an answer; `seen` is what reading back showed."""
    return OutcomeUnknown(
        "Outcome unknown",
        f"{error.detail or error.summary}; {seen}",
        hint=f"Look at {change.kind.name} {'/'.join(change.identity)} at the service, then plan again.",
    )
