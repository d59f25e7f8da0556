"""Routes of blueprints. Source: Port API reference, "Blueprints"."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.port.context import Call, ok
from portctl.sandbox.port.errors import not_found
from portctl.sandbox.port.schemas import blueprint as schema
from portctl.sandbox.port.schemas.check import check
from portctl.sandbox.port.store import blueprints
from portctl.sandbox.port.store.blueprint_defaults import shown
from portctl.sandbox.port.store.system_blueprints import system_structure

_RENAMES = {
    "properties": schema.rename("newPropertyName"),
    "mirrorProperties": schema.rename("newMirrorName"),
    "relations": schema.rename("newRelationIdentifier"),
}


def list_all(call: Call) -> Answer:
    return ok(blueprints=[shown(call.organisation, row) for row in call.tables.rows("blueprints").values()])


def read(call: Call) -> Answer:
    identifier = call.params["blueprint"]
    row = call.tables.get("blueprints", identifier)
    if row is None:
        raise not_found("Blueprint", identifier)
    return _shown(call, row)


def create(call: Call) -> Answer:
    body = call.body()
    check(schema.body("create", strict=call.organisation.strict("defaulted-keys")), body)
    page = call.flag("create_catalog_page", default=True)
    return _shown(call, blueprints.create(call.organisation, body, call.by, page=page), 201)


def replace(call: Call) -> Answer:
    body = call.body()
    check(schema.body("replace", strict=call.organisation.strict("defaulted-keys")), body)
    return _shown(call, blueprints.replace(call.organisation, call.params["blueprint"], body, call.by))


def merge(call: Call) -> Answer:
    body = call.body()
    check(schema.body("merge", strict=call.organisation.strict("defaulted-keys")), body)
    return _shown(call, blueprints.merge(call.organisation, call.params["blueprint"], body, call.by))


def delete(call: Call) -> Answer:
    blueprints.delete(call.organisation, call.params["blueprint"], call.by, actions=call.flag("delete_actions"))
    return ok()


def rename_property(call: Call) -> Answer:
    return _rename(call, "properties", "property", "newPropertyName")


def rename_mirror(call: Call) -> Answer:
    return _rename(call, "mirrorProperties", "property", "newMirrorName")


def rename_relation(call: Call) -> Answer:
    return _rename(call, "relations", "relation", "newRelationIdentifier")


def structure(call: Call) -> Answer:
    return _shown(call, system_structure(call.params["blueprint"]))


def _rename(call: Call, group: str, param: str, key: str) -> Answer:
    body = call.body()
    check(_RENAMES[group], body)
    row = blueprints.rename_key(
        call.organisation, call.params["blueprint"], group, call.params[param], body[key], call.by
    )
    return _shown(call, row)


def _shown(call: Call, row: Row, status: int = 200) -> Answer:
    return ok(status, blueprint=shown(call.organisation, row))
