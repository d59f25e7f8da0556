"""What jq's compiler says of programs. It runs in a child, as some programs take it down.

Source: the package `jq`; `import` and `include` end its process where there is no such module.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec

from portctl.providers.confined import Confined

Compile = Callable[[Sequence[str]], Mapping[str, str]]
"""Gives what is wrong with each program with which something is."""

AT_ONCE = 50
CHARACTERS_AT_ONCE = 40_000
MOST_PROGRAMS = 10_000
MOST_CHARACTERS = 1_000_000
MOST_WORDS = 100_000
MOST_WRONG = 100
"""Of one project: different programs that are compiled, their characters, their words and signs, and those with which
something is wrong."""

LONGEST = 3_000
"""Words and signs of one program, and of what is compiled at once. jq's compiler takes at most 0.3 seconds for so many;
its time grows with their square."""

_QUOTED = re.compile(r'"(?:[^"\\]|\\[\s\S])*+(?:(")|\\?\Z)|#.*')
_FIELD = re.compile(r"\.|(\.[A-Za-z_]\w*)+")
_LOADS = re.compile(r"(?:^|;)\s*(import|include)\s*\"")
_WORD = re.compile(r"\w+|[^\w\s]")
_CLUTTER = re.compile(r"^jq: error: | \(Unix shell.*| at <top-level>.*")
_COMPILER = Confined(pathlib.Path(__file__).with_name("jq_child.py"))
TOO_MUCH = "compiling it takes more than 2 seconds or 512 MiB, or ends the compiler"


def installed_compiler() -> Compile | None:
    """The compiler of the package `jq`, or None where it is not installed."""
    return _wrong if find_spec("jq") else None


def words(program: str) -> int:
    """How many words and signs `program` has; those of a text count only where something may stand in it."""
    plain = "\\(" not in program and "#" not in program
    return sum(1 for _ in _WORD.finditer(without_texts(program) if plain else program))


def without_texts(program: str) -> str:
    """`program` with nothing in its texts, and no comments."""
    return _QUOTED.sub('""', program)


def _wrong(programs: Sequence[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    together: list[str] = []
    for program in dict.fromkeys(programs):
        bare = without_texts(program)
        loads = _LOADS.search(bare)
        if loads:
            found[program] = f"`{loads[1]}` loads a module, and there is none"
        elif _FIELD.fullmatch(program):
            continue
        elif _closes_its_own(bare) and _ends_its_texts(program):
            together.append(program)
        else:
            found[program] = _asked([program])[0]
    found.update(zip(together, _asked(together), strict=True))
    return {program: why for program, why in found.items() if why}


def _closes_its_own(bare: str) -> bool:
    """Whether no bracket closes one that was opened before the program: then it can stand among others."""
    depth = 0
    for character in bare:
        depth += (character in "([{") - (character in ")]}")
        if depth < 0:
            return False
    return depth == 0


def _ends_its_texts(program: str) -> bool:
    """Whether every text that begins in it ends in it."""
    return all(found[1] or found[0].startswith("#") for found in _QUOTED.finditer(program))


def _asked(programs: Sequence[str]) -> list[str]:
    """What is wrong with each. Where a child dies, others get the halves, and at last the one program."""
    if not programs:
        return []
    said = _COMPILER.ask(programs)
    if said is None and len(programs) == 1:
        said = _COMPILER.ask(programs)  # the first one may have died of all that it had compiled before
    if said is not None:
        return [_CLUTTER.sub("", each.splitlines()[0]) if each else "" for each in said]
    if len(programs) == 1:
        return [TOO_MUCH]
    half = len(programs) // 2
    return _asked(programs[:half]) + _asked(programs[half:])
