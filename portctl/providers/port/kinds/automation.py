"""Port automation: an action that an event starts. Source: Port API reference, "Actions" (version 2)."""

from __future__ import annotations

from collections.abc import Mapping

from portctl.model.kind import Kind, Privilege, Ref, Verb
from portctl.model.value import Attributes
from portctl.providers.port.fields import MADE_AT, MADE_BY, SERVER_OWNED, SHOWN_AND_CALLED, SYSTEM_BLUEPRINT
from portctl.providers.port.kinds.action import COLLECTION, DEFAULTS, EMPTY, UPSERT_TARGET, VERSION, trigger_type
from portctl.providers.port.schemas.action import automation


def _belongs(attributes: Attributes) -> bool:
    return trigger_type(attributes) == "automation"


def _canonical(attributes: Attributes) -> Attributes:
    """A condition without expressions is no condition."""
    trigger = attributes.get("trigger")
    condition = trigger.get("condition") if isinstance(trigger, Mapping) else None
    if not isinstance(trigger, Mapping) or not isinstance(condition, Mapping) or condition.get("expressions"):
        return attributes
    return {**attributes, "trigger": {key: value for key, value in trigger.items() if key != "condition"}}


KIND = Kind(
    provider="port",
    name="Automation",
    source="Port API reference, Actions",
    summary="What Port does by itself when an entity or a run changes.",
    folder="automations",
    identity=("identifier",),
    collection=COLLECTION,
    list_query=VERSION,
    belongs=_belongs,
    envelope=("action",),
    list_envelope=("actions",),
    update=Verb.PUT,
    server_owned=SERVER_OWNED,
    server_id=MADE_AT,
    maker=MADE_BY,
    defaults={**DEFAULTS, "trigger.condition.combinator": "and"},
    empty=(*EMPTY, "trigger.condition"),
    text=("description",),
    canonical=_canonical,
    references=(
        Ref("trigger.event.blueprintIdentifier", "port/Blueprint", SYSTEM_BLUEPRINT),
        Ref("trigger.event.actionIdentifier", "port/Action", also=("port/Automation",)),
        UPSERT_TARGET,
    ),
    readable=SHOWN_AND_CALLED,
    schema=automation,
    privilege=Privilege(read="any member", write="Admin, or the credentials of the organisation"),
)
