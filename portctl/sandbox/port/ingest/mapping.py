"""Mappings of a webhook applied to a delivery. Source: port.md 7.1, 7.2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.sandbox.core.jobs import Work
from portctl.sandbox.core.state import Row
from portctl.sandbox.port import jq_program
from portctl.sandbox.port.errors import PortError, invalid
from portctl.sandbox.port.jq_program import UNDEFINED
from portctl.sandbox.port.schemas import entity as schema
from portctl.sandbox.port.schemas.check import check
from portctl.sandbox.port.schemas.webhook import deletes
from portctl.sandbox.port.store import blueprints, entities
from portctl.sandbox.port.store.entities import Mode, Options
from portctl.sandbox.port.store.organisation import Cause, Organisation
from portctl.sandbox.port.store.reading import Reading

MOST_ITEMS = 500
_ORIGIN = "WEBHOOK"


def work(organisations: Mapping[str, Organisation]) -> Work:
    """Jobs that map deliveries; in order, since a later delivery outranks an earlier one."""

    def run(payload: Row) -> None:
        organisation = organisations[payload["organisation"]]
        webhook = organisation.state.get("webhooks", payload["webhook"])
        if webhook is not None:
            apply(organisation, webhook, payload["data"])

    return Work(run, lambda payload: str(payload["webhook"]))


def apply(organisation: Organisation, webhook: Row, data: Row) -> None:
    """Apply every mapping; what goes wrong with one stands in the audit log and stops no other."""
    for mapping in webhook.get("mappings", []):
        try:
            items = _items(mapping, data)
        except PortError as error:
            _complain(organisation, webhook, mapping, error)
            continue
        for item in items:
            try:
                _map(organisation, webhook, mapping, {**data, **item})
            except PortError as error:
                _complain(organisation, webhook, mapping, error)


def _items(mapping: Row, data: Row) -> list[Row]:
    """What each application of the mapping sees besides the delivery. Errors: 422."""
    program = mapping.get("itemsToParse")
    if program is None:
        return [{}]
    found = jq_program.evaluate(program, data)
    if not isinstance(found, list):
        raise invalid(f"itemsToParse must yield a list: {program}")
    if len(found) > MOST_ITEMS:
        raise invalid(f"itemsToParse yields {len(found)} items, the limit is {MOST_ITEMS}")
    return [{"item": each} for each in found]


def _map(organisation: Organisation, webhook: Row, mapping: Row, data: Row) -> None:
    """Write or delete the entity, unless the filter keeps it out. Errors: PortError."""
    if jq_program.evaluate(mapping.get("filter", "true"), data) is not True:
        return
    blueprint = mapping["blueprint"]
    blueprints.find(organisation, blueprint)
    cause = Cause(webhook["identifier"], _ORIGIN)
    evaluated = _evaluated(mapping["entity"], data)
    is_search = isinstance(mapping["entity"].get("identifier"), dict)
    for identifier in _identifiers(organisation, blueprint, evaluated.get("identifier"), is_search=is_search):
        if deletes(mapping):
            dependents = _takes_dependents(mapping["operation"])
            entities.delete(organisation, blueprint, identifier, cause, dependents_too=dependents)
        else:
            body = {"properties": {}, **evaluated, "identifier": identifier}
            check(schema.PARTIAL, body, "entity")
            entities.write(organisation, blueprint, None, body, Options(Mode.MERGE, cause))


def _evaluated(part: Any, data: Row) -> Any:
    """Every program replaced by what it yields; a key that yields nothing is not mapped."""
    if isinstance(part, str):
        return jq_program.first(part, data)
    if isinstance(part, dict) and "combinator" in part:
        return _search(part, data)
    if isinstance(part, dict):
        pairs = ((name, _evaluated(value, data)) for name, value in part.items())
        return {name: value for name, value in pairs if value is not UNDEFINED}
    if isinstance(part, list):
        return [_evaluated(value, data) for value in part]
    return part


def _search(query: Row, data: Row) -> Row:
    """A search whose combinator and operators are literal and whose values are programs."""
    rules = [
        _search(rule, data)
        if "combinator" in rule
        else {**rule, "value": jq_program.evaluate(rule["value"], data)}
        if isinstance(rule.get("value"), str)
        else rule
        for rule in query["rules"]
    ]
    return {**query, "rules": rules, "combinator": query["combinator"].strip("\"'")}


def _identifiers(organisation: Organisation, blueprint: str, found: Any, *, is_search: bool) -> list[str]:
    """The entities that a mapping is about: one, or those a search finds. Errors: 422.

    The mapping says that it searches, not an object in what was delivered.
    """
    if is_search:
        reading = Reading(organisation.state, organisation.world.clock.now())
        rows = organisation.state.rows(entities.table(blueprint)).values()
        return [row["identifier"] for row in reading.select(found, rows)]
    if not isinstance(found, str) or not found:
        raise invalid("entity/identifier must yield a string that is not empty")
    return [found]


def _takes_dependents(operation: Any) -> bool:
    return bool(operation.get("deleteDependents", False)) if isinstance(operation, dict) else True


def _complain(organisation: Organisation, webhook: Row, mapping: Row, error: PortError) -> None:
    context = {"blueprint": mapping["blueprint"]}
    identifier = webhook["identifier"]
    by = Cause(identifier, _ORIGIN)
    organisation.audit("webhook", identifier, by, before={}, after={}, context=context, failure=error.message)
