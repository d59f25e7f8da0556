"""What the manifests of one organisation say of its blueprints: which properties and relations there are.

A manifest that speaks for part of a blueprint (`merge`, `observe`, what Port itself provides) says what is there and
not what is missing: nothing is known then, and nobody is told of a mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portctl.findings import did_you_mean
from portctl.model.resource import Management, Resource
from portctl.providers.port.rules.shapes import Organisation, map_at, text_at

META = ("identifier", "title", "blueprint", "team", "icon", "createdAt", "createdBy", "updatedAt", "updatedBy")
"""What every entity has; paths write them with a `$`."""

DERIVED = ("calculationProperties", "mirrorProperties", "aggregationProperties")


@dataclass(frozen=True, slots=True)
class Catalog:
    """The blueprints of one organisation by identifier."""

    blueprints: Mapping[str, Resource]

    @classmethod
    def of(cls, organisation: Organisation) -> Catalog:
        return cls(organisation.of("Blueprint"))

    def lacks_property(self, blueprint: str, name: str) -> str:
        """Why a property is not there, in words; "" where it is, or where that is not known."""
        problem = f"the blueprint {blueprint} has no property {name}"
        if name.startswith("$"):  # Port has more of them than it documents: only a slip is told of
            known = [f"${each}" for each in META]
            near = did_you_mean(name, known)
            return _lacks(problem, near) if near and name not in known else ""
        own = self.properties(blueprint)
        return "" if name in own or not self._is_whole(blueprint) else _lacks(problem, did_you_mean(name, own))

    def lacks_relation(self, blueprint: str, name: str) -> str:
        """As `lacks_property`, of a relation."""
        known = self.relations(blueprint)
        if name in known or not self._is_whole(blueprint):
            return ""
        return _lacks(f"the blueprint {blueprint} has no relation {name}", did_you_mean(name, known))

    def lacks_path(self, blueprint: str, relations: Sequence[str], name: str = "") -> str:
        """Why nothing stands at the end of a path of relations, and there at the property `name` if one is given."""
        for relation in relations:
            if relation.startswith("$"):
                return ""
            problem = self.lacks_relation(blueprint, relation)
            if problem:
                return problem
            blueprint = text_at(self.relations(blueprint), relation, "target")
            if blueprint not in self.blueprints:
                return ""
        return self.lacks_property(blueprint, name) if name else ""

    def properties(self, blueprint: str) -> Mapping[str, Any]:
        """Everything that an entity shows under `properties`: what is stored and what Port derives."""
        declared = self.stored(blueprint)
        return {**declared, **{name: {} for name in self.derived(blueprint)}}

    def stored(self, blueprint: str) -> Mapping[str, Any]:
        return self._map(blueprint, "schema", "properties")

    def derived(self, blueprint: str) -> Iterable[str]:
        return (name for group in DERIVED for name in self._map(blueprint, group))

    def relations(self, blueprint: str) -> Mapping[str, Any]:
        return self._map(blueprint, "relations")

    def _map(self, blueprint: str, *path: str) -> Mapping[str, Any]:
        found = self.blueprints.get(blueprint)
        return {} if found is None else map_at(found.attributes, *path)

    def _is_whole(self, blueprint: str) -> bool:
        found = self.blueprints.get(blueprint)
        return found is not None and found.management is Management.FULL


def _lacks(problem: str, near: str) -> str:
    return f"{problem}.{near}" if near else problem


def names_at(value: object) -> Iterator[tuple[int, str]]:
    """The texts of an array with their places; nothing where it is none."""
    for index, name in enumerate(value if isinstance(value, tuple | list) else ()):
        if isinstance(name, str):
            yield index, name
