"""Values of ours that a change to another object loses, and that are therefore written again after it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from portctl.model.change import Action, Change, Edit, Why
from portctl.model.resource import RemoteKey
from portctl.model.value import MISSING, Canonical, get
from portctl.plan.data_loss import lost_elsewhere
from portctl.source import Path


def written_again(changes: Iterable[Change]) -> Sequence[Change]:
    """`changes`, where every object that stays writes what the update of one that it needs takes from it."""
    found = list(changes)
    lost: dict[RemoteKey, tuple[Path, ...]] = {}
    for change in found:
        if change.action is Action.UPDATE and change.kind.count is not None:
            lost[change.key] = lost_elsewhere(change.kind, change.edits)
    return [_again(change, lost) for change in found]


def _again(change: Change, lost: dict[RemoteKey, tuple[Path, ...]]) -> Change:
    if change.action not in (Action.NOOP, Action.UPDATE) or change.after is None:
        return change
    known = {edit.path for edit in change.edits}
    paths = [path for key in change.depends if _hangs_on(change, key) for path in lost.get(key, ())]
    edits = tuple(
        Edit(path, value, value, Why.AGAIN)
        for path, value in ((path, get(change.after, path)) for path in dict.fromkeys(paths))
        if value is not MISSING and path not in known
    )
    return replace(change, action=Action.UPDATE, edits=(*change.edits, *edits)) if edits else change


def _hangs_on(change: Change, key: RemoteKey) -> bool:
    """Whether the object lies in the scope of the one with `key`, as an entity in its blueprint."""
    return bool(change.kind.scope) and change.identity[: len(key[2])] == key[2]


def to_send_again(change: Change, after: Canonical) -> tuple[Path, ...]:
    """The paths that look as they should and have to be sent all the same."""
    return tuple(edit.path for edit in change.edits if edit.why is Why.AGAIN and get(after, edit.path) is not MISSING)
