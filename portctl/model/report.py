"""What an apply really did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from portctl.errors import PortctlError
from portctl.model.plan import Plan, Step


class Status(StrEnum):
    """How a step ended. `UNKNOWN`: sent, answer lost, and reading back could not tell; or a bug of ours.

    After an interrupt `UNDER_WAY` had begun and its end was not seen, `NOT_STARTED` was never begun.
    """

    DONE = "done"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    UNDER_WAY = "under way"
    NOT_STARTED = "not started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One step's end. `error` for a failure, `because` names the step that made this one skip."""

    step: Step
    status: Status
    error: PortctlError | None = None
    because: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One outcome per step of the plan, in the order they ended. `kept` and `residue` are said by destroy.

    `unsaved`: why the ledger does not know yet what was done.
    """

    plan: Plan
    outcomes: tuple[Outcome, ...]
    seconds: float = 0.0
    requests: Mapping[str, int] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    residue: tuple[str, ...] = ()
    interrupted: bool = False
    unsaved: PortctlError | None = None

    def count(self, status: Status) -> int:
        return sum(1 for outcome in self.outcomes if outcome.status is status)

    @property
    def complete(self) -> bool:
        ended = all(outcome.status in (Status.DONE, Status.UNCHANGED) for outcome in self.outcomes)
        return ended and self.unsaved is None
