"""One spelling for every value, so that equality is equality of bytes.

In Python `1 == True` and `1 == 1.0 == True`; in JSON a boolean is not a number, and 1 and 1.0 are the same number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from portctl.model.value import Masked, Unknown, Value
from portctl.source import Path

DIGEST_BYTES = 10


def canonical_bytes(value: Value) -> bytes:
    """JSON with sorted keys and canonical numbers; masked and unknown leaves are told apart from any JSON."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def same(left: Value, right: Value) -> bool:
    return canonical_bytes(left) == canonical_bytes(right)


def digest(value: Value) -> str:
    """A short hash of a value: enough to notice a change, not enough to carry the value."""
    return hashlib.blake2b(canonical_bytes(value), digest_size=DIGEST_BYTES).hexdigest()


def managed_leaves(value: Value, path: Path = ()) -> dict[Path, Value]:
    """The units of ownership: mappings are entered, arrays are taken whole, an empty mapping is a unit."""
    if isinstance(value, Mapping) and value:
        found: dict[Path, Value] = {}
        for key, item in value.items():
            found.update(managed_leaves(item, (*path, key)))
        return found
    return {path: value}


def _plain(value: Value) -> Any:
    if isinstance(value, Mapping):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Masked):
        return {"\x00": "masked"}
    if isinstance(value, Unknown):
        return {"\x00": f"unknown {value.label}"}
    return value


def _key(key: str) -> str:
    return "\x00" + key if key.startswith("\x00") else key
