"""JSON values, and the four leaves of our own that stand where a value must not or cannot stand yet.

Before the request is built, attributes may hold `Sealed` (text that needs a secret) and `Awaited` (text that needs
an output of a resource that may not exist yet). After normalising, what can be compared and printed holds `Masked`
and `Unknown` in their places. Mappings and tuples only: frozen means frozen.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, NewType, NoReturn, TypeAlias
from urllib.parse import quote

from portctl.model.address import Address
from portctl.source import Path

Value: TypeAlias = Any
"""None, bool, int, float, str, `Mapping[str, Value]`, `tuple[Value, ...]`, or one of the leaves below."""

Attributes: TypeAlias = Mapping[str, Value]
Canonical = NewType("Canonical", Mapping[str, Value])
"""Attributes in the one form that may be compared. Made only by `engine.normalise`."""


class Codec(Enum):
    """The transformations that a text with placeholders may go through before it is sent."""

    BASE64 = "b64encode"
    BASIC_AUTH = "basic_auth"
    URL = "urlencode"

    def encode(self, text: str) -> str:
        """`text` (for BASIC_AUTH: `user:password`) as it is sent."""
        if self is Codec.URL:
            return quote(text, safe="")
        return base64.b64encode(text.encode()).decode("ascii")


@dataclass(frozen=True, slots=True)
class SecretRef:
    """A placeholder that the vault fills."""

    name: str


@dataclass(frozen=True, slots=True)
class OutputRef:
    """A placeholder that an output of another resource fills; `secret` when the output may not be shown."""

    address: Address
    field: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Encoded:
    """Parts that are joined and then encoded."""

    codec: Codec
    parts: tuple[Part, ...]


Part: TypeAlias = "str | SecretRef | OutputRef | Encoded"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Pending:
    """Text with placeholders. Anything that would treat it as text raises, so display text never becomes a value.

    It equals itself only: whoever compares attributes may meet one. Expressions refuse to compare it.
    """

    parts: tuple[Part, ...]

    def placeholders(self) -> Iterator[SecretRef | OutputRef]:
        yield from _placeholders(self.parts)

    def label(self) -> str:
        """What a view prints instead: `(secret NAME)`, `(output port/Webhook:x url)`, several joined with a plus."""
        names: dict[str, None] = {}
        for placeholder in self.placeholders():
            names[
                placeholder.name if isinstance(placeholder, SecretRef) else f"{placeholder.address} {placeholder.field}"
            ] = None
        return " + ".join(names)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label()}>"

    def _refuse(self, *_: object) -> NoReturn:
        placeholders = (
            f"secret {placeholder.name}"
            if isinstance(placeholder, SecretRef)
            else f"output {placeholder.field} of {placeholder.address}"
            for placeholder in self.placeholders()
        )
        named = " and ".join(dict.fromkeys(placeholders))
        raise TypeError(f"the value of {named} is not known here; it can only be joined to text or encoded")

    __str__ = __format__ = __len__ = __iter__ = __contains__ = __getitem__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __int__ = __float__ = _refuse

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{self!r} cannot be stored")


class Sealed(Pending):
    """Text with at least one secret in it."""

    __slots__ = ()


class Awaited(Pending):
    """Text, or one whole value, that waits for outputs and holds no secret."""

    __slots__ = ()


def _placeholders(parts: tuple[Part, ...]) -> Iterator[SecretRef | OutputRef]:
    for part in parts:
        if isinstance(part, Encoded):
            yield from _placeholders(part.parts)
        elif not isinstance(part, str):
            yield part


def pending(parts: tuple[Part, ...]) -> Pending:
    """The text that `parts` make: `Sealed` when any placeholder is secret, else `Awaited`."""
    secret = any(isinstance(placeholder, SecretRef) or placeholder.secret for placeholder in _placeholders(parts))
    return Sealed(parts) if secret else Awaited(parts)


@dataclass(frozen=True, slots=True)
class Masked:
    """Stands where a secret stands, on both sides of a comparison."""

    label: str

    def __str__(self) -> str:
        return f"(secret {self.label})" if self.label else "(secret)"


@dataclass(frozen=True, slots=True)
class Unknown:
    """Stands where a value will only be known after apply."""

    label: str

    def __str__(self) -> str:
        return f"(known after apply: {self.label})" if self.label else "(known after apply)"


def freeze(value: Any) -> Value:
    """Plain JSON (dicts and lists) as frozen attributes. Mappings keep their order."""
    if isinstance(value, Mapping):
        return {key: freeze(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in value)
    return value


def thaw(value: Value) -> Any:
    """Attributes as plain dicts and lists, for a serialiser or a validator. Leaves are passed on."""
    if isinstance(value, Mapping):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [thaw(item) for item in value]
    return value


def map_leaves(value: Value, change: Callable[[Path, Value], Value], path: Path = ()) -> Value:
    """`value` with every leaf replaced by `change(path, leaf)`."""
    if isinstance(value, Mapping):
        return {key: map_leaves(item, change, (*path, key)) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return tuple(map_leaves(item, change, (*path, index)) for index, item in enumerate(value))
    return change(path, value)


def leaves(value: Value, path: Path = ()) -> Iterator[tuple[Path, Value]]:
    """Every leaf with its path; an empty mapping or tuple is a leaf too."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, tuple | list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


MISSING = object()
"""Returned by `get` where nothing stands; never part of attributes."""


def get(value: Value, path: Path) -> Value:
    """What stands at `path`, or `MISSING`."""
    for part in path:
        if isinstance(value, Mapping) and isinstance(part, str) and part in value:
            value = value[part]
        elif isinstance(value, tuple | list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return MISSING
    return value
