"""Rules about records. Source: ServiceNow docs, "Users"; our reading of references in keys and columns."""

from __future__ import annotations

from collections.abc import Iterator

from portctl.manifest.lint import Finding
from portctl.model.kind import OnDelete
from portctl.providers.servicenow.keys import parse_key
from portctl.providers.servicenow.rules.shapes import Instance, mapping
from portctl.source import Path


def nameless_references(instance: Instance) -> Iterator[Finding]:
    """`user.user_name` is looked up in the table that `references` names for `user`."""
    for record in instance.ours("Record"):
        tables, key = mapping(record.attributes, "references"), record.attributes.get("key")
        named: list[tuple[str, Path]] = [(name, ("key",)) for name in parse_key(key)] if isinstance(key, str) else []
        named += [(name, ("columns", name)) for name in mapping(record.attributes, "columns")]
        for name, path in named:
            column, dot, _ = name.partition(".")
            if dot and column not in tables:
                yield Finding(
                    resource=record,
                    path=path,
                    summary="Table is not named",
                    detail=f"{name} names a record that the column {column} refers to, and nothing says in which table",
                    hint=f"Write `references: {{{column}: TABLE}}`.",
                )


def deleted_users(instance: Instance) -> Iterator[Finding]:
    """The history of a deleted user shows nobody."""
    for record in instance.ours("Record"):
        if record.attributes.get("table") == "sys_user" and record.on_delete is OnDelete.DELETE:
            yield Finding(
                resource=record,
                path=("table",),
                summary="User would be deleted",
                detail="records that a deleted user wrote or approved no longer say who that was",
                hint="Write `onDelete: keep` into metadata; to end a user, set its column `active` to false.",
            )
