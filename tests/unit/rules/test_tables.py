"""Tables of ServiceNow that nobody has, and those that somebody may have."""

from __future__ import annotations

import pytest

from portctl.providers.servicenow.rules.known_tables import TABLES
from portctl.sandbox.servicenow.seed.tables import TABLES as SEEDED
from tests.unit.rules.builders import details, findings

RULE = "servicenow/table-unknown"


def _record(table: str, more: str = "") -> str:
    return f"kind: servicenow/Record\nspec:\n  table: {table}\n  key: name=x\n{more}"


@pytest.mark.parametrize(
    ("text", "place", "name", "hint"),
    [
        (_record("sys_user_groop"), "3:10 spec.table", "sys_user_groop", 'Did you mean "sys_user_group"?'),
        (_record("chnage_request"), "3:10 spec.table", "chnage_request", 'Did you mean "change_request"?'),
        (_record("cmdb_ci_sevrice"), "3:10 spec.table", "cmdb_ci_sevrice", 'Did you mean "cmdb_ci_service"?'),
        (
            _record("zebra"),
            "3:10 spec.table",
            "zebra",
            "If the instance has it all the same, switch this rule off.",
        ),
        (
            _record("sys_user_group", "  references: {manager: sys_usr}\n"),
            "5:25 spec.references.manager",
            "sys_usr",
            'Did you mean "sys_user"?',
        ),
        (
            "kind: servicenow/BusinessRule\nspec:\n  name: n\n  collection: incidnet\n",
            "4:15 spec.collection",
            "incidnet",
            'Did you mean "incident"?',
        ),
        (
            "kind: servicenow/Column\nspec: {name: incident, element: u_x, reference: sys_usr}\n",
            "2:49 spec.reference",
            "sys_usr",
            'Did you mean "sys_user"?',
        ),
    ],
)
def test_a_table_that_no_instance_has_is_found(text: str, place: str, name: str, hint: str) -> None:
    why = "is no table of the base system, and tables of your own begin with u_ or x_"
    assert details(RULE, text) == [f"{place}: {name} {why}"]
    assert [(found.hint, found.severity) for found in findings(RULE, text)] == [(hint, "warning")]


@pytest.mark.parametrize("table", ["u_machines", "x_acme_app_thing", "sn_customerservice_case", "cmdb_ci_spkg", "task"])
def test_a_table_that_somebody_may_have_is_left_alone(table: str) -> None:
    assert findings(RULE, _record(table)) == ()


def test_a_table_that_a_manifest_declares_is_known() -> None:
    declared = "kind: servicenow/Record\nspec: {table: sys_db_object, key: name=machines}\n"
    assert findings(RULE, f"{declared}---\n{_record('machines')}") == ()
    assert len(findings(RULE, _record("machines"))) == 1


def test_every_table_that_the_sandbox_has_from_the_start_is_known() -> None:
    assert {table.name for table in SEEDED} - TABLES == set()
