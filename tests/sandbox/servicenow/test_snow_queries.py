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
        ("work_startON2026-02-01", ["Beta"]),
        ("work_startNOTON2026-02-01@x@y", ["alpha"]),
        ("short_descriptionNOTLIKEmm", ["alpha", "Beta"]),
        ("short_descriptionNOTINalpha,gamma", ["Beta"]),
        ("short_descriptionCONTAINSamm", ["gamma"]),
        ("short_descriptionDOES NOT CONTAINamm", ["alpha", "Beta"]),
        ("sys_created_onGT_FIELDwork_start", ["alpha", "Beta"]),
        ("sys_created_onGT_OR_EQUALS_FIELDsys_updated_on", ["alpha", "Beta", "gamma"]),
        ("work_startLT_FIELDsys_created_on", ["alpha", "Beta"]),
        ("work_startLT_OR_EQUALS_FIELDwork_start", ["alpha", "Beta"]),
        ("work_startLT_FIELDnothing^severity=1", ["alpha"]),
        ("sys_created_onRELATIVEGT@hour@ago@1", ["alpha", "Beta", "gamma"]),
        ("sys_created_onRELATIVELT@minute@ago@5", []),
        ("sys_created_onRELATIVELE@dayofweek@ahead@1", ["alpha", "Beta", "gamma"]),
        ("sys_created_onRELATIVEGE@week@ahead@1", []),
        ("work_startRELATIVEGE@day@ago@9999", ["alpha", "Beta"]),
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
    "query",
    [
        "severityDYNAMICabc",
        "severity=javascript:gs.daysAgo(1)",
        "sys_created_onONLast week@",
        "sys_created_onRELATIVEGT@month@ago@1",
        "sys_created_onRELATIVEEE@day@ago@1",
        "sys_created_onDATEPARTMonday@javascript:gs.datePart('dayofweek','monday','EE')",
        "sys_class_nameINSTANCEOFtask",
        "assignment_groupIN_HIERARCHYabc",
        "assigned_toIN_FIELDwatch_list",
        "short_descriptionMATCH_RGX^al.*",
        "short_descriptionMATCH_PATal%",
        "short_description*a",
        "short_description!*a",
        "short_description%a",
        "short_descriptionISEMPTYSTRING",
        "short_descriptionNOTEMPTY",
        "severityMORETHANimpact",
        "severityLESSTHANimpact",
        "active=true^JOINincident.sys_id=task_sla.task!has_breached=true",
        "RLQUERYtask_sla.task,>=1^has_breached=true^ENDRLQUERY",
        "123TEXTQUERY321=alpha",
        "sys_idINSUBQUERYx",
        "SUBQUERYsys_id,task,incident^ENDSUBQUERY",
        "GOTOshort_description>=a",
        "GOTO123TEXTQUERY321=alpha",
        "GROUPBYseverity",
        "active=true^HAVINGCOUNT>1",
        "short_descriptionNOTMATCH_PATal%",
        "sys_idHASVARIABLEabc",
        "variables.abc=1",
        "active=true^ORvariables.abcSTARTSWITHa",
        "severityKEEPS",
        "severityVALCHANGES",
        "severityCHANGES",
        "severityCHANGESTO1",
        "severityNOBODYKNOWS1",
    ],
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
