"""What was deleted is gone, is seen to be gone, and is forgotten only then."""

from __future__ import annotations

import pytest

from portctl.errors import ApiError
from tests.unit.examples.kinds import SHELF
from tests.unit.examples.world import World, actions, ended, shelf

SHELVES = (shelf("a"), shelf("b"))
STILL_SHOWN = "shop/Shelf:a was deleted and is still shown, looking again"


def standing() -> World:
    here = World()
    here.apply(*SHELVES)
    here.settle()
    return here


def test_a_delete_that_did_nothing_fails_by_name_and_nothing_is_forgotten() -> None:
    here = standing()
    here.shop.faults.ignore.add(("DELETE", ("a",)))
    started = here.clock.now()
    report = here.apply(destroy=True)

    assert ended(report) == {"delete shop/Shelf:a a": "failed", "delete shop/Shelf:b b": "done"}
    assert [str(outcome.error) for outcome in report.outcomes if outcome.error] == [
        "Deleted, but still there: shop/Shelf:a: the service answered that it deleted it, and shows it still"
    ]
    assert here.clock.now() - started == pytest.approx(7.0, abs=0.1)
    assert here.watch.said.count(STILL_SHOWN) == 5
    assert (here.entry(SHELF, "a") is None, here.entry(SHELF, "b") is None) == (False, True)

    here.shop.faults.ignore.clear()
    assert ended(here.apply(destroy=True)) == {"delete shop/Shelf:a a": "done"}
    assert (here.shop.shows(), dict(here.ledger.entries)) == ({}, {})


def test_what_is_shown_a_little_longer_than_it_lives_is_waited_for() -> None:
    here = standing()
    here.shop.faults.late = 2.0
    assert ended(here.apply(SHELVES[1])) == {"delete shop/Shelf:a a": "done"}
    assert here.watch.said.count(STILL_SHOWN) == 3
    assert here.entry(SHELF, "a") is None


def test_whether_it_is_gone_is_open_where_it_cannot_be_looked_at() -> None:
    here = standing()
    plan = here.plan(SHELVES[1])
    here.shop.faults.hide.add(("DELETE", ("a",)))
    report = here.execute(plan)

    assert ended(report) == {"delete shop/Shelf:a a": "unknown"}
    (outcome,) = report.outcomes
    assert str(outcome.error) == (
        "Outcome unknown: the service answered that it deleted shop/Shelf:a, and looking whether it is gone failed: "
        "Refused: GET a: out of order"
    )
    assert here.entry(SHELF, "a") is not None
    here.shop.faults.unreadable.clear()
    assert ended(here.apply(SHELVES[1])) == {"ledger shop/Shelf:a a": "done"}


def test_what_a_list_leaves_out_is_not_taken_for_gone() -> None:
    here = standing()
    here.shop.faults.unlisted.add(("a",))
    assert actions(here.plan(*SHELVES)) == ["no-op shop/Shelf:a", "no-op shop/Shelf:b"]
    assert ended(here.apply(destroy=True)) == {"delete shop/Shelf:a a": "done", "delete shop/Shelf:b b": "done"}
    assert here.shop.shows() == {}


def test_what_is_gone_is_asked_for_once_and_forgotten() -> None:
    here = standing()
    here.shop.drop(SHELF, ("a",))
    assert ended(here.apply(SHELVES[1])) == {"ledger shop/Shelf:a a": "done"}
    assert here.entry(SHELF, "a") is None


def test_what_cannot_be_asked_for_stops_the_plan() -> None:
    here = standing()
    here.shop.faults.unlisted.add(("a",))
    here.shop.faults.unreadable.add(("a",))
    with pytest.raises(ApiError, match="GET a: out of order"):
        here.plan(destroy=True)
