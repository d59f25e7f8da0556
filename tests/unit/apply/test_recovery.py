"""Killed at any request and resumed equals never killed; lost answers are read back; late lists are waited for."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from portctl.apply.execute import Approval
from portctl.errors import PortctlError
from portctl.model.kind import Kind
from portctl.model.resource import Adopt, Management, Renamed, Resource
from tests.unit.examples.kinds import DOOR, KEY, OFFER, RIGHTS, SHELF
from tests.unit.examples.service import Killed
from tests.unit.examples.world import (
    World,
    actions,
    awaited,
    door,
    ended,
    good,
    key,
    key_of,
    offer,
    rights,
    sealed,
    shelf,
)

SECRETS = {"A": "alpha-secret", "B": "beta-secret"}
VAULT = World(secrets=SECRETS).vault
"""One for all worlds here: fingerprints are slow on purpose, and kept."""

TOKEN = awaited(door("d", {}), "token", secret=True)


def first() -> tuple[Resource, ...]:
    return (
        shelf("a", {"fields": {"old": {"type": "t"}}}, links=("b",)),
        shelf("b", links=("a",)),
        shelf("gone", links=("a",)),
        shelf("m", {"title": "T", "note": "N"}, management=Management.MERGE, adopt=Adopt.ALWAYS),
        offer("o", {"shelf": "a"}),
        offer("p", {"shelf": "gone"}),
        rights("o", ("admin",)),
        rights("p", ("admin",)),
        key("k", "A"),
        good("a", "g", {"values": {"x": 1}}),
        door("d", {"url": sealed("A"), "lock": {"code": sealed("B")}}),
        door("e", {"url": TOKEN}),
    )


def second() -> tuple[Resource, ...]:
    return (
        shelf("a", {"fields": {"new": {"type": "t"}}}, links=("b", "c"), renamed=(Renamed("fields.new", "old"),)),
        shelf("b", links=("a",), name="renamed"),
        shelf("c", links=("a",)),
        shelf("m", {"title": "T2", "size": 7}, management=Management.MERGE),
        offer("o", {"shelf": "c", "publish": True}),
        rights("o", ("buyer",)),
        key("k", "B"),
        good("a", "g", {"values": {"y": 2}}),
        door("d", {"url": sealed("B")}),
        door("f", {"url": TOKEN}),
    )


def world(**fields: Any) -> World:
    here = World(secrets=SECRETS, vault=VAULT, **fields)
    here.shop.put(SHELF, ("m",), {"id": "m", "theirs": True})
    here.settle()
    return here


def remembered(here: World) -> dict[str, Any]:
    """The ledger without times."""
    document = json.loads(here.backend.text)
    for entry in document["entries"]:
        for name in ("written", "before", "after", "witness"):
            del entry[name]
    return {name: document[name] for name in ("entries", "instances", "project", "environment")}


def unkilled(*histories: Callable[[], tuple[Resource, ...]]) -> tuple[dict[str, Any], dict[str, Any], int]:
    here = world()
    for resources in histories:
        assert here.apply(*resources()).complete
        here.settle()
    return here.shop.shows(), remembered(here), len(here.shop.writes)


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("hard", [False, True], ids=["interrupted", "gone"])
@pytest.mark.parametrize("done", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("histories", [(first,), (first, second)], ids=["creating", "changing"])
def test_killed_at_any_request_and_resumed_ends_as_if_never_killed(
    histories: tuple[Callable[[], tuple[Resource, ...]], ...], done: bool, hard: bool, workers: int
) -> None:
    shows, ledger, writes = unkilled(*histories)
    start = unkilled(*histories[:-1])[2] if len(histories) > 1 else 0
    for number in range(start + 1, writes + 1):
        here = world(workers=workers)
        for resources in histories[:-1]:
            here.apply(*resources())
            here.settle()
        last = histories[-1]
        here.shop.faults.kill_at = -number if done else number
        if hard:
            here.shop.dies = here.backend.die
        with contextlib.suppress(Killed, KeyboardInterrupt):
            here.apply(*last())
        here.revive()
        report = here.apply(*last())

        assert report.complete, (number, [str(outcome.error) for outcome in report.outcomes if outcome.error])
        assert here.shop.shows() == shows, number
        assert remembered(here) == ledger, number
        assert here.plan(*last()).is_empty, number
        created = [(kind, identity) for verb, kind, identity in here.shop.done if verb == "POST"]
        assert len(created) == len(set(created)), number


def test_one_worker_and_eight_end_alike() -> None:
    shows, ledger, _ = unkilled(first, second)
    here = world(workers=8)
    for resources in (first, second):
        assert here.apply(*resources()).complete
        here.settle()

    assert (here.shop.shows(), remembered(here)) == (shows, ledger)


LOST = [
    ("POST", SHELF, "n", shelf("n", {"title": "T"})),
    ("POST", KEY, "n", key("n", "A")),
    ("PUT", SHELF, "x", shelf("x", {"title": "new"})),
    ("PATCH", KEY, "k", key("k", "B")),
    ("PATCH", KEY, "k", key("k", "A", {"note": "new"})),
    ("PUT", DOOR, "d", door("d", {"lock": {"code": sealed("B")}})),
    ("RENAME", SHELF, "r", shelf("r", {"fields": {"new": {"type": "t"}}}, renamed=(Renamed("fields.new", "old"),))),
]


def populated_world() -> tuple[World, dict[Any, Resource]]:
    here = World(secrets=SECRETS, vault=VAULT)
    known = [
        shelf("x", {"title": "old"}),
        key("k", "A"),
        door("d", {"lock": {"code": sealed("A")}}),
        shelf("r", {"fields": {"old": {"type": "t"}}}),
    ]
    here.apply(*known)
    here.settle()
    return here, {each.address: each for each in known}


@pytest.mark.parametrize("when", [["before"], ["after"], ["before", "after"], ["after", "after"]])
@pytest.mark.parametrize(("verb", "kind", "name", "wanted"), LOST)
def test_a_write_whose_answer_is_lost_is_done_once_in_effect(
    verb: str, kind: Kind, name: str, wanted: Resource, when: list[str]
) -> None:
    here, known = populated_world()
    resources = list({**known, wanted.address: wanted}.values())
    expected, _ = populated_world()
    expected.apply(*resources)
    here.shop.faults.lose[verb, (name,)] = list(when)
    plan = here.plan(*resources)
    report = here.execute(plan)
    unknown = not report.complete

    if unknown:
        assert [str(outcome.status) for outcome in report.outcomes] == ["unknown"]
        assert len(when) == 2
        here.settle()
        assert here.apply(*resources).complete
    assert here.shop.shows() == expected.shop.shows()
    assert here.plan(*resources).is_empty
    assert len([1 for done in here.shop.done if done == ("POST", kind.full_name, (name,))]) <= 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_delete_whose_answer_is_lost_is_looked_at_again(when: str) -> None:
    here, known = populated_world()
    here.shop.faults.lose["DELETE", ("x",)] = [when]
    rest = [each for each in known.values() if each.identity != ("x",)]

    assert ended(here.apply(*rest)) == {"delete shop/Shelf:x x": "done"}
    assert (SHELF.full_name, ("x",)) not in here.shop.objects
    assert here.entry(SHELF, "x") is None


@pytest.mark.parametrize("when", ["before", "after"])
def test_taking_back_what_we_added_survives_a_lost_answer(when: str) -> None:
    here = world()
    here.apply(shelf("m", {"title": "T"}, management=Management.MERGE, adopt=Adopt.ALWAYS))
    here.shop.faults.lose["PUT", ("m",)] = [when]

    assert ended(here.apply()) == {"update shop/Shelf:m m": "done"}
    assert here.shop.shows() == {"shop/Shelf m": {"id": "m", "theirs": True}}


@pytest.mark.parametrize("when", ["before", "after"])
def test_when_nobody_can_tell_the_outcome_is_unknown_and_the_claim_stays(when: str) -> None:
    here = World()
    here.shop.faults.lose["POST", ("o",)] = [when]
    here.shop.faults.unreadable.add(("o",))
    report = here.apply(shelf("a"), offer("o", {"shelf": "a"}), rights("o", ("admin",)))

    assert ended(report) == {
        "create shop/Shelf:a a": "done",
        "create shop/Offer:o o": "unknown",
        "create shop/Rights:o o": "skipped",
        "complete shop/Offer:o o": "skipped",
    }
    assert [str(outcome.error) for outcome in report.outcomes if outcome.error] == [
        "Outcome unknown: POST o; reading it back failed: Refused: GET o: out of order"
    ]
    entry = here.entry(OFFER, "o")
    assert entry is not None
    assert (entry.claimed, entry.created) == (True, True)
    assert here.entry(RIGHTS, "o") is None
    here.shop.faults.unreadable.clear()
    here.settle()
    resumed = here.plan(shelf("a"), offer("o", {"shelf": "a"}), rights("o", ("admin",)))
    assert resumed.refusals == ()
    assert here.execute(resumed).complete
    assert here.shop.shows()["shop/Offer o"] == {"id": "o", "shelf": "a"}


def test_a_claim_of_a_killed_run_outlives_a_failure_of_the_next() -> None:
    here = World()
    here.shop.faults.kill_at = -1
    here.shop.dies = here.backend.die
    with contextlib.suppress(Killed, KeyboardInterrupt):
        here.apply(shelf("a"))
    here.revive()
    here.shop.faults.refuse["PUT", ("a",)] = _refused()
    assert not here.apply(shelf("a", {"title": "T"})).complete

    entry = here.entry(SHELF, "a")
    assert entry is not None
    assert (entry.created, entry.claimed) == (True, True)


def _refused() -> PortctlError:
    from portctl.errors import ApiError

    return ApiError("Refused", "no", method="PUT", path="/a", status=422)


def test_lists_that_are_two_seconds_late_change_nothing() -> None:
    here = world()
    here.shop.faults.lag = 2.0
    assert here.apply(*first()).complete
    assert here.plan(*first()).is_empty
    assert here.apply(*second()).complete
    assert here.plan(*second()).is_empty
    assert here.apply(*first()).complete
    assert here.plan(*first()).is_empty

    prompt = world()
    for resources in (first, second, first):
        prompt.apply(*resources())
        prompt.settle()
    assert here.shop.shows() == prompt.shop.shows()
    assert here.plan(*second()[:1], destroy=True).refusals == ()


def test_what_was_deleted_a_moment_ago_can_be_created_again_from_late_lists() -> None:
    here = World()
    here.shop.faults.lag = 2.0
    here.apply(shelf("a"), shelf("b"))
    here.apply(shelf("b"))
    plan = here.plan(shelf("a"), shelf("b"))

    assert actions(plan) == ["create shop/Shelf:a", "no-op shop/Shelf:b"]
    assert here.execute(plan).complete
    assert here.plan(shelf("a"), shelf("b")).is_empty


def test_a_change_by_somebody_else_is_not_taken_for_lateness_for_ever() -> None:
    here = World()
    here.apply(shelf("a", {"title": "old"}))
    here.settle()
    here.apply(shelf("a", {"title": "new"}))
    here.shop.put(SHELF, ("a",), {"id": "a", "title": "old"})
    started = here.clock.now()
    plan = here.plan(shelf("a", {"title": "new"}))

    assert actions(plan) == ["update shop/Shelf:a"]
    assert here.clock.now() - started == pytest.approx(7.0)
    assert Approval.given(plan).digest == plan.digest
    assert key_of(SHELF, "a") in here.ledger.entries
