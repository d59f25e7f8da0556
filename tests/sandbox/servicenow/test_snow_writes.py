"""The Table API, writing: what is stored, dropped, altered or refused."""

from __future__ import annotations

import json

import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.servicenow.snow import PLAIN, TABLE, Json, Snow

ID = "0123456789abcdef0123456789abcdef"


def one(snow: Snow, **values: Json) -> dict[str, Json]:
    return snow.create("incident", **values)


@pytest.mark.fact("servicenow-33")
def test_an_unknown_column_is_dropped_without_a_word(snow: Snow) -> None:
    created = one(snow, short_description="a", u_external_tag="x", severity=2)
    assert (created["short_description"], created["severity"], "u_external_tag" in created) == ("a", "2", False)
    assert "u_external_tag" not in snow.patch("incident", created["sys_id"], u_external_tag="x")


@pytest.mark.fact("servicenow-34")
def test_a_column_that_the_user_may_not_write_is_dropped_without_a_word(snow: Snow) -> None:
    change = snow.change()
    assert snow.patch("change_request", change, by="gate", cab_recommendation="go")["cab_recommendation"] == ""
    assert snow.patch("change_request", change, cab_recommendation="go")["cab_recommendation"] == "go"
    assert snow.patch("change_request", change, conflict_status="Conflict")["conflict_status"] == "Not Run"


@pytest.mark.fact("servicenow-35")
def test_creation_is_201_with_a_location_and_deletion_204_then_404(snow: Snow) -> None:
    answer = snow.client("admin").post(f"{TABLE}/incident", json={"short_description": "a"})
    url = f"{snow.sandbox.urls['servicenow']}{TABLE}/incident/{answer.json()['result']['sys_id']}"
    assert (answer.status_code, answer.headers["location"]) == (201, url)
    deletions = [snow.client("admin").delete(url) for _ in range(2)]
    assert [(each.status_code, each.content and each.json()["error"]) for each in deletions] == [
        (204, b""),
        (
            404,
            {
                "message": "No Record found",
                "detail": "Record doesn't exist or ACL restricts the record retrieval",
            },
        ),
    ]


@pytest.mark.fact("servicenow-36")
def test_put_clears_nothing_and_an_override_makes_post_another_method(snow: Snow) -> None:
    created = one(snow, short_description="a", description="b")
    path = f"{TABLE}/incident/{created['sys_id']}"
    assert snow.ask("PUT", path, {"short_description": "c"})["description"] == "b"
    answer = snow.client("admin").post(path, json={"description": "d"}, headers={"X-HTTP-Method-Override": "PATCH"})
    assert (answer.status_code, answer.json()["result"]["description"]) == (200, "d")
    silent = snow.client("admin").patch(path, json={"description": "e"}, headers={"X-no-response-body": "true"})
    assert (silent.status_code, silent.content) == (200, b"")
    assert snow.read("incident", created["sys_id"])["description"] == "e"


@pytest.mark.fact("servicenow-37")
@pytest.mark.parametrize(
    ("column", "sent", "stored"),
    [
        ("active", True, "true"),
        ("active", "0", "false"),
        ("severity", 3.0, "3"),
        ("severity", "nine", "3"),
        ("short_description", "x" * 200, "x" * 160),
        ("work_start", "2026-11-20 22:00:00", "2026-11-20 22:00:00"),
        ("work_start", "2026-11-20T22:00:00Z", ""),
        ("caller_id", ID, ID),
        ("short_description", {"value": "x"}, ""),
        ("sys_created_by", "me", "admin"),
        ("sys_mod_count", "7", "0"),
        ("number", "INC7", "INC0030001"),
    ],
)
def test_values_become_what_the_column_can_hold(snow: Snow, column: str, sent: Json, stored: str) -> None:
    assert one(snow, **{column: sent})[column] == stored


@pytest.mark.fact("servicenow-38")
def test_null_is_ignored_or_empties(snow: Snow, sandbox: Sandbox) -> None:
    sys_id = one(snow, description="a")["sys_id"]
    assert snow.patch("incident", sys_id, description=None)["description"] == "a"
    sandbox.switches.set({"null-write": "lenient"})
    assert snow.patch("incident", sys_id, description=None)["description"] == ""


