"""The resources of one Port organisation by kind, and safe ways to look into bodies that may be malformed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portctl.manifest.lint import Finding
from portctl.model.resource import Management, Resource
from portctl.model.value import MISSING, Pending, Value, get
from portctl.source import Path

HOLE = "\ufffc"
"""Stands in the text of a scalar where a secret or an output will stand."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """The resources of one instance, observed ones included."""

    resources: tuple[Resource, ...]

    def of(self, kind: str) -> dict[str, Resource]:
        """Those of one kind by the last part of their identity."""
        full = f"port/{kind}"
        return {
            resource.identity[-1]: resource
            for resource in self.resources
            if resource.kind.full_name == full and resource.identity
        }

    def ours(self, *kinds: str) -> Iterator[Resource]:
        """Those of some kinds whose bodies are written here; what is only observed is nobody's mistake."""
        names = {f"port/{kind}" for kind in kinds}
        for resource in self.resources:
            if resource.kind.full_name in names and resource.management is not Management.OBSERVE:
                yield resource


def per_organisation(
    check: Callable[[Organisation], Iterable[Finding]],
) -> Callable[[Sequence[Resource]], Iterator[Finding]]:
    """A check of one organisation as a check of all resources: instances know nothing of each other."""

    def checked(resources: Sequence[Resource]) -> Iterator[Finding]:
        by_instance: dict[str, list[Resource]] = {}
        for resource in resources:
            if resource.address.provider == "port":
                by_instance.setdefault(resource.address.instance, []).append(resource)
        for members in by_instance.values():
            yield from check(Organisation(tuple(members)))

    return checked


def text_at(value: Value, *path: str | int) -> str:
    """The text at `path`, or "" when something else or nothing stands there."""
    found = get(value, path)
    return found if isinstance(found, str) else ""


def map_at(value: Value, *path: str | int) -> Mapping[str, Any]:
    """The object at `path`, or an empty one."""
    found = get(value, path)
    return found if isinstance(found, Mapping) else {}


def list_at(value: Value, *path: str | int) -> tuple[Any, ...]:
    """The array at `path`, or an empty one."""
    found = get(value, path)
    return tuple(found) if isinstance(found, tuple | list) else ()


def enum_at(value: Value, *path: str | int) -> tuple[Any, ...] | None:
    """The literal `enum` of the property or input at `path`; None when it has none, or not all of it is known."""
    found = get(value, (*path, "enum"))
    if found is MISSING or not isinstance(found, tuple | list) or any(isinstance(word, Pending) for word in found):
        return None
    return tuple(found)


def texts(value: Value, path: Path = (), *, keys: bool = False) -> Iterator[tuple[Path, str]]:
    """Every text in `value` with its path, also with placeholders; with `keys`, keys under their value's path."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if keys:
                yield (*path, key), key
            yield from texts(item, (*path, key), keys=keys)
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from texts(item, (*path, index), keys=keys)
    elif isinstance(value, Pending):
        yield path, "".join(part if isinstance(part, str) else HOLE for part in value.parts)
    elif isinstance(value, str):
        yield path, value


def texts_below(resource: Resource, *path: str | int, keys: bool = False) -> Iterator[tuple[Path, str]]:
    """As `texts`, of one part of a resource; paths start at its attributes."""
    found = get(resource.attributes, path)
    if found is not MISSING:
        yield from texts(found, path, keys=keys)
