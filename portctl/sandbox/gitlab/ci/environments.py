"""Names of environments: which are good, and the slug and tier that follow from them. Pure.

Source: GitLab, `Gitlab::Regex.environment_name_regex`, `Gitlab::Slug::Environment`, `Environment#guess_tier`.
"""

from __future__ import annotations

import hashlib
import re

TIERS = ("production", "staging", "testing", "development", "other")
_EDGE = r"[a-zA-Z0-9_${}. -]"
_NAME = re.compile(rf"{_EDGE}(?:[a-zA-Z0-9_/${{}}. -]*{_EDGE})?")
_LONGEST_NAME, _LONGEST_SLUG = 255, 24
_KEPT, _SUFFIX = 17, 6
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_GUESSES = (
    ("development", r"(dev|review|trunk)"),
    ("testing", r"(test|tst|int|ac(ce|)pt|qa|qc|control|quality)"),
    ("staging", r"(st(a|)g|mod(e|)l|pre|demo|non)"),
    ("production", r"(pr(o|)d|live)"),
)


def is_good_name(name: str) -> bool:
    return len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None


def slug_of(name: str) -> str:
    """At most 24 letters, digits and dashes; what had to be changed gets an ending of its own."""
    slug = re.sub(r"[^a-z0-9]", "-", name.lower())
    slug = re.sub(r"-+", "-", slug if slug[:1].isalpha() else f"env-{slug}")
    if slug == name and len(slug) <= _LONGEST_SLUG:
        return slug.removesuffix("-")
    kept = slug[:_KEPT]
    return kept + ("" if kept.endswith("-") else "-") + _ending(name)


def tier_of(name: str) -> str:
    """What a name says, as GitLab guesses."""
    return next((tier for tier, pattern in _GUESSES if re.search(pattern, name.lower())), "other")


def _ending(name: str) -> str:
    number = int(hashlib.sha256(name.encode()).hexdigest(), 16)
    ending = ""
    for _ in range(_SUFFIX):
        number, digit = divmod(number, len(_DIGITS))
        ending = _DIGITS[digit] + ending
    return ending
