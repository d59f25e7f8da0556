"""Routes of entities. Source: Port API reference, "Entities"."""

from __future__ import annotations

from typing import Any

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.port.context import Call, ok
from portctl.sandbox.port.errors import PortError, not_emulated, not_found
from portctl.sandbox.port.handlers import entity_view
from portctl.sandbox.port.schemas import entity as schema
from portctl.sandbox.port.schemas.check import check
from portctl.sandbox.port.store import entities, migrations
from portctl.sandbox.port.store.entities import Mode, Options
from portctl.sandbox.port.store.organisation import Cause

_MOST_LISTED = 10_000


def list_all(call: Call) -> Answer:
    name = call.params["blueprint"]
    rows = _rows(call, name)
    if len(rows) > _MOST_LISTED:
        raise PortError(504, "gateway_timeout", "Listing took too long")
    return ok(entities=[entity_view.shown(call, row) for row in rows])


def read(call: Call) -> Answer:
    name, identifier = call.params["blueprint"], call.params["entity"]
    _rows(call, name)
    row = call.tables.get(entities.table(name), identifier)
    if row is None:
        raise not_found("Entity", identifier)
    return ok(entity=entity_view.shown(call, row))


def count(call: Call) -> Answer:
    return ok(count=len(_rows(call, call.params["blueprint"])))


def create(call: Call) -> Answer:
    body = call.body()
    check(_bodies(call).new, body)
    options = _options(call, _mode(call))
    written = entities.write(call.organisation, call.params["blueprint"], None, body, options)
    return ok(_status(call, written.created, options), entity=_now(call, written.entity))


def overwrite(call: Call) -> Answer:
    return _change(call, _bodies(call).replacement, Mode.OVERWRITE)


def update(call: Call) -> Answer:
    return _change(call, schema.PARTIAL, Mode.UPDATE)


def delete(call: Call) -> Answer:
    dependents = call.flag("delete_dependents")
    entities.delete(
        call.organisation, call.params["blueprint"], call.params["entity"], _cause(call), dependents_too=dependents
    )
    return ok()


def bulk(call: Call) -> Answer:
    """Up to twenty at once; what fails is listed beside what went through."""
    body = call.body()
    check(_bodies(call).bulk, body)
    options = _options(call, _mode(call))
    done: list[Row] = []
    failed: list[Row] = []
    for index, each in enumerate(body["entities"]):
        identifier = each.get("identifier")
        try:
            written = entities.write(call.organisation, call.params["blueprint"], None, each, options)
        except PortError as error:
            failed.append(
                {
                    "identifier": identifier,
                    "index": index,
                    "statusCode": error.status,
                    "error": error.error,
                    "message": error.message,
                }
            )
        else:
            key = written.entity["identifier"]
            done.append({"identifier": key, "index": index, "created": written.created, "additionalData": {}})
    return ok(207 if failed else 200, entities=done, errors=failed)


def bulk_delete(call: Call) -> Answer:
    body = call.body()
    check(schema.BULK_DELETE, body)
    cause = _cause(call)
    entities.require_run(call.organisation, cause.run_id)
    name = call.params["blueprint"]
    deleted: list[str] = []
    for identifier in body["entities"]:
        if call.organisation.state.get(entities.table(name), identifier) is not None:
            dependents = call.flag("delete_dependents")
            entities.delete(call.organisation, name, identifier, cause, dependents_too=dependents)
            deleted.append(identifier)
    return ok(deletedEntities=deleted)


def delete_all(call: Call) -> Answer:
    entities.require_run(call.organisation, call.run_id)
    row = migrations.start_deletion(
        call.organisation, call.params["blueprint"], call.by, blueprint_too=call.flag("delete_blueprint")
    )
    return ok(migrationId=row["id"])


def search(call: Call) -> Answer:
    """One page: `limit` entities after the one that `from` stands for."""
    body = call.body()
    check(schema.SEARCH_PAGE, body if body is not None else {})
    body = body or {}
    rows = entity_view.found(call, _rows(call, call.params["blueprint"]), body.get("query"))
    start = entity_view.position(rows, body.get("from"))
    end = start + int(body.get("limit", 200))
    shown = [entity_view.shown(call, row, body) for row in rows[start:end]]
    page: Row = {"next": entity_view.cursor(rows[end - 1])} if end < len(rows) else {}
    return Answer(200, {"ok": True, "entities": shown, **page})


def search_all(call: Call) -> Answer:
    body = call.body()
    check(schema.SEARCH_ALL, body)
    tables = call.tables
    rows = [row for name in tables.rows("blueprints") for row in tables.rows(entities.table(name)).values()]
    rows = entity_view.found(call, rows, body)
    matching = list(dict.fromkeys(row["blueprint"] for row in rows))
    shown = [entity_view.shown(call, row) for row in rows]
    return ok(matchingBlueprints=matching, failedBlueprints=[], entities=shown)


def _bodies(call: Call) -> schema.Bodies:
    return schema.bodies(strict=call.organisation.strict("null-titles"))


def _change(call: Call, body_schema: Any, mode: Mode) -> Answer:
    body = call.body()
    check(body_schema, body)
    options = _options(call, mode)
    written = entities.write(call.organisation, call.params["blueprint"], call.params["entity"], body, options)
    return ok(entity=_now(call, written.entity))


def _rows(call: Call, name: str) -> list[Row]:
    """The entities of a blueprint as a read sees them. Errors: 404."""
    if call.tables.get("blueprints", name) is None:
        raise not_found("Blueprint", name)
    return list(call.tables.rows(entities.table(name)).values())


def _mode(call: Call) -> Mode:
    if not call.flag("upsert"):
        if call.flag("merge"):
            raise not_emulated("merge without upsert")
        return Mode.CREATE
    return Mode.MERGE if call.flag("merge") else Mode.UPSERT


def _options(call: Call, mode: Mode) -> Options:
    return Options(
        mode=mode,
        cause=_cause(call),
        create_missing=call.flag("create_missing_related_entities"),
        validation_only=call.flag("validation_only"),
    )


def _cause(call: Call) -> Cause:
    return call.cause(call.run_id)


def _status(call: Call, created: bool, options: Options) -> int:
    if options.validation_only:
        return 200
    return 201 if created or not call.organisation.strict("upsert-status") else 200


def _now(call: Call, row: Row) -> Row:
    """What a write answers: the present, however late reads are."""
    return entity_view.shown(call, row, present=True)
