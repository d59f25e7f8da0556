"""Switches for behaviour that nobody outside the vendor knows: each has a strict and a lenient reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Reading(StrEnum):
    STRICT = "strict"
    LENIENT = "lenient"


@dataclass(frozen=True, slots=True)
class Switch:
    """One open question and its two answers. `in_all`: whether `all` moves it, too."""

    name: str
    strict: str
    lenient: str
    default: Reading = Reading.STRICT
    in_all: bool = True


class UnknownSwitch(ValueError):
    """A switch or a reading that does not exist."""


class Switches:
    """The position of every switch."""

    def __init__(self, known: Iterable[Switch], chosen: Mapping[str, str] | None = None) -> None:
        self.known = {switch.name: switch for switch in known}
        self._initial = dict(chosen or {})
        self._positions: dict[str, Reading] = {}
        self.reset()

    def reset(self) -> None:
        self._positions = {name: switch.default for name, switch in self.known.items()}
        self.set(self._initial)

    def set(self, chosen: Mapping[str, str]) -> None:
        """Move the named switches; all or none. `all` names every one but those that are moved by name only."""
        moved: dict[str, Reading] = {}
        for name, text in chosen.items():
            names = [each.name for each in self.known.values() if each.in_all] if name == "all" else [name]
            for each in names:
                if each not in self.known:
                    raise UnknownSwitch(f'no switch "{each}"; there are: {", ".join(sorted(self.known))}')
                if text not in tuple(Reading):
                    raise UnknownSwitch(f'switch "{each}" is strict or lenient, not "{text}"')
                moved[each] = Reading(text)
        self._positions.update(moved)

    def strict(self, name: str) -> bool:
        return self._positions[name] is Reading.STRICT

    def moved(self) -> tuple[str, ...]:
        """The switches that do not stand as they do by default."""
        return tuple(name for name, switch in self.known.items() if self._positions[name] is not switch.default)

    def positions(self) -> dict[str, str]:
        return {name: str(reading) for name, reading in sorted(self._positions.items())}
