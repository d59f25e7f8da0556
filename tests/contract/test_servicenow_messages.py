"""REST messages of ServiceNow: several tables behind one object, written row by row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from portctl.errors import AnswerLost, ApiError
from portctl.model.resource import Live
from portctl.model.value import Sealed, get
from portctl.providers.servicenow.provider import ServiceNowProvider
from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from portctl.source import Path
from tests.contract.servicenow_objects import KINDS, MESSAGE, SEALED, create, provider_for, read, unlike, write_request
from tests.sandbox.servicenow.snow import Snow, clients

KIND = KINDS["RestMessage"]


@pytest.fixture
def snow(sandbox: Sandbox) -> Iterator[Snow]:
    with clients(sandbox) as made:
        yield made


@pytest.fixture
def servicenow(sandbox: Sandbox) -> Iterator[ServiceNowProvider]:
    with provider_for(sandbox) as provider:
        yield provider


def writes(sandbox: Sandbox) -> list[str]:
    """Every write so far, as method and table."""
    return [
        f"{each.method} {each.path.split('/')[4]}"
        for each in sandbox.journal.exchanges()
        if each.method not in ("GET",) and each.path.startswith("/api/now/table/")
    ]


def parts(snow: Snow) -> dict[str, list[str]]:
    """What belongs to the message, by table."""
    functions = snow.find("sys_rest_message_fn", f"rest_message.name={MESSAGE['name']}")
    headers = snow.find("sys_rest_message_headers", f"rest_message.name={MESSAGE['name']}")
    below = snow.find("sys_rest_message_fn_headers", f"rest_message_function.rest_message.name={MESSAGE['name']}")
    return {
        "functions": sorted(row["function_name"] for row in functions),
        "headers": sorted(row["name"] for row in headers),
        "function headers": sorted(row["name"] for row in below),
    }


def update(servicenow: ServiceNowProvider, live: Live, body: dict[str, Any], *paths: Path, **given: Any) -> Live:
    return servicenow.update(KIND, live, write_request("RestMessage", body, paths, **given))


def test_a_message_is_written_with_its_functions_and_headers(servicenow: ServiceNowProvider, snow: Snow) -> None:
    live = create(servicenow, "RestMessage", MESSAGE)
    assert {"ping.get", "post"} <= set(parts(snow)["functions"])
    assert parts(snow)["headers"] == ["Accept"]
    assert parts(snow)["function headers"] == ["Content-Type", "x-signature"]
    assert "signature-s3cr3t" in {row["value"] for row in snow.find("sys_rest_message_fn_headers")}
    assert isinstance(get(live.attributes, ("functions", "post", "headers", "x-signature")), Sealed)
    assert isinstance(live.attributes["rest_endpoint"], Sealed)


def test_an_update_writes_the_rows_that_differ_and_no_other(
    sandbox: Sandbox, servicenow: ServiceNowProvider, snow: Snow
) -> None:
    live = create(servicenow, "RestMessage", MESSAGE)
    before = len(writes(sandbox))
    functions: Any = MESSAGE["functions"]
    post = functions["post"]
    body = {**MESSAGE, "functions": {"post": {**post, "headers": {**post["headers"], "X-New": "1"}, "content": "{}"}}}
    paths = (("functions", "post", "content"), ("functions", "post", "headers", "X-New"))
    live = update(servicenow, live, body, *paths)
    assert unlike("RestMessage", body, live) == {}
    assert sorted(writes(sandbox)[before:]) == ["PATCH sys_rest_message_fn", "POST sys_rest_message_fn_headers"]
    assert parts(snow)["function headers"] == ["Content-Type", "X-New", "x-signature"]


def test_what_leaves_the_manifest_goes_and_what_others_made_stays(servicenow: ServiceNowProvider, snow: Snow) -> None:
    live = create(servicenow, "RestMessage", MESSAGE)
    snow.create("sys_rest_message_headers", rest_message=live.attributes["sys_id"], name="X-Theirs", value="1")
    found = read(servicenow, "RestMessage", MESSAGE)
    assert found is not None
    gone: tuple[Path, ...] = (
        ("headers", "Accept"),
        ("functions", "ping.get"),
        ("functions", "post", "headers", "x-signature"),
    )
    live = update(servicenow, found, {"name": MESSAGE["name"]}, removed=gone)
    assert all(get(live.attributes, path) is not None for path in [("functions", "post")])
    assert "ping.get" not in parts(snow)["functions"]
    assert parts(snow)["headers"] == ["X-Theirs"]
    assert parts(snow)["function headers"] == ["Content-Type"]


def test_deleting_a_message_leaves_nothing_behind(servicenow: ServiceNowProvider, snow: Snow) -> None:
    live = create(servicenow, "RestMessage", MESSAGE)
    servicenow.delete(KIND, live)
    assert parts(snow) == {"functions": [], "headers": [], "function headers": []}
    assert snow.find("sys_rest_message", f"name={MESSAGE['name']}") == []


@pytest.mark.parametrize("nth", range(1, 8))
def test_whichever_answer_of_a_creation_is_lost_everything_is_there_once(
    sandbox: Sandbox, servicenow: ServiceNowProvider, snow: Snow, nth: int
) -> None:
    sandbox.world.faults.add(Fault(kind=FaultKind.LOSE_ANSWER, service="servicenow", method="POST", nth=nth))
    live = create(servicenow, "RestMessage", MESSAGE)
    assert unlike("RestMessage", MESSAGE, live) == {}
    assert parts(snow)["function headers"] == ["Content-Type", "x-signature"]
    assert len(set(parts(snow)["functions"])) == len(parts(snow)["functions"])


def test_a_creation_that_stops_halfway_is_completed_by_an_update(
    sandbox: Sandbox, servicenow: ServiceNowProvider, snow: Snow
) -> None:
    fault = Fault(kind=FaultKind.STATUS, status=403, service="servicenow", method="POST", path="fn_headers", times=None)
    sandbox.world.faults.add(fault)
    with pytest.raises(Exception, match="Not allowed"):
        create(servicenow, "RestMessage", MESSAGE)
    sandbox.world.faults.clear()
    half = read(servicenow, "RestMessage", MESSAGE)
    assert half is not None
    missing = [tuple(path.split("/")) for path in ("functions/post/headers/x-signature", "functions/ping.get")]
    missing.append(("functions", "post", "headers", "Content-Type"))
    live = update(servicenow, half, MESSAGE, *missing)
    assert unlike("RestMessage", MESSAGE, live) == {}
    assert parts(snow)["function headers"] == ["Content-Type", "x-signature"]


def test_answers_that_stay_away_end_as_lost_and_not_as_done(sandbox: Sandbox, servicenow: ServiceNowProvider) -> None:
    live = create(servicenow, "RestMessage", MESSAGE)
    cut = Fault(kind=FaultKind.CUT, service="servicenow", method="PATCH", times=None)
    sandbox.world.faults.add(cut)
    with pytest.raises(AnswerLost):
        update(servicenow, live, {**MESSAGE, "description": "x"}, ("description",))


def test_a_function_that_is_there_twice_is_an_error(servicenow: ServiceNowProvider, snow: Snow) -> None:
    live = create(servicenow, "RestMessage", MESSAGE)
    theirs = [
        snow.create("sys_rest_message_fn", rest_message=live.attributes["sys_id"], function_name=name)["sys_id"]
        for name in ("get", "get")
    ]
    with pytest.raises(
        ApiError, match=rf"has functions\.get twice: ({theirs[0]} and {theirs[1]}|{theirs[1]} and {theirs[0]})"
    ):
        read(servicenow, "RestMessage", MESSAGE)


def test_of_two_functions_of_one_name_that_of_this_project_counts(servicenow: ServiceNowProvider, snow: Snow) -> None:
    live = create(servicenow, "RestMessage", MESSAGE)
    message = live.attributes["sys_id"]
    other = snow.create("sys_rest_message_fn", rest_message=message, function_name="post", http_method="put")["sys_id"]
    found = read(servicenow, "RestMessage", MESSAGE)
    assert found is not None
    assert found.attributes["rows"] == live.attributes["rows"]
    ids = " and ".join(sorted((get(live.attributes, ("rows", "functions\npost")), other)))
    assert found.notes == (f"functions.post is there twice, {ids}: scripts may get the one that is not this project's",)


def test_a_message_of_the_same_name_that_others_made_is_left_alone(servicenow: ServiceNowProvider, snow: Snow) -> None:
    live = create(servicenow, "RestMessage", MESSAGE)
    other = snow.create("sys_rest_message", name=MESSAGE["name"])["sys_id"]
    snow.create("sys_rest_message_fn", rest_message=other, function_name="post", http_method="put")
    found = read(servicenow, "RestMessage", MESSAGE)
    assert found is not None
    assert found.attributes["rows"] == live.attributes["rows"]
    servicenow.delete(live.kind, live)
    assert snow.read("sys_rest_message", other)["name"] == MESSAGE["name"]


def test_the_case_of_a_method_does_not_differ(servicenow: ServiceNowProvider) -> None:
    live = create(servicenow, "RestMessage", MESSAGE)
    lower = {**MESSAGE, "functions": {"post": {"http_method": "post", "headers": {"x-signature": SEALED}}}}
    assert unlike("RestMessage", lower, live) == {}
