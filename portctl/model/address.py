"""The name of a resource inside a project: `provider[@instance]/Kind:name`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

DEFAULT_INSTANCE = "default"
_NAME = re.compile(r"[A-Za-z0-9_.%-]+")
_ADDRESS = re.compile(
    r"(?P<provider>[a-z]+)(?:@(?P<instance>[A-Za-z0-9_-]+))?/(?P<kind>[A-Za-z]+):(?P<name>[A-Za-z0-9_.%-]+)"
)


def is_name(text: str) -> bool:
    """Whether `text` may be a resource's name."""
    return _NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """A resource's name. The identity that the remote service knows is never parsed out of it."""

    provider: str
    kind: str
    name: str
    instance: str = DEFAULT_INSTANCE

    @property
    def kind_name(self) -> str:
        """`port/Action`: the kind this address is of, whatever the instance."""
        return f"{self.provider}/{self.kind}"

    def __str__(self) -> str:
        instance = "" if self.instance == DEFAULT_INSTANCE else f"@{self.instance}"
        return f"{self.provider}{instance}/{self.kind}:{self.name}"

    @classmethod
    def parse(cls, text: str) -> Address | None:
        """The address that `text` spells, or None."""
        match = _ADDRESS.fullmatch(text)
        if match is None:
            return None
        return cls(match["provider"], match["kind"], match["name"], match["instance"] or DEFAULT_INSTANCE)


def nearest(address: Address, known: Iterable[Address]) -> str:
    """` Did you mean "x"?` with its leading blank, or nothing when no known address is near."""
    near = get_close_matches(str(address), [str(each) for each in known], n=1)
    return f' Did you mean "{near[0]}"?' if near else ""
