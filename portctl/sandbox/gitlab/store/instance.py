"""One GitLab instance: its tables, its clock, its repositories, and where it listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from portctl.sandbox.core.clock import format_instant
from portctl.sandbox.core.ids import derive
from portctl.sandbox.core.state import Row, State
from portctl.sandbox.core.world import World
from portctl.sandbox.gitlab.git.repositories import Repositories
from portctl.sandbox.gitlab.git.repository import Repository

_FIRST_ID_SPREAD = 900


@dataclass(slots=True)
class Address:
    """Where the service listens; known once it is started."""

    url: str = ""


@dataclass(slots=True)
class Bell:
    """Who is told that there may be something to do for a pipeline (its id); called with the world's lock held."""

    ring: Callable[[int], None] = lambda _pipeline_id: None


@dataclass(frozen=True, slots=True)
class Instance:
    """Rows are keyed by their numeric id as text, unless a store says otherwise."""

    state: State
    world: World
    repositories: Repositories
    address: Address = field(default_factory=Address)
    bell: Bell = field(default_factory=Bell)

    def strict(self, switch: str) -> bool:
        return self.world.switches.strict(switch)

    def wake(self, pipeline_id: int) -> None:
        self.bell.ring(pipeline_id)

    def now(self) -> str:
        return self.world.clock.stamp()

    def today(self) -> str:
        return self.world.clock.now().date().isoformat()

    def next_id(self, kind: str) -> int:
        """The next number of a sequence. Sequences start at different numbers, depending on the seed."""
        row = self.state.get("sequences", kind)
        first = 101 + sum(derive(f"{self.world.ids.seed}:{kind}", 8).encode()) % _FIRST_ID_SPREAD
        number = first if row is None else row["last"] + 1
        self.state.put("sequences", kind, {"last": number})
        return number

    def next_iid(self, kind: str, project_id: int) -> int:
        """The next number within a project, from 1."""
        key = f"{kind}:{project_id}"
        row = self.state.get("sequences", key)
        number = 1 if row is None else row["last"] + 1
        self.state.put("sequences", key, {"last": number})
        return number

    def repository(self, project: Row) -> Repository:
        return self.repositories.open(project)

    def select(self, table: str, fits: Callable[[Row], bool]) -> list[Row]:
        """The present rows of a table that fit, in the order of their creation."""
        return [row for row in self.state.rows(table).values() if fits(row)]

    def web_url(self, path: str) -> str:
        return f"{self.address.url}/{path}"


def git_instant(epoch_seconds: int) -> str:
    """A commit's moment as GitLab prints it."""
    return format_instant(datetime.fromtimestamp(epoch_seconds, UTC)).replace("Z", "+00:00")
