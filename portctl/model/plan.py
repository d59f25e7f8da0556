"""Everything that would be done, as a value: shown, saved, hashed and applied, but never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from portctl.errors import ExitCode
from portctl.model.address import Address
from portctl.model.change import Action, Change
from portctl.model.diagnostic import Diagnostic


class Phase(StrEnum):
    """The part of a change that one step does."""

    CREATE = "create"
    UPDATE = "update"
    CONNECT = "connect"
    COMPLETE = "complete"
    RENAME = "rename"
    RELEASE = "release"
    DELETE = "delete"
    LEDGER = "ledger"


@dataclass(frozen=True, slots=True)
class Step:
    """One unit of an apply: usually one write. `needs` are keys of steps that must be done first."""

    key: str
    change: Change
    phase: Phase
    needs: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    """Top-level fields left out of this write; a later step completes them."""

    held: Mapping[str, object] = field(default_factory=dict)
    """Fields sent with another value for now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Something the plan will not do as things stand: shown with the plan, and its exit code is the command's."""

    exit_code: ExitCode
    summary: str
    detail: str
    hint: str
    address: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What the user asked for and allowed."""

    targets: tuple[Address, ...] = ()
    labels: tuple[str, ...] = ()
    """`key=value` each; a resource must have all of them."""

    allow_deletes: int | None = None
    allow_destroy: frozenset[Address] = frozenset()
    adopt: frozenset[Address] = frozenset()
    rotate: frozenset[Address] = frozenset()
    destroy: bool = False

    @property
    def selective(self) -> bool:
        return bool(self.targets or self.labels)

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Whether what has `labels` has all that were asked for."""
        return {f"{name}={value}" for name, value in labels.items()} >= set(self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceInfo:
    """Which organisation or server a provider's login turned out to be.

    `makers` are the names and ids by which the service may tell who made what this account makes (`Kind.maker`).
    """

    provider: str
    name: str
    identity: str
    url: str
    principal: str = ""
    makers: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All changes, the steps that make them true, and what stands in the way.

    `digest` covers the operations and the projection of the live objects that they saw.
    """

    project: str
    environment: str
    changes: tuple[Change, ...]
    steps: tuple[Step, ...]
    refusals: tuple[Refusal, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    notes: tuple[str, ...] = ()
    instances: tuple[InstanceInfo, ...] = ()
    digest: str = ""
    destroy: bool = False
    targeted: bool = False
    requests: Mapping[str, int] = field(default_factory=dict)

    def count(self, action: Action) -> int:
        """How many objects it is done to; among the deletes, those that go with a change to another one."""
        besides = sum(change.also_deleted for change in self.changes) if action is Action.DELETE else 0
        return sum(1 for change in self.changes if change.action is action) + besides

    @property
    def is_empty(self) -> bool:
        return all(change.action is Action.NOOP for change in self.changes)
