"""What stands at a service and is shown to nobody, although no manifest calls it a secret.

A manifest's author has seen what the manifest says. What somebody else wrote over it may be the live password of a
variable that the manifest gives a harmless first value.
"""

from __future__ import annotations

from portctl.credentials import looks_random, sounds_secret
from portctl.model.change import Change, Edit
from portctl.model.kind import matches
from portctl.model.value import MISSING, Masked, Value, get, map_leaves
from portctl.source import Path
from portctl.written_out import without_written

_GUARDED = ("masked", "hidden", "protected")
_ELSEWHERE = Masked("of somebody else's")


def shown_before(change: Change, edit: Edit) -> Value:
    """What stood at the place of `edit`, as far as it may be shown; MISSING where nothing stood there."""
    if edit.before is MISSING:
        return MISSING

    def shown(below: Path, leaf: Value) -> Value:
        path = (*edit.path, *below)
        if not isinstance(leaf, str) or not leaf:
            return leaf
        standing = edit.after if not below else get(edit.after, below)
        return _ELSEWHERE if leaf != standing and _is_private(change, path, leaf) else without_written(leaf)

    return map_leaves(edit.before, shown)


def shown_after(edit: Edit) -> Value:
    """What will stand there: a token that somebody has written in clear text is not shown to more people by a plan."""
    return map_leaves(edit.after, lambda _, leaf: without_written(leaf) if isinstance(leaf, str) else leaf)


def _is_private(change: Change, path: Path, text: str) -> bool:
    """Whether a text is a secret by the name that it stands under, by what is beside it, or by its letters."""
    if isinstance(path[-1], str) and sounds_secret(path[-1]):
        return True
    if not any(matches(pattern, path) for pattern in change.kind.unseen):
        return False
    guarded = any(get(change.before or {}, (flag,)) is True for flag in _GUARDED)
    return guarded or looks_random(text) or any(map(sounds_secret, change.identity))
