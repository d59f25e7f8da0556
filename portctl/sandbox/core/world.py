"""What the services of one sandbox have in common at run time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from portctl.sandbox.core.clock import Clock
from portctl.sandbox.core.faults import Faults
from portctl.sandbox.core.hosts import Hosts
from portctl.sandbox.core.ids import Ids
from portctl.sandbox.core.journal import Journal
from portctl.sandbox.core.switches import Switches


@dataclass(slots=True)
class World:
    """Shared by all services. `lock` is held while a request is performed and while anything is reset or saved."""

    clock: Clock
    ids: Ids
    switches: Switches
    journal: Journal = field(default_factory=Journal)
    faults: Faults = field(default_factory=Faults)
    hosts: Hosts = field(default_factory=Hosts)
    lag_seconds: float = 0.0
    crashes: list[str] = field(default_factory=list)
    """Tracebacks of requests that the sandbox itself failed on: defects of ours."""
    resets: int = 0
    """How often it was reset: a request that waited across a reset is not performed any more."""
    changed: Callable[[], None] = lambda: None
    lock: threading.RLock = field(default_factory=threading.RLock)

    def reset(self) -> None:
        self.resets += 1
        self.clock.reset()
        self.ids.reset()
        self.switches.reset()
        self.journal.clear()
        self.faults.clear()
        self.hosts.reset()
        self.crashes.clear()
        self.lag_seconds = 0.0
