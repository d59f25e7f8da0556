"""A claim of an interrupted run gives no right to what somebody else has made since."""

from __future__ import annotations

import contextlib

from portctl.model.change import Action
from portctl.model.resource import Resource
from tests.unit.engine.kinds import SHELF
from tests.unit.engine.service import Killed
from tests.unit.engine.world import World, key_of, offer, shelf


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
