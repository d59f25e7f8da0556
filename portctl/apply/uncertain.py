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


def answer_lost(change: Change) -> OutcomeUnknown:
    return OutcomeUnknown(
        "Outcome unknown",
        f"the write of {change.address} was sent, its answer was lost, and reading it back did not tell",
        hint=f"Look at {change.kind.name} {'/'.join(change.identity)} at the service, then plan again.",
    )
