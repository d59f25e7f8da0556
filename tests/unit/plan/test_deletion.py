"""An object is deleted if and only if every clause holds; each test flips one."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.model.change import Action
from portctl.model.kind import OnDelete
from portctl.model.project import Guards
from portctl.model.resource import Adopt, Management
from portctl.plan.deletion import decide_orphan, orphans, unknown_entries
from tests.unit.examples.kinds import CATALOGUE, OFFER, SHELF
from tests.unit.examples.service import Shop
from tests.unit.examples.world import (
    INSTANCE,
    World,
    actions,
    address,
    ended,
    good,
    key_of,
    offer,
    refused,
    rights,
    shelf,
)

STAYS = shelf("stays")


def applied(*resources: Any, **fields: Any) -> World:
    here = World(**fields)
    assert here.apply(STAYS, *resources).complete
    here.settle()
    return here


def test_what_we_created_and_no_manifest_names_is_deleted() -> None:
    here = applied(shelf("a"))
    plan = here.plan(STAYS)

    assert [(str(c.address), c.action, c.why) for c in plan.changes] == [
        ("shop/Shelf:stays", Action.NOOP, ""),
        ("shop/Shelf:a", Action.DELETE, "its manifest is gone"),
    ]
    assert here.execute(plan).complete
    assert sorted(here.shop.shows()) == ["shop/Shelf stays"]
    assert here.plan(STAYS).is_empty


def test_what_is_not_in_the_ledger_is_not_deleted() -> None:
    here = applied()
    here.shop.put(SHELF, ("theirs",), {"id": "theirs"})

    assert actions(here.plan(STAYS)) == ["no-op shop/Shelf:stays"]


def test_what_was_there_before_us_is_left_as_it_is() -> None:
    here = applied()
    here.shop.put(SHELF, ("a",), {"id": "a"})
    here.apply(STAYS, shelf("a"))
    plan = here.plan(STAYS)

    assert [(c.action, c.why) for c in plan.changes if c.address.name == "a"] == [
        (Action.FORGET, "left as it is: it was there before us")
    ]
    report = here.execute(plan)
    assert report.kept == ("shop/Shelf:a: left as it is: it was there before us",)
    assert sorted(here.shop.shows()) == ["shop/Shelf a", "shop/Shelf stays"]
    assert sorted(here.ledger.entries) == [key_of(SHELF, "stays")]


def test_what_was_there_before_us_is_deleted_when_the_manifest_said_so() -> None:
    here = applied()
    here.shop.put(SHELF, ("a",), {"id": "a"})
    here.apply(STAYS, shelf("a", on_delete=OnDelete.DELETE))

    assert actions(here.plan(STAYS)) == ["no-op shop/Shelf:stays", "delete shop/Shelf:a"]


def test_what_was_adopted_and_later_made_anew_by_us_is_ours() -> None:
    here = applied()
    here.shop.put(SHELF, ("a",), {"id": "a"})
    here.apply(STAYS, shelf("a"))
    here.settle()
    here.shop.drop(SHELF, ("a",))
    here.apply(STAYS, shelf("a"))

    assert actions(here.plan(STAYS)) == ["no-op shop/Shelf:stays", "delete shop/Shelf:a"]


def test_another_manifest_for_the_same_object_is_a_move_and_no_delete() -> None:
    here = applied(shelf("a"))

    assert actions(here.plan(STAYS, shelf("a", name="other"))) == ["move shop/Shelf:other", "no-op shop/Shelf:stays"]


def test_what_a_fresh_read_does_not_show_is_only_forgotten() -> None:
    here = applied(shelf("a"))
    here.shop.drop(SHELF, ("a",))
    plan = here.plan(STAYS)

    assert [(c.action, c.why) for c in plan.changes if c.address.name == "a"] == [(Action.FORGET, "it is gone already")]
    assert here.execute(plan).kept == ()
    assert sorted(here.ledger.entries) == [key_of(SHELF, "stays")]


def test_what_went_between_plan_and_apply_counts_as_done() -> None:
    here = applied(shelf("a"))
    plan = here.plan(STAYS)
    here.shop.drop(SHELF, ("a",))

    assert ended(here.execute(plan)) == {"delete shop/Shelf:a a": "unchanged"}


def test_a_failed_read_never_leads_to_a_delete(monkeypatch: pytest.MonkeyPatch) -> None:
    here = applied(shelf("a"))

    def fails(*_: Any) -> Any:
        raise ConnectionError

    monkeypatch.setattr(Shop, "read", fails)
    with pytest.raises(ConnectionError):
        here.plan(STAYS)


def test_what_is_protected_is_not_deleted() -> None:
    here = applied(shelf("a", protect=frozenset({"delete"})), shelf("b", protect=frozenset({"replace"})))

    assert refused(here.plan(STAYS)) == [
        (
            5,
            "Protected from deletion",
            "shop/Shelf:a was applied with protect: [delete]",
            "Bring its manifest back, apply it without the protection, then remove it; or: portctl state rm.",
        )
    ]
    assert refused(here.plan(destroy=True)) == refused(here.plan(STAYS))


@pytest.mark.parametrize("destroy", [True, False])
def test_what_is_kept_on_purpose_stays(destroy: bool) -> None:
    here = applied(shelf("a", on_delete=OnDelete.KEEP))
    plan = here.plan(destroy=True) if destroy else here.plan(STAYS)

    assert "forget shop/Shelf:a" in actions(plan)
    report = here.execute(plan)
    assert report.kept == ("shop/Shelf:a: kept on purpose (onDelete: keep)",)
    assert plan.notes == (report.kept if destroy else ())
    assert "shop/Shelf a" in here.shop.shows()


def test_what_goes_with_its_parent_is_not_deleted_by_itself() -> None:
    here = applied(offer("o"), rights("o", ("admin",)))

    assert actions(here.plan(STAYS, offer("o"))) == [
        "no-op shop/Offer:o",
        "forget shop/Rights:o",
        "no-op shop/Shelf:stays",
    ]


@pytest.mark.parametrize("destroy", [True, False])
def test_what_goes_with_its_parent_is_not_said_to_stay(destroy: bool) -> None:
    here = applied(offer("o"), rights("o", ("admin",)))
    plan = here.plan(destroy=True) if destroy else here.plan(STAYS)

    assert [(c.action, c.why) for c in plan.changes if c.address.name == "o"] == [
        (Action.FORGET, "it goes with shop/Offer:o"),
        (Action.DELETE, "" if destroy else "its manifest is gone"),
    ]
    report = here.execute(plan)
    assert (plan.notes, report.kept) == ((), ())
    assert "shop/Rights o" not in here.shop.shows()


def test_a_part_whose_parent_stays_is_said_to_stay() -> None:
    here = applied(offer("o", on_delete=OnDelete.KEEP), rights("o", ("admin",)))
    plan = here.plan(destroy=True)

    said = "shop/Rights:o: it stays as it is: it goes with its parent"
    assert plan.notes == here.execute(plan).kept == ("shop/Offer:o: kept on purpose (onDelete: keep)", said)


def test_destroying_by_label_takes_what_was_applied_with_all_of_them() -> None:
    here = applied(
        shelf("a", labels={"team": "red", "tier": "1"}), shelf("b", labels={"team": "red"}), shelf("c", labels={})
    )
    assert actions(here.plan(destroy=True, labels=("team=red",))) == ["delete shop/Shelf:a", "delete shop/Shelf:b"]
    assert actions(here.plan(destroy=True, labels=("team=red", "tier=1"))) == ["delete shop/Shelf:a"]


def test_what_we_added_to_a_foreign_object_is_taken_back_and_the_rest_left() -> None:
    here = applied()
    here.shop.put(SHELF, ("a",), {"id": "a", "title": "theirs"})
    here.apply(STAYS, shelf("a", {"note": "ours"}, management=Management.MERGE, adopt=Adopt.ALWAYS))
    plan = here.plan(STAYS)

    assert [(c.action, c.why, c.removals) for c in plan.changes if c.address.name == "a"] == [
        (Action.UPDATE, "its manifest is gone: what we added is removed", (("note",),))
    ]
    assert here.execute(plan).complete
    assert here.shop.shows()["shop/Shelf a"] == {"id": "a", "title": "theirs"}
    assert sorted(here.ledger.entries) == [key_of(SHELF, "stays")]


def test_an_object_in_use_is_deleted_only_with_consent() -> None:
    here = applied(shelf("a"))
    here.shop.faults.populated["a",] = 1

    assert refused(here.plan(STAYS)) == [
        (
            5,
            "Would lose data",
            "shop/Shelf:a: its goods are lost",
            "If that is meant: --allow-destroy 'shop/Shelf:a'",
        )
    ]
    allowed = here.plan(STAYS, allow_destroy=frozenset({address(SHELF, "a")}))
    assert allowed.refusals == ()
    assert here.execute(allowed).complete


def test_a_targeted_run_deletes_only_its_targets_and_labels_never_delete() -> None:
    here = applied(shelf("a"), shelf("b"))

    assert actions(here.plan(STAYS, targets=(address(SHELF, "a"),))) == ["delete shop/Shelf:a"]
    assert actions(here.plan(STAYS, targets=(STAYS.address,))) == ["no-op shop/Shelf:stays"]
    assert actions(here.plan(STAYS, labels=("team=x",))) == []
    assert actions(here.plan(STAYS, targets=(address(SHELF, "a"),), labels=("team=x",))) == []
    inputs = here.inputs(STAYS, targets=(address(SHELF, "a"),))
    assert [entry.identity for entry in orphans(inputs, frozenset())] == [("a",)]


GUARDED = [
    (Guards(deletes=5, delete_share=0.2), 10, 2, None, None),
    (Guards(deletes=5, delete_share=0.2), 10, 3, None, "20% of the 10 objects in the ledger, which is 2"),
    (Guards(deletes=5, delete_share=1.0), 10, 5, None, None),
    (Guards(deletes=5, delete_share=1.0), 10, 6, None, "5 deletes"),
    (Guards(deletes=5, delete_share=0.2), 3, 1, None, None),
    (Guards(deletes=5, delete_share=0.2), 3, 2, None, "20% of the 3 objects in the ledger, which is 1"),
    (Guards(deletes=0, delete_share=0.2), 3, 1, None, "0 deletes"),
    (Guards(deletes=5, delete_share=0.2), 10, 7, 7, None),
    (Guards(deletes=5, delete_share=0.2), 10, 8, 7, "--allow-deletes 7"),
    (Guards(deletes=5, delete_share=1.0), 10, 1, 0, "--allow-deletes 0"),
]


@pytest.mark.parametrize(("guards", "known", "gone", "allowed", "rule"), GUARDED)
def test_the_guards_allow_only_so_many_deletes(
    guards: Guards, known: int, gone: int, allowed: int | None, rule: str | None
) -> None:
    shelves = [shelf(f"s{number}") for number in range(known)]
    here = World(guards=guards)
    here.apply(*shelves)
    here.settle()
    plan = here.plan(*shelves[gone:], allow_deletes=allowed)

    assert refused(plan) == (
        []
        if rule is None
        else [
            (
                5,
                "Too many deletes",
                f"this plan deletes {gone} objects; the guard allows {rule}",
                f"If all of them shall go: --allow-deletes {gone}",
            )
        ]
    )


def test_an_empty_set_of_manifests_is_refused_even_with_an_allowance_but_destroy_is_not_guarded() -> None:
    here = applied(shelf("a"), guards=Guards(deletes=0))

    assert refused(here.plan(allow_deletes=10)) == [
        (
            5,
            "Nothing is declared any more",
            "there is no manifest, and the ledger holds 2 objects",
            "If everything shall go: portctl destroy. Otherwise check the manifest folders in portctl.yaml.",
        )
    ]
    plan = here.plan(STAYS, destroy=True)
    assert (actions(plan), plan.refusals) == (["delete shop/Shelf:a", "delete shop/Shelf:stays"], ())
    assert here.execute(plan).complete
    assert (here.shop.shows(), here.ledger.entries) == ({}, {})
    here.settle()
    assert here.apply(STAYS, shelf("a")).complete


def test_everything_goes_in_reverse_and_circles_are_opened() -> None:
    here = applied(shelf("a", links=("b",)), shelf("b", links=("a",)), offer("o", {"shelf": "a"}), good("b", "g", {}))
    here.shop.done.clear()
    assert here.apply(destroy=True).complete

    deleted = ["/".join(identity) for verb, _, identity in here.shop.done if verb == "DELETE"]
    assert sorted(deleted) == ["a", "b", "b/g", "o", "stays"]
    assert deleted.index("o") < deleted.index("a")
    assert deleted.index("b/g") < deleted.index("b")


def test_entries_that_cannot_even_be_read_stop_the_plan() -> None:
    here = applied(shelf("a"), offer("o"))
    entries = list(here.ledger.entries.values())
    without_offers = {name: kind for name, kind in CATALOGUE.items() if kind is not OFFER}

    assert [(r.summary, r.detail, r.hint) for r in unknown_entries(entries, without_offers, frozenset({INSTANCE}))] == [
        (
            "In the ledger, but no longer configured",
            "shop/Offer:o is in the ledger, and the kind shop/Offer is not configured any more",
            "Configure it again, or forget the object: portctl state rm 'shop/Offer:o'",
        )
    ]
    assert sorted(r.detail for r in unknown_entries(entries, CATALOGUE, frozenset())) == [
        f"{name} is in the ledger, and the instance shop@default is not configured any more"
        for name in ("shop/Offer:o", "shop/Shelf:a", "shop/Shelf:stays")
    ]
    assert list(unknown_entries(entries, CATALOGUE, frozenset({INSTANCE}))) == []


def test_a_drift_of_what_is_to_be_deleted_changes_what_the_plan_saw() -> None:
    here = applied(shelf("a"))
    seen = here.plan(STAYS).digest
    here.shop.put(SHELF, ("a",), {"id": "a", "title": "somebody needs this"})

    assert here.plan(STAYS).digest != seen
    entry = here.entry(SHELF, "a")
    assert entry is not None
    before = decide_orphan(entry, here.inputs(STAYS)).change.before
    assert before is not None
    assert dict(before) == {"id": "a", "title": "somebody needs this"}
