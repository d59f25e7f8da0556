"""Starting a self-service action. Source: port.md 5.2, 5.4."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.errors import invalid, not_found
from portctl.sandbox.port.runs import actor, inputs, record
from portctl.sandbox.port.runs.actor import Actor
from portctl.sandbox.port.store import actions, computed, entities
from portctl.sandbox.port.store.organisation import Cause, Organisation
from portctl.sandbox.port.store.reading import Reading


def execute(organisation: Organisation, identifier: str, body: Row, who: Actor, cause: Cause) -> Row:
    """Begin a run of an action. Errors: 404, 403, 422."""
    action = actions.find(organisation, identifier)
    trigger = action["trigger"]
    if trigger["type"] != "self-service":
        raise invalid(f'The automation "{identifier}" cannot be executed')
    if not actions.is_published(action):
        raise invalid(f'The action "{identifier}" is not published')
    entity = _entity(organisation, trigger, body.get("entity"))
    actor.require_execution(organisation, who, action, entity)
    form = trigger["userInputs"]
    values = inputs.accepted(organisation, form, body["properties"])
    data = {
        "inputs": inputs.as_templates_see(organisation, form, values),
        "trigger": {
            "by": {"orgId": organisation.identifier, "userId": who.user_id, "user": who.user},
            "origin": cause.origin,
            "at": organisation.world.clock.stamp(),
            "operation": trigger["operation"],
        },
        "event": None,
        "entity": None if entity is None else _seen(organisation, entity),
        "action": {
            "identifier": identifier,
            "blueprint": trigger.get("blueprintIdentifier"),
            "encryptedProperties": [],
        },
    }
    start = record.Start(action, data, cause.origin, values, body["properties"], entity)
    return record.create(organisation, start, cause)


def _entity(organisation: Organisation, trigger: Row, identifier: str | None) -> Row | None:
    """The entity that a run acts on. Errors: 404, 422."""
    blueprint = trigger.get("blueprintIdentifier")
    if trigger["operation"] == "CREATE" or blueprint is None:
        if identifier is not None:
            raise invalid("body/entity must not be given for an action that acts on no entity")
        return None
    if identifier is None:
        raise invalid("body must have required property 'entity'")
    row = organisation.state.get(entities.table(blueprint), identifier)
    if row is None:
        raise not_found("Entity", identifier)
    condition = trigger.get("condition")
    if condition is not None and organisation.strict("action-condition"):
        reading = Reading(organisation.state, organisation.world.clock.now())
        if not reading.matches(condition, row):
            raise invalid(f'The entity "{identifier}" does not meet the condition of the action')
    return row


def _seen(organisation: Organisation, entity: Row) -> Row:
    """The entity as templates see it, worked-out values included."""
    blueprint = organisation.state.get("blueprints", entity["blueprint"])
    if blueprint is None:
        return entity
    reading = Reading(organisation.state, organisation.world.clock.now())
    view = computed.view(reading, blueprint, entity, calculated=True, nulls=True)
    return {name: value for name, value in view.items() if name != "scorecards"}
