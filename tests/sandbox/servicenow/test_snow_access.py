"""Roles: what one may do with each table, and what it looks like when one may not."""

from __future__ import annotations

import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.servicenow.snow import CHANGE, TABLE, Json, Snow

NO_RECORD = ("No Record found", "Record doesn't exist or ACL restricts the record retrieval")
INSERT = ("Operation Failed", "ACL Exception Insert Failed due to security constraints")


def user_with(snow: Snow, *roles: str) -> None:
    """Norman, who has no role, gets these."""
    user = snow.id_of("sys_user", user_name="norman.norole")
    for role in roles:
        snow.create("sys_user_has_role", user=user, role=snow.id_of("sys_user_role", name=role))


@pytest.mark.fact("servicenow-48")
@pytest.mark.parametrize(
    ("table", "role", "body"),
    [
        ("sys_dictionary", "personalize_dictionary", {"name": "incident", "element": "u_x", "column_label": "X"}),
        ("sys_choice", "personalize_choices", {"name": "incident", "element": "u_x", "value": "a", "label": "A"}),
        ("sys_script", "business_rule_admin", {"name": "r", "collection": "incident"}),
        ("sys_rest_message", "web_service_admin", {"name": "m"}),
        ("sys_rest_message_fn", "web_service_admin", {"function_name": "f"}),
        ("sys_rest_message_headers", "web_service_admin", {"name": "h"}),
        ("sys_rest_message_fn_headers", "web_service_admin", {"name": "h"}),
        ("sys_user", "user_admin", {"user_name": "u"}),
        ("sys_user_group", "user_admin", {"name": "g"}),
        ("sys_user_grmember", "user_admin", {"user": "", "group": ""}),
        ("sys_user_has_role", "user_admin", {"user": "", "role": ""}),
        ("oauth_entity", "oauth_admin", {"name": "c"}),
        ("oauth_entity_profile", "oauth_admin", {"name": "p"}),
        ("change_request", "sn_change_write", {"short_description": "c"}),
        ("incident", "itil", {"short_description": "i"}),
    ],
)
def test_a_write_needs_its_role(snow: Snow, table: str, role: str, body: dict[str, Json]) -> None:
    user_with(snow, "approver_user")
    assert snow.refused("POST", f"{TABLE}/{table}", body, by="noroles", status=403) == INSERT
    user_with(snow, role)
    created = snow.create(table, by="noroles", **body)
    assert snow.read(table, created["sys_id"], by="noroles")["sys_created_by"] == "norman.norole"


@pytest.mark.fact("servicenow-48")
@pytest.mark.parametrize(
    ("table", "body"),
    [
        ("sys_documentation", {"name": "incident", "element": "number", "language": "de", "label": "Nummer"}),
        ("sys_db_object", {"name": "u_things", "label": "Things"}),
        ("sys_properties", {"name": "a.b", "value": "c"}),
        ("sys_user_role", {"name": "u_role"}),
        ("sys_group_has_role", {"group": "", "role": ""}),
        ("sys_update_set", {"name": "mine"}),
        ("sys_rate_limit_rules", {"name": "mine"}),
    ],
)
def test_some_tables_are_the_administrators(snow: Snow, table: str, body: dict[str, Json]) -> None:
    user_with(snow, "user_admin", "personalize_dictionary", "web_service_admin", "oauth_admin", "itil")
    assert snow.refused("POST", f"{TABLE}/{table}", body, by="noroles", status=403) == INSERT
    assert snow.create(table, **body)["sys_created_by"] == "admin"


@pytest.mark.fact("servicenow-49")
@pytest.mark.parametrize(
    "table", ["sys_security_acl", "std_change_record_producer", "chg_model", "cmn_schedule", "sys_journal_field"]
)
def test_some_tables_nobody_writes(snow: Snow, table: str) -> None:
    assert snow.refused("POST", f"{TABLE}/{table}", {"name": "x"}, by="admin", status=403) == INSERT


@pytest.mark.fact("servicenow-20")
def test_a_hidden_record_is_404_and_a_visible_one_may_still_not_be_written(snow: Snow) -> None:
    user_with(snow, "approver_user")
    change = snow.change()
    path = f"{TABLE}/change_request/{change}"
    assert snow.refused("GET", path, by="noroles", status=404) == NO_RECORD
    assert snow.refused("PATCH", path, {"description": "x"}, by="noroles", status=404) == NO_RECORD
    user_with(snow, "sn_change_read")
    denied = "ACL Exception {} Failed due to security constraints"
    assert snow.refused("PATCH", path, {"description": "x"}, by="noroles", status=403)[1] == denied.format("Update")
    assert snow.refused("DELETE", path, by="noroles", status=403)[1] == denied.format("Delete")


