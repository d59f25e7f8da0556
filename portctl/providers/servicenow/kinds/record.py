"""Record of any table, found by a natural key. Source: ServiceNow REST API reference, "Table API"."""

from __future__ import annotations

from portctl.model.kind import Coverage, Kind, Merge, Output, Privilege, Readable, Verb
from portctl.providers.servicenow.keys import parse_key, row_id
from portctl.providers.servicenow.refusals import API
from portctl.providers.servicenow.schemas.record import record
from portctl.providers.servicenow.values import texts

KIND = Kind(
    provider="servicenow",
    name="Record",
    source="ServiceNow REST API reference, Table API",
    summary="A record of any table: the columns that the manifest names, found by the key that it names.",
    identity=("table", "key"),
    collection=f"{API}/{{table}}",
    item="{collection}/{sys_id}",
    partial=True,
    update=Verb.PATCH,
    coverage=Coverage.DECLARED,
    merge=Merge.PATCH,
    server_owned=("sys_id", "sys_created_by", "sys_updated_on"),
    excluded={"references": "it says which tables reference columns point to, not what is in the record"},
    empty=("columns.*", "columns", "secrets.*", "secrets"),
    sensitive=("secrets.*",),
    write_only=("secrets.*",),
    modified_marker="sys_updated_on",
    server_id="sys_id",
    maker="sys_created_by",
    foretold=lambda identity: row_id(identity[0], parse_key(identity[1])),
    outputs=(Output("sys_id", "sys_id"),),
    canonical=texts,
    remarks=(
        "`key` is an encoded query of `column=value`, joined by `^`; no two records may have it.",
        "`user.user_name` is the column `user` by a name of the record that it points to; ServiceNow gets its sys_id.",
        "`references` says which tables such columns point to: `references: {user: sys_user}`.",
        "Read with one query per table and set of key columns.",
        "`secrets` are columns that never read back: sent when their fingerprint changes or somebody wrote the record.",
        "Journal columns (`work_notes`, `comments`) only take additions and read back empty: they cannot be managed.",
        "A `user_password` that is written here does not work: an administrator sets it.",
        "A role of a user is found by `user.user_name=...^role.name=...^inherited=false`.",
    ),
    readable=(
        Readable("**", "Move the column from `columns` to `secrets`, and choose one of a password type (password2)."),
    ),
    schema=record,
    privilege=Privilege.both("the role of its table: user_admin for users, groups and members; admin for most others"),
)
