"""Texts and JSON values made wrong at random: cut, doubled, repeated thousands of times, with foreign words."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

WORDS = (
    *("<%", "%>", "<%%", "%%>", "<%#", "-%>", "{{", "}}", "${", "$[[ inputs.a ]]", "[[", "]]", "{%"),
    *("values", ".nope", "secret('A')", "output('port/Webhook:w', 'url')", "| upper", "| tojson"),
    *("| b64encode", "~", "**", "for x in [1,2,3]", "endfor", "if", "else", "endif", "set x", "endset"),
    *("import ", "include ", "def f: f; f", "loop", "function (", ") {", "}", "(", ")", "[", "]", "/"),
    *("/*", "//", "'", '"', "\\", '\\"', "`", "=>", "+", "++", "!", ": ", "- ", "? ", "\n", "\n  "),
    *("\t", "\r", "---\n", "...", "# ", "|\n", ">\n", "<<: ", "&a ", "*a", "!!int ", "null", "true"),
    *("1e999", "-1e999", ".inf", "9" * 400, "0x1F", "1_000", "12:30", "-0.0", "1e-400", "\ufeff"),
    *("\x00", "\x07", "\x85", "é", "a" * 300, "://", "://u:p@", "?token=", ".diff", ".inputs"),
    *(".properties.", "\ud800", "%s", "../", "/dev/null"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 2**70, 1e300, "", " ", "a", "\x00", "<%", "{{", "*", "é", "x" * 5000),
    *("<% values.nope %>", "<% secret('LAW_TOKEN') %>", "<% output('port/Webhook:release-hook', 'url') %>"),
    *([], {}, [[]], [None], {"": ""}, {"a": None}, [1, "a", {}], {"type": []}, {"enum": {}}, ["x"] * 200),
)
_REPEATS = (2, 3, 10, 100, 1000, 20_000)
_MOST = 400_000


def of_text(text: str, chance: random.Random) -> str:
    """`text` after a few random changes."""
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        text = chance.choice(_CHANGES)(text, chance)[:_MOST]
    return text


def of_value(value: Any, chance: random.Random) -> Any:
    """Plain JSON with something else at a random place, or something more or less."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        key = chance.choice(list(value))
        changed = {**value, key: of_value(value[key], chance)}
        if chance.random() < 0.15:
            del changed[key]
        if chance.random() < 0.15:
            changed[chance.choice(WORDS)] = chance.choice(VALUES)
        return changed
    if isinstance(value, list) and value and chance.random() < 0.85:
        place = chance.randrange(len(value))
        return [*value[:place], of_value(value[place], chance), *value[place + chance.randrange(2) :]]
    if isinstance(value, str) and chance.random() < 0.5:
        return of_text(value, chance)
    return _nested(chance) if chance.random() < 0.05 else chance.choice(VALUES)


def _nested(chance: random.Random) -> Any:
    value: Any = 1
    for _ in range(chance.choice((50, 99, 101, 300))):
        value = [value] if chance.random() < 0.5 else {"a": value}
    return value


def _span(text: str, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(len(text) + 1)
    return start, min(len(text), start + chance.choice((0, 1, 2, 5, 20, 100)))


def _cut(text: str, chance: random.Random) -> str:
    start, end = _span(text, chance)
    return text[:start] + text[end:]


def _put(text: str, chance: random.Random) -> str:
    start, _ = _span(text, chance)
    return text[:start] + chance.choice(WORDS) + text[start:]


def _instead(text: str, chance: random.Random) -> str:
    start, end = _span(text, chance)
    return text[:start] + chance.choice(WORDS) + text[end:]


def _repeat(text: str, chance: random.Random) -> str:
    start, end = _span(text, chance)
    return text[:start] + (text[start:end] or chance.choice(WORDS)) * chance.choice(_REPEATS) + text[end:]


def _repeat_word(text: str, chance: random.Random) -> str:
    start, _ = _span(text, chance)
    return text[:start] + chance.choice(WORDS) * chance.choice(_REPEATS) + text[start:]


def _end(text: str, chance: random.Random) -> str:
    return text[: _span(text, chance)[0]]


def _move(text: str, chance: random.Random) -> str:
    start, end = _span(text, chance)
    to = chance.randrange(len(text) + 1)
    return text[:to] + text[start:end] + text[to:]


_CHANGES: Sequence[Callable[[str, random.Random], str]] = (
    *(_cut, _put, _put, _instead, _instead, _repeat, _repeat_word, _end, _move),
)
