"""Regular expressions in GitLab's notation, `/pattern/flags`, with the language of RE2; and its path patterns.

RE2 knows neither look-around nor back-references, its classes are ASCII, and `$` is the end of the text alone.
"""

from __future__ import annotations

import re

_WRITTEN = re.compile(r"/(?P<body>.*)/(?P<flags>[ismU]*)", re.DOTALL)
_FOREIGN = re.compile(r"\(\?(?:[=!>#(]|<[=!]|P=|P>)|\\[1-9]|\\[kgGKXRZh]|[*+?}]\+")
_NOT_READ = re.compile(r"\\[pPCQ]|\[\[:|\(\?[a-zA-Z-]*[U-]")
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
    body, flags = written["body"].replace("\\/", "/"), written["flags"]
    if _NOT_READ.search(body) or "U" in flags:
        raise UnreadPattern(f"the regular expression {text}")
    if _FOREIGN.search(body):
        raise BadPattern(f"{text} holds what RE2 does not know")
    options = re.ASCII
    for flag in flags:
        options |= _FLAGS[flag]
    try:
        return re.compile(_translated(body, multiline="m" in flags), options)
    except re.error as error:
        raise BadPattern(f"{text}: {error}") from error


def _translated(body: str, *, multiline: bool) -> str:
    """The end of the text is written differently in Python."""
    out: list[str] = []
    in_class = escaped = False
    for character in body:
        if escaped:
            out.append("\\Z" if character == "z" and not in_class else f"\\{character}")
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "$" and not in_class and not multiline:
            out.append("\\Z")
        else:
            in_class = character == "[" if not in_class else character != _CLASS_END
            out.append(character)
    return "".join(out) + ("\\" if escaped else "")


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
