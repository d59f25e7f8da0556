"""JSON that others wrote, read within a limit.

Nothing that is nested too deep may reach a function that calls itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, NoReturn

MOST_DEEP = 100

_LONGEST_SHOWN = 40
_HALVES = ("\ud800", "\udfff")


class TooDeep(ValueError):
    """Nested deeper than anything that portctl or a service of its writes."""


def parse(
    text: str | bytes,
    *,
    most_deep: int = MOST_DEEP,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    parse_float: Callable[[str], Any] | None = None,
    parse_int: Callable[[str], Any] | None = None,
    parse_constant: Callable[[str], Any] | None = None,
) -> Any:
    """What `text` says; the hooks are those of `json.loads`. Without them, numbers that JSON cannot say are refused.

    Raises ValueError for what is no JSON, TooDeep among them.
    """
    try:
        found = json.loads(
            text,
            object_pairs_hook=object_pairs_hook,
            parse_float=parse_float or _finite,
            parse_int=parse_int or _finite_integer,
            parse_constant=parse_constant or _refuse,
        )
    except RecursionError:
        raise _too_deep(most_deep) from None
    _check_depth(found, most_deep)
    return found


def is_whole(text: str) -> bool:
    """Whether no character of `text` is half of a surrogate pair: UTF-8, and so JSON on its way, cannot say that.

    Bytes of the command line and of variables that are not UTF-8 become such halves, and JSON may spell one.
    """
    first, last = _HALVES
    return text.isascii() or not any(first <= character <= last for character in text)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word[:_LONGEST_SHOWN]} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refuse(number)


def _finite_integer(number: str) -> int:
    _finite(number)
    return int(number)


def _check_depth(body: Any, most: int) -> None:
    """Level by level: what is nested too deep for us must not be walked by a function that calls itself."""
    level = [body]
    for _ in range(most):
        level = [
            item
            for value in level
            if isinstance(value, dict | list)
            for item in (value.values() if isinstance(value, dict) else value)
            if isinstance(item, dict | list)
        ]
        if not level:
            return
    raise _too_deep(most)


def _too_deep(most: int) -> TooDeep:
    return TooDeep(f"nested more than {most} deep")
