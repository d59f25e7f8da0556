"""What a decision has done, as values: each is one write, or one word to somebody, and may safely be done twice.

Marks can be lost to somebody else who came first, but for `KeepRejection`. Whoever loses decides again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from portctl.gate.evidence import Ended, Tested


@dataclass(frozen=True, slots=True)
class KeepTested:
    """Keep what was tested, before anything rests on it."""

    tested: Tested


@dataclass(frozen=True, slots=True)
class TakeStart:
    """Take the one start of the deployment, for the deploy job of this pipeline."""


@dataclass(frozen=True, slots=True)
class Close:
    """Take the one start and the end together, so that nothing is deployed any more."""

    ended: Ended


@dataclass(frozen=True, slots=True)
class KeepEnd:
    """Keep how a deployment that was started has ended."""

    ended: Ended


@dataclass(frozen=True, slots=True)
class KeepRejection:
    """Keep that a rejection is about to end the developer's run: what is approved afterwards is deployed."""

    number: str


@dataclass(frozen=True, slots=True)
class OpenChange:
    """Open a change request, or find the one that is there; tell its number, and ask for approval where nobody has."""

    tested: Tested


@dataclass(frozen=True, slots=True)
class AskForApproval:
    """Move a change request that was left in New on, so that its approvers are asked."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Have Port's catalogue show the change request. `decision`: also what ServiceNow's own message would say."""

    decision: bool = False


@dataclass(frozen=True, slots=True)
class PutBack:
    """Have Port's catalogue say that approval is asked for, so that a real decision is a change there."""


@dataclass(frozen=True, slots=True)
class StartPipeline:
    """Start the pipeline that deploys."""

    environment: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """Leave the command, and the one job that may run it, to the jobs that follow."""

    tested: Tested


@dataclass(frozen=True, slots=True)
class Tell:
    """A line in the log of the developer's run. `once`: unless it says so already."""

    text: str
    once: bool = False


@dataclass(frozen=True, slots=True)
class EndRequest:
    """End the developer's run; it is no open deployment any more."""

    ended: Ended


@dataclass(frozen=True, slots=True)
class EndOwn:
    """End the run of Port that has started this pipeline."""

    ended: Ended


@dataclass(frozen=True, slots=True)
class EndAbandoned:
    """End a run of Port whose pipeline is over."""

    run: str


@dataclass(frozen=True, slots=True)
class Note:
    """A work note on the change request."""

    text: str


@dataclass(frozen=True, slots=True)
class Implement:
    """Move the change request to Implement."""


@dataclass(frozen=True, slots=True)
class CloseChange:
    """Move the change request through Review to Closed, with a close code and notes."""

    ended: Ended


@dataclass(frozen=True, slots=True)
class Refuse:
    """Fail this job, and tell nobody but its log: what it was called with is not genuine, or not for it to answer."""

    why: str


Effect: TypeAlias = (
    KeepTested
    | TakeStart
    | Close
    | KeepEnd
    | KeepRejection
    | OpenChange
    | AskForApproval
    | Catalogue
    | PutBack
    | StartPipeline
    | HandOver
    | Tell
    | EndRequest
    | EndOwn
    | EndAbandoned
    | Note
    | Implement
    | CloseChange
    | Refuse
)

Effects: TypeAlias = tuple[Effect, ...]
