"""One Port organisation: its tables, its clock, its audit log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from portctl.sandbox.core.state import Reader, Row, State
from portctl.sandbox.core.world import World

STAMPS = ("createdAt", "createdBy", "updatedAt", "updatedBy")


@dataclass(slots=True)
class Address:
    """Where the service listens; known once it is started."""

    url: str = ""


@dataclass(frozen=True, slots=True)
class Organisation:
    """A tenant."""

    identifier: str
    state: State
    world: World
    address: Address = field(default_factory=Address)

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
        by: str,
        *,
        before: Row | None,
        after: Row | None,
        context: dict[str, Any] | None = None,
    ) -> None:
        """Write down a change; creation has no `before`, deletion no `after`."""
        action = "CREATE" if before is None else "DELETE" if after is None else "UPDATE"
        event = self.world.ids.prefixed("event")
        row = {
            "identifier": event,
            "action": action,
            "resourceType": resource,
            "status": "SUCCESS",
            "message": f"{resource} {identifier} {action.lower()}d",
            "trigger": {
                "by": {"orgId": self.identifier, "userId": by},
                "origin": "API",
                "at": self.world.clock.stamp(),
            },
            "context": {resource: identifier, **(context or {})},
            "diff": {"before": before, "after": after},
            "additionalData": {},
        }
        self.state.put("audit", event, row)
