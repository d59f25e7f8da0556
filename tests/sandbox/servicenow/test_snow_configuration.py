"""Columns, labels, tables, choices, REST messages: what the server does of itself with them."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.servicenow.snow import TABLE, Snow


def column(snow: Snow, **values: str) -> dict[str, str]:
    return snow.create("sys_dictionary", by="default", **{"name": "change_request", **values})


@pytest.mark.fact("servicenow-57")
@pytest.mark.parametrize(
    ("sent", "element", "label"),
    [
        ({"element": "u_external_tags", "column_label": "External tags"}, "u_external_tags", "External tags"),
        ({"element": "external_tags", "column_label": "External tags"}, "u_external_tags", "External tags"),
        ({"element": "external_tags"}, "u_external_tags", "External tags"),
        ({"column_label": "A -- strange  Label!"}, "u_a_strange_label", "A -- strange  Label!"),
        ({"element": "u_Mixed__Case"}, "u_mixed_case", "Mixed case"),
    ],
)
def test_a_column_is_named_by_the_server(snow: Snow, sent: dict[str, str], element: str, label: str) -> None:
    created = column(snow, **sent)
    assert (created["element"], created["column_label"]) == (element, label)
    (documentation,) = snow.find("sys_documentation", f"name=change_request^element={element}")
    assert (documentation["label"], documentation["language"]) == (label, "en")


@pytest.mark.fact("servicenow-58")
def test_the_label_changes_through_either_record(snow: Snow) -> None:
    created = column(snow, element="u_tags", column_label="Tags")
    (label,) = snow.find("sys_documentation", "element=u_tags")
    snow.patch("sys_documentation", label["sys_id"], label="Labels")
    assert snow.read("sys_dictionary", created["sys_id"])["column_label"] == "Labels"
    snow.patch("sys_dictionary", created["sys_id"], by="default", column_label="Marks")
    assert snow.read("sys_documentation", label["sys_id"])["label"] == "Marks"


@pytest.mark.fact("servicenow-59")
def test_a_column_exists_only_once_it_is_declared_and_ready(snow: Snow, sandbox: Sandbox) -> None:
    change = snow.change(u_tags="early")
    sandbox.set_lag(2)
    column(snow, element="u_tags", column_label="Tags")
    assert "u_tags" not in snow.patch("change_request", change, u_tags="too early")
    sandbox.world.clock.advance(2)
    assert snow.read("change_request", change)["u_tags"] == ""
    assert snow.patch("change_request", change, u_tags="x" * 50)["u_tags"] == "x" * 40


@pytest.mark.fact("servicenow-60")
def test_name_and_element_never_change_and_a_second_one_is_refused(snow: Snow) -> None:
    created = column(snow, element="u_tags")
    changed = snow.patch("sys_dictionary", created["sys_id"], element="u_other", name="incident", comments="c")
    assert (changed["element"], changed["name"], changed["comments"]) == ("u_tags", "change_request", "c")
    body = {"name": "change_request", "element": "u_tags"}
    snow.refused("POST", f"{TABLE}/sys_dictionary", body, by="default", status=403)
    nowhere = {"name": "nowhere", "element": "u_tags"}
    snow.refused("POST", f"{TABLE}/sys_dictionary", nowhere, by="default", status=403)


@pytest.mark.fact("servicenow-61")
def test_a_deleted_column_takes_its_data_and_an_inactive_one_keeps_working(snow: Snow) -> None:
    created = column(snow, element="u_tags")
    change = snow.change(u_tags="kept")
    snow.patch("sys_dictionary", created["sys_id"], active=False)
    assert snow.read("change_request", change)["u_tags"] == "kept"
    snow.ask("DELETE", f"{TABLE}/sys_dictionary/{created['sys_id']}")
    assert "u_tags" not in snow.read("change_request", change)
    column(snow, element="u_tags")
    assert snow.read("change_request", change)["u_tags"] == ""
    assert len(snow.find("sys_documentation", "element=u_tags")) == 1


@pytest.mark.fact("servicenow-62")
def test_an_inherited_column_is_declared_under_its_parent(snow: Snow) -> None:
    assert snow.find("sys_dictionary", "name=change_request^element=short_description") == []
    assert len(snow.find("sys_dictionary", "name=task^element=short_description")) == 1


@pytest.mark.fact("servicenow-63")
def test_a_table_is_made_with_its_prefix_and_its_own_columns(snow: Snow) -> None:
    table = snow.create("sys_db_object", name="things", label="Things")
    assert table["name"] == "u_things"
    snow.create("sys_dictionary", name="u_things", element="u_name", column_label="Name")
    thing = snow.create("u_things", u_name="hammer")
    assert snow.find("u_things", "u_name=hammer", sysparm_fields="sys_id") == [{"sys_id": thing["sys_id"]}]
    snow.refused("DELETE", f"{TABLE}/sys_db_object/{table['sys_id']}", by="admin", status=501)


@pytest.mark.fact("servicenow-64")
def test_a_choice_on_a_child_table_replaces_the_whole_list_of_the_parent(snow: Snow) -> None:
    change = snow.change(priority=3)
    path = f"{TABLE}/change_request/{change}"
    shown: dict[str, Any] = {"sysparm_display_value": "true", "sysparm_fields": "priority"}
    assert snow.ask("GET", path, **shown) == {"priority": "3 - Moderate"}
    snow.create("sys_choice", name="change_request", element="priority", value="9", label="Whenever")
    assert snow.ask("GET", path, **shown) == {"priority": "3"}


@pytest.mark.fact("servicenow-65")
def test_a_rest_message_gets_a_default_function_and_takes_its_parts_along(snow: Snow) -> None:
    message = snow.create("sys_rest_message", by="default", name="m", rest_endpoint="http://x")["sys_id"]
    (function,) = snow.find("sys_rest_message_fn", f"rest_message={message}")
    assert (function["function_name"], function["http_method"]) == ("Default GET", "get")
    own = snow.create("sys_rest_message_fn", by="default", rest_message=message, name="post", http_method="post")
    assert (own["function_name"], "name" in own, own["authentication_type"]) == ("", False, "inherit_from_parent")
    snow.create("sys_rest_message_fn_headers", by="default", rest_message_function=own["sys_id"], name="X", value="s")
    assert snow.find("sys_rest_message_fn_headers", "name=X")[0]["value"] == "s"
    snow.ask("DELETE", f"{TABLE}/sys_rest_message/{message}", by="default")
    assert snow.find("sys_rest_message_fn", f"rest_message={message}") == []
    assert snow.find("sys_rest_message_fn_headers", "name=X") == []


@pytest.mark.fact("servicenow-66")
def test_a_business_rules_table_is_called_collection(snow: Snow) -> None:
    snow.create("sys_script", by="default", name="twin", collection="incident")
    snow.create("sys_script", by="default", name="twin", collection="change_request")
    assert len(snow.find("sys_script", "name=twin^table=incident")) == 2
    assert len(snow.find("sys_script", "name=twin^collection=incident")) == 1


@pytest.mark.fact("servicenow-67")
def test_an_oauth_client_gets_an_id_and_a_profile(snow: Snow) -> None:
    client = snow.create("oauth_entity", name="own")
    profiles = snow.find(
        "oauth_entity_profile", f"oauth_entity={client['sys_id']}", sysparm_fields="grant_type,default"
    )
    assert profiles == [{"grant_type": "authorization_code", "default": "true"}]
    assert (client["access_token_lifespan"], client["refresh_token_lifespan"]) == ("1800", "8640000")


@pytest.mark.fact("servicenow-68")
def test_a_users_name_is_computed(snow: Snow) -> None:
    user = snow.create("sys_user", by="default", user_name="u", first_name="Ada", last_name="Byron", name="x")
    assert user["name"] == "Ada Byron"
