"""A claim of an interrupted run gives no right to what somebody else has made since."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest

from portctl.ledger.intents import made_by_claim
from portctl.model.change import Action
from portctl.model.kind import Kind
from portctl.model.ledger import Entry
from portctl.model.resource import Live, Resource
from portctl.model.value import Attributes
from tests.unit.examples.kinds import SHELF
from tests.unit.examples.service import Killed
from tests.unit.examples.world import World, ended, key_of, offer, shelf


def interrupted(*resources: Resource) -> World:
    """A world whose process died before its first write left: everything is claimed, nothing is there."""
    here = World()
    here.shop.faults.kill_at = 1
    here.shop.dies = here.backend.die
    with contextlib.suppress(Killed, KeyboardInterrupt):
        here.apply(*resources)
    here.revive()
    assert here.ledger.entries[key_of(SHELF, "a")].claimed
    return here


def test_what_somebody_else_made_meanwhile_is_not_overwritten_without_consent() -> None:
    here = interrupted(shelf("a", {"title": "ours"}))
    here.shop.put(SHELF, ("a",), {"id": "a", "title": "theirs"})
    plan = here.plan(shelf("a", {"title": "ours"}))
    assert [refusal.summary for refusal in plan.refusals] == ["Exists already and is not ours"]


def test_what_somebody_else_made_meanwhile_is_not_deleted_either() -> None:
    here = interrupted(shelf("a", {"title": "ours"}), offer("o"))
    here.shop.put(SHELF, ("a",), {"id": "a", "title": "theirs"})
    (change,) = [change for change in here.plan(offer("o")).changes if change.kind is SHELF]
    assert (change.action, change.why) == (
        Action.FORGET,
        "an interrupted run announced it, and it is not what that would have made: left as it is",
    )


def test_what_the_interrupted_run_made_is_ours() -> None:
    here = interrupted(shelf("a", {"title": "ours"}))
    here.shop.put(SHELF, ("a",), {"id": "a", "title": "ours"})
    plan = here.plan(shelf("a", {"title": "ours"}))
    assert (plan.refusals, [change.action for change in plan.changes]) == ((), [Action.NOOP])


def test_destroy_leaves_what_it_cannot_tell_says_so_and_remembers_it() -> None:
    here = interrupted(shelf("a", {"title": "ours"}))
    here.shop.put(SHELF, ("a",), {"id": "a", "title": "theirs"})
    report = here.execute(here.plan(destroy=True))
    assert (ended(report), report.complete) == ({"ledger shop/Shelf:a a": "failed"}, False)
    (error,) = [outcome.error for outcome in report.outcomes if outcome.error]
    assert str(error) == (
        "Left as it is: shop/Shelf:a: an interrupted run announced it, and it is not what that would have made: "
        "left as it is"
    )
    assert error.hint == (
        "Look at it at the service. If it is not this project's: portctl state rm 'shop/Shelf:a'; "
        "if it is, bring its manifest back and adopt it."
    )
    assert here.ledger.entries[key_of(SHELF, "a")].claimed


def claim(remote: str = "") -> Entry:
    """What is announced of a shelf with two fields."""
    here = interrupted(shelf("a", {"title": "ours", "fields": {"x": {"type": "t"}, "y": {"type": "t"}}}))
    return replace(here.ledger.entries[key_of(SHELF, "a")], remote=remote)


IN_PARTS = replace(SHELF, parts=("fields",), server_id="number")
FIELD = {"type": "t"}


@pytest.mark.parametrize(
    ("kind", "remote", "stands", "ours"),
    [
        (IN_PARTS, "", {"title": "ours"}, True),
        (IN_PARTS, "", {"title": "ours", "fields": {"x": FIELD}}, True),
        (IN_PARTS, "", {"title": "ours", "fields": {"x": {"type": "other"}, "z": FIELD}}, True),
        (IN_PARTS, "", {"title": "theirs"}, False),
        (SHELF, "", {"title": "ours", "fields": {"x": FIELD}}, False),
        (IN_PARTS, "n1", {"title": "theirs", "number": "n1"}, True),
        (IN_PARTS, "n1", {"title": "ours", "number": "n2"}, False),
        (IN_PARTS, "n1", {"title": "ours", "fields": {"x": FIELD, "y": FIELD}, "number": "n2"}, True),
    ],
    ids=["first", "some", "filled in", "theirs", "no parts", "its id", "another id", "another id, whole"],
)
def test_a_beginning_of_what_was_announced_is_ours(kind: Kind, remote: str, stands: Attributes, ours: bool) -> None:
    kind = replace(kind, server_owned=(*kind.server_owned, "number"))
    assert made_by_claim(kind, claim(remote), Live(kind, ("a",), {"id": "a", **stands})) is ours
