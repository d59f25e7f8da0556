"""The values of an environment, as placeholders read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portctl.model.value import Attributes
from portctl.source import Path


@dataclass(frozen=True, slots=True)
class Values:
    """The merged values, which layer each of them came from, and what was given beside the files of the project."""

    tree: Attributes
    origins: Mapping[Path, str]
    given: tuple[Attributes, ...] = ()

    def origin(self, path: Path) -> str:
        """Where the value at `path` came from; for a mapping, the layers of everything in it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.origins:
                return self.origins[path[:end]]
        below = (origin for at, origin in self.origins.items() if at[: len(path)] == path)
        return ", ".join(dict.fromkeys(below))
