"""The form of a ledger's document: what was edited by hand, or cut off, is told before anything is done with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ANY = ""
"""As a key: every key of a mapping."""

_KEY = (str, str, [str])
_STEP = (str, int)
"""A part of a path."""
_MOMENT = float
_NEVER = 100_000_000_000
"""No Unix time."""
_ENTRY = {
    "address": str,
    "identity": [str],
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
    "witness": str,
    "remote": str,
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
        bytes.fromhex(document["salt"])
    except ValueError:
        return "salt"
    return ""


def _misfit(value: Any, form: Any, at: str) -> str:
    if form is _STEP:
        return "" if type(value) in form else at
    if form is _MOMENT:
        return "" if type(value) in (int, float) and 0 <= value < _NEVER else at
    if isinstance(form, type):
        return "" if type(value) is form else at
    if isinstance(form, Mapping):
        return _misfit_of_mapping(value, form, at)
    if not isinstance(value, list) or (isinstance(form, tuple) and len(value) != len(form)):
        return at
    forms = form if isinstance(form, tuple) else form * len(value)
    pairs = enumerate(zip(value, forms, strict=True))
    return next((found for index, pair in pairs if (found := _misfit(*pair, f"{at}[{index}]"))), "")


def _misfit_of_mapping(value: Any, form: Mapping[str, Any], at: str) -> str:
    if not isinstance(value, Mapping):
        return at
    for key, item in value.items():
        below = form.get(key, form.get(_ANY))
        found = below is not None and _misfit(item, below, f"{at}.{key}" if at else key)
        if found:
            return found
    return ""
