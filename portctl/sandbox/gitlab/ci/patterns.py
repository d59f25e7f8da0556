"""Regular expressions in GitLab's notation, `/pattern/flags`, with the language of RE2; and its path patterns.

RE2 knows neither look-around nor back-references, its classes are ASCII, and `$` is the end of the text alone.
"""

from __future__ import annotations

import re

_WRITTEN = re.compile(r"/(?P<body>.*)/(?P<flags>[ismU]*)", re.DOTALL)
_FOREIGN = re.compile(r"\(\?(?:[=!>#(]|<[=!]|P=|P>|[a-zA-Z-]*[aLux])|\\[1-9]|\\[kgGKXRZh]|[*+?}]\+")
_NOT_READ = re.compile(
    r"\\[pPCQ]|\\x\{|\[\[:|\(\?[a-zA-Z-]*[U-]|\(\?[a-zA-Z]*m[a-zA-Z]*:|.\(\?[a-zA-Z]+\)|\(\?<[a-zA-Z]|\{,\d", re.DOTALL
)
_INLINE_MULTILINE = re.compile(r"\(\?[a-zA-Z]*m[a-zA-Z]*\)")
_COUNT = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_MOST_REPEATED = 1000
_SPACES = "\\t\\n\\f\\r "
_FLAGS = {"i": re.IGNORECASE, "s": re.DOTALL, "m": re.MULTILINE}
_CLASS_END = "]"


class BadPattern(ValueError):
    """Not a regular expression that GitLab accepts."""


class UnreadPattern(ValueError):
    """Valid for RE2, but not understood by the sandbox."""


def is_pattern(text: str) -> bool:
    return len(text) > 2 and _WRITTEN.fullmatch(text) is not None


def parse_pattern(text: str) -> re.Pattern[str]:
    """Errors: BadPattern, UnreadPattern."""
    written = _WRITTEN.fullmatch(text)
    if written is None or not written["body"]:
        raise BadPattern(f"{text} is not written as /pattern/")
    return parse_re2(written["body"].replace("\\/", "/"), written["flags"])


def parse_re2(body: str, flags: str = "") -> re.Pattern[str]:
    """A pattern as RE2 has it, without slashes. Errors: BadPattern, UnreadPattern."""
    if _NOT_READ.search(body) or "U" in flags:
        raise UnreadPattern(f"the regular expression {body}")
    counts = [int(count) for found in _COUNT.findall(body) for count in found if count]
    if _FOREIGN.search(body) or any(count > _MOST_REPEATED for count in counts):
        raise BadPattern(f"{body} holds what RE2 does not know")
    options = re.ASCII
    for flag in flags:
        options |= _FLAGS[flag]
    multiline = "m" in flags or _INLINE_MULTILINE.match(body) is not None
    try:
        return re.compile(_translated(body, multiline=multiline), options)
    except (re.error, OverflowError) as error:
        raise BadPattern(f"{body}: {error}") from error


def _translated(body: str, *, multiline: bool) -> str:
    """The end of the text, and white space, are written differently in Python."""
    out: list[str] = []
    in_class = escaped = False
    for character in body:
        if escaped:
            out.append(_escaped(character, in_class=in_class))
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "$" and not in_class and not multiline:
            out.append("\\Z")
        else:
            in_class = character == "[" if not in_class else character != _CLASS_END
            out.append(character)
    return "".join(out) + ("\\" if escaped else "")


def _escaped(character: str, *, in_class: bool) -> str:
    """RE2's white space has no vertical tab."""
    if character == "z" and not in_class:
        return "\\Z"
    if character == "s":
        return _SPACES if in_class else f"[{_SPACES}]"
    return f"[^{_SPACES}]" if character == "S" and not in_class else f"\\{character}"


def path_pattern(glob: str) -> re.Pattern[str]:
    """A path pattern: `*` and `?` stay within a folder, `**` goes down, `{a,b}` and `[...]` choose."""
    out: list[str] = []
    position, depth = 0, 0
    while position < len(glob):
        rest = glob[position:]
        if rest.startswith("**/"):
            out.append("(?:[^/]+/)*")
            position += 3
            continue
        if rest.startswith("**"):
            out.append(".*")
            position += 2
            continue
        character = glob[position]
        choice = re.match(r"\[!?[^\]]+\]", rest)
        if choice is not None:
            out.append(choice[0].replace("[!", "[^", 1))
            position += choice.end()
            continue
        if character == "{":
            depth += 1
            out.append("(?:")
        elif character == "}" and depth:
            depth -= 1
            out.append(")")
        elif character == "," and depth:
            out.append("|")
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(character, re.escape(character)))
        position += 1
    try:
        return re.compile("".join(out) + ")" * depth)
    except re.error as error:
        raise BadPattern(f"{glob}: {error}") from error
