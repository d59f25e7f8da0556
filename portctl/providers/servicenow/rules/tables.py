"""Rule: a table that no instance has by itself. Source: ServiceNow REST API reference, "Table API", status 400."""

from __future__ import annotations

from collections.abc import Iterator

from portctl.findings import did_you_mean
from portctl.manifest.lint import Finding
from portctl.model.resource import Resource
from portctl.providers.servicenow.keys import parse_key
from portctl.providers.servicenow.rules.known_tables import ADDED, TABLES
from portctl.providers.servicenow.rules.shapes import Instance, mapping
from portctl.source import Path


def unknown_tables(instance: Instance) -> Iterator[Finding]:
    """Names that are nearly a known table, or neither known nor of somebody's own making."""
    known = TABLES | _declared(instance)
    for resource in instance.ours("Record", "BusinessRule", "Column"):
        for path, name in _named(resource):
            near = "" if name in known else did_you_mean(name, known).strip()
            if name in known or (name.startswith(ADDED) and not _is_slip(name, near)):
                continue
            yield Finding(
                resource=resource,
                path=path,
                summary="Unknown table",
                detail=f"{name} is no table of the base system, and tables of your own begin with u_ or x_",
                hint=near or "If the instance has it all the same, switch this rule off.",
            )


def _declared(instance: Instance) -> set[str]:
    """Tables that a manifest makes, or says that they are there."""
    found = set()
    for record in instance.of("Record"):
        key = record.attributes.get("key")
        if record.attributes.get("table") == "sys_db_object" and isinstance(key, str):
            found.add(parse_key(key).get("name", ""))
    return found


def _named(resource: Resource) -> Iterator[tuple[Path, str]]:
    """Every name of a table in a resource, with its place."""
    field = {"Record": "table", "BusinessRule": "collection", "Column": "name"}[resource.kind.name]
    names: dict[Path, object] = {(each,): resource.attributes.get(each) for each in (field, "reference")}
    names |= {("references", column): name for column, name in mapping(resource.attributes, "references").items()}
    for path, name in names.items():
        if isinstance(name, str) and name:
            yield path, name


def _is_slip(name: str, near: str) -> bool:
    """Whether a name that may be of an application is one letter away from a table that is there."""
    meant = near.partition('"')[2].partition('"')[0]
    return bool(meant) and len(meant) == len(name) and sorted(meant) == sorted(name)
