"""Which resource needs which: by reference, by parent, by output, by request."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from portctl.model.address import Address
from portctl.model.diagnostic import Diagnostic, Severity
from portctl.model.kind import Ref, matches, pattern_parts
from portctl.model.resource import RemoteKey, Resource
from portctl.model.value import Attributes, leaves
from portctl.plan.graph import cycles
from portctl.plan.outputs import output_refs
from portctl.source import Path, Source


class References:
    """The edges between the resources of one rendered set."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._by_address = {resource.address: resource for resource in resources}
        self._by_key = {resource.remote_key: resource for resource in resources}
        self._by_last: dict[tuple[str, str, str], list[Resource]] = {}
        for resource in resources:
            instance, kind, identity = resource.remote_key
            if identity:
                self._by_last.setdefault((instance, kind, identity[-1]), []).append(resource)

    def needs(self, resource: Resource, *, skeleton: bool = False) -> tuple[RemoteKey, ...]:
        """What must exist before `resource` can be written; `skeleton`: before it can be without deferrable fields."""
        attributes = resource.attributes
        if skeleton:
            attributes = {key: value for key, value in attributes.items() if key not in resource.kind.deferrable}
        found: dict[RemoteKey, None] = {}
        for other, _ in self._targets(resource, attributes):
            if other.remote_key != resource.remote_key:
                found[other.remote_key] = None
        return tuple(found)

    def place(self, resource: Resource, others: Collection[RemoteKey]) -> Source:
        """Where `resource` first says that it needs one of `others`."""
        for other, path in self._targets(resource, resource.attributes):
            if other.remote_key in others and other.remote_key != resource.remote_key:
                return resource.sources.at(path)
        return resource.sources.document

    def _targets(self, resource: Resource, attributes: Attributes) -> Iterator[tuple[Resource, Path]]:
        """Everything that is needed, each with the place in the document that says so."""
        named: list[tuple[Address, Path]] = [
            (address, ("metadata", "dependsOn", index)) for index, address in enumerate(resource.meta.depends_on)
        ]
        if resource.meta.within:
            named.append((resource.meta.within, ("metadata", "in")))
        for path, leaf in leaves(attributes):
            named.extend((output.address, (*resource.body_at, *path)) for output in output_refs({"": leaf}))
        for address, path in named:
            if address in self._by_address:
                yield self._by_address[address], path
        instance = f"{resource.address.provider}@{resource.address.instance}"
        for ref, path, text in reference_values(resource, attributes):
            for kind in ref.kinds:
                if ref.loose:
                    for other in self._by_last.get((instance, kind, text), ()):
                        yield other, (*resource.body_at, *path)
                elif (instance, kind, (text,)) in self._by_key:
                    yield self._by_key[(instance, kind, (text,))], (*resource.body_at, *path)


def reference_values(resource: Resource, attributes: Attributes) -> Iterator[tuple[Ref, Path, str]]:
    """Every text in `attributes` that names another resource, with the declaration that says so, and its path."""
    firsts = {pattern_parts(ref.at)[0] for ref in resource.kind.references}
    named = attributes if "*" in firsts or "**" in firsts else {k: v for k, v in attributes.items() if k in firsts}
    for path, value in leaves(named):
        if isinstance(value, str):
            for ref in resource.kind.references:
                if matches(ref.at, path):
                    yield ref, path, value


def unopenable_cycles(resources: Sequence[Resource]) -> tuple[Diagnostic, ...]:
    """Cycles that stay closed even when every deferrable field is left out: nothing could be created first."""
    references = References(resources)
    by_key: Mapping[RemoteKey, Resource] = {resource.remote_key: resource for resource in resources}
    found = []
    for members in cycles({key: references.needs(resource, skeleton=True) for key, resource in by_key.items()}):
        names = [str(by_key[key].address) for key in members]
        first = by_key[members[0]]
        found.append(
            Diagnostic(
                rule="cycle",
                severity=Severity.ERROR,
                summary="Cycle that cannot be opened",
                source=references.place(first, members),
                detail=f"{', '.join(names)} need each other before any of them can be created.",
                hint="Break the cycle: drop one of the references, or the dependsOn that closes it.",
            )
        )
    return tuple(found)
