"""Routes of groups and namespaces. Source: GitLab docs, "Groups API", "Namespaces API"."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab import pagination, undone
from portctl.sandbox.gitlab.context import Call
from portctl.sandbox.gitlab.errors import not_found
from portctl.sandbox.gitlab.handlers import projects as project_handlers
from portctl.sandbox.gitlab.parameters import BOOLEAN, INTEGER, NEEDED, TEXT, Field, one_of
from portctl.sandbox.gitlab.store import access, namespaces
from portctl.sandbox.gitlab.store.access import VISIBILITIES, Level

SETTINGS: dict[str, Field] = {
    "name": TEXT,
    "path": TEXT,
    "description": TEXT,
    "visibility": one_of(*VISIBILITIES),
    "project_creation_level": one_of("noone", "owner", "maintainer", "developer", "administrator"),
    "subgroup_creation_level": one_of("owner", "maintainer"),
    "request_access_enabled": BOOLEAN,
    "lfs_enabled": BOOLEAN,
    "emails_enabled": BOOLEAN,
    "mentions_disabled": BOOLEAN,
    "default_branch": TEXT,
    "shared_runners_setting": TEXT,
    "require_two_factor_authentication": BOOLEAN,
    "two_factor_grace_period": INTEGER,
    "share_with_group_lock": BOOLEAN,
    "membership_lock": BOOLEAN,
    **undone.GROUP,
}
LIST = {
    **undone.GROUP_LIST,
    "search": TEXT,
    "owned": BOOLEAN,
    "min_access_level": one_of(*access.ASSIGNABLE),
    "top_level_only": BOOLEAN,
    "order_by": one_of("name", "path", "id", "similarity"),
    "sort": one_of("asc", "desc"),
    "cursor": TEXT,
}

READ = {"with_projects": BOOLEAN, **undone.GROUP_READ}
CREATE = {**SETTINGS, "name": NEEDED, "path": NEEDED, "parent_id": INTEGER}


def list_all(call: Call) -> Answer:
    rows = [row for row in call.tables.rows("namespaces").values() if row["kind"] == "group"]
    return _listed(call, rows)


def list_subgroups(call: Call) -> Answer:
    parent = call.group()
    rows = [row for row in call.tables.rows("namespaces").values() if row["parent_id"] == parent["id"]]
    return _listed(call, rows)


def list_projects(call: Call) -> Answer:
    group = call.group()
    values = call.values({"include_subgroups": BOOLEAN})
    wanted = {group["id"]}
    if values.get("include_subgroups"):
        wanted = {
            row["id"]
            for row in call.tables.rows("namespaces").values()
            if group["id"] in [each["id"] for each in access.chain(call.tables, row["id"])]
        }
    rows = [row for row in call.tables.rows("projects").values() if row["namespace_id"] in wanted]
    return project_handlers.listed(call, rows)


def read(call: Call) -> Answer:
    row = namespaces.find_group(call.instance, call.user, call.params["group"], call.tables)
    values = call.values(READ)
    body = namespaces.shown(call.instance, row)
    if values.get("with_projects") is not False:
        inside = [each for each in call.tables.rows("projects").values() if each["namespace_id"] == row["id"]]
        body["projects"] = [project_handlers.shown(call, each) for each in inside if project_handlers.seen(call, each)]
        body["shared_projects"] = []
    return Answer(200, body)


def create(call: Call) -> Answer:
    row = namespaces.create(call.instance, call.me, call.values(CREATE))
    return Answer(201, namespaces.shown(call.instance, row))


def edit(call: Call) -> Answer:
    row = namespaces.edit(call.instance, call.group(Level.OWNER), call.values(SETTINGS))
    return Answer(200, namespaces.shown(call.instance, row))


def delete(call: Call) -> Answer:
    namespaces.mark_for_deletion(call.instance, call.group(Level.OWNER))
    return Answer(202, {"message": "202 Accepted"})


def list_namespaces(call: Call) -> Answer:
    search = (call.values({"search": TEXT}).get("search") or "").lower()
    rows = [row for row in call.tables.rows("namespaces").values() if _own(call, row) and search in row["full_path"]]
    return call.page(rows, lambda row: namespaces.brief(call.instance, row))


def read_namespace(call: Call) -> Answer:
    row = namespaces.resolve(call.tables, call.params["namespace"])
    if row is None or not access.sees_namespace(call.instance, call.user, row):
        raise not_found("Namespace")
    return Answer(200, namespaces.brief(call.instance, row))


def _own(call: Call, row: Row) -> bool:
    return access.namespace_level(call.instance, call.user, row["id"]) >= Level.GUEST


def _listed(call: Call, rows: list[Row]) -> Answer:
    values = call.values(LIST)
    search = (values.get("search") or "").lower()
    least = Level.OWNER if values.get("owned") else values.get("min_access_level") or Level.NONE
    rows = [
        row
        for row in rows
        if access.sees_namespace(call.instance, call.user, row)
        and (search in row["name"].lower() or search in row["path"].lower())
        and access.namespace_level(call.instance, call.user, row["id"]) >= least
        and (row["parent_id"] is None or not values.get("top_level_only"))
    ]
    key = values.get("order_by") or "name"
    down = values.get("sort") == "desc"
    rows.sort(key=lambda row: (row.get(key, row["name"]), row["id"]), reverse=down)

    def show(row: Row) -> Row:
        return namespaces.shown(call.instance, row)

    if pagination.wants_keyset(call.request):
        if key not in ("name", "id"):
            pagination.refuse_keyset(call.request)
        if values.get("cursor"):
            places = [str(row["id"]) for row in rows]
            rows = rows[places.index(values["cursor"]) + 1 :] if values["cursor"] in places else []
        return pagination.keyset(call.request, call.instance.address.url, rows, show, cursor=lambda row: row["id"])
    return pagination.offset(call.request, call.instance.address.url, rows, show)
