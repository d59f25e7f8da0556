"""The generic provider against a scripted service: one list per scope, honest reads, careful writes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from portctl.errors import AnswerLost, ApiError, Unreachable
from portctl.model.kind import Kind, Verb
from portctl.model.provider import WriteRequest
from portctl.model.resource import Identity
from portctl.model.value import SecretRef, freeze, pending, thaw
from tests.unit.providers.kinds import CHILD, INFO, PATCHED, SCOPED, SEARCHED, THING, kind, live, provider
from tests.unit.wire.services import Service, reply


def things(*items: dict[str, Any]) -> Any:
    return reply(200, {"things": list(items)})


def thing(**item: Any) -> Any:
    return reply(200, {"thing": item})


def missing(status: int = 404) -> Any:
    return reply(status, {"error": "not_found"})


def bodies(service: Service) -> list[Any]:
    return [json.loads(request.content) if request.content else None for request in service.requests]


def write_request(attributes: Any, **given: Any) -> WriteRequest:
    return WriteRequest(identity=("a",), attributes=freeze(attributes), **given)


def test_one_list_reads_all_objects_of_a_kind_and_keeps_only_what_was_asked_for() -> None:
    service = Service([things({"identifier": "a", "id": 1}, {"identifier": "b"})])
    found = provider(service).read(kind(list_query={"version": "v2"}), [("a",), ("c",)])
    assert {identity: thaw(one.attributes) for identity, one in found.items()} == {("a",): {"identifier": "a", "id": 1}}
    assert service.asked == ["GET /things?version=v2"]


def test_kinds_that_share_a_collection_do_not_see_each_other() -> None:
    red = kind(belongs=lambda attributes: attributes.get("colour") == "red")
    service = Service([things({"identifier": "a", "colour": "red"}, {"identifier": "b"}), thing(identifier="b")])
    client = provider(service)
    assert list(client.read(red, [("a",), ("b",)])) == [("a",)]
    assert client.fetch(red, ("b",)) is None


def test_every_scope_is_one_list() -> None:
    service = Service([things({"identifier": "x"}, {"identifier": "y", "group": "g"}), things()])
    found = provider(service).read(SCOPED, [("g", "x"), ("h", "x"), ("g", "y")])
    assert list(found) == [("g", "x"), ("g", "y")]
    assert thaw(found["g", "x"].attributes) == {"identifier": "x", "group": "g"}
    assert service.asked == ["GET /groups/g/things", "GET /groups/h/things"]


@pytest.mark.parametrize(("kind", "identity"), [(THING, ("a",)), (SCOPED, ("g", "a"))])
def test_a_list_that_is_not_there_is_an_error_and_not_an_empty_list(kind: Kind, identity: Identity) -> None:
    with pytest.raises(ApiError):
        provider(Service([missing()])).read(kind, [identity])


def test_a_search_asks_for_names_in_pages_and_follows_the_cursor() -> None:
    page = [{"identifier": "a", "group": "g"}]
    service = Service(
        [
            reply(200, {"things": page, "next": "p2"}),
            reply(200, {"things": [{"identifier": "b", "group": "g"}], "next": ""}),
            reply(200, {"things": [{"identifier": "c", "group": "g"}], "next": None}),
        ]
    )
    found = provider(service).read(SEARCHED, [("g", "a"), ("g", "b"), ("g", "c")])
    assert list(found) == [("g", "a"), ("g", "b"), ("g", "c")]
    assert bodies(service) == [
        {"in": ["a", "b"], "from": ""},
        {"in": ["a", "b"], "from": "p2"},
        {"in": ["c"], "from": ""},
    ]


@pytest.mark.parametrize(
    ("of", "replies", "what"),
    [
        (THING, [reply(200, {"things": [], "next": "more"})], "GET /things: the list is only the first part"),
        (THING, [reply(200, {"items": []})], "GET /things: no list under 'things'"),
        (THING, [reply(200, {"things": ["a"]})], "GET /things: no list under 'things'"),
        (THING, [reply(200, [])], "GET /things: no list under 'things'"),
        (SEARCHED, [reply(200, {"things": [], "next": "p"})] * 2, "the pages of the list go in a cycle"),
    ],
)
def test_a_list_that_may_be_cut_short_is_an_error_and_never_a_short_list(of: Kind, replies: Any, what: str) -> None:
    with pytest.raises(Unreachable, match="Unexpected answer") as caught:
        provider(Service(replies)).read(of, [("g", "a") if of.scope else ("a",)])
    assert what in caught.value.detail


def test_a_list_without_an_envelope_is_an_array() -> None:
    service = Service([reply(200, [{"identifier": "a"}]), reply(200, {"identifier": "a"})])
    plain = kind(envelope=(), list_envelope=())
    assert list(provider(service).read(plain, [("a",)])) == [("a",)]


def test_objects_without_a_list_are_read_one_by_one_and_not_waited_for() -> None:
    service = Service([reply(200, {"child": {"level": 1}}), missing()])
    found = provider(service).read(CHILD, [("p",), ("q",)])
    assert {identity: thaw(one.attributes) for identity, one in found.items()} == {("p",): {"level": 1}}
    assert (service.asked, service.waits) == (["GET /things/p/child", "GET /things/q/child"], [])


def test_one_object_that_appears_late_is_waited_for() -> None:
    service = Service([missing(), missing(), reply(200, {"child": {}})])
    assert provider(service).fetch(CHILD, ("p",)) is not None
    assert service.waits == [0.25, 0.5]


@pytest.mark.parametrize("body", [{"ok": True}, {"thing": None}, ["x"]])
def test_an_object_that_is_not_in_the_answer_is_an_error(body: Any) -> None:
    with pytest.raises(Unreachable, match="GET /things/a: no object under 'thing'"):
        provider(Service([reply(200, body)])).fetch(THING, ("a",))


def test_creating_sends_everything_with_secrets_revealed_in_the_body_only() -> None:
    sealed = pending(("Bearer ", SecretRef("TOKEN")))
    service = Service([reply(201, {"thing": {"identifier": "a", "id": 9}})])
    spec = kind(create_query=lambda options: {"page": str(options.get("page", "no"))})
    wanted = write_request({"identifier": "a", "header": sealed, "list": [1, {"x": None}]}, options={"page": "yes"})
    assert thaw(provider(service).create(spec, wanted).attributes) == {"identifier": "a", "id": 9}
    assert service.asked == ["POST /things?page=yes"]
    assert bodies(service) == [{"identifier": "a", "header": "Bearer s3cr3t-token", "list": [1, {"x": None}]}]


def test_creating_with_put_goes_to_the_object_itself() -> None:
    service = Service([thing(identifier="a")])
    provider(service).create(kind(create=Verb.PUT), write_request({"identifier": "a"}))
    assert service.asked == ["PUT /things/a"]


def test_a_write_that_answers_without_the_object_is_read_back() -> None:
    service = Service([reply(201, {"ok": True}), thing(identifier="a"), reply(200), missing()])
    client = provider(service)
    assert client.create(THING, write_request({"identifier": "a"})).identity == ("a",)
    with pytest.raises(AnswerLost, match="POST /things was accepted, and the object cannot be read back"):
        client.create(THING, write_request({"identifier": "a"}))
    assert service.asked == ["POST /things", "GET /things/a"] * 2


def test_a_create_whose_answer_is_lost_is_not_repeated() -> None:
    service = Service([httpx.ReadError("reset")])
    with pytest.raises(AnswerLost):
        provider(service).create(THING, write_request({"identifier": "a"}))


def test_an_object_that_comes_with_its_parent_is_patched_and_waited_for() -> None:
    service = Service([missing(), reply(200, {"child": {"level": 2}})])
    wanted = WriteRequest(identity=("p",), attributes={"level": 2})
    assert provider(service).create(CHILD, wanted).identity == ("p",)
    assert service.asked == ["PATCH /things/p/child"] * 2
    assert (bodies(service), service.waits) == ([{"level": 2}] * 2, [0.25])


def test_an_object_that_never_appears_is_reported() -> None:
    service = Service([missing()] * 6)
    with pytest.raises(ApiError):
        provider(service).create(CHILD, WriteRequest(identity=("p",), attributes={}))
    assert service.waits == [0.25, 0.5, 1.0, 2.0, 4.0]


def test_a_full_update_sends_the_manifest_and_nothing_of_the_live_object() -> None:
    service = Service([thing(identifier="a", size=2)])
    now = live(THING, "a", identifier="a", size=1, extra=True)
    provider(service).update(THING, now, write_request({"identifier": "a", "size": 2}, changed=(("size",),)))
    assert (service.asked, bodies(service)) == (["PUT /things/a"], [{"identifier": "a", "size": 2}])


def test_a_merge_without_patch_reads_right_before_it_writes() -> None:
    service = Service([thing(identifier="a", id=1, size=1, theirs="new"), thing(identifier="a")])
    old = live(THING, "a", identifier="a", size=1, theirs="old")
    provider(service).update(THING, old, write_request({"size": 2}, changed=(("size",),), merge=True))
    assert service.asked == ["GET /things/a", "PUT /things/a"]
    assert bodies(service)[1] == {"identifier": "a", "size": 2, "theirs": "new"}


def test_a_merge_into_an_object_that_is_gone_is_refused() -> None:
    with pytest.raises(ApiError, match="example/Thing not found: a was there when it was read and is gone now"):
        provider(Service([missing()])).update(THING, live(THING, "a"), write_request({}, merge=True))


def test_a_patch_sends_what_changed_and_encodes_it() -> None:
    service = Service([thing(identifier="x")])
    scoped = replace(SCOPED, update=Verb.PATCH)
    now = live(scoped, "g", "x", group="g", size=1)
    wanted = WriteRequest(identity=("g", "x"), attributes={"group": "g", "size": 2}, changed=(("group",), ("size",)))
    provider(service).update(scoped, now, wanted)
    assert (service.asked, bodies(service)) == (["PATCH /groups/g/things/x"], [{"size": 2}])


def test_a_merge_with_patch_uses_it_even_where_updates_are_put() -> None:
    service = Service([thing(identifier="a")])
    put = replace(PATCHED, update=Verb.PUT)
    provider(service).update(put, live(put, "a"), write_request({}, removed=(("lists", "x"),), merge=True))
    assert (service.asked, bodies(service)) == (["PATCH /things/a"], [{"lists": {"x": []}}])


def test_deleting_what_is_gone_is_fine_and_what_is_busy_is_waited_for() -> None:
    busy = reply(422, {"error": "x"})
    service = Service([busy, busy, reply(200, {"ok": True}), missing()])
    client = provider(service, has_dependents=frozenset({"x"}))
    client.delete(THING, live(THING, "a"))
    client.delete(THING, live(THING, "a"))
    assert (service.asked, service.waits) == (["DELETE /things/a"] * 4, [0.25, 0.5])


def test_what_stays_busy_is_reported() -> None:
    service = Service([reply(422, {"error": "x"})] * 6)
    with pytest.raises(ApiError):
        provider(service, has_dependents=frozenset({"x"})).delete(THING, live(THING, "a"))
    assert service.waits == [0.25, 0.5, 1.0, 2.0, 4.0]


def test_a_deletion_that_is_refused_otherwise_is_not_repeated() -> None:
    service = Service([reply(422, {"error": "x"})])
    with pytest.raises(ApiError):
        provider(service).delete(THING, live(THING, "a"))
    assert len(service.asked) == 1


def test_deleting_with_all_that_hangs_on_it_waits_for_the_job() -> None:
    states = [reply(200, {"job": {"state": state}}) for state in ("RUNNING", "RUNNING", "DONE")]
    service = Service([reply(200, {"job": "j/1"}), *states, missing()])
    provider(service).delete(THING, live(THING, "a"), cascade=True)
    assert service.asked == [
        "DELETE /things/a/all?with=everything",
        *["GET /jobs/j%2F1"] * 3,
        "DELETE /things/a",
    ]
    assert service.waits == [0.25, 0.5]


def test_a_job_that_fails_hangs_or_has_no_name_is_reported() -> None:
    started = reply(200, {"job": "j"})
    for replies, what in [
        ([started, reply(200, {"job": {"state": "FAILED"}})], "GET /jobs/j: the deletion ended as FAILED"),
        ([started, *[reply(200, {})] * 124], "GET /jobs/j: the deletion is still under way after ten minutes"),
        ([reply(200, {})], "DELETE /things/a/all: no job under 'job'"),
    ]:
        with pytest.raises(ApiError) as caught:
            provider(Service(replies)).delete(THING, live(THING, "a"), cascade=True)
        assert caught.value.detail == what


def test_a_rename_uses_the_service_s_own_call_once() -> None:
    service = Service([thing(identifier="a", parts={"new": 1})])
    renamed = provider(service).rename(THING, live(THING, "a"), ("parts", "new"), "old/one")
    assert thaw(renamed.attributes) == {"identifier": "a", "parts": {"new": 1}}
    assert (service.asked, bodies(service)) == (["PATCH /things/a/parts/old%2Fone/rename"], [{"newName": "new"}])
    with pytest.raises(ValueError, match="example/Thing has no rename at"):
        provider(service).rename(THING, live(THING, "a"), ("title",), "old")


def test_whether_data_would_be_lost_is_counted_and_assumed_where_it_cannot_be() -> None:
    service = Service([reply(200, {"count": 0}), reply(200, {"count": 3}), reply(200, {"n": 3})])
    client = provider(service)
    counted = [client.populated(THING, live(THING, "a")) for _ in range(2)]
    assert (counted, client.populated(PATCHED, live(PATCHED, "a"))) == ([False, True], True)
    with pytest.raises(Unreachable, match="GET /things/a/count: no number under 'count'"):
        client.populated(THING, live(THING, "a"))


def test_requests_are_counted_and_the_login_is_the_service_s() -> None:
    service = Service([thing(identifier="a")])
    client = provider(service)
    client.fetch(THING, ("a",))
    assert (client.login(), client.requests(), client.name, client.width) == (INFO, 1, "default", 8)
    client.close()
