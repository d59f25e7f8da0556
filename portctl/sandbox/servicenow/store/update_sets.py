"""Configuration is recorded in the update set that is current for whoever writes it."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.errors import aborted
from portctl.sandbox.servicenow.store.change import Change, Operation
from portctl.sandbox.servicenow.store.instance import Actor, Instance

PREFERENCE = "sys_update_set"
_RULE = "Require a named update set"
_NOT_RECORDED = frozenset({"oauth_entity", "oauth_entity_profile"})


def current(instance: Instance, actor: Actor) -> Row:
    """The update set that the user works in: the one of the preference, else Default."""
    preference = instance.one("sys_user_preference", user=actor.sys_id, name=PREFERENCE)
    chosen = instance.get("sys_update_set", str(preference["value"])) if preference else None
    if chosen is not None and chosen["state"] == "in_progress":
        return chosen
    default = instance.one("sys_update_set", is_default="true")
    if default is None:
        raise LookupError("the instance has no default update set")
    return default


def capture(change: Change) -> None:
    """Record a change of configuration. Errors: 403 where the instance wants a named update set and there is none."""
    instance, row = change.instance, change.row
    if "sys_metadata" not in instance.schema.lineage(change.table) or change.table in _NOT_RECORDED:
        return
    if change.table == "sys_properties" and row.get("is_private") == "true":
        return
    chosen = current(instance, change.actor)
    if instance.strict("update-set") and chosen["is_default"] == "true":
        raise aborted("sys_update_xml", _RULE, instance.stable_id(_RULE))
    label = instance.schema.display_column(change.table)
    entry = {
        "name": f"{change.table}_{row['sys_id']}",
        "update_set": chosen["sys_id"],
        "action": "DELETE" if change.operation is Operation.DELETE else "INSERT_OR_UPDATE",
        "type": change.table,
        "target_name": str(row.get(label or "sys_id", "")),
    }
    now = instance.now()
    stamps = {"sys_created_on": now, "sys_created_by": change.actor.user_name, "sys_updated_on": now}
    instance.put({"_table": "sys_update_xml", "sys_id": instance.new_id(), **entry, **stamps})
