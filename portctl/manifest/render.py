"""From manifests to resources: every placeholder filled, identities known, origins kept for `render --explain`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from portctl.findings import Findings
from portctl.model.address import Address
from portctl.model.diagnostic import Diagnostic
from portctl.model.kind import Kind, pattern_parts
from portctl.model.resource import Identity, Manifest, Resource
from portctl.model.value import (
    MISSING,
    Attributes,
    Awaited,
    OutputRef,
    Pending,
    SecretRef,
    Value,
    get,
)
from portctl.model.values import Values
from portctl.source import Path, path_text
from portctl.template.budget import Budget
from portctl.template.context import RenderContext, functions
from portctl.template.placeholder import Names, PlaceholderError, fill, has_placeholder, paths_read

_UNFILLED = OutputRef(Address("", "", ""), "")
"""Stands where a placeholder could not be filled, so that later checks have no opinion about that value."""


def is_unfilled(placeholder: SecretRef | OutputRef) -> bool:
    return placeholder is _UNFILLED


def render(
    manifests: Sequence[Manifest], *, values: Values, context: RenderContext, catalogue: Mapping[str, Kind]
) -> tuple[tuple[Resource, ...], tuple[Diagnostic, ...]]:
    """A resource for every manifest, sorted by address, and everything wrong with placeholders and identities."""
    findings = Findings("placeholder")
    renderer = _Renderer(values, context, catalogue, findings)
    drafts = [(manifest, *renderer.body(manifest)) for manifest in manifests]
    identities = _Identities(drafts, findings)
    resources = [
        Resource(
            address=manifest.address,
            kind=manifest.kind,
            identity=identities.of(manifest, attributes),
            attributes=attributes,
            meta=manifest.meta,
            sources=manifest.sources,
            body_at=manifest.body_at,
            origins=origins,
        )
        for manifest, attributes, origins in drafts
    ]
    return tuple(sorted(resources, key=lambda resource: resource.address)), findings.sorted()


class _Renderer:
    def __init__(
        self, values: Values, context: RenderContext, catalogue: Mapping[str, Kind], findings: Findings
    ) -> None:
        self._values = values
        self._context = context
        self._findings = findings
        self._budget = Budget()
        self._names: Names = {
            **context.providers,
            "values": values.tree,
            "environment": context.environment,
            **functions(catalogue),
        }

    def body(self, manifest: Manifest) -> tuple[Attributes, Mapping[Path, str]]:
        """The filled body, and where its filled values came from."""
        origins: dict[Path, str] = {}
        self._budget = Budget()
        attributes: Attributes = self._value(manifest, manifest.body, (), self._names_for(manifest.address), origins)
        return attributes, origins

    def _names_for(self, address: Address) -> Names:
        """In a manifest of another instance, `port.url` is the address of that one."""
        own = get(self._context.providers, (address.provider, address.instance))
        if own is MISSING:
            return self._names
        return {**self._names, address.provider: {**self._context.providers[address.provider], **own}}

    def _value(self, manifest: Manifest, value: Value, path: Path, names: Names, origins: dict[Path, str]) -> Value:
        if isinstance(value, Mapping):
            for key in value:
                if has_placeholder(key):
                    self._complain(manifest, (*path, key), "Placeholder in a key", "Keys are literal.")
            return {key: self._value(manifest, item, (*path, key), names, origins) for key, item in value.items()}
        if isinstance(value, tuple):
            return tuple(
                self._value(manifest, item, (*path, index), names, origins) for index, item in enumerate(value)
            )
        if not isinstance(value, str) or not has_placeholder(value):
            return value
        if self._budget.met:  # said once
            return Awaited((_UNFILLED,))
        try:
            filled = fill(value, names, self._budget)
            origins[path] = self._origin(value, filled)
        except PlaceholderError as error:
            self._complain(manifest, path, error.summary, error.detail, error.hint, error.rule)
            return Awaited((_UNFILLED,))
        return filled

    def _complain(
        self, manifest: Manifest, path: Path, summary: str, detail: str, hint: str = "", rule: str = ""
    ) -> None:
        full = (*manifest.body_at, *path)
        place = manifest.sources.at(full)
        self._findings.error(summary, place, detail=detail, hint=hint, path=full, rule=rule)

    def _origin(self, text: str, filled: Value) -> str:
        """`values.a (environments/x.yaml), secret NAME`: what a scalar was made of."""
        said: dict[str, None] = {}
        for path in paths_read(text):
            name = ".".join(map(str, path))
            if path[0] == "values":
                said[f"{name} ({self._values.origin(path[1:]) or 'not set'})"] = None
            elif path[0] == "environment" or path[0] in self._context.providers:
                said[f"{name} (environment {self._context.environment})"] = None
        if isinstance(filled, Pending):
            for placeholder in filled.placeholders():
                of = (
                    f"secret {placeholder.name}"
                    if isinstance(placeholder, SecretRef)
                    else f"output {placeholder.address} {placeholder.field}"
                )
                said[of] = None
        return ", ".join(said) or "literal"


class _Identities:
    """What the services know the resources by; a part that cannot be told is empty."""

    def __init__(self, drafts: Sequence[tuple[Manifest, Attributes, Mapping[Path, str]]], findings: Findings) -> None:
        self._drafts = {manifest.address: (manifest, attributes) for manifest, attributes, _ in drafts}
        self._findings = findings

    def of(self, manifest: Manifest, attributes: Attributes) -> Identity:
        own = tuple(self._part(manifest, attributes, pattern_parts(path)) for path in manifest.kind.identity)
        return (*self._parent(manifest), *own)

    def _parent(self, manifest: Manifest) -> Identity:
        """Identity of the parent and of those above it. A kind never stands in itself, so this ends."""
        within = manifest.meta.within
        if within is None or within not in self._drafts:
            return ()
        above, attributes = self._drafts[within]
        own = tuple(_text(get(attributes, pattern_parts(path))) for path in above.kind.identity)
        return own if above.kind is manifest.kind else (*self._parent(above), *own)

    def _part(self, manifest: Manifest, attributes: Attributes, path: Path) -> str:
        value = get(attributes, path)
        if value is MISSING:
            value = manifest.kind.defaults.get(".".join(map(str, path)), MISSING)
        full = (*manifest.body_at, *path)
        if value is MISSING:
            detail = f"{'.'.join(map(str, path))} says which object this is at the service, and is missing."
            self._findings.error(
                "Identity is missing",
                manifest.sources.at(full),
                detail=detail,
                hint=f"Write {path_text(path)}.",
                path=full,
                rule="identity",
            )
        elif isinstance(value, Pending) and not any(map(is_unfilled, value.placeholders())):
            self._findings.error(
                "Identity is not known",
                manifest.sources.at(full),
                detail="A secret or an output stands where the service's name for the object must be known at plan.",
                hint="Write it out, or take it from values.",
                path=full,
                rule="identity",
            )
        return _text(value)


def _text(value: Value) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""
