"""Which resource needs which: by reference, by parent, by output, by request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from portctl.engine.graph import circles
from portctl.engine.outputs import output_refs
from portctl.model.address import Address
from portctl.model.diagnostic import Diagnostic, Severity
from portctl.model.kind import Ref, matches, pattern_parts
from portctl.model.resource import RemoteKey, Resource
from portctl.model.value import Attributes, leaves


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
        for other in self._targets(resource, attributes):
            if other.remote_key != resource.remote_key:
                found[other.remote_key] = None
        return tuple(found)

    def _targets(self, resource: Resource, attributes: Attributes) -> Iterator[Resource]:
        for address in (*resource.meta.depends_on, *([resource.meta.within] if resource.meta.within else [])):
            yield from self._at(address)
        for output in output_refs(attributes):
            yield from self._at(output.address)
        for ref, text in reference_values(resource, attributes):
            instance = f"{resource.address.provider}@{resource.address.instance}"
            for kind in ref.kinds:
                if ref.loose:
                    yield from self._by_last.get((instance, kind, text), ())
                elif (instance, kind, (text,)) in self._by_key:
                    yield self._by_key[(instance, kind, (text,))]

    def _at(self, address: Address) -> Iterator[Resource]:
        if address in self._by_address:
            yield self._by_address[address]


def reference_values(resource: Resource, attributes: Attributes) -> Iterator[tuple[Ref, str]]:
    """Every text in `attributes` that names another resource, with the declaration that says so."""
    firsts = {pattern_parts(ref.at)[0] for ref in resource.kind.references}
    named = attributes if "*" in firsts or "**" in firsts else {k: v for k, v in attributes.items() if k in firsts}
    for path, value in leaves(named):
        if isinstance(value, str):
            for ref in resource.kind.references:
                if matches(ref.at, path):
                    yield ref, value


def unopenable_circles(resources: Sequence[Resource]) -> tuple[Diagnostic, ...]:
    """Circles that stay closed even when every deferrable field is left out: nothing could be created first."""
    references = References(resources)
    by_key: Mapping[RemoteKey, Resource] = {resource.remote_key: resource for resource in resources}
    found = []
    for members in circles({key: references.needs(resource, skeleton=True) for key, resource in by_key.items()}):
        names = [str(by_key[key].address) for key in members]
        first = by_key[members[0]]
        found.append(
            Diagnostic(
                rule="circle",
                severity=Severity.ERROR,
                summary="Circle that cannot be opened",
                source=first.sources.document,
                detail=f"{', '.join(names)} need each other before any of them can be created.",
                hint="Break the circle: drop one of the references, or the dependsOn that closes it.",
            )
        )
    return tuple(found)
