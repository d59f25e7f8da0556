"""What overrides a declared value from elsewhere is drift; what nothing can show is said."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.model.change import Action, Why
from tests.laws.world import World, acting, change_of
from tests.servers import gitlab_client, servicenow_client

MESSAGE = "servicenow/RestMessage:laws"
TABLE = "/api/now/table"


def rows(client: Any, table: str, query: str, fields: str) -> list[dict[str, str]]:
    asked = {"sysparm_query": query, "sysparm_fields": fields}
    found: list[dict[str, str]] = client.get(f"{TABLE}/{table}", params=asked).json()["result"]
    return found


@pytest.mark.parametrize(
    ("column", "value", "default"),
    [
        ("rest_endpoint", "https://elsewhere.example.com/", ""),
        ("authentication_type", "basic", "inherit_from_parent"),
    ],
)
def test_what_a_function_was_given_of_its_own_is_taken_back(
    world: World, column: str, value: str, default: str
) -> None:
    world.apply()
    where = "rest_message.name=Laws^function_name=post"
    with servicenow_client(world.sandbox, "admin") as client:
        (row,) = rows(client, "sys_rest_message_fn", where, f"sys_id,{column}")
        assert row[column] == default
        changed = client.patch(f"{TABLE}/sys_rest_message_fn/{row['sys_id']}", json={column: value})
        assert changed.is_success
    plan = world.plan()
    (edit,) = change_of(plan, MESSAGE).edits
    assert (acting(plan), edit.path, edit.why) == ({MESSAGE: Action.UPDATE}, ("functions", "post", column), Why.DRIFT)
    assert value not in repr(plan) or column == "authentication_type"
    assert world.apply().complete
    assert acting(world.plan()) == {}
    with servicenow_client(world.sandbox, "admin") as client:
        assert rows(client, "sys_rest_message_fn", where, f"sys_id,{column}") == [row]


def test_a_header_of_a_function_that_overrides_the_message_goes(world: World) -> None:
    world.apply()
    where = "rest_message_function.rest_message.name=Laws^rest_message_function.function_name=post"
    with servicenow_client(world.sandbox, "admin") as client:
        (function,) = rows(client, "sys_rest_message_fn", "rest_message.name=Laws^function_name=post", "sys_id")
        before = rows(client, "sys_rest_message_fn_headers", where, "sys_id,name")
        header = {"rest_message_function": function["sys_id"], "name": "Accept", "value": "text/html"}
        assert client.post(f"{TABLE}/sys_rest_message_fn_headers", json=header).is_success
    plan = world.plan()
    assert [edit.path for edit in change_of(plan, MESSAGE).edits] == [("functions", "post", "headers", "Accept")]
    assert world.apply().complete
    assert acting(world.plan()) == {}
    with servicenow_client(world.sandbox, "admin") as client:
        assert rows(client, "sys_rest_message_fn_headers", where, "sys_id,name") == before


def test_what_somebody_adds_to_a_message_and_overrides_nothing_is_left_alone(world: World) -> None:
    world.apply()
    where = "rest_message_function.rest_message.name=Laws^rest_message_function.function_name=post"
    with servicenow_client(world.sandbox, "admin") as client:
        (message,) = rows(client, "sys_rest_message", "name=Laws", "sys_id")
        (function,) = rows(client, "sys_rest_message_fn", "rest_message.name=Laws^function_name=post", "sys_id")
        header = {"rest_message_function": function["sys_id"], "name": "X-Trace", "value": "on"}
        assert client.post(f"{TABLE}/sys_rest_message_fn_headers", json=header).is_success
        body = {"authentication_type": "basic"}
        assert client.patch(f"{TABLE}/sys_rest_message/{message['sys_id']}", json=body).is_success
        headers = rows(client, "sys_rest_message_fn_headers", where, "name,value")
        assert {"name": "X-Trace", "value": "on"} in headers
        assert acting(world.plan()) == {}
        assert world.apply().complete
        assert rows(client, "sys_rest_message_fn_headers", where, "name,value") == headers
        assert rows(client, "sys_rest_message", "name=Laws", "authentication_type") == [body]


def test_a_hidden_value_is_said_to_be_unseen_and_sent_again_when_it_is_rotated(world: World) -> None:
    world.apply()
    place = "/projects/platform%2Flaws/variables/LAW_HIDDEN"
    with gitlab_client(world.sandbox) as client:
        assert client.put(place, json={"value": "somebody-elses-1"}).is_success
    plan = world.plan()
    hidden = change_of(plan, "gitlab/Variable:hidden")
    note = "value cannot be seen: it is taken to be what was last sent"
    assert (acting(plan), hidden.notes) == ({}, (note,))
    assert [str(change.address) for change in plan.changes if note in change.notes] == ["gitlab/Variable:hidden"]
    assert world.apply(rotate=frozenset({hidden.address})).complete
    values = [row["value"] for row in world.sandbox.gitlab.dump()["tables"]["variables"].values() if row["hidden"]]
    assert values == [world.secrets["LAW_TOKEN"]]
