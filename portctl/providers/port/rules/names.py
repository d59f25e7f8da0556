"""Rule: jq and searches that read a property or relation which the blueprint does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from portctl.manifest.lint import Finding
from portctl.model.resource import Resource
from portctl.providers.port.rules.catalog import Catalog
from portctl.providers.port.rules.programs import fields_read
from portctl.providers.port.rules.shapes import Organisation, list_at, map_at, text_at
from portctl.source import Path

_SIDES = tuple((*root, "diff", side) for root in ((), ("event",)) for side in ("before", "after"))


def unknown_properties(organisation: Organisation) -> Iterator[Finding]:
    """Calculations, conditions, templates and searches that read what no entity of the blueprint has."""
    catalog = Catalog.of(organisation)
    for resource in organisation.ours("Blueprint"):
        own = resource.identity[-1] if resource.identity else ""
        yield from _reads(resource, catalog, own, ((),))
        for name, each in map_at(resource.attributes, "aggregationProperties").items():
            query: Path = ("aggregationProperties", name, "query")
            yield from _searched(resource, catalog, text_at(each, "target"), query)
    for resource in organisation.ours("Action"):
        bound = text_at(resource.attributes, "trigger", "blueprintIdentifier")
        yield from _reads(resource, catalog, bound, (("entity",),))
        yield from _searched(resource, catalog, bound, ("trigger", "condition"))
        yield from _inputs(resource, catalog)
    for resource in organisation.ours("Automation"):
        changed = text_at(resource.attributes, "trigger", "event", "blueprintIdentifier")
        yield from _reads(resource, catalog, changed, _SIDES)
        yield from _timer(resource, catalog, changed)


def _reads(
    resource: Resource, catalog: Catalog, blueprint: str, roots: tuple[tuple[str, ...], ...]
) -> Iterator[Finding]:
    lacks: dict[str, Callable[[str, str], str]] = {
        "properties": catalog.lacks_property,
        "relations": catalog.lacks_relation,
    }
    for path, fields in fields_read(resource):
        for root in roots:
            rest = fields[len(root) :]
            if fields[: len(root)] != root or len(rest) < 2 or rest[0] not in lacks:
                continue
            problem = lacks[rest[0]](blueprint, rest[1])
            if problem:
                yield _finding(resource, path, f"`.{'.'.join(fields)}` is null: {problem}")


def _inputs(resource: Resource, catalog: Catalog) -> Iterator[Finding]:
    """What the entities of an input are filtered and sorted by."""
    inputs: Path = ("trigger", "userInputs", "properties")
    for name, declared in map_at(resource.attributes, *inputs).items():
        blueprint = text_at(declared, "blueprint")
        yield from _searched(resource, catalog, blueprint, (*inputs, name, "dataset"))
        yield from _property(resource, catalog, blueprint, (*inputs, name, "sort", "property"))


def _searched(resource: Resource, catalog: Catalog, blueprint: str, at: Path) -> Iterator[Finding]:
    """The rules of a search, groups of rules included."""
    for index, _ in enumerate(list_at(resource.attributes, *at, "rules")):
        rule = (*at, "rules", index)
        yield from _searched(resource, catalog, blueprint, rule)
        yield from _property(resource, catalog, blueprint, (*rule, "property"))


def _property(resource: Resource, catalog: Catalog, blueprint: str, path: Path) -> Iterator[Finding]:
    name = text_at(resource.attributes, *path)
    if name and name not in catalog.relations(blueprint):
        problem = catalog.lacks_property(blueprint, name)
        if problem:
            yield _finding(resource, path, f"nothing is found by it: {problem}")


def _timer(resource: Resource, catalog: Catalog, blueprint: str) -> Iterator[Finding]:
    path = ("trigger", "event", "propertyIdentifier")
    name = text_at(resource.attributes, *path)
    problem = catalog.lacks_property(blueprint, name) if name else ""
    if problem:
        yield _finding(resource, path, f"it never fires: {problem}")


def _finding(resource: Resource, path: tuple[str | int, ...], detail: str) -> Finding:
    return Finding(
        resource=resource,
        path=path,
        summary="Property or relation that is not there",
        detail=detail,
        hint="Correct the name, or declare it in the blueprint.",
    )
