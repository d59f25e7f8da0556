"""Checks across manifests: what names what, and whether it is there."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from portctl.findings import MAX_FINDINGS, MORE, MORE_DETAIL, MORE_HINT, Findings, did_you_mean, listing
from portctl.manifest.render import is_unfilled
from portctl.model.address import DEFAULT_INSTANCE, Address
from portctl.model.diagnostic import Diagnostic
from portctl.model.kind import Kind, OnDelete, Ref, matches, pattern_parts
from portctl.model.resource import Identity, Management, Resource
from portctl.model.value import MISSING, OutputRef, Pending, Sealed, SecretRef, get, leaves
from portctl.source import Path

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def check_resources(
    resources: Sequence[Resource],
    *,
    catalogue: Mapping[str, Kind],
    declared_secrets: Collection[str],
    instances: Collection[tuple[str, str]] | None = None,
) -> tuple[Diagnostic, ...]:
    """Everything wrong between the resources, sorted by place.

    Rules: `text` (NUL), `duplicate`, `reference` (in bodies, metadata and `output()`), `secret`, `moved`, `instance`,
    `management`.
    `instances` are those that the environment has, as (provider, name); None when that is not to be checked.
    """
    resources = sorted(resources, key=lambda resource: resource.sources.document)
    check = _Check(resources, catalogue)
    check.duplicates()
    for resource in resources:
        check.metadata(resource)
        check.moves(resource)
        check.characters(resource)
        check.placeholders(resource, declared_secrets)
        check.references(resource)
        if instances is not None:
            check.instance(resource, instances)
    return check.findings.sorted()


class _Check:
    def __init__(self, resources: Sequence[Resource], catalogue: Mapping[str, Kind]) -> None:
        self.findings = Findings("reference")
        self._resources = resources
        self._catalogue = catalogue
        self._by_address: dict[Address, Resource] = {}
        self._moved: dict[Address, Resource] = {}
        self._told: dict[str, int] = {}
        for resource in resources:
            self._by_address.setdefault(resource.address, resource)
        self._identities: dict[tuple[str, str], set[tuple[str, ...]]] = {}
        for resource in resources:
            instance, kind, identity = resource.remote_key
            self._identities.setdefault((instance, kind), set()).add(identity)

    def duplicates(self) -> None:
        by_object: dict[tuple[str, str, Identity], Resource] = {}
        for resource in self._resources:
            first = self._by_address[resource.address]
            if first is not resource:
                self._complain(
                    resource,
                    ("metadata", "name"),
                    "duplicate",
                    "Duplicate name",
                    f"{resource.address} is here and at {_place(first)}.",
                    _other_name(resource, first),
                )
                continue
            if "" in resource.identity or not resource.identity:
                continue
            other = by_object.setdefault(_object(resource), resource)
            if other is not resource:
                self._complain(
                    resource,
                    (*resource.body_at, *(pattern_parts(resource.kind.identity[-1]) if resource.kind.identity else ())),
                    "duplicate",
                    "Two manifests for one object",
                    f"{resource.address} and {other.address} ({_place(other)}) are both the {_nouns(resource, other)} "
                    f'"{"/".join(resource.identity)}".',
                    "Remove one of them, or give it another identifier.",
                )

    def metadata(self, resource: Resource) -> None:
        if resource.meta.within is not None:
            self._declared(resource, resource.meta.within, ("metadata", "in"))
        for index, address in enumerate(resource.meta.depends_on):
            self._declared(resource, address, ("metadata", "dependsOn", index))
        self._shared(resource)

    def _shared(self, resource: Resource) -> None:
        """What the service defines can be added to or observed; it is never replaced, and never deleted."""
        defines = f"{resource.kind.provider} itself defines {resource.kind.name} {'/'.join(resource.identity)}"
        if resource.shared and resource.meta.management is Management.FULL:
            self._complain(
                resource,
                ("metadata", "management"),
                "management",
                "Value not accepted",
                f"{defines}: what it put there would be removed.",
                "Use merge or observe; without metadata.management it is merge.",
            )
        if resource.shared and resource.meta.on_delete is OnDelete.DELETE:
            detail = f"{defines}: it cannot be deleted."
            self._complain(
                resource, ("metadata", "onDelete"), "management", "Value not accepted", detail, "Leave it out."
            )

    def _declared(self, resource: Resource, address: Address, path: Path) -> None:
        """`address` must be that of another manifest."""
        if address == resource.address:
            self._complain(resource, path, "reference", "Points to itself", f"{address} is this manifest.")
        elif address not in self._by_address:
            others = [other for other in self._by_address if other != resource.address]
            alike = [other for other in others if other.kind_name == address.kind_name]
            near = did_you_mean(str(address), map(str, alike or others))
            self._complain(
                resource,
                path,
                "reference",
                "Unknown address",
                f"No manifest is called {address}.{near}",
                "Declare it; `management: observe` is enough for something that is managed elsewhere.",
            )

    def moves(self, resource: Resource) -> None:
        for index, old in enumerate(resource.meta.moved):
            path = ("metadata", "moved", index)
            if old in self._by_address:
                place = _place(self._by_address[old])
                detail = f"{old} is still declared at {place}."
                self._complain(resource, path, "moved", "Moved from what is still there", detail, "Remove one of them.")
            other = self._moved.setdefault(old, resource)
            if other is not resource:
                detail = f"{other.address} ({_place(other)}) says that it was {old}, too."
                self._complain(resource, path, "moved", "Moved twice", detail)
        for index, renamed in enumerate(resource.meta.renamed):
            where = pattern_parts(renamed.path)
            at = ("metadata", "renamed", index)
            if get(resource.attributes, where) is MISSING:
                detail = f"Nothing stands at {renamed.path}, where `{renamed.before}` is said to have gone."
                self._complain(resource, at, "moved", "Renamed to nothing", detail, "`path` is where it stands now.")
            elif get(resource.attributes, (*where[:-1], renamed.before)) is not MISSING:
                detail = f"`{renamed.before}` still stands beside {renamed.path}."
                self._complain(resource, at, "moved", "Renamed but still there", detail, "Remove one of them.")

    def characters(self, resource: Resource) -> None:
        """NUL is text for JSON and the end of the text for much of what reads it."""
        for path, leaf in leaves(resource.attributes):
            parts = leaf.parts if isinstance(leaf, Pending) else (leaf, *path)
            if any(isinstance(part, str) and "\0" in part for part in parts):
                self._complain(
                    resource,
                    (*resource.body_at, *path),
                    "text",
                    "Character not accepted",
                    "The text holds the character NUL (\\0), which services drop or refuse.",
                    "Leave it out.",
                )

    def placeholders(self, resource: Resource, declared_secrets: Collection[str]) -> None:
        for path, leaf in leaves(resource.attributes):
            if not isinstance(leaf, Pending) or self._is_full("reference") or self._is_full("secret"):
                continue
            if isinstance(leaf, Sealed):
                self._published(resource, path, leaf)
            for placeholder in dict.fromkeys(leaf.placeholders()):
                if is_unfilled(placeholder):
                    continue
                if isinstance(placeholder, OutputRef):
                    self._declared(resource, placeholder.address, (*resource.body_at, *path))
                elif placeholder.name not in declared_secrets:
                    self._undeclared(resource, (*resource.body_at, *path), placeholder, declared_secrets)

    def _published(self, resource: Resource, path: Path, leaf: Sealed) -> None:
        shown = resource.kind.readable_at(path)
        if shown is not None and shown.published:
            self._complain(
                resource,
                (*resource.body_at, *path),
                "secret",
                "Secret would be published",
                f"What a {resource.kind.full_name} says {shown.published}, and so would be the secret {leaf.label()}.",
                shown.instead,
            )

    def _undeclared(self, resource: Resource, path: Path, placeholder: SecretRef, declared: Collection[str]) -> None:
        near = did_you_mean(placeholder.name, declared)
        self._complain(
            resource,
            path,
            "secret",
            "Undeclared secret",
            f'No secret is called "{placeholder.name}".{near}',
            f"Declare it under `secrets:` in portctl.yaml: `{placeholder.name}: {{env: {placeholder.name}}}`.",
        )

    def references(self, resource: Resource) -> None:
        if not resource.kind.references:
            return
        for path, leaf in leaves(resource.attributes):
            if self._is_full("reference"):
                return
            if not isinstance(leaf, str) or not leaf or "{{" in leaf:
                continue
            for ref in resource.kind.references:
                at = _matched(ref.at, path)
                if at and not ref.loose and not self._known(resource, ref, at, leaf):
                    self._dangling(resource, ref, path, leaf)

    def _known(self, resource: Resource, ref: Ref, at: Path, leaf: str) -> bool:
        if ref.system and re.fullmatch(ref.system, leaf):
            return True
        identity: tuple[str, ...] = (leaf,)
        if ref.within:
            scope = get(resource.attributes, _bound(ref.within, at))
            if not isinstance(scope, str):
                return True
            identity = (scope, leaf)
        if not any(kind in self._catalogue for kind in ref.kinds):
            return True
        return any(identity in known for known in self._candidates(resource, ref))

    def _candidates(self, resource: Resource, ref: Ref) -> Iterator[set[tuple[str, ...]]]:
        instance = f"{resource.address.provider}@{resource.address.instance}"
        for kind in ref.kinds:
            yield self._identities.get((instance, kind), set())

    def _dangling(self, resource: Resource, ref: Ref, path: Path, leaf: str) -> None:
        known = [identity[-1] for several in self._candidates(resource, ref) for identity in several if identity]
        self._complain(
            resource,
            (*resource.body_at, *path),
            "reference",
            "Unknown reference",
            f'No {" or ".join(ref.kinds)} "{leaf}" is declared here.{did_you_mean(leaf, known)}',
            self._proposal(resource, ref, leaf),
        )

    def _proposal(self, resource: Resource, ref: Ref, leaf: str) -> str:
        """An `observe` manifest to paste, for something that is there but managed elsewhere."""
        kind = self._catalogue.get(ref.to)
        if kind is None or kind.parent or len(kind.identity) != 1 or kind.provider != resource.address.provider:
            return "Declare it; `management: observe` is enough for something that is managed elsewhere."
        lines = ["apiVersion: portctl/v1", f"kind: {kind.full_name}", "metadata:", "  management: observe"]
        if resource.address.instance != DEFAULT_INSTANCE:
            lines.append(f"  instance: {resource.address.instance}")
        lines.append("spec:")
        *above, last = pattern_parts(kind.identity[0])
        lines += [f"{'  ' * depth}{part}:" for depth, part in enumerate(above, 1)]
        lines.append(f"{'  ' * (len(above) + 1)}{last}: {_scalar(leaf)}")
        manifest = "\n".join(f"  {line}" for line in lines)
        return f"Declare it. If it exists and is managed elsewhere:\n{manifest}"

    def instance(self, resource: Resource, instances: Collection[tuple[str, str]]) -> None:
        provider, name = resource.address.provider, resource.address.instance
        if (provider, name) in instances:
            return
        names = [other for at, other in instances if at == provider]
        self._complain(
            resource,
            ("metadata", "instance"),
            "instance",
            "Unknown instance",
            f'The environment has {f"{listing(names)}, but " if names else ""}no instance "{name}" of {provider}.'
            f"{did_you_mean(name, names)}",
            f"Add instances.{provider}.{name} to the environment file"
            + (", or correct metadata.instance." if names else "."),
        )

    def _complain(self, resource: Resource, path: Path, rule: str, summary: str, detail: str, hint: str = "") -> None:
        place = resource.sources.at(path)
        self._told[rule] = self._told.get(rule, 0) + 1
        if self._told[rule] <= MAX_FINDINGS:
            self.findings.error(summary, place, detail=detail, hint=hint, path=path, rule=rule)
        elif self._told[rule] == MAX_FINDINGS + 1:
            self.findings.error(MORE, place, detail=MORE_DETAIL, hint=MORE_HINT, path=path, rule=rule)

    def _is_full(self, rule: str) -> bool:
        """Whether no more is said of a rule."""
        return self._told.get(rule, 0) > MAX_FINDINGS


def _other_name(resource: Resource, first: Resource) -> str:
    """What to do about a name that two resources have; a name by default stays what it is, for the ledger's sake."""
    parents = (resource.meta.within, first.meta.within)
    if resource.meta.within is None or parents[0] == parents[1]:
        return "Give one of them another metadata.name."
    proposed = f"{resource.meta.within.name}.{resource.address.name}"
    return (
        f"They belong to different parents ({parents[1]} and {parents[0]}), which the name does not say by itself: "
        f"give one of them a name of its own, as in `metadata: {{name: {proposed}}}`."
    )


def _scalar(text: str) -> str:
    """`text` as YAML, in quotes where it would mean something else without."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in ("true", "false", "null")
    return text if plain else json.dumps(text, ensure_ascii=False)


def _object(resource: Resource) -> tuple[str, str, Identity]:
    """The instance, the path and the identity of the object: kinds that share a path share their objects' names."""
    instance, _, identity = resource.remote_key
    return instance, resource.kind.item.replace("{collection}", resource.kind.collection), identity


def _nouns(*resources: Resource) -> str:
    return " and ".join(dict.fromkeys(resource.kind.full_name for resource in resources))


def _place(resource: Resource) -> str:
    return str(resource.sources.document)


def _matched(pattern: str, path: Path) -> Path:
    """The path that `pattern` describes: `path`, or the list that it is an item of; () when neither."""
    if matches(pattern, path):
        return path
    if path and isinstance(path[-1], int) and matches(pattern, path[:-1]):
        return path[:-1]
    return ()


def _bound(pattern: str, path: Path) -> Path:
    """`pattern` with every `*` replaced by what stands at its place in `path`."""
    return tuple(
        path[index] if part == "*" and index < len(path) else part for index, part in enumerate(pattern_parts(pattern))
    )