@pytest.mark.fact("servicenow-50")
def test_deleting_a_change_needs_the_change_manager(snow: Snow) -> None:
    change = snow.change()
    snow.refused("DELETE", f"{CHANGE}/{change}", by="gate", status=403)
    user_with(snow, "change_manager")
    assert snow.client("noroles").delete(f"{CHANGE}/{change}").status_code == 204


@pytest.mark.fact("servicenow-51")
def test_the_change_api_is_closed_to_users_without_its_roles(snow: Snow) -> None:
    refusal = ("User Not Authorized", "Failed API level ACL Validation")
    assert snow.refused("GET", CHANGE, by="noroles", status=403) == refusal
    user_with(snow, "sn_change_read")
    assert len(snow.ask("GET", CHANGE, by="noroles")) == 3
    assert snow.refused("POST", f"{CHANGE}/normal", {}, by="noroles", status=403) == refusal


@pytest.mark.fact("servicenow-52")
def test_a_protected_record_is_not_changed_by_anybody(snow: Snow) -> None:
    rule = snow.create("sys_script", name="r", collection="incident", sys_policy="protected")["sys_id"]
    snow.refused("PATCH", f"{TABLE}/sys_script/{rule}", {"active": False}, by="admin", status=403)
    snow.refused("DELETE", f"{TABLE}/sys_script/{rule}", by="admin", status=403)


def grants(snow: Snow, user: str) -> dict[str, str]:
    """Whether a role is inherited, by name."""
    rows = snow.find("sys_user_has_role", f"user={user}", sysparm_fields="role.name,inherited")
    return {row["role.name"]: row["inherited"] for row in rows}


@pytest.mark.fact("servicenow-53")
def test_contained_roles_and_roles_of_groups_are_inherited_rows(snow: Snow) -> None:
    user = snow.id_of("sys_user", user_name="norman.norole")
    user_with(snow, "itil")
    assert grants(snow, user) == {"itil": "false", "sn_change_write": "true", "sn_change_read": "true"}
    group = snow.create("sys_user_group", name="Owners")["sys_id"]
    role = snow.id_of("sys_user_role", name="oauth_admin")
    snow.create("sys_group_has_role", group=group, role=role)
    member = snow.create("sys_user_grmember", user=user, group=group)["sys_id"]
    assert grants(snow, user)["oauth_admin"] == "true"
    (inherited,) = snow.find("sys_user_has_role", f"user={user}^role={role}")
    path = f"{TABLE}/sys_user_has_role/{inherited['sys_id']}"
    assert "aborted by Business Rule" in (snow.refused("DELETE", path, by="admin", status=403)[1] or "")
    snow.ask("DELETE", f"{TABLE}/sys_user_grmember/{member}")
    assert "oauth_admin" not in grants(snow, user)


@pytest.mark.fact("servicenow-54")
def test_high_roles_are_granted_by_administrators_only(snow: Snow) -> None:
    user = snow.id_of("sys_user", user_name="norman.norole")
    admin = {"user": user, "role": snow.id_of("sys_user_role", name="admin")}
    assert snow.refused("POST", f"{TABLE}/sys_user_has_role", admin, by="default", status=403) == INSERT
    assert snow.create("sys_user_has_role", **admin)["inherited"] == "false"


@pytest.mark.fact("servicenow-12")
def test_a_grant_acts_late_under_lag(snow: Snow, sandbox: Sandbox) -> None:
    sandbox.set_lag(60)
    user_with(snow, "itil")
    snow.refused("POST", f"{TABLE}/incident", {}, by="noroles", status=403)
    sandbox.world.clock.advance(60)
    assert snow.create("incident", by="noroles")["number"] == "INC0030001"


@pytest.mark.fact("servicenow-55", "servicenow-56")
def test_configuration_is_recorded_in_the_update_set_or_refused_in_default(snow: Snow, sandbox: Sandbox) -> None:
    def recorded() -> list[tuple[str, str]]:
        fields = "update_set.name,target_name"
        return [
            (row["update_set.name"], row["target_name"]) for row in snow.find("sys_update_xml", sysparm_fields=fields)
        ]

    snow.create("sys_script", by="default", name="first", collection="incident")
    snow.change()
    assert recorded() == [("Default", "first")]
    sandbox.switches.set({"update-set": "strict"})
    body = {"name": "second", "collection": "incident"}
    message, detail = snow.refused("POST", f"{TABLE}/sys_script", body, by="default", status=403)
    assert (message, "Require a named update set" in (detail or "")) == ("Operation Failed", True)
    user = snow.id_of("sys_user", user_name="portctl.integration")
    named = snow.id_of("sys_update_set", name="Delivery workflow")
    snow.create("sys_user_preference", by="default", user=user, name="sys_update_set", value=named)
    snow.create("sys_script", by="default", **body)
    assert recorded()[1:] == [("Delivery workflow", "second")]
