"""REST messages: a new one gets a `get` function by itself, and takes its parts with it when it goes."""

from __future__ import annotations

from portctl.sandbox.servicenow.store.change import Behaviour, Change, Operation
from portctl.sandbox.servicenow.store.dictionary import seeded


def follow_message(change: Change) -> None:
    instance, sys_id = change.instance, str(change.row["sys_id"])
    if change.operation is Operation.INSERT:
        values = {"rest_message": sys_id, "function_name": "Default GET", "http_method": "get"}
        instance.put({**seeded(instance, "sys_rest_message_fn", sys_id, values), "sys_id": instance.new_id()})
    elif change.operation is Operation.DELETE:
        for table in ("sys_rest_message_fn", "sys_rest_message_headers"):
            for row in instance.where(table, rest_message=sys_id):
                instance.drop(row)
                _drop_headers(change, str(row["sys_id"]))


def follow_function(change: Change) -> None:
    if change.operation is Operation.DELETE:
        _drop_headers(change, str(change.row["sys_id"]))


def _drop_headers(change: Change, function: str) -> None:
    for row in change.instance.where("sys_rest_message_fn_headers", rest_message_function=function):
        change.instance.drop(row)


MESSAGE = Behaviour(follow=follow_message)
FUNCTION = Behaviour(follow=follow_function)
