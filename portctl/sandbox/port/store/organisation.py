"""One Port organisation: its tables, its clock, its audit log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from portctl.sandbox.core.state import Reader, Row, State
from portctl.sandbox.core.world import World

STAMPS = ("createdAt", "createdBy", "updatedAt", "updatedBy")


@dataclass(slots=True)
class Address:
    """Where the service listens; known once it is started."""

    url: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """What made a change: who, by which way, for which run, and the automations and actions that led there."""

    by: str
    origin: str = "API"
    run_id: str | None = None
    chain: tuple[str, ...] = ()
    agent: str = ""
    """The User-Agent of who wrote over the API: what searches know as `$datasource`."""

    def made_by(self, by: str) -> Cause:
        """The same, made by somebody else."""
        return replace(self, by=by)


@dataclass(frozen=True, slots=True)
class Event:
    """Something automations may listen to. `document` is what their conditions see; port.md 5.4."""

    type: str
    document: Row
    cause: Cause


@dataclass(slots=True)
class Runtime:
    """What changes set off; filled in by the service. `later(kind, payload)` puts a job into the queue."""

    later: Callable[[str, Row], None] = lambda _kind, _payload: None
    listeners: list[Callable[[Organisation, Event], None]] = field(default_factory=list)
    cut_chains: list[str] = field(default_factory=list)
    """Chains of automations that were ended by the sandbox; told by the next `settle`."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """A tenant."""

    identifier: str
    state: State
    world: World
    address: Address = field(default_factory=Address)
    runtime: Runtime = field(default_factory=Runtime)

    def publish(self, event: Event) -> None:
        for listener in self.runtime.listeners:
            listener(self, event)

    def strict(self, switch: str) -> bool:
        return self.world.switches.strict(switch)

    def lagging(self) -> Reader:
        """The tables as a read sees them: late by the sandbox's lag."""
        return self.state.past(self.world.lag_seconds)

    def stamped(self, row: Row, by: str, before: Row | None = None) -> Row:
        """The row with who and when; creation is taken from `before` where there is one."""
        now = self.world.clock.stamp()
        created = before or {"createdAt": now, "createdBy": by}
        return {
            **row,
            "createdAt": created["createdAt"],
            "createdBy": created["createdBy"],
            "updatedAt": now,
            "updatedBy": by,
        }

    def audit(
        self,
        resource: str,
        identifier: str,
        by: str | Cause,
        *,
        before: Row | None,
        after: Row | None,
        context: dict[str, Any] | None = None,
        failure: str | None = None,
    ) -> None:
        """Write down a change; creation has no `before`, deletion no `after`. `failure`: why it was not made."""
        cause = by if isinstance(by, Cause) else Cause(by)
        action = "CREATE" if before is None else "DELETE" if after is None else "UPDATE"
        event = self.world.ids.prefixed("event")
        run = {} if cause.run_id is None else {"runId": cause.run_id}
        row = {
            "identifier": event,
            "action": action,
            "resourceType": resource,
            "status": "SUCCESS" if failure is None else "FAILURE",
            "message": failure or f"{resource} {identifier} {action.lower()}d",
            "trigger": {
                "by": {"orgId": self.identifier, "userId": cause.by},
                "origin": cause.origin,
                "at": self.world.clock.stamp(),
            },
            "context": {resource: identifier, **run, **(context or {})},
            "diff": {"before": before, "after": after},
            "additionalData": {},
        }
        self.state.put("audit", event, row)
