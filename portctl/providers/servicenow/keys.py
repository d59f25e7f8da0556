"""What rows are told by: keys of manifests, and the sys_ids that creations ask for."""

from __future__ import annotations

import hashlib


def chosen_id(*parts: str) -> str:
    """A sys_id for a new row, always the same for the same key: a row that is sent twice is refused, not doubled."""
    return hashlib.md5("\x1f".join(("portctl", *parts)).encode(), usedforsecurity=False).hexdigest()


def row_id(table: str, key: dict[str, str]) -> str:
    """The sys_id that is asked for when a row is created that `key`, column by column, tells from others."""
    return chosen_id(table, *key, *key.values())


def parse_key(text: str) -> dict[str, str]:
    """The columns and values of `column=value^column=value`."""
    terms = (term.partition("=") for term in text.split("^"))
    return {column: value for column, _, value in terms}
