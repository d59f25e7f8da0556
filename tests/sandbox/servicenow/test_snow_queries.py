"""Encoded queries of the emulated ServiceNow."""

from __future__ import annotations

import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.servicenow.snow import TABLE, Snow

ROWS = (
    ("alpha", "1", "", "2026-01-01 00:00:00"),
    ("Beta", "2", "x,y", "2026-02-01 00:00:00"),
    ("gamma", "10", "x", ""),
)


@pytest.fixture
def incidents(snow: Snow) -> Snow:
    for title, severity, display, start in ROWS:
        snow.create(
            "incident", short_description=title, severity=severity, correlation_display=display, work_start=start
        )
    return snow


def titles(snow: Snow, query: str, **parameters: str) -> list[str]:
    return [row["short_description"] for row in snow.find("incident", query, **parameters)]


@pytest.mark.fact("servicenow-27")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("short_description=beta", ["Beta"]),
        ("short_description!=beta", ["alpha", "gamma"]),
        ("short_descriptionLIKEA", ["alpha", "Beta", "gamma"]),
        ("short_descriptionNOT LIKEmm", ["alpha", "Beta"]),
        ("short_descriptionSTARTSWITHal", ["alpha"]),
        ("short_descriptionENDSWITHma", ["gamma"]),
        ("short_descriptionINalpha,gamma", ["alpha", "gamma"]),
        ("short_descriptionNOT INalpha,gamma", ["Beta"]),
        ("correlation_displayISEMPTY", ["alpha"]),
        ("correlation_displayEMPTYSTRING", ["alpha"]),
        ("correlation_display=", ["alpha"]),
        ("correlation_displayISNOTEMPTY", ["Beta", "gamma"]),
        ("severityANYTHING", ["alpha", "Beta", "gamma"]),
        ("severity>2", ["gamma"]),
        ("severity>=2", ["Beta", "gamma"]),
        ("severity<2", ["alpha"]),
        ("severity<=2", ["alpha", "Beta"]),
        ("severityBETWEEN2@10", ["Beta", "gamma"]),
        ("work_start>2026-01-15 00:00:00", ["Beta"]),
        ("short_descriptionSAMEASdescription", []),
        ("short_descriptionNSAMEASdescription", ["alpha", "Beta", "gamma"]),
        (
            "sys_created_onONToday@javascript:gs.beginningOfToday()@javascript:gs.endOfToday()",
            ["alpha", "Beta", "gamma"],
        ),
        ("sys_created_onONYesterday@", []),
        ("severity=1^ORseverity=2^correlation_displayISNOTEMPTY", ["Beta"]),
        ("severity=1^NQseverity=10", ["alpha", "gamma"]),
        ("severity=1^EQ", ["alpha"]),
        ("opened_by.user_name=admin^severity=2", ["Beta"]),
        ("opened_by=javascript:gs.getUserID()^severity=2", ["Beta"]),
        ("ORDERBYDESCshort_description", ["gamma", "Beta", "alpha"]),
        ("ORDERBYDESCseverity", ["gamma", "Beta", "alpha"]),
        ("severity<10^ORDERBYcorrelation_display", ["alpha", "Beta"]),
    ],
)
def test_operators(incidents: Snow, query: str, expected: list[str]) -> None:
    assert titles(incidents, query) == expected


@pytest.mark.fact("servicenow-28")
@pytest.mark.parametrize(
    "query", ["numbr=INC1", "severity~1", "Severity=1", "severitylike1", "opened_by.nothing=x", "orderbyseverity", "x"]
)
def test_a_term_that_is_not_valid_is_dropped_and_more_rows_match(incidents: Snow, query: str) -> None:
    assert titles(incidents, f"{query}^active=true") == ["alpha", "Beta", "gamma"]


@pytest.mark.fact("servicenow-29")
def test_a_property_makes_invalid_queries_match_nothing(incidents: Snow) -> None:
    incidents.create("sys_properties", name="glide.invalid_query.returns_no_rows", value="true")
    assert titles(incidents, "numbr=INC1^active=true") == []
    assert titles(incidents, "severity=1") == ["alpha"]


@pytest.mark.fact("servicenow-30")
def test_parameters_named_like_columns_filter_unless_there_is_a_query(incidents: Snow) -> None:
    assert [row["short_description"] for row in incidents.ask("GET", f"{TABLE}/incident", severity="1")] == ["alpha"]
    assert titles(incidents, "severity=2", severity="1") == ["Beta"]


@pytest.mark.fact("servicenow-31")
@pytest.mark.parametrize(
    "query", ["severityDYNAMICabc", "severity=javascript:gs.daysAgo(1)", "sys_created_onONLast week@"]
)
def test_what_is_not_emulated_of_queries_says_so(incidents: Snow, query: str) -> None:
    incidents.refused("GET", f"{TABLE}/incident?sysparm_query={query}", by="admin", status=501)


@pytest.mark.fact("servicenow-32")
def test_a_table_that_may_not_be_read_looks_empty_or_is_refused(snow: Snow, sandbox: Sandbox) -> None:
    assert snow.find("sys_properties", "name=instance_name", by="gate") == []
    sandbox.switches.set({"unreadable-table": "lenient"})
    path = f"{TABLE}/sys_properties"
    refusal = ("Insufficient rights to query records", "the table sys_properties may not be read")
    assert snow.refused("GET", f"{path}?sysparm_query=name=instance_name", by="gate", status=403) == refusal
    assert snow.ask("GET", path, by="gate") == []
