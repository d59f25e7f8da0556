"""Columns, business rules and records of ServiceNow through their whole life, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portctl.errors import ApiError
from portctl.model.value import get
from portctl.providers.servicenow.provider import ServiceNowProvider
from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from portctl.sandbox.servicenow.service import ServiceNowService
from tests.contract.servicenow_objects import (
    COLUMN,
    GROUP,
    KINDS,
    MEMBER,
    MESSAGE,
    RULE,
    SEALED,
    create,
    provider_for,
    read,
    unlike,
    write_request,
)
from tests.sandbox.servicenow.snow import Snow, clients

LIVES: list[tuple[str, dict[str, Any], tuple[str, ...], Any]] = [
    ("Column", COLUMN, ("column_label",), "Tags of others"),
    ("BusinessRule", RULE, ("order",), 200),
    ("RestMessage", MESSAGE, ("description",), "Tells Port"),
    ("Record", GROUP, ("columns", "description"), "Who runs it"),
]
every_life = pytest.mark.parametrize(("kind", "body", "path", "value"), LIVES, ids=[life[0] for life in LIVES])


@pytest.fixture
def snow(sandbox: Sandbox) -> Iterator[Snow]:
    with clients(sandbox) as made:
        yield made


@pytest.fixture
def servicenow(sandbox: Sandbox) -> Iterator[ServiceNowProvider]:
    with provider_for(sandbox) as provider:
        yield provider


def changed(body: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    head, *rest = path
    return {**body, head: changed(body.get(head, {}), tuple(rest), value) if rest else value}


@every_life
def test_an_object_is_created_found_changed_and_deleted(
    servicenow: ServiceNowProvider, kind: str, body: dict[str, Any], path: tuple[str, ...], value: Any
) -> None:
    assert read(servicenow, kind, body) is None
    created = create(servicenow, kind, body)
    for live in (created, read(servicenow, kind, body), servicenow.fetch(KINDS[kind], created.identity)):
        assert live is not None
        assert unlike(kind, body, live) == {}
        assert live.attributes["sys_id"] == created.attributes["sys_id"]
    wanted = changed(body, path, value)
    updated = servicenow.update(KINDS[kind], created, write_request(kind, wanted, (path,)))
    assert unlike(kind, wanted, updated) == {}
    servicenow.delete(KINDS[kind], updated)
    servicenow.delete(KINDS[kind], updated)
    assert read(servicenow, kind, body) is None


@every_life
def test_a_create_whose_answer_is_lost_happens_once(
    sandbox: Sandbox,
    servicenow: ServiceNowProvider,
    kind: str,
    body: dict[str, Any],
    path: tuple[str, ...],
    value: Any,
) -> None:
    lost = Fault(kind=FaultKind.LOSE_ANSWER, service="servicenow", method="POST", path="^/api/now/table/", times=1)
    sandbox.world.faults.add(lost)
    live = create(servicenow, kind, body)
    assert unlike(kind, body, live) == {}
    again = read(servicenow, kind, body)
    assert again is not None
    assert again.attributes["sys_id"] == live.attributes["sys_id"]
    assert path
    assert value


def test_a_member_is_written_by_names_and_stored_by_sys_ids(servicenow: ServiceNowProvider, snow: Snow) -> None:
    live = create(servicenow, "Record", MEMBER)
    row = snow.read("sys_user_grmember", str(live.attributes["sys_id"]))
    assert row["user"] == snow.id_of("sys_user", user_name="portctl.gate")
    assert row["group"] == snow.id_of("sys_user_group", name="Service Desk")
    assert (live.attributes["table"], live.attributes["key"]) == (MEMBER["table"], MEMBER["key"])


def test_what_a_record_refers_to_must_be_one_record(servicenow: ServiceNowProvider, snow: Snow) -> None:
    absent = {**MEMBER, "key": "user.user_name=nobody^group.name=Service Desk"}
    with pytest.raises(ApiError, match="Referenced record not found: there is no sys_user user_name=nobody"):
        create(servicenow, "Record", absent)
    snow.create("sys_user_group", name="Service Desk")
    with pytest.raises(ApiError, match="is the key of 2 records"):
        create(servicenow, "Record", MEMBER)
    assert snow.find("sys_user_grmember", f"user={snow.id_of('sys_user', user_name='portctl.gate')}") == []


def test_a_column_is_waited_for_until_records_show_it(sandbox: Sandbox, servicenow: ServiceNowProvider) -> None:
    sandbox.world.lag_seconds = 5.0
    started = sandbox.world.clock.seconds()
    live = create(servicenow, "Column", COLUMN)
    assert sandbox.world.clock.seconds() - started >= 5.0
    assert unlike("Column", COLUMN, live) == {}


def test_a_column_that_never_appears_is_an_error(sandbox: Sandbox) -> None:
    sandbox.world.lag_seconds = 500.0
    with (
        provider_for(sandbox, sleep=lambda _: None) as provider,
        pytest.raises(ApiError, match=r"Column does not appear: change_request\.u_external_tags"),
    ):
        create(provider, "Column", COLUMN)


def test_a_column_loses_data_only_where_a_record_has_some(servicenow: ServiceNowProvider, snow: Snow) -> None:
    live = create(servicenow, "Column", COLUMN)
    assert not servicenow.populated(KINDS["Column"], live)
    snow.change(u_external_tags="r_1")
    assert servicenow.populated(KINDS["Column"], live)


def test_a_column_that_is_dropped_silently_is_seen_in_what_stands_there_afterwards(
    servicenow: ServiceNowProvider,
) -> None:
    body = {**GROUP, "columns": {"descripton": "misspelt", "active": False}}
    live = create(servicenow, "Record", body)
    assert sorted(unlike("Record", body, live)) == ["columns.descripton"]


def test_a_journal_cannot_be_managed(sandbox: Sandbox, snow: Snow) -> None:
    body = {"table": "change_request", "key": "correlation_id=law-1", "columns": {"work_notes": "A note"}}
    with provider_for(sandbox, "gate") as provider:
        live = create(provider, "Record", body)
    assert sorted(unlike("Record", body, live)) == ["columns.work_notes"]
    assert snow.find("sys_journal_field", f"element_id={live.attributes['sys_id']}")[0]["value"] == "A note"


def test_a_record_whose_key_was_dropped_is_deleted_again(servicenow: ServiceNowProvider, snow: Snow) -> None:
    rows = len(snow.find("sys_user_group"))
    body = {"table": "sys_user_group", "key": "name=" + "x" * 100}
    with pytest.raises(ApiError, match="Created without its key: ServiceNow dropped or changed name"):
        create(servicenow, "Record", body)
    assert len(snow.find("sys_user_group")) == rows


def test_what_leaves_a_manifest_is_cleared(servicenow: ServiceNowProvider) -> None:
    live = create(servicenow, "Record", GROUP)
    gone = (("columns", "description"), ("columns", "manager.user_name"))
    body = {name: value for name, value in GROUP.items() if name != "columns"}
    live = servicenow.update(KINDS["Record"], live, write_request("Record", body, removed=gone))
    assert get(live.attributes, ("columns",)) == {"active": "true", "description": "", "manager.user_name": ""}
    rule = create(servicenow, "BusinessRule", RULE)
    default = (("active",), ("condition",))
    rule = servicenow.update(KINDS["BusinessRule"], rule, write_request("BusinessRule", RULE, removed=default))
    assert (rule.attributes["active"], rule.attributes["condition"]) == ("true", "")


def test_a_secret_of_a_record_is_sent_and_never_read(sandbox: Sandbox) -> None:
    body = {
        "table": "oauth_entity",
        "key": "name=portctl",
        "columns": {"type": "client"},
        "secrets": {"client_secret": SEALED},
    }
    with provider_for(sandbox, "admin", ("apiKey",)) as admin:
        live = create(admin, "Record", body)
    assert live.attributes["columns"] == {"type": "client"}
    assert "secrets" not in live.attributes
    service = sandbox.services["servicenow"]
    assert isinstance(service, ServiceNowService)
    stored = service.instance.get("oauth_entity", str(live.attributes["sys_id"]))
    assert stored is not None
    assert stored["client_secret"] == "signature-s3cr3t"
