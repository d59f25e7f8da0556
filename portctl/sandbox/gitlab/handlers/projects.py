"""Routes of projects. Source: GitLab docs, "Projects API"."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab import pagination, undone
from portctl.sandbox.gitlab.context import Call
from portctl.sandbox.gitlab.errors import forbidden, refused
from portctl.sandbox.gitlab.parameters import BOOLEAN, INTEGER, TEXT, at_least_one, one_of
from portctl.sandbox.gitlab.store import access, projects, settings
from portctl.sandbox.gitlab.store.access import VISIBILITIES, Level

_ORDERS = ("id", "name", "path", "created_at", "updated_at", "last_activity_at")
LIST = {
    **undone.PROJECT_LIST,
    "order_by": one_of(*_ORDERS),
    "sort": one_of("asc", "desc"),
    "search": TEXT,
    "search_namespaces": BOOLEAN,
    "visibility": one_of(*VISIBILITIES),
    "owned": BOOLEAN,
    "membership": BOOLEAN,
    "archived": BOOLEAN,
    "simple": BOOLEAN,
    "min_access_level": one_of(*access.ASSIGNABLE),
    "include_pending_delete": BOOLEAN,
    "topic": TEXT,
    "id_after": INTEGER,
    "id_before": INTEGER,
}

DELETE = {"permanently_remove": BOOLEAN, "full_path": TEXT}


def list_all(call: Call) -> Answer:
    return listed(call, list(call.tables.rows("projects").values()))


def listed(call: Call, rows: list[Row]) -> Answer:
    """The projects that fit the query, in its order and its way of paging."""
    values = call.values(LIST)
    rows = [row for row in rows if seen(call, row) and _fits(call, row, values)]
    key = values.get("order_by") or "created_at"
    down = values.get("sort") != "asc"
    rows.sort(key=lambda row: (row[key], row["id"]), reverse=down)

    def show(row: Row) -> Row:
        brief = values.get("simple") or call.user is None
        return projects.simple(call.instance, row) if brief else shown(call, row)

    url = call.instance.address.url
    if not pagination.wants_keyset(call.request):
        pagination.refuse_deep_offset(call.request, "Project")
        return pagination.offset(call.request, url, rows, show)
    if values.get("order_by") != "id":
        pagination.refuse_keyset(call.request)
    cursor = "id_before" if down else "id_after"
    return pagination.keyset(call.request, url, rows, show, **{cursor: lambda row: row["id"]})


def read(call: Call) -> Answer:
    row = projects.find(call.instance, call.user, call.params["project"], call.tables)
    return Answer(200, projects.simple(call.instance, row) if call.user is None else shown(call, row))


def create(call: Call) -> Answer:
    values = call.values(settings.CREATE)
    at_least_one(values, ("name", "path"))
    return Answer(201, shown(call, projects.create(call.instance, call.me, values)))


def edit(call: Call) -> Answer:
    values = call.values(settings.EDIT)
    at_least_one(values, tuple(name for name in settings.EDIT if not settings.EDIT[name].later))
    project = call.project(Level.MAINTAINER)
    if values.get("visibility", project["visibility"]) != project["visibility"]:
        call.project(Level.OWNER)
    return Answer(200, shown(call, projects.edit(call.instance, call.me, project, values)))


def delete(call: Call) -> Answer:
    values = call.values(DELETE)
    project = call.project(Level.OWNER)
    if not values.get("permanently_remove"):
        projects.mark_for_deletion(call.instance, project)
    elif project["pending_delete"] is None:
        raise refused("Project must be marked for deletion first.")
    elif values.get("full_path") != project["full_path"]:
        raise refused("`full_path` is incorrect. You must enter the complete path for the project.")
    else:
        projects.remove(call.instance, project)
    return Answer(202, {"message": "202 Accepted"})


def restore(call: Call) -> Answer:
    return Answer(201, shown(call, projects.restore(call.instance, call.project(Level.OWNER))))


def archive(call: Call) -> Answer:
    return Answer(201, shown(call, projects.set_archived(call.instance, call.project(Level.OWNER), True)))


def unarchive(call: Call) -> Answer:
    return Answer(201, shown(call, projects.set_archived(call.instance, call.project(Level.OWNER), False)))


def seen(call: Call, row: Row) -> bool:
    return access.sees_project(call.instance, call.user, row)


def shown(call: Call, row: Row) -> Row:
    if not seen(call, row):
        raise forbidden()
    return projects.shown(call.instance, row, call.user)


def _fits(call: Call, row: Row, values: Row) -> bool:
    level = access.project_level(call.instance, call.user, row)
    least = Level.OWNER if values.get("owned") else values.get("min_access_level")
    least = least or (Level.GUEST if values.get("membership") else Level.NONE)
    searched = row["full_path"] if values.get("search_namespaces") else f"{row['path']} {row['name']}"
    return (
        level >= least
        and (values.get("search") or "").lower() in searched.lower()
        and values.get("visibility") in (None, row["visibility"])
        and values.get("archived") in (None, row["archived"])
        and (values.get("topic") is None or values["topic"] in row["topics"])
        and (row["pending_delete"] is None or values.get("include_pending_delete") is not False)
        and (values.get("id_after") is None or row["id"] > values["id_after"])
        and (values.get("id_before") is None or row["id"] < values["id_before"])
    )
