"""The parts of a script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a script.

    `kind`: name, text, value, member (`text`: the name after the dot), index, call, new, function (`text`: its name,
    `names`: its parameters), object, property (`text`: its key), array, assign (`text`: the operator), unary, binary,
    declare (`text`: the variable), catch (`names`: what it catches), label, block.
    """

    kind: str
    line: int
    text: str = ""
    parts: tuple[Node, ...] = ()
    names: tuple[str, ...] = ()

    def all(self) -> Iterator[Node]:
        """This part and all below it, in the order of the script."""
        waiting = [self]
        while waiting:  # a sum of thousands is a tree of thousands of levels
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.parts))
