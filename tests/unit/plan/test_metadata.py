"""What only the ledger learns: protection, onDelete and labels reach it without a write, and count from then on."""

from __future__ import annotations

from portctl.model.change import Action
from portctl.model.kind import OnDelete
from tests.unit.examples.kinds import SHELF
from tests.unit.examples.world import World, resource, shelf


def test_protection_that_comes_later_is_recorded_without_a_write_and_refuses_the_deletion() -> None:
    here = World()
    here.apply(shelf("a"), shelf("b"))
    protected = shelf("a", protect=frozenset({"delete"}), on_delete=OnDelete.KEEP, labels={"team": "x"})
    (change,) = [c for c in here.plan(protected, shelf("b")).changes if c.identity == ("a",)]
    assert change.action is Action.NOOP
    assert change.notes == ("protect, onDelete, labels: recorded in the ledger by the next apply, nothing is sent",)

    here.apply(protected, shelf("b"))
    (entry,) = [entry for entry in here.ledger.entries.values() if entry.identity == ("a",)]
    assert (entry.protect, entry.on_delete, entry.labels) == (frozenset({"delete"}), OnDelete.KEEP, {"team": "x"})
    assert [c.notes for c in here.plan(protected, shelf("b")).changes] == [(), ()]


def test_nothing_can_be_rotated_in_what_has_no_secret() -> None:
    here = World()
    here.apply(shelf("a"))
    plan = here.plan(shelf("a"), rotate=frozenset({shelf("a").address}))
    assert [(refusal.summary, refusal.detail) for refusal in plan.refusals] == [
        ("Nothing to rotate", "--rotate names shop/Shelf:a, which has no secret")
    ]


def test_an_object_whose_identifier_changed_says_so() -> None:
    here = World()
    here.apply(resource(SHELF, ("a",), {"id": "a"}, "fixed"))
    plan = here.plan(resource(SHELF, ("b",), {"id": "b"}, "fixed"))
    assert [(c.action, c.identity, c.why) for c in plan.changes] == [
        (Action.CREATE, ("b",), ""),
        (Action.DELETE, ("a",), "a is now b in the manifest"),
    ]
