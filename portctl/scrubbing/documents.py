"""Values taken out of a whole document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def scrub_document(part: Any, scrub: Callable[[str], str]) -> Any:
    """`part` of a JSON document with every text and every key scrubbed."""
    if isinstance(part, str):
        return scrub(part)
    if isinstance(part, dict):
        return {scrub(key): scrub_document(item, scrub) for key, item in part.items()}
    if isinstance(part, list):
        return [scrub_document(item, scrub) for item in part]
    return part
