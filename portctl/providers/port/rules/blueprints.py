"""Rules about blueprints: keys that Port forgets, and names of properties and relations that are not there.

Source: Port docs, "Mirror properties", "Aggregation properties", "Blueprint ownership"; Port answers 422 to all of
them but a path filter, which it drops without a word.
"""

from __future__ import annotations

from collections.abc import Iterator

from portctl.findings import did_you_mean
from portctl.manifest.lint import Finding
from portctl.model.resource import Management, Resource
from portctl.providers.port.rules.catalog import Catalog, names_at
from portctl.providers.port.rules.shapes import Organisation, list_at, map_at, text_at
from portctl.providers.port.schemas.blueprint import blueprint
from portctl.source import Path

_ALSO = ("teamInheritance", "includeInGlobalSearch")
"""Keys that the API description lacks and Port's own tools send."""


def unknown_keys(organisation: Organisation) -> Iterator[Finding]:
    """Port tolerates any key at the top of a blueprint, so a misspelt one is lost in silence."""
    known = (*blueprint()["properties"], *_ALSO)
    for resource in organisation.ours("Blueprint"):
        for key in resource.attributes:
            if key not in known:
                yield Finding(
                    resource=resource,
                    path=(key,),
                    summary="Unknown key of a blueprint",
                    detail=f"Port accepts {key} and forgets it",
                    hint=did_you_mean(key, known).strip(),
                )


def unknown_required(organisation: Organisation) -> Iterator[Finding]:
    """`required` of a schema may only name its properties."""
    path: Path = ("schema", "required")
    for resource in organisation.ours("Blueprint"):
        known = map_at(resource.attributes, "schema", "properties")
        for index, name in names_at(list_at(resource.attributes, *path)):
            if name not in known and resource.management is Management.FULL:
                yield Finding(
                    resource=resource,
                    path=(*path, index),
                    summary="Required property that is not there",
                    detail=f"{name} is no property of this schema, and Port refuses the blueprint",
                    hint=did_you_mean(name, known).strip() or "A relation is required by its own key `required`.",
                )


def broken_paths(organisation: Organisation) -> Iterator[Finding]:
    """Mirrors, aggregations and inherited ownership that lead nowhere."""
    catalog = Catalog.of(organisation)
    for resource in organisation.ours("Blueprint"):
        own = resource.identity[-1] if resource.identity else ""
        for name in map_at(resource.attributes, "mirrorProperties"):
            path: Path = ("mirrorProperties", name, "path")
            *relations, last = text_at(resource.attributes, *path).split(".")
            if relations:
                yield from _nowhere(resource, path, catalog.lacks_path(own, relations, last))
        for name in map_at(resource.attributes, "aggregationProperties"):
            yield from _aggregation(resource, catalog, ("aggregationProperties", name))
        yield from _ownership(resource, catalog, own)


def _aggregation(resource: Resource, catalog: Catalog, at: Path) -> Iterator[Finding]:
    own = resource.identity[-1] if resource.identity else ""
    target = text_at(resource.attributes, *at, "target")
    spec = (*at, "calculationSpec")
    for key in ("property", "measureTimeBy"):
        name = text_at(resource.attributes, *spec, key)
        if name:
            yield from _nowhere(resource, (*spec, key), catalog.lacks_property(target, name))
    for index, _ in enumerate(list_at(resource.attributes, *at, "pathFilter")):
        place = (*at, "pathFilter", index)
        relations = [name for _, name in names_at(list_at(resource.attributes, *place, "path"))]
        start = text_at(resource.attributes, *place, "fromBlueprint")
        problems = [catalog.lacks_path(each, relations) for each in ((start,) if start else (own, target))]
        if all(problems):
            yield from _nowhere(resource, (*place, "path"), problems[0])


def _ownership(resource: Resource, catalog: Catalog, own: str) -> Iterator[Finding]:
    for path in (("ownership", "path"), ("teamInheritance", "path")):
        found = text_at(resource.attributes, *path)
        if found:
            yield from _nowhere(resource, path, catalog.lacks_path(own, found.split(".")))


def _nowhere(resource: Resource, path: Path, problem: str) -> Iterator[Finding]:
    if problem:
        yield Finding(
            resource=resource,
            path=path,
            summary="Leads nowhere",
            detail=problem,
            hint="A path is relations, then a property: `owner.$title`.",
        )
