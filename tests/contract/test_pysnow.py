"""pysnow, a client that none of us wrote, drives the sandbox's ServiceNow unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pysnow  # type: ignore[import-untyped]
import pytest
import requests
from pysnow.legacy_exceptions import NoResults as NoLegacyResults  # type: ignore[import-untyped]

from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from tests.servers import running_sandbox

CHANGE_REQUEST = "/table/change_request"


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served: Sandbox) -> Iterator[Sandbox]:
    served.reset()
    yield served
    assert served.world.crashes == []


def connected(sandbox: Sandbox, credential: str) -> Any:
    known = sandbox.credentials["servicenow"][credential]
    host = sandbox.urls["servicenow"].removeprefix("http://")
    return pysnow.Client(host=host, user=known["username"], password=known["password"], use_ssl=False)


def answered(error: requests.HTTPError) -> requests.Response:
    assert error.response is not None
    return error.response


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Any]:
    with connected(sandbox, "approver") as made:
        yield made


@pytest.fixture
def changes(client: Any) -> Any:
    return client.resource(api_path=CHANGE_REQUEST)


def test_a_generator_goes_over_three_pages(client: Any, changes: Any, sandbox: Sandbox) -> None:
    for number in range(5):
        changes.create({"short_description": f"page {number}"})
    client.request_params["sysparm_limit"] = 2
    with pytest.warns(DeprecationWarning, match="resource"):
        request = client.query("change_request", query="short_descriptionSTARTSWITHpage")
    titles = [row["short_description"] for row in request.get_multiple(fields=["short_description"])]
    assert titles == [f"page {number}" for number in range(5)]
    asked = [each for each in sandbox.journal.exchanges() if each.method == "GET"]
    assert len(asked) == 3


def test_a_stream_yields_every_row(changes: Any) -> None:
    rows = changes.get(query={"state": "3"}, stream=True, fields=["number"]).all()
    assert list(rows) == [{"number": f"CHG000000{number}"} for number in (1, 2, 3)]


def test_create_update_and_delete(changes: Any) -> None:
    created = changes.create({"short_description": "made by pysnow", "nothing": "dropped"}).one()
    assert (created["short_description"], created["state"], "nothing" in created) == ("made by pysnow", "-5", False)
    query = {"number": created["number"]}
    updated = changes.update(query=query, payload={"description": "changed"}).one()
    assert (updated["description"], updated["sys_updated_by"]) == ("changed", "pat.platform")
    response = changes.get(query=query)
    assert response["description"] == "changed"


def test_deletion_says_so(sandbox: Sandbox) -> None:
    with connected(sandbox, "default") as client:
        rules = client.resource(api_path="/table/sys_script")
        rules.create({"name": "by pysnow", "collection": "incident"})
        assert rules.delete(query={"name": "by pysnow"}) == {"status": "record deleted"}
        assert rules.get(query={"name": "by pysnow"}).all() == []


def test_no_results_and_multiple_results(client: Any, changes: Any) -> None:
    with pytest.raises(pysnow.exceptions.NoResults):
        changes.get(query={"number": "CHG7"}).one()
    with pytest.raises(pysnow.exceptions.NoResults):
        changes.get(query={"number": "CHG7"}, stream=True).first()
    assert changes.get(query={"number": "CHG7"}).one_or_none() is None
    with pytest.raises(pysnow.exceptions.MultipleResults):
        changes.get(query={"state": "3"}).one()
    with pytest.warns(DeprecationWarning, match="resource"):
        request = client.query("change_request", query={"number": "CHG7"})
    with pytest.raises(NoLegacyResults):
        list(request.get_multiple())


def test_display_values_and_references(changes: Any) -> None:
    query, fields = {"number": "CHG0000001"}, ["state", "assignment_group"]
    group = changes.get(query=query, fields=fields).one()["assignment_group"]
    assert sorted(group) == ["link", "value"]
    shown = changes.get(query=query, fields=fields, display_value=True).one()
    assert shown == {
        "state": "Closed",
        "assignment_group": {"display_value": "Platform Engineering", "link": group["link"]},
    }
    both = changes.get(query=query, fields=["state"], display_value="all").one()
    assert both == {"state": {"display_value": "Closed", "value": "3"}}
    bare = changes.get(query=query, fields=fields, display_value=False, exclude_reference_link=True).one()
    assert bare == {"state": "3", "assignment_group": group["value"]}


def test_a_query_built_by_pysnow_is_understood(changes: Any) -> None:
    query = (
        pysnow.QueryBuilder()
        .field("state")
        .equals("3")
        .AND()
        .field("short_description")
        .contains("disk")
        .OR()
        .field("short_description")
        .starts_with("Renew")
        .AND()
        .field("number")
        .order_descending()
    )
    numbers = [row["number"] for row in changes.get(query=query).all()]
    assert numbers == ["CHG0000003", "CHG0000001"]


def test_errors_are_of_the_classes_that_pysnow_has(sandbox: Sandbox, client: Any, changes: Any) -> None:
    with pytest.raises(requests.HTTPError) as refused, connected(sandbox, "admin") as restricted:
        restricted.resource(api_path=CHANGE_REQUEST).get().all()
    assert answered(refused.value).status_code == 401
    with pytest.raises(requests.HTTPError) as unknown:
        client.resource(api_path="/table/nothing").get().all()
    assert answered(unknown.value).json()["error"]["message"] == "Invalid table nothing"
    with pytest.raises(requests.HTTPError) as aborted:
        changes.update(query={"number": "CHG0000001"}, payload={"state": "-5"})["state"]
    assert "Change Model: Check State Transition" in answered(aborted.value).json()["error"]["detail"]


def test_an_error_inside_a_200_is_a_response_error(sandbox: Sandbox, changes: Any) -> None:
    message = "Transaction cancelled: maximum execution time exceeded"
    body = {"error": {"message": message, "detail": "x"}, "status": "failure"}
    sandbox.faults.add(Fault(FaultKind.STATUS, service="servicenow", status=200, value=body))
    with pytest.raises(pysnow.exceptions.ResponseError, match=message):
        list(changes.get(stream=True).all())
    sandbox.faults.add(Fault(FaultKind.STATUS, service="servicenow", status=200, value={"nothing": 1}))
    with pytest.raises(pysnow.exceptions.MissingResult):
        changes.get().all()


def test_oauth_by_password(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # oauthlib insists on TLS
    known = sandbox.credentials["servicenow"]["admin"]
    host = sandbox.urls["servicenow"].removeprefix("http://")
    with pysnow.OAuthClient(
        client_id=known["clientId"], client_secret=known["clientSecret"], host=host, use_ssl=False
    ) as client:
        with pytest.raises(pysnow.exceptions.TokenCreateError):
            client.generate_token(known["username"], "wrong")
        client.set_token(client.generate_token(known["username"], known["password"]))
        assert client.resource(api_path="/table/sys_properties").get(query={"name": "instance_name"}).one()["value"]


def test_a_change_request_is_approved_and_implemented(sandbox: Sandbox, client: Any, changes: Any) -> None:
    group = client.resource(api_path="/table/sys_user_group").get(query={"name": "Platform Engineering"}).one()
    body = {"short_description": "Deploy", "assignment_group": group["sys_id"], "risk": "4"}
    number = changes.create(body).one()["number"]
    changes.update(query={"number": number}, payload={"state": "-4"})
    sandbox.settle()
    approvals = client.resource(api_path="/table/sysapproval_approver")
    own = {"sysapproval.number": number, "approver.user_name": "pat.platform"}
    assert approvals.update(query=own, payload={"state": "approved"}).one()["state"] == "approved"
    sandbox.settle()
    change = changes.get(query={"number": number}).one()
    assert (change["state"], change["approval"]) == ("-2", "approved")
    decision = client.resource(base_path="/api/sn_chg_rest", api_path="/change")
    found = decision.get(query={"number": number}).one()
    assert found["state"] == {"display_value": "Scheduled", "value": -2.0}
