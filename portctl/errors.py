"""The exception tree, and the exit code of every way a command can end.

A class exists when somebody can act on it. Findings in user files are collected as diagnostics
(`model.diagnostic`) and raised together as `InvalidInput`; a failed step of an apply is an outcome in its report.

    PortctlError
      InvalidInput          3   manifests, configuration or values that cannot be used
      StalePlan             4   a saved plan that no longer fits, or was used already
      ConsentNeeded         5   a guard, a protection or an adoption that needs a word from the user
      LockHeld              6   somebody else is applying
      PartlyApplied         7   some steps were done and some were not
      AccessDenied          8   authentication, permission, or not the organisation that was meant
      Unreachable           9   the service did not answer, or what answered is not its API
        NoConnection        9   nothing listens at its address, or no way leads there
        TryLater            9   it limits requests, for longer than is waited
      ApiError              1   the service refused a request; carries method, path and status
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from portctl.model.diagnostic import Diagnostic
    from portctl.source import Source


class ExitCode(IntEnum):
    """What a command's exit status says. The table in docs/exit-codes.md is checked against this one."""

    OK = 0
    ERROR = 1
    CHANGES = 2
    INVALID = 3
    STALE = 4
    CONSENT = 5
    LOCKED = 6
    PARTIAL = 7
    DENIED = 8
    UNREACHABLE = 9
    USAGE = 64
    INTERRUPTED = 130


class PortctlError(Exception):
    """Base of everything portctl raises on purpose.

    `summary` is one short fixed phrase, `detail` says what and why, `source` where, `hint` what to do next.
    """

    exit_code = ExitCode.ERROR

    def __init__(self, summary: str, detail: str = "", *, source: Source | None = None, hint: str = "") -> None:
        super().__init__(summary, detail)
        self.summary = summary
        self.detail = detail
        self.source = source
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.summary}: {self.detail}" if self.detail else self.summary


class InvalidInput(PortctlError):
    """What the user wrote cannot be used. `diagnostics` holds every finding, not just the first."""

    exit_code = ExitCode.INVALID

    def __init__(
        self,
        summary: str,
        detail: str = "",
        *,
        source: Source | None = None,
        hint: str = "",
        diagnostics: Sequence[Diagnostic] = (),
    ) -> None:
        super().__init__(summary, detail, source=source, hint=hint)
        self.diagnostics = tuple(diagnostics)


class StalePlan(PortctlError):
    """A saved plan whose ground has moved, or that has been applied before."""

    exit_code = ExitCode.STALE


class ConsentNeeded(PortctlError):
    """A guard stopped the run; the hint names the flag that would allow it."""

    exit_code = ExitCode.CONSENT


class LockHeld(PortctlError):
    """Another run holds the ledger's lock; the detail names its holder."""

    exit_code = ExitCode.LOCKED


class PartlyApplied(PortctlError):
    """An apply that ended with steps not done."""

    exit_code = ExitCode.PARTIAL


class AccessDenied(PortctlError):
    """Wrong credentials, a missing role, or an instance that is not the one this project belongs to."""

    exit_code = ExitCode.DENIED


class Unreachable(PortctlError):
    """No connection, or an answer that is not the service's API (a proxy's page, for one)."""

    exit_code = ExitCode.UNREACHABLE


class NoConnection(Unreachable):
    """Nothing listens at the address, or no way leads there."""


class TryLater(Unreachable):
    """The service takes no requests until a moment that the detail names: a limit is used up. This one was refused."""


class ApiError(PortctlError):
    """The service refused a request.

    `status` is the HTTP status, `code` the service's own word for it (Port: `error`), `path` has no query string.
    """

    def __init__(
        self,
        summary: str,
        detail: str = "",
        *,
        method: str,
        path: str,
        status: int,
        code: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(summary, detail, hint=hint)
        self.method = method
        self.path = path
        self.status = status
        self.code = code


class AnswerLost(PortctlError):
    """A write was sent and its answer never arrived: it may or may not have been done."""

    exit_code = ExitCode.UNREACHABLE