@pytest.mark.fact("servicenow-39")
def test_a_choice_column_takes_any_text_or_drops_it(snow: Snow, sandbox: Sandbox) -> None:
    change = snow.change()
    assert snow.patch("change_request", change, approval="declined")["approval"] == "declined"
    sandbox.switches.set({"off-list-choice": "lenient"})
    assert snow.patch("change_request", change, approval="refused")["approval"] == "declined"
    assert snow.patch("change_request", change, approval="rejected")["approval"] == "rejected"


@pytest.mark.fact("servicenow-40")
def test_text_in_a_reference_empties_it_or_stays_raw(snow: Snow, sandbox: Sandbox) -> None:
    change = snow.change(business_service="shop/checkout")
    assert snow.read("change_request", change)["business_service"] == ""
    sandbox.switches.set({"raw-reference": "lenient"})
    assert snow.patch("change_request", change, business_service="shop/checkout")["business_service"] == "shop/checkout"
    dangling = snow.ask("GET", f"{TABLE}/change_request/{change}", sysparm_display_value="all")
    assert dangling["business_service"]["display_value"] == ""


@pytest.mark.fact("servicenow-41")
def test_display_input_takes_labels_names_and_local_times(snow: Snow) -> None:
    change = snow.change(requested_by=snow.id_of("sys_user", user_name="pat.platform"))
    body = {"impact": "1 - High", "business_service": "checkout", "start_date": "2026-11-20 23:00:00"}
    path = f"{TABLE}/change_request/{change}"
    row = snow.ask("PATCH", path, body, by="approver", sysparm_input_display_value="true", **PLAIN)
    service = snow.id_of("cmdb_ci_service", name="checkout")
    assert (row["impact"], row["business_service"], row["start_date"]) == ("1", service, "2026-11-20 22:00:00")


@pytest.mark.fact("servicenow-42")
def test_journals_append_and_read_back_empty(snow: Snow) -> None:
    change = snow.change()
    for text in ("first", "second"):
        assert snow.patch("change_request", change, by="gate", work_notes=text)["work_notes"] == ""
    query = f"name=change_request^element_id={change}^element=work_notes"
    fields = "value,sys_created_by"
    assert snow.find("sys_journal_field", query, by="gate", sysparm_fields=fields) == [
        {"value": "first", "sys_created_by": "portctl.gate"},
        {"value": "second", "sys_created_by": "portctl.gate"},
    ]


@pytest.mark.fact("servicenow-43")
def test_a_sys_id_may_be_chosen_once(snow: Snow) -> None:
    assert one(snow, sys_id=ID)["sys_id"] == ID
    message, detail = snow.refused("POST", f"{TABLE}/incident", {"sys_id": ID}, by="admin", status=403)
    assert (message, detail) == ("Operation Failed", "Unique Key violation detected by database: incident.sys_id")
    taken = {"user_name": "admin"}
    snow.refused("POST", f"{TABLE}/sys_user", taken, by="admin", status=403)


@pytest.mark.fact("servicenow-44")
def test_stamps_tell_who_and_how_often_unless_suppressed(snow: Snow) -> None:
    change = snow.change(by="gate")
    first = snow.patch("change_request", change, by="approver", description="a")
    stamps = (first["sys_created_by"], first["sys_updated_by"], first["sys_mod_count"])
    assert stamps == ("portctl.gate", "pat.platform", "1")
    path = f"{TABLE}/change_request/{change}"
    silent = snow.ask("PATCH", path, {"description": "b"}, sysparm_suppress_auto_sys_field="true")
    assert (silent["description"], silent["sys_updated_by"], silent["sys_mod_count"]) == ("b", "pat.platform", "1")


@pytest.mark.fact("servicenow-45")
@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"{", "application/json"), (b"[1]", "application/json"), (b"<a/>", "text/xml"), (b'{"a":1}', "text/plain")],
)
def test_a_body_that_cannot_be_read_is_refused(snow: Snow, content: bytes, kind: str) -> None:
    answer = snow.client("admin").post(f"{TABLE}/incident", content=content, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "Exception while reading request")


@pytest.mark.fact("servicenow-46")
def test_a_body_over_ten_megabytes_is_refused(snow: Snow) -> None:
    body = json.dumps({"description": "x" * (10 * 1024 * 1024)})
    answer = snow.client("admin").post(f"{TABLE}/incident", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400


@pytest.mark.fact("servicenow-47")
def test_a_mandatory_mark_of_the_form_does_not_bind_the_api(snow: Snow) -> None:
    column = snow.create("sys_dictionary", name="incident", element="u_must", mandatory=True)
    assert column["mandatory"] == "true"
    assert one(snow, short_description="a")["u_must"] == ""
