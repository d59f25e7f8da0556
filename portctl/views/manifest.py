"""A rendered resource as the manifest that would say the same without placeholders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portctl.model.address import DEFAULT_INSTANCE
from portctl.model.resource import Adopt, Meta, Resource
from portctl.model.value import Encoded, OutputRef, Part, Pending, SecretRef, Value
from portctl.source import Path
from portctl.views.escape import escape
from portctl.views.values import block, value_document


def resources_text(resources: tuple[Resource, ...], *, explain: bool) -> str:
    """Documents of YAML. With `explain`, comments say where each resource stands and what filled its values."""
    return "\n---\n".join("\n".join(_lines(resource, explain=explain)) for resource in resources)


def _lines(resource: Resource, *, explain: bool) -> Iterator[str]:
    if explain:
        yield f"# {escape(str(resource.sources.document))}"
    document = {
        "apiVersion": "portctl/v1",
        "kind": resource.kind.full_name,
        "metadata": _metadata(resource),
        "spec": _readable(resource.attributes),
    }
    said: set[Path] = set()
    for path, line in block(value_document(document)):
        origin = resource.origins.get(path[1:]) if explain and path[:1] == ("spec",) and path not in said else None
        said.add(path)
        yield f"{line}  # {escape(origin)}" if origin else line


def _metadata(resource: Resource) -> dict[str, Any]:
    meta, address = resource.meta, resource.address
    document: dict[str, Any] = {"name": address.name}
    if address.instance != DEFAULT_INSTANCE:
        document["instance"] = address.instance
    return {**document, **{key: value for key, value in _optional(meta) if value}}


def _optional(meta: Meta) -> Iterator[tuple[str, Any]]:
    yield "in", str(meta.within) if meta.within else ""
    yield "labels", dict(meta.labels)
    yield "dependsOn", [str(address) for address in meta.depends_on]
    yield "management", meta.management.value if meta.management else ""
    yield "adopt", meta.adopt.value if meta.adopt is not Adopt.EQUAL else ""
    yield "protect", sorted(meta.protect)
    yield "onDelete", meta.on_delete.value if meta.on_delete else ""
    yield "moved", [str(address) for address in meta.moved]
    yield "renamed", [{"path": renamed.path, "from": renamed.before} for renamed in meta.renamed]
    yield "options", dict(meta.options)


def _readable(value: Value) -> Any:
    if isinstance(value, Pending):
        return _text(value.parts)
    if isinstance(value, Mapping):
        return {key: _readable(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_readable(item) for item in value]
    return value


def _text(parts: tuple[Part, ...]) -> str:
    return "".join(_part(part) for part in parts)


def _part(part: Part) -> str:
    match part:
        case str():
            return part
        case SecretRef(name):
            return f"(secret {name})"
        case OutputRef(address, field, True):
            return f"(secret {address} {field})"
        case OutputRef(address, field):
            return f"(known after apply: {address} {field})"
        case Encoded(codec, inner):
            return f"({codec.value} of {_text(inner)})"
