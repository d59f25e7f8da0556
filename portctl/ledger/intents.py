"""What an interrupted run announced and may have made.

A claim alone gives no right to an object: somebody else may have made one of the same identity since. It counts as ours
only if it has the id that the run asked for, or if it is what the run was about to make, or a beginning of that, and
was made by the account of that run, as far as the service tells.
"""

from __future__ import annotations

from portctl.compare.canonical import digest, managed_leaves
from portctl.compare.normalise import normalise
from portctl.model.kind import Kind, within
from portctl.model.ledger import Entry
from portctl.model.resource import Identity, Live
from portctl.model.value import MISSING, get
from portctl.source import Path


def made_by_claim(kind: Kind, entry: Entry, live: Live) -> bool:
    """Whether `live` is what the claim said would be made, perhaps without its last touches.

    Deferrable fields may be missing, a held field may still be held, and parts that further requests write may lack.
    What comes with its parent is not made by anybody, and where nothing was overwritten yet there is nothing to tell.
    """
    if not entry.claimed or not entry.created or kind.create is None:
        return True
    if entry.remote and remote_id(kind, live) == entry.remote:
        return True
    if made_by_somebody_else(kind, entry, live):
        return False
    if entry.made:
        return True
    parts = () if entry.remote else kind.parts
    there = normalise(kind, live.attributes, hidden=entry.fingerprints)
    for path, owned in entry.paths.items():
        value = get(there, path)
        if any(within(pattern, path) for pattern in parts):
            continue
        if value is MISSING:
            if owned.hash and path[0] not in kind.deferrable:
                return False
        elif owned.hash and digest(value) != owned.hash and not _held(kind, path):
            return False
    announced = set(entry.paths)
    return entry.merge or all(
        _held(kind, path)
        or any(path[:end] in announced for end in range(1, len(path) + 1))
        or any(within(pattern, path) for pattern in parts)
        for path in managed_leaves(there)
        if path
    )


def maker_digest(identity: Identity, maker: str) -> str:
    """Names of accounts may be secrets: the ledger keeps them in a form that says nothing."""
    return digest([list(identity), maker])


def made_by_somebody_else(kind: Kind, entry: Entry, live: Live) -> bool:
    """Whether the service names another maker of `live` than the account whose run announced `entry`."""
    maker = _told(live, kind.maker)
    asked_for = entry.remote and remote_id(kind, live) == entry.remote
    return bool(entry.makers and maker and not asked_for) and maker_digest(entry.identity, maker) not in entry.makers


def made_anew(kind: Kind, entry: Entry, live: Live) -> bool:
    """Whether `live` is another object than the one of `entry`: made later, by somebody else, under its identity."""
    known, there = entry.remote, remote_id(kind, live)
    return bool(not entry.claimed and known and there and known != there)


def remote_id(kind: Kind, live: Live) -> str:
    """What the service tells the object by, "" where it gives nothing of the sort."""
    return _told(live, kind.server_id)


def _told(live: Live, path: str) -> str:
    value = get(live.attributes, tuple(path.split("."))) if path else MISSING
    return str(value) if isinstance(value, str | int) and value != "" else ""


def _held(kind: Kind, path: Path) -> bool:
    return kind.hold is not None and path == (kind.hold.field,)
