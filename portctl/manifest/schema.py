"""Whether a resource has the shape its kind asks for, and the same shapes as plain JSON Schema for editors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from portctl.findings import MAX_FINDINGS, and_more
from portctl.manifest.schema_messages import words
from portctl.manifest.schema_validator import find_errors
from portctl.model.diagnostic import Diagnostic, Severity
from portctl.model.kind import Kind, OnDelete, within
from portctl.model.resource import Adopt, Management, Resource
from portctl.model.value import thaw
from portctl.source import Path, path_text

RULE = "schema"
_ABOUT_ABSENCE = ("required", "dependentRequired")
_HOLE = {"type": "string", "pattern": "<%"}
"""In a manifest a placeholder may stand for any scalar."""


def check_schema(resource: Resource) -> tuple[Diagnostic, ...]:
    """Every way in which the resource differs from the schema of its kind, in the order of the file.

    A manifest that says `observe` or `merge`, or adds to what the service defines, need not be complete: only its
    identity may not be missing.
    """
    partial = resource.meta.management in (Management.OBSERVE, Management.MERGE) or resource.shared
    findings: dict[tuple[Path, str], Diagnostic] = {}
    for error in find_errors(_schema_of(resource.kind.schema), thaw(resource.attributes)):
        if len(findings) > MAX_FINDINGS:
            break
        path: Path = tuple(error.absolute_path)
        if partial and error.validator in _ABOUT_ABSENCE and path[0] not in resource.kind.identity:
            continue
        hidden = (*resource.kind.sensitive, *resource.kind.write_only)
        said = words(error, path, secret=any(within(pattern, path) for pattern in hidden))
        place = (*resource.body_at, *path)
        findings[(path, said.detail)] = Diagnostic(
            rule=RULE,
            severity=Severity.ERROR,
            summary=said.summary,
            source=resource.sources.at(place),
            detail=said.detail,
            hint=said.hint,
            path=path_text(place),
        )
    found = list(findings.values())
    if len(found) > MAX_FINDINGS:
        found[MAX_FINDINGS:] = [and_more(found[MAX_FINDINGS])]
    return tuple(sorted(found, key=lambda finding: finding.sort_key))


def export_schema(catalogue: Mapping[str, Kind]) -> dict[str, Any]:
    """One plain JSON Schema for every manifest file, for editors: `kind` chooses the schema of `spec`."""
    kinds = sorted(catalogue)
    bodies = {name: _plain(catalogue[name].schema(), _pointer(name)) for name in kinds}
    choices = [
        {
            "if": {"properties": {"kind": {"const": name}}},
            "then": {"properties": {"spec": {"$ref": _pointer(name)}}},
        }
        for name in kinds
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "portctl manifest",
        "type": "object",
        "required": ["apiVersion", "kind", "spec"],
        "properties": {
            "apiVersion": {"const": "portctl/v1"},
            "kind": {"enum": kinds},
            "metadata": {"type": "object", "properties": _METADATA, "additionalProperties": False},
            "spec": {"type": "object"},
        },
        "additionalProperties": False,
        "allOf": choices,
        "$defs": bodies,
    }


@lru_cache(maxsize=64)
def _schema_of(schema: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    return schema()


def _pointer(kind: str) -> str:
    return "#/$defs/" + kind.replace("/", "~1")


def _plain(schema: Any, root: str) -> Any:
    """`schema` without our own words: references start at `root`, a discriminator becomes a chain of if / then.

    Letters of any script are spelled in the one way that JavaScript and Python both read, which lets symbols pass too.
    """
    if isinstance(schema, list | tuple):
        return [_plain(item, root) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    plain: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "discriminator":
            continue
        if key == "$ref":
            plain[key] = value.replace("#", root, 1)
        elif key == "pattern":
            plain[key] = value.replace(r"[^\W\d_]", r"[A-Za-z\u0080-\uFFFF]")
        elif key in ("enum", "const", "required"):
            plain[key] = value
        else:
            plain[key] = _plain(value, root)
    if "discriminator" in schema:
        plain["allOf"] = [*plain.get("allOf", ()), *_chain(schema["discriminator"], root)]
    if _rejects_placeholders(plain):
        return {"anyOf": [plain, _HOLE]}
    return plain


def _rejects_placeholders(plain: Mapping[str, Any]) -> bool:
    types = plain.get("type")
    return types in ("boolean", "number", "integer") or ("enum" in plain and types is None)


def _chain(rule: Mapping[str, Any], root: str) -> Iterator[dict[str, Any]]:
    name = rule["propertyName"]
    yield _at(name, {"enum": list(rule["mapping"])})
    for value, branch in rule["mapping"].items():
        yield {"if": _at(name, {"const": value}), "then": _plain(branch, root)}


def _at(dotted: str, shape: Mapping[str, Any]) -> dict[str, Any]:
    """An object that has `shape` at a dotted path."""
    first, _, rest = dotted.partition(".")
    return {"required": [first], "properties": {first: _at(rest, shape) if rest else shape}}


_ADDRESS = {"type": "string"}
_METADATA: dict[str, Any] = {
    "name": {"type": "string", "pattern": "^[A-Za-z0-9_.%-]+$"},
    "in": _ADDRESS,
    "instance": {"type": "string"},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "dependsOn": {"type": "array", "items": _ADDRESS},
    "management": {"enum": [management.value for management in Management]},
    "adopt": {"enum": [adopt.value for adopt in Adopt]},
    "protect": {"type": "array", "items": {"enum": ["delete", "replace"]}},
    "onDelete": {"enum": [choice.value for choice in OnDelete]},
    "moved": {"type": "array", "items": _ADDRESS},
    "renamed": {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["path", "from"],
            "properties": {"path": {"type": "string"}, "from": {"type": "string"}},
            "additionalProperties": False,
        },
    },
    "options": {"type": "object"},
}
