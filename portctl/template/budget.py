"""How much rendering one manifest or one text template may cost. Counted, not timed: the same on every machine.

A step is about one part of an expression evaluated once, so that loops cost what stands in them times their rounds.
Characters are those of every text that is made on the way, also of those that are thrown away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from portctl.model.value import Pending, Value
from portctl.yaml.document import MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_VALUES

MAX_STEPS = 2_000_000
MAX_CHARACTERS = 16 * 1024 * 1024
MAX_HOLES = 10_000
COMPILING = 20
"""The steps that compiling a part of an expression takes, once."""
_CHARACTERS_PER_STEP = 256
"""What is only looked at: searching and comparing texts is quick."""


class LimitMet(ValueError):
    """Rendering costs more than it may. `hint` says what to do about it, `line` where, or 0."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.hint = hint
        self.line = 0


@dataclass(frozen=True, slots=True)
class Weight:
    """How many values a value holds, how many characters are in their texts, its depth, and a placeholder in it."""

    values: int = 1
    characters: int = 0
    height: int = 0
    placeholder: Pending | None = None


@dataclass(slots=True)
class Budget:
    """What one rendering has used so far. Every method raises LimitMet."""

    steps: int = 0
    characters: int = 0
    placeholders: int = 0
    placed: int = 0
    _weights: dict[int, tuple[Value, Weight]] = field(default_factory=dict)
    """By identity; the value is kept with its weight, so that no other one can have its identity."""

    @property
    def met(self) -> bool:
        """Whether nothing more can be rendered."""
        return (
            self.steps > MAX_STEPS
            or self.characters > MAX_CHARACTERS
            or self.placeholders > MAX_HOLES
            or self.placed > MAX_VALUES
        )

    def spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise LimitMet(
                f"rendering takes more than {MAX_STEPS:,} steps",
                "Loop over less, or do what is the same in every round before the loop.",
            )

    def make(self, characters: int) -> None:
        """A text of so many characters is about to be made."""
        if characters > MAX_DOCUMENT_BYTES:
            raise LimitMet(f"the result would have more than {MAX_DOCUMENT_BYTES:,} characters", _SHORTER)
        self.characters += characters
        if self.characters > MAX_CHARACTERS:
            raise LimitMet(f"rendering makes texts of more than {MAX_CHARACTERS:,} characters in all", _SHORTER)

    def open_placeholders(self, number: int) -> None:
        self.placeholders += number
        if self.placeholders > MAX_HOLES:
            raise LimitMet(f"there are more than {MAX_HOLES:,} placeholders and blocks", "Split it into several files.")

    def place(self, value: Value) -> None:
        """`value` goes into what is rendered."""
        weight = self.weigh(value)
        self.make(weight.characters)
        self.placed += weight.values
        if self.placed > MAX_VALUES:
            raise LimitMet(f"the placeholders give more than {MAX_VALUES:,} values", "Put less into one document.")

    def look_at(self, value: Value) -> None:
        """`value` is compared or searched."""
        weight = self.weigh(value)
        self.spend(weight.values + weight.characters // _CHARACTERS_PER_STEP)

    def hold(self, value: Value) -> None:
        """`value` was put together from others."""
        weight = self.weigh(value)
        self.spend(len(value))
        if weight.values > MAX_VALUES:
            raise LimitMet(f"a value would hold more than {MAX_VALUES:,} others", "Put less into it.")
        if weight.characters > MAX_DOCUMENT_BYTES:
            raise LimitMet(f"a value would have more than {MAX_DOCUMENT_BYTES:,} characters", _SHORTER)
        if weight.height > MAX_DEPTH:
            raise LimitMet(f"a value would be nested more than {MAX_DEPTH} deep", "Make it flatter.")

    def weigh(self, value: Value) -> Weight:
        """The weight as if everything were written out, as it will be; nothing is gone through twice."""
        if isinstance(value, str):
            return Weight(1, len(value))
        if isinstance(value, Pending):
            return Weight(1 + sum(1 for _ in value.placeholders()), placeholder=value)
        if not isinstance(value, Mapping | list | tuple):
            return Weight()
        known = self._weights.get(id(value))
        if known is not None:
            return known[1]
        values, characters, height = 1, 0, 0
        placeholder: Pending | None = None
        for item in value.values() if isinstance(value, Mapping) else value:
            weight = self.weigh(item)
            values += weight.values
            characters += weight.characters
            height = max(height, weight.height)
            placeholder = placeholder if weight.placeholder is None else weight.placeholder
        if isinstance(value, Mapping):
            characters += sum(len(key) for key in value if isinstance(key, str))
        self.spend(len(value))
        weight = Weight(values, characters, height + 1, placeholder)
        self._weights[id(value)] = (value, weight)
        return weight


_SHORTER = "Write less in one place, or split it into several files."
_USED: ContextVar[Budget] = ContextVar("portctl_budget")


@contextmanager
def spending(budget: Budget) -> Iterator[Budget]:
    """What is evaluated inside is charged to `budget`."""
    token = _USED.set(budget)
    try:
        yield budget
    finally:
        _USED.reset(token)


def used() -> Budget:
    """The budget that the evaluation going on is charged to."""
    return _USED.get()
