"""Rules: what is written to the catalogue, by entities, webhooks and actions, fits its blueprint.

Source: Port docs, "Entities" and "Blueprint properties"; a value that does not fit is refused with
`blueprint_schema_mismatch`, a relation that is not there with `not_found`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portctl.findings import did_you_mean
from portctl.manifest.lint import Finding
from portctl.manifest.schema_messages import words
from portctl.manifest.schema_validator import find_errors
from portctl.model.resource import Resource
from portctl.model.value import Pending, Value, thaw
from portctl.providers.port.rules.catalog import Catalog, names_at
from portctl.providers.port.rules.formats import misfit
from portctl.providers.port.rules.shapes import Organisation, enum_at, list_at, map_at, text_at
from portctl.providers.port.schemas.common import JSON_TYPES
from portctl.source import Path

_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum")
_LABELED_URL = {"type": "object", "required": ["url"], "properties": {"url": {"type": "string"}}}


def unfitting_values(organisation: Organisation) -> Iterator[Finding]:
    """Names and values that Port would refuse, in entities and in what webhooks and actions map to entities."""
    catalog = Catalog.of(organisation)
    for entity in organisation.ours("Entity"):
        blueprint = text_at(entity.attributes, "blueprint")
        yield from _names(entity, catalog, blueprint, ())
        for name, value in map_at(entity.attributes, "properties").items():
            declared = catalog.stored(blueprint).get(name)
            if isinstance(declared, Mapping):
                yield from _value(entity, ("properties", name), value, declared)
        for name, value in map_at(entity.attributes, "relations").items():
            yield from _cardinality(entity, catalog, blueprint, name, value)
    for webhook in organisation.ours("Webhook"):
        for index, _ in enumerate(list_at(webhook.attributes, "mappings")):
            at: Path = ("mappings", index)
            yield from _names(webhook, catalog, text_at(webhook.attributes, *at, "blueprint"), (*at, "entity"))
    for action in organisation.ours("Action", "Automation"):
        blueprint = text_at(action.attributes, "invocationMethod", "blueprintIdentifier")
        yield from _names(action, catalog, blueprint, ("invocationMethod", "mapping"))


def incomplete_entities(organisation: Organisation) -> Iterator[Finding]:
    """What a blueprint requires and an entity does not name. It may be there already, so nothing is refused."""
    catalog = Catalog.of(organisation)
    for entity in organisation.ours("Entity"):
        blueprint = text_at(entity.attributes, "blueprint")
        declared = catalog.blueprints.get(blueprint)
        if declared is None:
            continue
        properties, relations = map_at(entity.attributes, "properties"), map_at(entity.attributes, "relations")
        given = {*(name for name, value in properties.items() if value is not None), *_filled_in(catalog, blueprint)}
        required = [name for _, name in names_at(list_at(declared.attributes, "schema", "required"))]
        missing = [f"the property {name}" for name in required if name not in given]
        for name, relation in catalog.relations(blueprint).items():
            if isinstance(relation, Mapping) and relation.get("required") is True and not _is_set(relations.get(name)):
                missing.append(f"the relation {name}")
        for what in missing:
            yield Finding(
                resource=entity,
                path=("identifier",),
                summary="Entity is not complete",
                detail=f"the blueprint {blueprint} requires {what}: Port refuses to create an entity without it",
                hint="Name it, unless the entity exists and this manifest only adds to it.",
            )


def unlikely_targets(organisation: Organisation) -> Iterator[Finding]:
    """A relation to an entity that no manifest declares, where one declares an entity of nearly that name."""
    catalog = Catalog.of(organisation)
    declared: dict[str, set[str]] = {}
    for each in organisation.resources:
        if each.kind.full_name == "port/Entity":
            declared.setdefault(text_at(each.attributes, "blueprint"), set()).add(each.identity[-1])
    for entity in organisation.ours("Entity"):
        blueprint = text_at(entity.attributes, "blueprint")
        for name, value in map_at(entity.attributes, "relations").items():
            target = text_at(catalog.relations(blueprint), name, "target")
            known = declared.get(target, set())
            for path, identifier in _named(("relations", name), value):
                near = did_you_mean(identifier, known)
                if identifier not in known and near:
                    yield Finding(
                        resource=entity,
                        path=path,
                        summary="Related entity is not declared",
                        detail=f"no manifest declares the entity {identifier} of the blueprint {target}",
                        hint=near.strip(),
                    )


def _names(resource: Resource, catalog: Catalog, blueprint: str, at: Path) -> Iterator[Finding]:
    """The keys under `properties` and `relations`."""
    derived = set(catalog.derived(blueprint)) - set(catalog.stored(blueprint))
    for name in map_at(resource.attributes, *at, "properties"):
        if name in derived:
            problem = f"{name} is derived by Port and cannot be written"
        else:
            problem = catalog.lacks_property(blueprint, name) if "{{" not in name else ""
        yield from _misfit(resource, (*at, "properties", name), problem)
    for name in map_at(resource.attributes, *at, "relations"):
        problem = catalog.lacks_relation(blueprint, name) if "{{" not in name else ""
        yield from _misfit(resource, (*at, "relations", name), problem)


def _value(entity: Resource, path: Path, value: Value, declared: Mapping[str, Any]) -> Iterator[Finding]:
    if value is None:
        return
    for error in find_errors(_schema(declared), thaw(value)):
        place = (*path, *error.absolute_path)
        said = words(error, place, secret=False)
        yield from _misfit(entity, place, said.detail, said.hint)
    for below, text, wanted in _formatted((), value, declared):
        problem = misfit(text, wanted)
        yield from _misfit(entity, (*path, *below), problem and f"{path[-1]}: {problem}")


def _schema(declared: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a property's declaration that can be checked here; patterns are JavaScript's and left to Port."""
    if declared.get("format") == "labeled-url":
        return _LABELED_URL
    schema: dict[str, Any] = {"type": declared["type"]} if declared.get("type") in JSON_TYPES else {}
    words = enum_at(declared)
    if words is not None:
        schema["enum"] = list(words)
    for name in _COUNTS:
        if isinstance(declared.get(name), int | float) and not isinstance(declared[name], bool):
            schema[name] = declared[name]
    if isinstance(declared.get("items"), Mapping):
        schema["items"] = _schema(declared["items"])
    return schema


