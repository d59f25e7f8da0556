"""Values that a text gives to the name of a secret: assignments, keys of JSON and YAML, headers, options, URLs.

Names are told apart from values by how shells, programs, YAML, JSON and curl write them. What somebody else fills in
(`$NAME`, `{{ }}`, a call, an index) is no value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from portctl.credentials import bits, blanked, credentials_in, is_stand_in, looks_random

_SECRET = re.compile(
    r"(?:^|[_.-]|(?<=[a-z0-9])(?=[A-Z]))(?:token|secret|password|passwd|passphrase|credentials?"
    r"|(?:api|access|account|private|secret)[_-]?key)$",
    re.IGNORECASE,
)
_QUOTED = r"\\?[\"'](?P<quoted>[^\"'\\\n]{1,500})\\?[\"']"
_BARE = r"(?P<bare>[A-Za-z0-9/+][^\s\"'\\<>,;(){}\[\]|&`]{0,500})(?P<after>[(\[{]?)"
_ASSIGNED = re.compile(
    rf"(?<![\w.$-])(?P<name>[A-Za-z_][\w.-]{{0,79}})(?:\\?[\"'])?(?P<sign>=|[ \t]{{0,4}}(?::=|=>|=|:)[ \t]{{1,4}}|:)"
    rf"(?:{_QUOTED}|{_BARE})"
)
_OPTION = re.compile(rf"(?<![\w-])--(?P<name>[a-z][a-z-]{{0,40}})[ \t]{{1,4}}(?:{_QUOTED}|{_BARE})")
_USER = re.compile(
    r"(?<![\w-])(?:-u|--user)[ =]{0,2}[\"']?(?P<name>[^\s:\"'$<>{}]{1,80}):(?P<word>[^\s\"'<>{}$]{1,200})(?=[\s\"']|$)"
)
_LONGEST_COMMAND = 1000
_CALLER = re.compile(r"\b(?:curl|wget|http|https|xh)\b")
_QUERY = re.compile(
    r"[?&](?P<name>(?:[\w-]{0,40}[_-])?(?:token|secret|password|passwd|api[_-]?key|access[_-]?key|sig|signature|auth))"
    r"=(?P<word>[^&#\s\"'<>]{1,500})",
    re.IGNORECASE,
)
_URL_USER = re.compile(r"://(?P<name>[^/\s?#@:]{0,200}):(?P<word>[^/\s?#@]{1,200})@")
_MADE_UP = re.compile(r"[A-Za-z0-9!@#%^*_+~.=-]{6,64}")
_NAMELIKE = re.compile(r"[A-Za-z]+(?:[-_.][A-Za-z0-9]+)+|v?\d+(?:\.\d+)*|(?:md|sha|aes|rs|hs|es)\d+", re.IGNORECASE)
_CAPITALS = re.compile(r"[A-Z_]+")
_DENSE = re.compile(r"[A-Za-z0-9+/]{20,}={0,2}")
_TURNS = re.compile(r"(?<=[0-9])[A-Za-z]|(?<=[A-Za-z])[0-9]|(?<=[a-z])[A-Z]")


@dataclass(frozen=True, slots=True)
class Written:
    """Where a value stands, which is never shown, and what gives it away.

    `surely`: it is no word; else only its name speaks for a secret.
    """

    what: str
    start: int
    end: int
    surely: bool


def named_secret(name: str) -> bool:
    """Whether what is called so is a secret and no part of the way in which one signs in."""
    return _SECRET.search(name) is not None


def written_out(text: str) -> Iterator[Written]:
    """The values of secrets that `text` gives by their names."""
    for pattern in (_ASSIGNED, _OPTION):
        for match in pattern.finditer(text):
            word = match["quoted"] or match["bare"]
            if named_secret(match["name"]) and (match["quoted"] or not match["after"]):
                at = match.span("quoted" if match["quoted"] else "bare")
                yield from _judged(f"the value of {match['name']}", at, word, plain=_is_plain(match, text))
    for match in _USER.finditer(text):
        line = text.rfind("\n", max(0, match.start() - _LONGEST_COMMAND), match.start()) + 1
        if (
            _CALLER.search(text, max(line, match.start() - _LONGEST_COMMAND), match.start())
            and match["word"] != match["name"]
        ):
            yield from _judged("the password of a user", match.span("word"), match["word"], plain=True)


def written_in_urls(text: str) -> Iterator[Written]:
    """Passwords and tokens in the URLs of `text`, whatever they look like; what is filled in and examples are none."""
    for match in (*_URL_USER.finditer(text), *_QUERY.finditer(text)):
        word = match["word"]
        if not (
            word == match["name"]
            or _CAPITALS.fullmatch(word)
            or word[0] in "$<{%\ufffc"
            or "{{" in word
            or "${" in word
            or is_stand_in(word)
            or (match["name"].lower().endswith("auth") and not (is_random(word) or is_made_up(word)))
        ):
            what = "a password in a URL" if match.re is _URL_USER else f"`{match['name']}` in a URL"
            yield Written(what, *match.span("word"), is_random(word))


def without_written(text: str) -> str:
    """`text` with words in the place of what looks like a credential, and of what it gives to the name of a secret."""
    places = [(found.start, found.end, found.what) for found in credentials_in(text)]
    places += [(found.start, found.end, found.what) for found in (*written_in_urls(text), *written_out(text))]
    return blanked(text, places)


def is_random(word: str) -> bool:
    """Whether a word that stands under the name of a secret is no word."""
    if looks_random(word):
        return True
    dense = _DENSE.fullmatch(word) is not None and not is_stand_in(word) and len(_TURNS.findall(word)) >= 4
    return dense and any(map(str.isdigit, word)) and not word.startswith("/") and bits(word) >= 3.5


def is_made_up(word: str) -> bool:
    """Whether somebody may have thought of a word as a password: letters and digits, and no name of a thing."""
    mixed = any(map(str.isdigit, word)) and any(map(str.isalpha, word))
    return mixed and _MADE_UP.fullmatch(word) is not None and not (_NAMELIKE.fullmatch(word) or is_stand_in(word))


def _judged(what: str, at: tuple[int, int], word: str, *, plain: bool) -> Iterator[Written]:
    if is_random(word):
        yield Written(what, *at, surely=True)
    elif plain and is_made_up(word):
        yield Written(what, *at, surely=False)


def _is_plain(match: re.Match[str], text: str) -> bool:
    """Whether a value is written as a value, and not as a name that a program gives it."""
    if match["quoted"]:
        return True
    end = match.end()
    spaced = "sign" in match.re.groupindex and match["sign"].strip() != ":" and match["sign"] != "="
    return not spaced and (end == len(text) or text[end] in " \t\r\n\"'")
