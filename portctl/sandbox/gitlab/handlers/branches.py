"""Routes of branches and their protection. Source: GitLab docs, "Branches API", "Protected branches API"."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.context import Call, done
from portctl.sandbox.gitlab.handlers.code import code
from portctl.sandbox.gitlab.parameters import BOOLEAN, INTEGER, LATER, NEEDED, TEXT, Field, Type, one_of
from portctl.sandbox.gitlab.store import branches, protection
from portctl.sandbox.gitlab.store.access import Level

_RULE = {"id": INTEGER, "access_level": INTEGER, "user_id": INTEGER, "group_id": INTEGER, "_destroy": BOOLEAN}
_RULES = Field(Type.OBJECTS, fields=_RULE)
_LEVEL = one_of(*protection.LEVELS)
CHANGE = {
    "unprotect_access_level": LATER,
    "allow_force_push": BOOLEAN,
    "code_owner_approval_required": BOOLEAN,
    "allowed_to_push": _RULES,
    "allowed_to_merge": _RULES,
    "allowed_to_unprotect": _RULES,
}
PROTECT = {
    **CHANGE,
    "name": NEEDED,
    "push_access_level": _LEVEL,
    "merge_access_level": _LEVEL,
    "unprotect_access_level": _LEVEL,
}


def list_all(call: Call) -> Answer:
    project, repository = code(call)
    search = call.values({"search": TEXT}).get("search") or ""
    heads = sorted((name, sha) for name, sha in repository.heads().items() if _fits(search, name))
    return call.page(heads, lambda head: branches.shown(call.instance, call.user, project, *head))


def read(call: Call) -> Answer:
    project, _ = code(call)
    return _shown(call, project, call.params["branch"], 200)


def head(call: Call) -> Answer:
    project, _ = code(call)
    branches.find(call.instance, project, call.params["branch"])
    return done()


def create(call: Call) -> Answer:
    project = call.writable_project(Level.DEVELOPER)
    values = call.values({"branch": NEEDED, "ref": NEEDED})
    branches.create(call.instance, call.me, project, values["branch"], values["ref"])
    return _shown(call, project, values["branch"], 201)


def delete(call: Call) -> Answer:
    branches.delete(call.instance, call.writable_project(Level.DEVELOPER), call.params["branch"])
    return done()


def list_protected(call: Call) -> Answer:
    search = call.values({"search": TEXT}).get("search") or ""
    rows = protection.rows(call.tables, call.project(Level.DEVELOPER)["id"])
    return call.page([row for row in rows if search in row["name"]], protection.shown)


def read_protected(call: Call) -> Answer:
    return Answer(200, protection.shown(_rule(call, Level.DEVELOPER)))


def protect(call: Call) -> Answer:
    project = call.project(Level.MAINTAINER)
    row = protection.protect(call.instance, project["id"], call.values(PROTECT))
    return Answer(201, protection.shown(row))


def change_protected(call: Call) -> Answer:
    row = protection.change(call.instance, _rule(call, Level.MAINTAINER), call.values(CHANGE))
    return Answer(200, protection.shown(row))


def unprotect(call: Call) -> Answer:
    protection.unprotect(call.instance, _rule(call, Level.MAINTAINER))
    return done()


def _rule(call: Call, needed: Level) -> Row:
    return protection.find(call.tables, call.project(needed)["id"], call.params["name"])


def _shown(call: Call, project: Row, name: str, status: int) -> Answer:
    sha = branches.find(call.instance, project, name)
    return Answer(status, branches.shown(call.instance, call.user, project, name, sha))


def _fits(search: str, name: str) -> bool:
    """`^` and `$` anchor the text at the beginning and the end."""
    text = search.removeprefix("^").removesuffix("$")
    if search.startswith("^") and not name.startswith(text):
        return False
    if search.endswith("$") and not name.endswith(text):
        return False
    return text.lower() in name.lower()
