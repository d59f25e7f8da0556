"""Lists of ServiceNow do not say what they left out: nothing is taken for absent, or for ours, on their word alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portctl.errors import AccessDenied, ApiError, InvalidInput, Unreachable
from portctl.model.provider import About
from portctl.providers.servicenow.provider import ServiceNowProvider
from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from portctl.sandbox.servicenow.handlers.table import NO_ROWS
from tests.contract.servicenow_objects import (
    COLUMN,
    GROUP,
    KINDS,
    MESSAGE,
    RULE,
    about,
    create,
    identity_of,
    provider_for,
    read,
    write_request,
)
from tests.sandbox.servicenow.snow import Snow, clients

RECORD = KINDS["Record"]


@pytest.fixture
def snow(sandbox: Sandbox) -> Iterator[Snow]:
    with clients(sandbox) as made:
        yield made


@pytest.fixture
def servicenow(sandbox: Sandbox) -> Iterator[ServiceNowProvider]:
    with provider_for(sandbox) as provider:
        yield provider


def record(table: str, key: str) -> dict[str, Any]:
    return {"table": table, "key": key}


def test_a_query_whose_term_is_dropped_is_not_believed(servicenow: ServiceNowProvider) -> None:
    with pytest.raises(ApiError, match="Query not understood: sys_user_group was asked for rows by nmae") as caught:
        read(servicenow, "Record", record("sys_user_group", "nmae=Service Desk"))
    assert "no column nmae in sys_user_group" in caught.value.hint


def test_an_instance_that_answers_invalid_queries_with_nothing_is_not_believed_either(
    servicenow: ServiceNowProvider, snow: Snow
) -> None:
    snow.create("sys_properties", name=NO_ROWS, value="true", type="boolean")
    with pytest.raises(ApiError, match="No such column: sys_user_group has no column nmae"):
        read(servicenow, "Record", record("sys_user_group", "nmae=Service Desk"))


def test_a_table_that_is_not_there_is_an_error(servicenow: ServiceNowProvider) -> None:
    with pytest.raises(ApiError, match="Invalid table u_nothing") as caught:
        read(servicenow, "Record", record("u_nothing", "name=a"))
    assert caught.value.hint.startswith("There is no such table")


@pytest.mark.parametrize("switch", ["strict", "lenient"])
def test_rows_that_may_not_be_read_are_not_absent(sandbox: Sandbox, switch: str) -> None:
    sandbox.switches.set({"unreadable-table": switch})
    with provider_for(sandbox, "developer") as developer:
        for kind, body in (("Column", COLUMN), ("BusinessRule", RULE), ("RestMessage", MESSAGE)):
            with pytest.raises(AccessDenied):
                read(developer, kind, body)


def test_a_row_that_matches_and_is_hidden_is_not_absent(sandbox: Sandbox) -> None:
    hidden = record("change_request", "number=CHG0000001")
    with (
        provider_for(sandbox, "noroles", ("apiKey",)) as provider,
        pytest.raises(AccessDenied, match="1 rows match and may not be read") as caught,
    ):
        read(provider, "Record", hidden)
    role = "On change_request it takes the role sn_change_write, or admin."
    assert caught.value.hint == f"Nothing is created on that ground. {role}"


def test_an_empty_table_is_empty(snow: Snow, sandbox: Sandbox) -> None:
    snow.create("sys_db_object", name="u_empty", label="Empty")
    snow.create("sys_dictionary", name="u_empty", element="u_name", internal_type="string")
    with provider_for(sandbox, "admin", ("apiKey",)) as admin:
        assert read(admin, "Record", record("u_empty", "u_name=a")) is None


def test_a_key_of_several_records_names_them(servicenow: ServiceNowProvider, snow: Snow) -> None:
    ids = sorted(snow.create("sys_script", name=RULE["name"], collection="change_request")["sys_id"] for _ in range(2))
    with pytest.raises(ApiError, match=f"is the key of 2 records: {ids[0]}, {ids[1]}"):
        read(servicenow, "BusinessRule", RULE)


def test_of_several_records_with_one_key_the_one_in_the_ledger_counts(
    servicenow: ServiceNowProvider, snow: Snow
) -> None:
    ids = [snow.create("sys_script", name=RULE["name"], collection="change_request")["sys_id"] for _ in range(2)]
    kind = KINDS["BusinessRule"]
    identity = identity_of("BusinessRule", RULE)
    for sys_id in ids:
        found = servicenow.read(kind, [identity], {identity: About({}, frozenset(), sys_id)})
        assert found[identity].attributes["sys_id"] == sys_id


def test_names_are_compared_to_the_letter_although_queries_are_not(servicenow: ServiceNowProvider, snow: Snow) -> None:
    snow.create("sys_script", name="TELL PORT", collection="change_request")
    snow.create("sys_script", name="Tell Port", collection="incident")
    assert read(servicenow, "BusinessRule", RULE) is None


def test_a_list_of_several_pages_is_read_to_its_end(servicenow: ServiceNowProvider, snow: Snow) -> None:
    for number in range(1001):
        snow.create("sys_user_group", name="many", description=str(number))
    with pytest.raises(ApiError, match="is the key of 1001 records"):
        read(servicenow, "Record", record("sys_user_group", "name=many"))


def test_a_list_without_a_total_is_not_believed(sandbox: Sandbox, servicenow: ServiceNowProvider) -> None:
    sandbox.world.faults.add(
        Fault(kind=FaultKind.STATUS, status=200, service="servicenow", method="GET", value={"result": []})
    )
    with pytest.raises(Unreachable, match="nothing tells where the list ends"):
        read(servicenow, "BusinessRule", RULE)


def test_a_read_costs_one_request_per_table_however_many_objects(servicenow: ServiceNowProvider) -> None:
    made: dict[str, tuple[dict[str, Any], int]] = {
        "Column": (COLUMN, 1),
        "BusinessRule": (RULE, 1),
        "RestMessage": (MESSAGE, 4),
        "Record": (GROUP, 1),
    }
    for kind, (body, cost) in made.items():
        create(servicenow, kind, body)
        many = [{**body, **_other(kind, number)} for number in range(100)]
        before = servicenow.requests()
        identities = [identity_of(kind, each) for each in (body, *many)]
        abouts = {identity_of(kind, each): about(each) for each in (body, *many)}
        assert list(servicenow.read(KINDS[kind], identities, abouts)) == [identity_of(kind, body)]
        assert servicenow.requests() - before - cost <= 1  # one look at the table, since some were not found


def _other(kind: str, number: int) -> dict[str, str]:
    name = {"Column": "element", "Record": "key"}.get(kind, "name")
    return {name: {"element": f"u_x{number}", "key": f"name=G{number}", "name": f"N {number}"}[name]}


def test_several_keys_of_one_table_are_one_query(servicenow: ServiceNowProvider, sandbox: Sandbox) -> None:
    bodies = [record("sys_user_group", f"name={name}") for name in ("Service Desk", "CAB Approval", "Nobody")]
    identities = [identity_of("Record", body) for body in bodies]
    found = servicenow.read(RECORD, identities)
    assert sorted(identity[1] for identity in found) == ["name=CAB Approval", "name=Service Desk"]
    queries = [each.query for each in sandbox.journal.exchanges() if each.path == "/api/now/table/sys_user_group"]
    assert len(queries) == 2


def test_a_key_that_would_change_the_query_is_refused(servicenow: ServiceNowProvider) -> None:
    with pytest.raises(InvalidInput, match="Not a key that ServiceNow can look for"):
        read(servicenow, "Record", record("sys_user_group", "name=javascript:gs.getUserID()"))


def test_a_plan_s_provider_writes_nothing(sandbox: Sandbox) -> None:
    with provider_for(sandbox, read_only=True) as provider, pytest.raises(Exception, match="Write refused"):
        create(provider, "BusinessRule", RULE)
    assert {each.method for each in sandbox.journal.exchanges()} <= {"GET"}


def test_the_environment_s_update_set_records_what_is_written(sandbox: Sandbox, snow: Snow) -> None:
    sandbox.switches.set({"update-set": "strict"})
    with provider_for(sandbox) as provider, pytest.raises(ApiError, match="Require a named update set") as caught:
        create(provider, "BusinessRule", RULE)
    assert "say `updateSet:`" in caught.value.hint
    with provider_for(sandbox, updateSet="Delivery workflow") as provider:
        provider.login()
        live = create(provider, "BusinessRule", RULE)
        provider.update(KINDS["BusinessRule"], live, write_request("BusinessRule", {**RULE, "order": 7}, (("order",),)))
    sets = {row["update_set"] for row in snow.find("sys_update_xml", f"target_name={RULE['name']}")}
    assert sets == {snow.id_of("sys_update_set", name="Delivery workflow")}
    assert len(snow.find("sys_user_preference", "name=sys_update_set")) == 1


def test_an_update_set_that_is_not_open_is_found_at_login(sandbox: Sandbox, snow: Snow) -> None:
    snow.patch("sys_update_set", snow.id_of("sys_update_set", name="Delivery workflow"), state="complete")
    for name in ("Delivery workflow", "Nothing"):
        with provider_for(sandbox, updateSet=name) as provider, pytest.raises(AccessDenied, match="No such update set"):
            provider.login()
