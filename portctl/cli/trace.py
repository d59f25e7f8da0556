"""Where an error came from, for `--debug`: every frame of ours and of others, and no words but ours.

What libraries say of an error may hold anything that they were given, a credential or half of one, so exceptions that
are not portctl's own are told by their type alone.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator

from portctl.errors import PortctlError

_CAUSED = "\nThe above exception was the direct cause of the following exception:\n"
_DURING = "\nDuring handling of the above exception, another exception occurred:\n"


def trace(error: BaseException) -> str:
    """The traceback of `error` and of what led to it."""
    return "\n".join(_lines(error, set()))


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _lines(before, seen)
        yield _CAUSED if error.__cause__ is not None else _DURING
    frames = traceback.extract_tb(error.__traceback__)
    if frames:
        yield "Traceback (most recent call last):"
    for frame in frames:
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    yield f"{kind}: {error}" if isinstance(error, PortctlError) else kind
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _lines(inner, seen)
