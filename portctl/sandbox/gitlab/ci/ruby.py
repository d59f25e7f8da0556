"""Values as text, and replacements in texts, as Ruby makes them: GitLab's file is put together by it."""

from __future__ import annotations

import json
import re
from typing import Any

from portctl.sandbox.gitlab.ci.shapes import NotEmulated

_SAFE = re.compile(r"[^A-Za-z0-9_\-.,:+/@\n]")
_ESCAPE = re.compile(r"\\([0-9&`'\\])")


def text_of(value: Any) -> str:
    """`to_s`. Errors: NotEmulated for mappings, which no two Rubies print alike."""
    if value is None:
        return ""
    if isinstance(value, list):
        return f"[{', '.join(map(_inspected, value))}]"
    if isinstance(value, dict):
        raise NotEmulated("a mapping inside of a text")
    return _inspected(value) if isinstance(value, bool) else str(value)


def replaced(text: str, block: str, value: str) -> str:
    r"""Every `block` becomes `value`, in which backslashes mean something: `\\` is one, `\0` the block itself."""

    def filled(found: re.Match[str]) -> str:
        around = {"`": text[: found.start()], "'": text[found.end() :]}
        meanings = {"0": block, "&": block, "\\": "\\", **around}
        return _ESCAPE.sub(lambda match: meanings.get(match[1], ""), value)

    return re.sub(re.escape(block), filled, text)


def shell_escaped(text: str) -> str:
    """As one word of a Bourne shell."""
    if not text:
        return "''"
    return _SAFE.sub(lambda match: f"\\{match[0]}", text).replace("\n", "'\n'")


def _inspected(value: Any) -> str:
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("#{", "\\#{").replace("#$", "\\#$").replace("#@", "\\#@")
    return text_of(value)
