"""Defaults of blueprints: they hold whether they are written or not, and are answered by one reading only."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.store.organisation import Organisation

MAPS = ("calculationProperties", "mirrorProperties", "aggregationProperties", "relations")
_UNSAID = "_unsaid"
"""The key of a stored blueprint under which the paths stand that nobody has written."""
_SCOPE = ("specAuthentication", "authorizationScope")
_DEFAULTS: tuple[tuple[tuple[str, ...], Any], ...] = (
    (("schema", "required"), []),
    *(((name,), {}) for name in MAPS),
    (("aggregationProperties", "*", "type"), "number"),
    (("relations", "*", "required"), False),
    (("relations", "*", "many"), False),
    (("schema", "properties", "*", *_SCOPE), ["openid"]),
    (("calculationProperties", "*", *_SCOPE), ["openid"]),
)
"""Where, and what holds there when nothing is written; `*` is every key of a map."""


def completed(body: Row) -> Row:
    """The blueprint with every default, as the sandbox keeps it."""
    row, unsaid = deepcopy(body), []
    for (*way, name), default in _DEFAULTS:
        for path, holder in _holders(row, way):
            if name not in holder:
                holder[name] = deepcopy(default)
                unsaid.append([*path, name])
    return {**row, _UNSAID: unsaid}


def said(row: Row) -> Row:
    """What was written of a stored blueprint, without defaults."""
    bare = deepcopy({name: value for name, value in row.items() if name != _UNSAID})
    for *way, name in reversed(row.get(_UNSAID, [])):
        for _, holder in _holders(bare, way):
            holder.pop(name, None)
    return bare


def shown(organisation: Organisation, row: Row) -> Row:
    """A stored blueprint as it is answered: with its defaults, or as it was written (switch `filled-defaults`)."""
    if not organisation.strict("filled-defaults"):
        return said(row)
    return {name: value for name, value in row.items() if name != _UNSAID}


def _holders(row: Row, way: list[str]) -> Iterator[tuple[list[str], Row]]:
    """The mappings at the end of a way through a blueprint, each with its path."""
    if not way:
        yield [], row
        return
    name, *rest = way
    for key in list(row) if name == "*" else [name]:
        below = row.get(key)
        if isinstance(below, dict):
            for path, holder in _holders(below, rest):
                yield [key, *path], holder
