"""Keep text from the outside from acting on a terminal, and show what would be invisible."""

from __future__ import annotations

import re

# Control characters (C0, C1), soft hyphen, zero-width and direction marks, line and paragraph separators,
# byte order mark, lone surrogates, tag characters.
_ACTING = (
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)
_UNPRINTABLE = re.compile(_ACTING)
_IN_JSON = re.compile(_ACTING.replace(r"\x00-\x1f", ""))
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def escape(text: str) -> str:
    r"""`text` on one line, with `\n`, `\x1b`, `\u202e` in place of characters that act or cannot be seen."""
    return _UNPRINTABLE.sub(lambda match: _SHORT.get(match[0]) or _escaped(match[0]), text)


def escape_json(text: str) -> str:
    """JSON text with what `json.dumps` leaves raw escaped too; what it means stays the same."""
    return _IN_JSON.sub(lambda match: _utf16(match[0]), text)


def quote(text: str) -> str:
    """`text` in double quotes, as JSON and YAML would read it."""
    return '"' + escape(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def is_plain(text: str) -> bool:
    """Whether nothing in `text` needs escaping."""
    return _UNPRINTABLE.search(text) is None


def _escaped(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _utf16(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))
