"""What a service says in a refusal, fit to be told: without secrets, and no longer than anybody reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from portctl.model.value import Value

SHOWN = 4_000
"""Characters of one text."""

_LOOKED_AT = 16_000
_MARGIN = 8_000
"""At the end of what is looked at half a secret may stand; so much of it is not told."""
_MOST = 48_000
"""Characters of all texts and keys together. Looking for secrets takes longer than reading."""
_EACH = 16
_MORE = "…"
_HALF = re.compile("[\ud800-\udfff]")
"""JSON can hold halves of characters. The gate tells other services what one has said, and UTF-8 has none."""


class Said:
    """The body of one refusal, scrubbed by `scrub`."""

    def __init__(self, scrub: Callable[[str], str]) -> None:
        self._scrub = scrub
        self._left = _MOST

    def told(self, value: Value) -> Value:
        """`value` with its texts and keys scrubbed; what is too long, or comes too late, is left out."""
        if isinstance(value, Mapping):
            return {self._text(key): self.told(item) for key, item in value.items() if self._left > 0}
        if isinstance(value, tuple):
            return tuple(self.told(item) for item in value if self._left > 0)
        if isinstance(value, str):
            return self._text(value)
        self._left -= _EACH
        return value

    def _text(self, text: str) -> str:
        looked_at = text[: min(_LOOKED_AT, max(self._left, 0))]
        self._left -= len(looked_at) + _EACH
        shown = _HALF.sub("\ufffd", self._scrub(looked_at))
        if looked_at != text:
            shown = shown[: max(0, len(shown) - _MARGIN)]
        elif len(shown) <= SHOWN:
            return shown
        return f"{shown[:SHOWN]}{_MORE}"


def words(body: Value) -> str:
    """The sentence in a refusal, "" without one. Port and GitLab: `message` or `error`, ServiceNow: `error.message`."""
    if isinstance(body, str):
        return body
    told = (body.get(name) for name in ("message", "error")) if isinstance(body, Mapping) else ()
    return next(filter(None, map(words, told)), "")
