"""The form of a ledger's document: what was edited by hand, or cut off, is told before anything is done with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from portctl.model.kind import Kind
from portctl.model.resource import Identity, RemoteKey

_ANY = ""
"""As a key: every key of a mapping."""

_IDENTITY = "identity"
"""Texts, at least one, and none of them empty."""
_KEY = (str, str, _IDENTITY)
_STEP = (str, int)
"""A part of a path."""
_MOMENT = float
_NEVER = 100_000_000_000
"""No Unix time."""
_ENTRY = {
    "address": str,
    "identity": _IDENTITY,
    "created": bool,
    "claimed": bool,
    "made": bool,
    "depends": [_KEY],
    "protect": [str],
    "onDelete": str,
    "labels": {_ANY: str},
    "merge": bool,
    "paths": [([_STEP], str, bool)],
    "fingerprints": [([_STEP], str)],
    "around": [([_STEP], str)],
    "witness": str,
    "remote": str,
    "former": [str],
    "makers": [str],
    "before": [str],
    "after": str,
    "written": _MOMENT,
}
_RUN = {"id": str, "who": str, "commit": str, "started": _MOMENT, "operations": {_ANY: int}}
_LEDGER = {
    "format": int,
    "tool": str,
    "project": str,
    "environment": str,
    "lineage": str,
    "serial": int,
    "salt": str,
    "instances": {_ANY: str},
    "entries": [_ENTRY],
    "runs": [_RUN],
    "consumed": [str],
    "deleted": [(*_KEY, _MOMENT)],
}


def misfit(document: Any) -> str:
    """The place of the first value that is not of the type that portctl writes, "" where there is none.

    Keys that are missing or unknown are not looked at.
    """
    if not isinstance(document, Mapping):
        return "the whole of it"
    found = _misfit(document, _LEDGER, "")
    if found or not isinstance(document.get("salt"), str):
        return found
    try:
        return "" if bytes.fromhex(document["salt"]) else "salt"
    except ValueError:
        return "salt"


def misnamed(keys: Iterable[tuple[str, RemoteKey]], catalogue: Mapping[str, Kind]) -> str:
    """What is wrong with the first of `keys`, each with its place, whose identity its kind cannot have, or "".

    Kinds that are not in the catalogue may be those of a later version.
    """
    for at, (_, kind, identity) in keys:
        wanted = _parts(catalogue, kind)
        if wanted and len(identity) != wanted:
            return f"{at} has length {len(identity)}, and that of {kind} has {wanted}"
    return ""


def _parts(catalogue: Mapping[str, Kind], name: str) -> int:
    """How many parts the identities of a kind have, those of its parents included; 0 where nobody knows."""
    parts = 0
    while name:
        if name not in catalogue:
            return 0
        parts += len(catalogue[name].identity)
        name = catalogue[name].parent
    return parts


def _misfit(value: Any, form: Any, at: str) -> str:
    if form is _STEP:
        return "" if type(value) in form else at
    if form is _MOMENT:
        return "" if type(value) in (int, float) and 0 <= value < _NEVER else at
    if form is _IDENTITY:
        return _misfit(value, [str], at) or _nameless(value, at)
    if isinstance(form, type):
        return "" if type(value) is form else at
    if isinstance(form, Mapping):
        return _misfit_of_mapping(value, form, at)
    if not isinstance(value, list) or (isinstance(form, tuple) and len(value) != len(form)):
        return at
    forms = form if isinstance(form, tuple) else form * len(value)
    pairs = enumerate(zip(value, forms, strict=True))
    return next((found for index, pair in pairs if (found := _misfit(*pair, f"{at}[{index}]"))), "")


def _nameless(identity: Identity, at: str) -> str:
    if not identity:
        return at
    return next((f"{at}[{index}]" for index, part in enumerate(identity) if not part), "")


def _misfit_of_mapping(value: Any, form: Mapping[str, Any], at: str) -> str:
    if not isinstance(value, Mapping):
        return at
    for key, item in value.items():
        below = form.get(key, form.get(_ANY))
        found = below is not None and _misfit(item, below, f"{at}.{key}" if at else key)
        if found:
            return found
    return ""
