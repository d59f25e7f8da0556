"""Bodies of the webhook routes; each mapping is told apart by its operation first."""

from __future__ import annotations

from typing import Any

from portctl.sandbox.port.schemas.check import Schema, check, compile_schema, list_of, object_of, one_of, text

_FINDER = object_of({"combinator": text(), "rules": list_of({"type": "object"})}, required=("combinator", "rules"))
_OR_FINDER: Schema = {"oneOf": [text(), _FINDER]}
_NULLABLE: Schema = {"type": ["string", "null"]}
_OPERATION: Schema = {
    "oneOf": [
        one_of("create", "delete"),
        object_of({"type": one_of("create")}, required=("type",)),
        object_of({"type": one_of("delete"), "deleteDependents": {"type": "boolean"}}, required=("type",)),
    ]
}
_PLAIN: dict[str, Schema] = {
    "operation": _OPERATION,
    "blueprint": text(),
    "filter": text(),
    "itemsToParse": text(),
}
_CREATE = compile_schema(
    object_of(
        {
            **_PLAIN,
            "entity": object_of(
                {
                    "identifier": _OR_FINDER,
                    "title": text(),
                    "icon": text(),
                    "team": _OR_FINDER,
                    "properties": {"type": "object"},
                    "relations": {"type": "object"},
                },
                required=("identifier",),
            ),
        },
        required=("blueprint", "entity"),
    )
)
_DELETE = compile_schema(
    object_of(
        {**_PLAIN, "entity": object_of({"identifier": text()}, required=("identifier",))},
        required=("blueprint", "entity"),
        additional=True,
    )
)
_FIELDS: dict[str, Schema] = {
    "identifier": text(minLength=1, maxLength=30),
    "title": text(maxLength=30),
    "description": text(maxLength=200),
    "icon": text(),
    "enabled": {"type": "boolean"},
    "integrationType": one_of("custom", "template"),
    "mappings": list_of(object_of({"operation": _OPERATION}, additional=True)),
    "security": object_of(
        {
            "secret": _NULLABLE,
            "signatureHeaderName": _NULLABLE,
            "signatureAlgorithm": {"anyOf": [one_of("sha1", "sha256", "plain"), {"type": "null"}]},
            "signaturePrefix": _NULLABLE,
            "requestIdentifierPath": _NULLABLE,
        }
    ),
}
_WHOLE = compile_schema(object_of(_FIELDS, required=("title", "enabled")))
_DEFAULTED = compile_schema(object_of(_FIELDS, required=("title",)))
_PARTIAL = compile_schema(object_of(_FIELDS))


def check_webhook(body: Any, *, whole: bool, strict: bool) -> None:
    """`whole`: a create or replace body; `strict`: `enabled` must be said. Errors: 422."""
    check((_WHOLE if strict else _DEFAULTED) if whole else _PARTIAL, body)
    for index, mapping in enumerate(body.get("mappings", [])):
        check(_DELETE if deletes(mapping) else _CREATE, mapping, f"body/mappings/{index}")


def deletes(mapping: Any) -> bool:
    operation = mapping.get("operation", "create")
    return (operation.get("type") if isinstance(operation, dict) else operation) == "delete"