def _formatted(path: Path, value: Value, declared: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    """Texts with the format that they should have."""
    wanted, items = declared.get("format"), declared.get("items")
    if isinstance(value, str) and isinstance(wanted, str):
        yield path, value, wanted
    elif isinstance(value, tuple | list) and isinstance(items, Mapping):
        for index, item in enumerate(value):
            yield from _formatted((*path, index), item, items)


def _cardinality(entity: Resource, catalog: Catalog, blueprint: str, name: str, value: Value) -> Iterator[Finding]:
    relation = catalog.relations(blueprint).get(name)
    if not isinstance(relation, Mapping) or value is None or isinstance(value, Mapping | Pending):
        return
    many = relation.get("many") is True
    if isinstance(value, tuple | list) is not many:
        wanted = "many entities: a list of identifiers" if many else "one entity: an identifier, and no list"
        yield from _misfit(entity, ("relations", name), f"the relation {name} holds {wanted}")


def _filled_in(catalog: Catalog, blueprint: str) -> Iterator[str]:
    """Properties that get a default when an entity is created."""
    for name, declared in catalog.stored(blueprint).items():
        if isinstance(declared, Mapping) and "default" in declared:
            yield name


def _named(path: Path, value: Value) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, tuple | list):
        yield from (((*path, index), item) for index, item in enumerate(value) if isinstance(item, str))


def _is_set(value: Value) -> bool:
    return value is not None and not (isinstance(value, tuple | list | str) and not value)


def _misfit(resource: Resource, path: Path, problem: str, hint: str = "") -> Iterator[Finding]:
    if problem:
        yield Finding(
            resource=resource,
            path=path,
            summary="Does not fit its blueprint",
            detail=problem,
            hint=hint or "Correct it, or the blueprint.",
        )
