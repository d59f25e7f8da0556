"""The data that a change would lose, found at plan."""

from __future__ import annotations

from collections.abc import Iterable

from portctl.compare.parts import named_part
from portctl.compare.paths import value_at
from portctl.model.change import Edit, Loss
from portctl.model.kind import Hazard, Kind, matches
from portctl.model.value import MISSING, Canonical, leaves
from portctl.source import Path


def possible_losses(kind: Kind, after: Canonical, touched: Iterable[Edit]) -> tuple[Loss, ...]:
    """What `touched` would lose if the object is populated; `after` is the object as it will be."""
    found: dict[Path, Loss] = {}
    for edit in touched:
        for path in _prefixes(edit):
            removed = value_at(after, path) is MISSING
            for hazard in kind.hazards:
                hazardous = hazard.removed if removed else hazard.changed and not _grows(hazard, edit)
                if hazardous and matches(hazard.at, path):
                    found.setdefault(path, Loss(path, hazard.why))
        if edit.before is MISSING:
            for hazard in kind.hazards:
                if hazard.changed and matches(hazard.at, edit.path) and _stood_as_default(kind, hazard):
                    found.setdefault(edit.path, Loss(edit.path, hazard.why))
    return tuple(loss for path, loss in found.items() if not any(path[:end] in found for end in range(1, len(path))))


def lost_elsewhere(kind: Kind, touched: Iterable[Edit]) -> tuple[Path, ...]:
    """The paths at which the objects that hang on this one lose their values by `touched`."""
    found: dict[Path, None] = {}
    for edit in touched:
        for hazard in kind.hazards:
            for path in _prefixes(edit):
                if hazard.held_in and hazard.changed and matches(hazard.at, path):
                    found[hazard.held_in, named_part(hazard.at, path)[-1]] = None
    return tuple(found)


def _grows(hazard: Hazard, edit: Edit) -> bool:
    """Whether the hazard lies in a number's becoming smaller, and this one becomes larger."""
    numbers = isinstance(edit.before, int | float) and isinstance(edit.after, int | float)
    return hazard.shrinking and numbers and edit.after > edit.before


def _prefixes(edit: Edit) -> Iterable[Path]:
    """Every path from the top down to the leaves of what stood at the edit."""
    if edit.before is MISSING:
        return ()
    whole = [(*edit.path, *below) for below, _ in leaves(edit.before)]
    return dict.fromkeys(path[:end] for path in whole for end in range(1, len(path) + 1))


def _stood_as_default(kind: Kind, hazard: Hazard) -> bool:
    """Whether a value that is not shown was there all the same: the default, which equals absence."""
    return hazard.at in kind.defaults
