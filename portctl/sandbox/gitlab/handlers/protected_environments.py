"""Routes of protected environments. Source: GitLab docs, "Protected environments API"."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.context import Call, done
from portctl.sandbox.gitlab.errors import not_found
from portctl.sandbox.gitlab.parameters import BOOLEAN, INTEGER, NEEDED, Field, Type, one_of
from portctl.sandbox.gitlab.store import protected_environments
from portctl.sandbox.gitlab.store.access import Level

_LEVEL = {
    "access_level": one_of(*protected_environments.LEVELS),
    "user_id": INTEGER,
    "group_id": INTEGER,
    "group_inheritance_type": one_of(0, 1),
}
_PATCH = {**_LEVEL, "id": INTEGER, "_destroy": BOOLEAN}
_RULES = Field(Type.OBJECTS, fields={**_PATCH, "required_approvals": INTEGER})
_PROTECT = {
    "name": NEEDED,
    "deploy_access_levels": Field(Type.OBJECTS, required=True, fields=_LEVEL),
    "approval_rules": _RULES,
    "required_approval_count": INTEGER,
}
_CHANGE = {
    "deploy_access_levels": Field(Type.OBJECTS, fields=_PATCH),
    "approval_rules": _RULES,
    "required_approval_count": INTEGER,
}


def list_all(call: Call) -> Answer:
    rows = protected_environments.rows(call.tables, _project(call)["id"])
    return call.page(rows, lambda row: protected_environments.shown(call.instance, row))


def read(call: Call) -> Answer:
    return _shown(call, _wanted(call, _project(call)))


def protect(call: Call) -> Answer:
    row = protected_environments.protect(call.instance, _project(call), call.values(_PROTECT))
    return _shown(call, row, 201)


def change(call: Call) -> Answer:
    project = _project(call)
    row = protected_environments.change(call.instance, project, _wanted(call, project), call.values(_CHANGE))
    return _shown(call, row)


def unprotect(call: Call) -> Answer:
    protected_environments.unprotect(call.instance, _wanted(call, _project(call)))
    return done()


def _project(call: Call) -> Row:
    """Errors: 404 without the licence, 403 below maintainer."""
    if not protected_environments.is_licensed(call.instance):
        raise not_found()
    return call.project(Level.MAINTAINER)


def _wanted(call: Call, project: Row) -> Row:
    return protected_environments.find(call.tables, project["id"], call.params["name"])


def _shown(call: Call, row: Row, status: int = 200) -> Answer:
    return Answer(status, protected_environments.shown(call.instance, row))
