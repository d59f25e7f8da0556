"""Routes of environments. Source: GitLab docs, "Environments API"; GitLab, lib/api/environments.rb."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.ci.environments import TIERS
from portctl.sandbox.gitlab.context import Call, done
from portctl.sandbox.gitlab.errors import bad_parameters, forbidden, refused
from portctl.sandbox.gitlab.handlers import deployments as deployment_routes
from portctl.sandbox.gitlab.handlers.code import code
from portctl.sandbox.gitlab.parameters import BOOLEAN, LATER, NEEDED, TEXT, Field, one_of
from portctl.sandbox.gitlab.store import deployments, environments, projects, protected_environments
from portctl.sandbox.gitlab.store.access import Level

_SHORTEST_SEARCH = 3
_EDIT: dict[str, Field] = {
    "external_url": TEXT,
    "tier": one_of(*TIERS),
    "description": TEXT,
    "auto_stop_setting": one_of(*environments.AUTO_STOP),
    "slug": TEXT,
    "cluster_agent_id": LATER,
    "kubernetes_namespace": LATER,
    "flux_resource_path": LATER,
}
_CREATE = {**_EDIT, "name": NEEDED}
_LIST = {"name": TEXT, "search": TEXT, "states": one_of(*environments.STATES)}


def list_all(call: Call) -> Answer:
    project, _ = code(call)
    values = call.values(_LIST)
    name, search = values.get("name"), values.get("search")
    if name is not None and search is not None:
        raise bad_parameters("name, search cannot be used together")
    if search and len(search) < _SHORTEST_SEARCH:
        raise refused(f"400 Bad request - Search query is less than {_SHORTEST_SEARCH} characters")
    found = [
        row
        for row in environments.rows(call.tables, project["id"])
        if (name is None or row["name"] == name)
        and (not search or search.lower() in row["name"].lower())
        and values.get("states") in (None, row["state"])
    ]
    return call.page(found, lambda row: _with_project(call, project, row))


def read(call: Call) -> Answer:
    project, _ = code(call)
    row = environments.find(call.tables, project["id"], call.params["environment"])
    last = deployments.last_success(call.tables, row)
    shown = None if last is None else deployment_routes.shown(call, last)
    if shown is not None:
        del shown["environment"]
    return Answer(200, {**environments.shown(row), "last_deployment": shown})


def create(call: Call) -> Answer:
    project = call.writable_project(Level.DEVELOPER)
    row = environments.create(call.instance, project["id"], _values(call, _CREATE))
    return Answer(201, _with_project(call, project, row))


def edit(call: Call) -> Answer:
    project, row = _own(call)
    return Answer(200, _with_project(call, project, environments.edit(call.instance, row, _values(call, _EDIT))))


def stop(call: Call) -> Answer:
    """No job stops it: `on_stop` is refused."""
    project, row = _own(call)
    call.values({"force": BOOLEAN})
    return Answer(200, _with_project(call, project, environments.change(call.instance, row, state="stopped")))


def delete(call: Call) -> Answer:
    _, row = _own(call)
    environments.delete(call.instance, row)
    deployments.delete_of(call.instance, row)
    return done()


def _values(call: Call, fields: dict[str, Field]) -> Row:
    values = {name: value for name, value in call.values(fields).items() if value is not None}
    if "slug" in values:
        raise bad_parameters("slug is automatically generated and cannot be changed")
    return values


def _own(call: Call) -> tuple[Row, Row]:
    """The project and the environment. Errors: 403 for those whom it is protected from."""
    project = call.writable_project(Level.DEVELOPER)
    row = environments.find(call.tables, project["id"], call.params["environment"])
    if protected_environments.bars(call.instance, project, row["name"], call.me):
        raise forbidden()
    return project, row


def _with_project(call: Call, project: Row, row: Row) -> Row:
    return {**environments.shown(row), "project": projects.simple(call.instance, project)}
