"""Resources of YAML text, as loading and rendering would make them, with the places of every value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.manifest.lint import Rule, run_rules
from portctl.model.address import Address
from portctl.model.diagnostic import Diagnostic
from portctl.model.kind import OnDelete
from portctl.model.resource import Management, Meta, Resource
from portctl.model.value import Value, get, map_leaves, thaw
from portctl.providers.catalogue import catalogue
from portctl.providers.rules import all_rules
from portctl.source import Path
from portctl.template.context import functions
from portctl.template.placeholder import fill
from portctl.yaml.compose import compose

FILE = "example.yaml"
_NAMES: Mapping[str, Any] = functions(catalogue())


def resources(text: str) -> tuple[Resource, ...]:
    """One resource per document. The envelope may be short: `kind`, `metadata` and `spec`."""
    found: dict[Address, Resource] = {}
    for document in compose(text.encode(), FILE):
        resource = _resource(document, found)
        found[resource.address] = resource
    return tuple(found.values())


def _resource(document: Any, others: Mapping[Address, Resource]) -> Resource:
    kind = catalogue()[document.value["kind"]]
    metadata = document.value.get("metadata", {})
    attributes = map_leaves(document.value["spec"], _filled)
    within = Address.parse(metadata["in"]) if "in" in metadata else None
    identity = tuple(str(get(attributes, (name,))) for name in kind.identity)
    name = metadata.get("name", identity[-1] if identity else "unnamed")
    management = Management(metadata["management"]) if "management" in metadata else None
    on_delete = OnDelete(metadata["onDelete"]) if "onDelete" in metadata else None
    parent = (others[within].identity if within in others else (within.name,)) if within else ()
    return Resource(
        address=Address(kind.provider, kind.name, name, metadata.get("instance", "default")),
        kind=kind,
        identity=(*parent, *identity),
        attributes=attributes,
        meta=Meta(within=within, management=management, on_delete=on_delete, labels=thaw(metadata.get("labels", {}))),
        sources=document.sources,
    )


def _filled(_: Path, leaf: Value) -> Value:
    return fill(leaf, _NAMES) if isinstance(leaf, str) else leaf


def rule(identifier: str) -> Rule:
    """The rule of that id."""
    return next(rule for rule in all_rules() if rule.id == identifier)


def findings(identifier: str, text: str) -> tuple[Diagnostic, ...]:
    """What one rule says about the resources of `text`."""
    return run_rules([rule(identifier)], resources(text), {})


def details(identifier: str, text: str) -> list[str]:
    """As `findings`, each as `line:column path: detail`."""
    return [
        f"{found.source.line}:{found.source.column} {found.path}: {found.detail}"
        for found in findings(identifier, text)
    ]
