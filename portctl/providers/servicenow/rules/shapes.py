"""The resources of one instance by kind, and their scripts, read once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from portctl.manifest.lint import Finding
from portctl.model.resource import Management, Resource
from portctl.model.value import MISSING, Value, get
from portctl.providers.servicenow.es5.node import Node
from portctl.providers.servicenow.es5.tree import parse
from portctl.providers.servicenow.es5.words import NotEs5
from portctl.providers.servicenow.schemas.business_rule import LONGEST_SCRIPT
from portctl.source import Path


@dataclass(frozen=True, slots=True)
class Instance:
    """The resources of one instance, observed ones included."""

    resources: tuple[Resource, ...]

    def of(self, *kinds: str) -> Iterator[Resource]:
        names = {f"servicenow/{kind}" for kind in kinds}
        return (resource for resource in self.resources if resource.kind.full_name in names)

    def ours(self, *kinds: str) -> Iterator[Resource]:
        """Those that are written here: what is only observed is nobody's mistake."""
        return (resource for resource in self.of(*kinds) if resource.management is not Management.OBSERVE)


@dataclass(frozen=True, slots=True)
class Source:
    """A script or condition: its place in the attributes, its text, and its tree or what is wrong with it."""

    path: Path
    text: str
    tree: Node | None
    problem: NotEs5 | None

    def at(self, line: int) -> Path:
        """The path that leads to a line of the file, where the text came from one."""
        return (*self.path, line) if self.path[-1] == "content" else self.path


def per_instance(check: Callable[[Instance], Iterable[Finding]]) -> Callable[[Sequence[Resource]], Iterator[Finding]]:
    """A check of one instance as a check of all resources."""

    def checked(resources: Sequence[Resource]) -> Iterator[Finding]:
        by_name: dict[str, list[Resource]] = {}
        for resource in resources:
            if resource.address.provider == "servicenow":
                by_name.setdefault(resource.address.instance, []).append(resource)
        for members in by_name.values():
            yield from check(Instance(tuple(members)))

    return checked


def script_of(rule: Resource) -> Source | None:
    """The script of a business rule, if it is text."""
    for path in (("script", "content"), ("script",)):
        source = _source(rule, path)
        if source is not None:
            return source
    return None


def sources_of(rule: Resource) -> Iterator[Source]:
    """The script and the condition of a business rule."""
    for source in (script_of(rule), _source(rule, ("condition",))):
        if source is not None:
            yield source


def mapping(value: Value, *path: str) -> Mapping[str, Value]:
    """The mapping at `path`, or an empty one."""
    found = get(value, path)
    return found if isinstance(found, Mapping) else {}


def _source(rule: Resource, path: Path) -> Source | None:
    text = get(rule.attributes, path)
    if text is MISSING or not isinstance(text, str) or not text.strip() or len(text) > LONGEST_SCRIPT:
        return None
    tree, problem = _parsed(text)
    return Source(path, text, tree, problem)


@lru_cache(maxsize=64)
def _parsed(text: str) -> tuple[Node | None, NotEs5 | None]:
    try:
        return parse(text), None
    except NotEs5 as problem:
        return None, problem
