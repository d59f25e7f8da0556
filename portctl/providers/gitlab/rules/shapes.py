"""The resources of one GitLab by kind, and the text of values that may have placeholders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from portctl.manifest.lint import Finding
from portctl.model.resource import Management, Resource
from portctl.model.value import OutputRef, Pending, SecretRef, Value

HOLE = "\ufffc"
"""Stands in a text where a secret or an output will stand."""


@dataclass(frozen=True, slots=True)
class Instance:
    """The resources of one instance that are written here: what is only observed is nobody's mistake."""

    resources: tuple[Resource, ...]

    def of(self, *kinds: str) -> Iterator[Resource]:
        names = {f"gitlab/{kind}" for kind in kinds}
        return (resource for resource in self.resources if resource.kind.full_name in names)


def per_instance(check: Callable[[Instance], Iterable[Finding]]) -> Callable[[Sequence[Resource]], Iterator[Finding]]:
    """A check of one instance as a check of all resources."""

    def checked(resources: Sequence[Resource]) -> Iterator[Finding]:
        by_name: dict[str, list[Resource]] = {}
        for resource in resources:
            if resource.address.provider == "gitlab" and resource.management is not Management.OBSERVE:
                by_name.setdefault(resource.address.instance, []).append(resource)
        for members in by_name.values():
            yield from check(Instance(tuple(members)))

    return checked


def shown(value: Value) -> str | None:
    """Text as it will be, placeholders marked; None for what is no text."""
    if isinstance(value, Pending):
        return "".join(part if isinstance(part, str) else HOLE for part in value.parts)
    return value if isinstance(value, str) else None


def is_secret(value: Value) -> bool:
    """Whether a secret stands in `value`."""
    if not isinstance(value, Pending):
        return False
    placeholders: Iterable[SecretRef | OutputRef] = value.placeholders()
    return any(isinstance(placeholder, SecretRef) or placeholder.secret for placeholder in placeholders)


def flag(attributes: Mapping[str, Value], *names: str) -> bool:
    """Whether any of the fields is on."""
    return any(attributes.get(name) is True for name in names)
