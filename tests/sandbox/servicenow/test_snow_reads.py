"""The Table API, reading: value shapes, fields, pages."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.servicenow.snow import PLATFORM, TABLE, Snow


@pytest.fixture
def change(snow: Snow) -> str:
    service = snow.id_of("cmdb_ci_service", name="checkout")
    sys_id = snow.create("change_request", short_description="Deploy", business_service=service)["sys_id"]
    snow.patch("change_request", sys_id, start_date="2026-11-20 22:00:00", priority=3, cab_required=True)
    return str(sys_id)


@pytest.mark.fact("servicenow-13", "servicenow-14")
def test_every_value_is_text_and_references_have_links(snow: Snow, change: str) -> None:
    row = snow.ask("GET", f"{TABLE}/change_request/{change}")
    assert {name for name, value in row.items() if not isinstance(value, (str, dict))} == set()
    picked = ("state", "priority", "cab_required", "start_date", "description", "cmdb_ci", "assignment_group")
    assert {name: row[name] for name in picked} == {
        "state": "-5",
        "priority": "3",
        "cab_required": "true",
        "start_date": "2026-11-20 22:00:00",
        "description": "",
        "cmdb_ci": "",
        "assignment_group": "",
    }
    service = snow.id_of("cmdb_ci_service", name="checkout")
    url = snow.sandbox.urls["servicenow"]
    assert row["business_service"] == {"link": f"{url}{TABLE}/cmdb_ci_service/{service}", "value": service}


@pytest.mark.fact("servicenow-15", "servicenow-16")
@pytest.mark.parametrize(
    ("parameters", "state", "start", "empty"),
    [
        ({}, "-5", "2026-11-20 22:00:00", ""),
        ({"sysparm_display_value": "True"}, "New", "2026-11-20 23:00:00", ""),
        (
            {"sysparm_display_value": "all"},
            {"display_value": "New", "value": "-5"},
            {"display_value": "2026-11-20 23:00:00", "value": "2026-11-20 22:00:00"},
            {"display_value": "", "value": ""},
        ),
    ],
)
def test_display_modes_show_labels_and_the_users_time(
    snow: Snow, change: str, parameters: dict[str, Any], state: object, start: object, empty: object
) -> None:
    fields = "state,start_date,cmdb_ci"
    row = snow.ask("GET", f"{TABLE}/change_request/{change}", by="approver", sysparm_fields=fields, **parameters)
    assert row == {"state": state, "start_date": start, "cmdb_ci": empty}


@pytest.mark.fact("servicenow-15")
@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, {"link": "L", "value": "S"}),
        ({"sysparm_exclude_reference_link": "true"}, "S"),
        ({"sysparm_display_value": "true"}, {"display_value": "checkout", "link": "L"}),
        ({"sysparm_display_value": "all"}, {"display_value": "checkout", "link": "L", "value": "S"}),
        ({"sysparm_display_value": "true", "sysparm_exclude_reference_link": "true"}, "checkout"),
    ],
)
def test_a_reference_has_the_shape_of_its_mode(
    snow: Snow, change: str, parameters: dict[str, Any], expected: Any
) -> None:
    service = snow.id_of("cmdb_ci_service", name="checkout")
    link = f"{snow.sandbox.urls['servicenow']}{TABLE}/cmdb_ci_service/{service}"
    row = snow.ask("GET", f"{TABLE}/change_request/{change}", sysparm_fields="business_service", **parameters)
    full = {"L": link, "S": service}
    filled = {name: full.get(value, value) for name, value in expected.items()} if isinstance(expected, dict) else None
    assert row == {"business_service": filled or full.get(str(expected), expected)}


@pytest.mark.fact("servicenow-17")
def test_fields_pick_columns_walk_references_and_ignore_what_is_not_there(snow: Snow, change: str) -> None:
    fields = "number,business_service.name,u_nothing,business_service.nothing"
    row = snow.ask("GET", f"{TABLE}/change_request/{change}", sysparm_fields=fields)
    assert row == {"number": "CHG0030001", "business_service.name": "checkout"}


@pytest.mark.fact("servicenow-18", "servicenow-19")
def test_a_list_is_paged_with_links_and_a_total(snow: Snow) -> None:
    client, url = snow.client("admin"), snow.sandbox.urls["servicenow"]
    answer = client.get(f"{TABLE}/sys_user", params={"sysparm_limit": "3", "sysparm_offset": "3", "active": "true"})
    assert len(answer.json()["result"]) == 3
    assert answer.headers["x-total-count"] == "8"
    links = {
        name: f"{url}{TABLE}/sys_user?active=true&sysparm_limit=3&sysparm_offset={start}"
        for name, start in (("first", 0), ("prev", 0), ("next", 6), ("last", 6))
    }
    assert {name: link["url"] for name, link in answer.links.items()} == links
    last = client.get(links["next"])
    assert len(last.json()["result"]) == 2
    assert "next" not in last.links


@pytest.mark.fact("servicenow-18")
def test_headers_can_be_left_out_and_a_negative_offset_is_refused(snow: Snow) -> None:
    quiet = {"sysparm_suppress_pagination_header": "true", "sysparm_no_count": "true"}
    headers = snow.client("admin").get(f"{TABLE}/sys_user", params=quiet).headers
    assert "link" not in headers
    assert "x-total-count" not in headers
    snow.refused("GET", f"{TABLE}/sys_user?sysparm_offset=-1", by="admin", status=400)


@pytest.mark.fact("servicenow-19", "servicenow-20")
def test_hidden_rows_are_missing_from_a_page_though_counted(snow: Snow) -> None:
    own = snow.create("change_request", requested_by=snow.id_of("sys_user", user_name="norman.norole"))["sys_id"]
    answer = snow.client("noroles").get(f"{TABLE}/change_request", params={"sysparm_fields": "sys_id"})
    assert answer.json()["result"] == [{"sys_id": own}]
    assert answer.headers["x-total-count"] == "4"
    first = snow.client("noroles").get(f"{TABLE}/change_request", params={"sysparm_limit": "2"})
    assert first.json()["result"] == []
    assert "next" in first.links


@pytest.mark.fact("servicenow-21")
def test_an_empty_list_is_404_in_the_first_version_only(snow: Snow) -> None:
    path = "table/sys_user?sysparm_query=user_name=nobody"
    assert snow.ask("GET", f"/api/now/{path}", status=200) == []
    assert snow.ask("GET", f"/api/now/v2/{path}", status=200) == []
    assert snow.refused("GET", f"/api/now/v1/{path}", by="admin", status=404)[0] == "No Record found"


@pytest.mark.fact("servicenow-22")
def test_an_unknown_table_and_an_unknown_path_are_refused(snow: Snow) -> None:
    assert snow.refused("GET", f"{TABLE}/foo", by="admin", status=400) == ("Invalid table foo", None)
    unknown = ("Requested URI does not represent any resource", None)
    assert snow.refused("GET", f"{TABLE}/sys_user/a/b", by="admin", status=400) == unknown


@pytest.mark.fact("servicenow-23")
@pytest.mark.parametrize("path", ["/api/now/stats/task", "/api/now/import/u_x", "/api/now/tinyurl", "/api/x/y"])
def test_another_api_is_not_emulated_and_noted(snow: Snow, sandbox: Sandbox, path: str) -> None:
    snow.refused("POST", path, by="admin", status=501)
    last = sandbox.journal.exchanges()[-1]
    assert (last.path, last.status, last.note) == (path, 501, "not emulated")
    assert httpx.get(f"{sandbox.urls['servicenow']}{path}", auth=("nobody", "wrong")).status_code == 501


@pytest.mark.fact("servicenow-24")
def test_without_accept_the_answer_is_json_or_xml(snow: Snow, sandbox: Sandbox) -> None:
    path = f"{TABLE}/sys_user_group?sysparm_fields=name&sysparm_query=name={PLATFORM}"
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?><response><result><name>Platform Engineering</name></result></response>'
    )
    kinds = ("none", "", "*/*", "text/html, */*;q=0.1", "application/xml", "image/png")
    said = []
    with httpx.Client(base_url=sandbox.urls["servicenow"], auth=snow.client("admin").auth) as client:
        key = {"x-sn-apikey": sandbox.credentials["servicenow"]["admin"]["apiKey"]}
        for reading in ("lenient", "strict"):
            for kind in kinds:
                client.headers.pop("accept", None)
                answer = client.get(path, headers=key if kind == "none" else {**key, "accept": kind})
                said.append((reading, kind, answer.status_code, answer.headers["content-type"].partition(";")[0]))
                if answer.headers["content-type"] == "application/xml;charset=UTF-8":
                    assert answer.text == xml
                elif answer.status_code == 200:
                    assert answer.json() == {"result": [{"name": PLATFORM}]}
            sandbox.switches.set({"accept": "strict"})
    json, other = "application/json", "application/xml"
    assert said == [
        *(("lenient", kind, 200, json) for kind in kinds[:4]),
        ("lenient", "application/xml", 200, other),
        ("lenient", "image/png", 406, json),
        *(("strict", kind, 200, other) for kind in kinds[:5]),
        ("strict", "image/png", 406, json),
    ]


@pytest.mark.fact("servicenow-25")
def test_a_parents_list_has_the_childrens_rows(snow: Snow, change: str) -> None:
    rows = snow.find("task", f"sys_id={change}", sysparm_fields="sys_id,sys_class_name")
    assert rows == [{"sys_id": change, "sys_class_name": "change_request"}]
    assert snow.read("task", change)["short_description"] == "Deploy"


@pytest.mark.fact("servicenow-26")
def test_lists_lag_behind_and_single_reads_do_not(snow: Snow, sandbox: Sandbox) -> None:
    sandbox.set_lag(2)
    sys_id = snow.create("incident", short_description="late")["sys_id"]
    assert snow.read("incident", sys_id)["short_description"] == "late"
    assert snow.find("incident") == []
    sandbox.world.clock.advance(2)
    assert [row["sys_id"] for row in snow.find("incident")] == [sys_id]
