"""Application registries: what the server fills in when one is created."""

from __future__ import annotations

from portctl.sandbox.servicenow.store.change import Behaviour, Change, Operation
from portctl.sandbox.servicenow.store.dictionary import seeded


def prepare(change: Change) -> None:
    if change.operation is Operation.INSERT and not change.value("client_id"):
        change.row["client_id"] = change.instance.new_id()


def follow(change: Change) -> None:
    instance, sys_id = change.instance, str(change.row["sys_id"])
    if change.operation is Operation.INSERT:
        values = {
            "name": f"{change.value('name')} default_profile",
            "oauth_entity": sys_id,
            "grant_type": "authorization_code",
            "default": "true",
        }
        instance.put({**seeded(instance, "oauth_entity_profile", sys_id, values), "sys_id": instance.new_id()})
    elif change.operation is Operation.DELETE:
        for row in instance.where("oauth_entity_profile", oauth_entity=sys_id):
            instance.drop(row)


CLIENT = Behaviour(prepare, follow)
