"""What would have to happen to one resource."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portctl.model.address import Address
from portctl.model.kind import Kind
from portctl.model.resource import Identity, Live, RemoteKey, Renamed, Resource
from portctl.model.value import Canonical, Value
from portctl.source import Path


class Action(StrEnum):
    """What a change does. `symbol` carries the meaning without colour."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"
    MOVE = "move"
    FORGET = "forget"
    RENAME = "rename"
    NOOP = "no-op"

    @property
    def symbol(self) -> str:
        return _SYMBOLS[self]

    @property
    def writes(self) -> bool:
        """Whether the service is written to; adopting, moving and forgetting only touch the ledger."""
        return self in (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE, Action.RENAME)


_SYMBOLS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "+/-",
    Action.DELETE: "-",
    Action.ADOPT: "=",
    Action.MOVE: ">",
    Action.FORGET: "x",
    Action.RENAME: "~",
    Action.NOOP: " ",
}


class Why(StrEnum):
    """Why an edit is needed: who moved since the last apply."""

    MANIFEST = "manifest"
    DRIFT = "drift"
    CONFLICT = "conflict"
    NEW = "new"
    SECRET = "secret"
    UNKNOWN = "known after apply"
    AGAIN = "written again"


@dataclass(frozen=True, slots=True)
class Edit:
    """One path that differs. `MISSING` on a side means nothing stands there."""

    path: Path
    before: Value
    after: Value
    why: Why


@dataclass(frozen=True, slots=True)
class Loss:
    """Data that a change would lose, found at plan."""

    path: Path
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The difference between a resource and what lives. `why` says in words why a delete or an adoption is proposed."""

    address: Address
    kind: Kind
    identity: Identity
    action: Action
    before: Canonical | None = None
    after: Canonical | None = None
    edits: tuple[Edit, ...] = ()
    losses: tuple[Loss, ...] = ()
    why: str = ""
    resource: Resource | None = None
    live: Live | None = None
    anew: bool = False
    """The ledger's entry is about another object, which is gone: somebody made this one under its identity."""

    unclear: bool = False
    """Whether the object is ours cannot be told: it is left alone, and so is what the ledger says of it."""

    was: Address | None = None
    """The address that a move came from."""

    goes_with: Address | None = None
    """The parent whose deletion takes the object along, which is only forgotten."""

    removals: tuple[Path, ...] = ()
    """Paths to remove from an object that is only partly ours."""

    renames: tuple[Renamed, ...] = ()
    """Parts to rename with the service's own call before anything else."""

    depends: tuple[RemoteKey, ...] = ()
    """What this object needs, or, for a delete, needed when it was last applied."""

    needed: tuple[RemoteKey, ...] = ()
    """What the object needed when it was last applied: whatever of this goes, goes after the change."""

    firmly: tuple[RemoteKey, ...] = ()
    """Those of `depends` that are needed even while the deferrable fields are left out."""

    spare: int = 0
    """How many of the objects that hang on this one are deleted by the same plan anyway."""

    notes: tuple[str, ...] = ()

    @property
    def stays(self) -> bool:
        """Whether the object is forgotten and stands there all the same."""
        return self.action is Action.FORGET and self.live is not None and self.goes_with is None

    @property
    def also_deleted(self) -> int:
        """How many objects go besides: those that a replacement before this change has left."""
        left = self.live.attributes.get(self.kind.replaced) if self.live and self.kind.replaced else None
        goes = self.action in (Action.UPDATE, Action.REPLACE, Action.DELETE)
        return len(left) if goes and isinstance(left, tuple) else 0

    @property
    def key(self) -> RemoteKey:
        return (f"{self.address.provider}@{self.address.instance}", self.kind.full_name, self.identity)
