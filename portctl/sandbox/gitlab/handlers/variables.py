"""Routes of CI/CD variables of projects and groups."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.context import Call, Handler, done
from portctl.sandbox.gitlab.parameters import BOOLEAN, NEEDED, TEXT, Field, Type, one_of
from portctl.sandbox.gitlab.store import variables
from portctl.sandbox.gitlab.store.access import Level

CHANGE: dict[str, Field] = {
    "value": TEXT,
    "variable_type": one_of("env_var", "file"),
    "environment_scope": TEXT,
    "protected": BOOLEAN,
    "masked": BOOLEAN,
    "raw": BOOLEAN,
    "description": TEXT,
}
CREATE = {**CHANGE, "key": NEEDED, "value": NEEDED, "masked_and_hidden": BOOLEAN}
FILTER = {"filter": Field(Type.OBJECT, fields={"environment_scope": TEXT})}


def of(source: str) -> dict[str, Handler]:
    """The handlers for "project" (for maintainers) or "namespace" (for owners)."""

    def owner(call: Call) -> str:
        if source == "project":
            return f"project:{call.project(Level.MAINTAINER)['id']}"
        reads = call.request.method == "GET"
        lenient = reads and not call.instance.strict("group-variable-reader")
        return f"namespace:{call.group(Level.MAINTAINER if lenient else Level.OWNER)['id']}"

    def wanted(call: Call) -> Row:
        scope = (call.values(FILTER).get("filter") or {}).get("environment_scope")
        return variables.find(call.tables, owner(call), call.params["key"], scope)

    def list_all(call: Call) -> Answer:
        return call.page(variables.rows(call.tables, owner(call)), variables.shown)

    def read(call: Call) -> Answer:
        return Answer(200, variables.shown(wanted(call)))

    def create(call: Call) -> Answer:
        where = owner(call)
        return Answer(201, variables.shown(variables.create(call.instance, where, call.values(CREATE))))

    def change(call: Call) -> Answer:
        row = wanted(call)
        return Answer(200, variables.shown(variables.change(call.instance, row, call.values(CHANGE))))

    def delete(call: Call) -> Answer:
        variables.delete(call.instance, wanted(call))
        return done()

    return {"list": list_all, "read": read, "create": create, "change": change, "delete": delete}
