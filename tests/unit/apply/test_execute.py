"""Making plans true: order, failures, silence, and the ledger after each."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.apply.execute import Approval, execute
from portctl.errors import ApiError, ConsentNeeded, InvalidInput
from portctl.model.change import Action
from portctl.model.report import Status
from portctl.model.resource import Adopt, Management, Renamed
from tests.unit.examples.kinds import DOOR, GOOD, KEY, OFFER, SHELF
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


def refusal(status: int) -> ApiError:
    return ApiError("Refused", "no", method="POST", path="/x", status=status)


def world(**fields: Any) -> World:
    return World(secrets=dict(SECRETS), **fields)


def everything() -> tuple[Any, ...]:
    return (
        shelf("a", {"tags": ["y", "x"]}, links=("b",)),
        shelf("b", links=("a", "c")),
        shelf("c"),
        offer("o", {"shelf": "a", "title": "T"}),
        rights("o", ("admin",)),
        key("k", "A"),
        good("a", "g", {"values": {"x": 1}}),
        door("d", {"headers": [{"name": "auth", "value": sealed("A")}], "lock": {"code": sealed("B")}}),
        door("e", {"note": awaited(offer("o"), "number"), "url": awaited(door("d", {}), "token", secret=True)}),
    )


@pytest.mark.parametrize("workers", [1, 8])
def test_everything_is_created_in_order_and_a_second_plan_is_empty(workers: int) -> None:
    here = world(workers=workers)
    report = here.apply(*everything())

    assert report.complete
    assert set(ended(report).values()) == {"done"}
    assert here.shop.shows() == {
        "shop/Door d": {
            "id": "d",
            "headers": [{"name": "auth", "value": "alpha-secret"}],
            "lock": {"code": "beta-secret"},
            "token": "door-token-d",
        },
        "shop/Door e": {
            "id": "e",
            "note": here.shop.objects[OFFER.full_name, ("o",)]["number"],
            "url": "door-token-d",
            "token": "door-token-e",
        },
        "shop/Good a/g": {"shelf": "a", "id": "g", "values": {"x": 1}},
        "shop/Key k": {"id": "k", "value": "alpha-secret"},
        "shop/Offer o": {"id": "o", "shelf": "a", "title": "T"},
        "shop/Rights o": {"sell": {"roles": ["admin"], "limit": 10}},
        "shop/Shelf a": {"id": "a", "tags": ["y", "x"], "links": {"to_b": {"target": "b"}}},
        "shop/Shelf b": {"id": "b", "links": {"to_a": {"target": "a"}, "to_c": {"target": "c"}}},
        "shop/Shelf c": {"id": "c"},
    }
    assert here.plan(*everything()).is_empty
    looks_before_what_cannot_be_compared = 2
    assert report.requests == {"shop@default": len(here.shop.writes) + 1 + looks_before_what_cannot_be_compared}


def test_a_plan_sends_no_write() -> None:
    here = world()
    here.plan(*everything())
    here.apply(*everything())
    written = list(here.shop.writes)
    here.plan(shelf("a"), offer("o", {"shelf": "a"}))

    assert here.shop.writes == written
    assert here.shop.lists.count(SHELF.full_name) == 3


def test_an_offer_is_published_only_when_its_rights_are_set() -> None:
    here = world()
    here.shop.faults.refuse["PATCH", ("o",)] = refusal(403)
    report = here.apply(shelf("a"), offer("o", {"shelf": "a"}), rights("o", ("admin",)))

    assert ended(report) == {
        "create shop/Shelf:a a": "done",
        "create shop/Offer:o o": "done",
        "create shop/Rights:o o": "failed",
        "complete shop/Offer:o o": "skipped",
    }
    assert here.shop.shows()["shop/Offer o"] == {"id": "o", "shelf": "a", "publish": False}

    here.shop.faults.refuse.clear()
    plan = here.plan(shelf("a"), offer("o", {"shelf": "a"}), rights("o", ("admin",)))
    assert actions(plan) == ["update shop/Offer:o", "update shop/Rights:o", "no-op shop/Shelf:a"]
    assert here.execute(plan).complete
    assert here.shop.shows()["shop/Offer o"] == {"id": "o", "shelf": "a"}


def test_a_failed_step_skips_what_needs_it_and_nothing_else() -> None:
    here = world()
    here.shop.faults.refuse["POST", ("a",)] = refusal(422)
    resources = (shelf("a"), offer("o", {"shelf": "a"}), good("a", "g", {}), shelf("b"), good("b", "h", {}))
    report = here.apply(*resources)

    assert ended(report) == {
        "create shop/Shelf:a a": "failed",
        "create shop/Offer:o o": "skipped",
        "create shop/Good:a_g a/g": "skipped",
        "create shop/Shelf:b b": "done",
        "create shop/Good:b_h b/h": "done",
    }
    assert [report.count(status) for status in Status] == [2, 0, 1, 2, 0, 0, 0]
    assert {o.because for o in report.outcomes if o.status is Status.SKIPPED} == {"create shop/Shelf:a a"}
    assert sorted(here.ledger.entries) == [key_of(s.kind, *s.identity) for s in (resources[4], resources[3])]
    assert not report.complete


@pytest.mark.parametrize("workers", [1, 8])
def test_a_bug_costs_its_step_and_the_ledger_knows_what_may_have_been_made(workers: int) -> None:
    here = world(workers=workers)
    here.shop.faults.refuse["POST", ("a",)] = UnicodeEncodeError("utf-8", "hunter2", 0, 1, "surrogates not allowed")
    report = here.apply(shelf("a"), offer("o", {"shelf": "a"}), shelf("b"))

    assert ended(report) == {
        "create shop/Shelf:a a": "unknown",
        "create shop/Offer:o o": "skipped",
        "create shop/Shelf:b b": "done",
    }
    told = next(outcome.error for outcome in report.outcomes if outcome.error)
    assert told.summary == "This is a bug in portctl"
    assert told.detail.startswith("UnicodeEncodeError at service.py:")
    assert sorted(here.ledger.entries) == [key_of(SHELF, "a"), key_of(SHELF, "b")]
    assert here.entry(SHELF, "a").claimed  # type: ignore[union-attr]
    here.shop.faults.refuse.clear()
    assert here.apply(shelf("a"), offer("o", {"shelf": "a"}), shelf("b")).complete


def test_a_delete_is_done_although_a_write_that_never_needed_the_object_fails() -> None:
    here = world()
    here.apply(shelf("a"), shelf("b"))
    here.shop.faults.refuse["PUT", ("a",)] = refusal(422)
    report = here.apply(shelf("a", {"title": "new"}))

    assert ended(report) == {"update shop/Shelf:a a": "failed", "delete shop/Shelf:b b": "done"}
    assert sorted(here.ledger.entries) == [key_of(SHELF, "a")]


@pytest.mark.parametrize(("status", "ours"), [(409, False), (422, False), (500, True), (503, True)])
def test_a_claim_is_withdrawn_only_when_the_service_surely_did_nothing(status: int, ours: bool) -> None:
    here = world()
    here.shop.faults.refuse["POST", ("a",)] = refusal(status)
    here.apply(shelf("a"))

    assert (here.entry(SHELF, "a") is not None) == ours


def test_a_silently_dropped_field_fails_the_step_naming_the_path_and_the_object_stays_ours() -> None:
    here = world()
    here.shop.faults.drop.add(("fields", "f", "label"))
    wanted = shelf("a", {"fields": {"f": {"type": "t", "label": "L"}}})
    report = here.apply(wanted)

    assert [str(outcome.error) for outcome in report.outcomes] == [
        "Written, but not as wanted: shop/Shelf:a: the service dropped or changed fields.f.label"
    ]
    entry = here.entry(SHELF, "a")
    assert entry is not None
    assert entry.created
    here.shop.faults.drop.clear()
    plan = here.plan(wanted)
    assert (actions(plan), plan.refusals) == (["update shop/Shelf:a"], ())
    assert here.execute(plan).complete


def test_a_removal_that_the_service_ignores_fails_the_step() -> None:
    here = world()
    here.shop.put(SHELF, ("a",), {"id": "a", "theirs": 1})
    both = shelf("a", {"note": "ours", "title": "T"}, management=Management.MERGE, adopt=Adopt.ALWAYS)
    one = shelf("a", {"title": "T"}, management=Management.MERGE)
    assert here.apply(both).complete
    here.shop.keeps.add(("note",))

    assert [str(outcome.error) for outcome in here.apply(one).outcomes] == [
        "Written, but not as wanted: shop/Shelf:a: the service dropped or changed note"
    ]
    assert [str(outcome.error) for outcome in here.apply().outcomes] == [
        "Written, but not as wanted: shop/Shelf:a: the service dropped or changed note"
    ]
    assert here.entry(SHELF, "a") is not None


def test_without_a_secret_that_will_be_sent_nothing_is_sent() -> None:
    here = World(secrets={"B": "beta-secret"})
    plan = here.plan(shelf("a"), key("k", "A"), door("d", {"url": sealed("A")}))

    with pytest.raises(InvalidInput) as caught:
        here.execute(plan)

    assert str(caught.value) == (
        "Secret not available: A (needed by shop/Door:d): the environment variable A is not set"
    )
    assert (here.shop.writes, here.backend.saves) == ([], 0)


def test_a_secret_in_an_array_counts_as_sent_when_another_item_changes() -> None:
    here = world()
    lines = [{"name": "auth", "value": sealed("A")}, {"name": "x", "value": "1"}]
    here.apply(door("d", {"headers": lines}))
    here.set_secrets()
    plan = here.plan(door("d", {"headers": [lines[0], {"name": "x", "value": "2"}]}))
    written = len(here.shop.writes)

    with pytest.raises(InvalidInput, match="Secret not available"):
        here.execute(plan)
    assert len(here.shop.writes) == written


def test_a_patch_needs_only_the_secrets_that_it_sends() -> None:
    here = world()
    here.apply(key("k", "A"))
    here.set_secrets()
    plan = here.plan(key("k", "A", {"note": "n"}))

    assert [change.notes for change in plan.changes] == [("secret A is not available here: assumed unchanged",)]
    assert here.execute(plan).complete
    assert here.shop.shows()["shop/Key k"] == {"id": "k", "value": "alpha-secret", "note": "n"}
    here.set_secrets(**SECRETS)
    assert here.plan(key("k", "A", {"note": "n"})).is_empty


def test_only_the_plan_that_was_approved_is_executed() -> None:
    here = world()
    plan, other = here.plan(shelf("a")), here.plan(shelf("b"))

    with pytest.raises(ConsentNeeded, match="Not the plan that was approved"):
        execute(plan, Approval.given(other), here.ledger, here.context(plan))
    here.shop.put(SHELF, ("c",), {"id": "c", "title": "theirs"})
    with pytest.raises(ConsentNeeded, match="Exists already and is not ours"):
        here.execute(here.plan(shelf("c")))
    assert (here.shop.writes, here.backend.saves) == ([], 0)


def test_an_object_whose_identifier_changed_is_made_anew_and_the_old_one_goes_last() -> None:
    here = world()
    here.apply(door("old", {}), door("user", {"url": awaited(door("old", {}), "token", secret=True)}))
    new = door("new", {}, name="old")
    report = here.apply(new, door("user", {"url": awaited(new, "token", secret=True)}))

    assert list(ended(report).items()) == [
        ("create shop/Door:old new", "done"),
        ("update shop/Door:user user", "done"),
        ("delete shop/Door:old old", "done"),
    ]
    assert here.shop.shows() == {
        "shop/Door new": {"id": "new", "token": "door-token-new"},
        "shop/Door user": {"id": "user", "url": "door-token-new", "token": "door-token-user"},
    }


def test_what_was_added_to_one_object_is_taken_back_there_when_the_manifest_turns_to_another() -> None:
    here = world()
    for name in ("one", "two"):
        here.shop.put(SHELF, (name,), {"id": name, "theirs": name})
    ours: dict[str, Any] = {"name": "s", "adopt": Adopt.ALWAYS, "management": Management.MERGE}
    here.apply(shelf("one", {"title": "T"}, **ours))
    here.apply(shelf("two", {"title": "T"}, **ours))

    assert here.shop.shows() == {
        "shop/Shelf one": {"id": "one", "theirs": "one"},
        "shop/Shelf two": {"id": "two", "theirs": "two", "title": "T"},
    }
    assert sorted(here.ledger.entries) == [key_of(SHELF, "two")]


def test_a_rename_keeps_what_stands_in_the_part_and_is_done_once() -> None:
    here = world()
    here.apply(shelf("a", {"fields": {"old": {"type": "t"}}}))
    here.shop.faults.populated["a",] = 3
    renamed = shelf("a", {"fields": {"new": {"type": "t"}}}, renamed=(Renamed("fields.new", "old"),))
    plan = here.plan(renamed)

    assert (actions(plan), plan.refusals) == (["rename shop/Shelf:a"], ())
    assert ended(here.execute(plan)) == {"rename shop/Shelf:a a": "done"}
    assert here.shop.shows() == {"shop/Shelf a": {"id": "a", "fields": {"new": {"type": "t"}}}}
    assert [verb for verb, _, _ in here.shop.writes] == ["POST", "RENAME"]
    assert here.plan(renamed).is_empty


def test_the_watch_hears_of_every_step_and_the_run_is_recorded() -> None:
    here = world()
    here.shop.faults.refuse["POST", ("a",)] = refusal(422)
    here.apply(shelf("a"), shelf("b", links=("a",)))

    assert here.watch.said == [
        "started create shop/Shelf:a a",
        "failed create shop/Shelf:a a",
        "skipped create shop/Shelf:b b",
    ]
    assert [(run.id, run.who, run.commit) for run in here.ledger.runs] == [("run", "tester", "c0ffee")]
    assert here.ledger.instances == {"shop@default": "shop-1"}


def test_an_apply_that_finds_nothing_to_do_saves_nothing() -> None:
    here = world()
    here.apply(*everything())
    saved = here.backend.text

    report = here.apply(*everything())

    assert (report.outcomes, here.backend.text) == ((), saved)


def test_no_secret_stands_in_the_ledger_the_report_or_the_plan() -> None:
    here = world()
    report = here.apply(*everything())
    here.set_secrets(A="gamma-secret", B="beta-secret")
    plan = here.plan(*everything())
    shown = repr([(change.before, change.after, change.edits, change.notes) for change in plan.changes])
    second = here.execute(plan)
    said = repr([(outcome.step.key, outcome.error) for each in (report, second) for outcome in each.outcomes])

    assert actions(plan)[:3] == ["update shop/Door:d", "no-op shop/Door:e", "no-op shop/Good:a_g"]
    assert [change.key for change in plan.changes if change.action is Action.UPDATE] == [
        key_of(DOOR, "d"),
        key_of(KEY, "k"),
    ]
    values = ("alpha-secret", "beta-secret", "gamma-secret", "door-token")
    assert [value for value in values if value in here.backend.text + said + shown] == []


def test_an_interrupt_ends_in_a_report_of_what_was_done_what_was_under_way_and_what_is_left() -> None:
    here, wanted = world(), (shelf("a"), offer("o", {"shelf": "a"}), good("a", "g", {}))
    here.shop.faults.interrupt_at = 2
    report = here.apply(*wanted)

    assert (report.interrupted, report.complete) == (True, False)
    assert ended(report) == {
        "create shop/Shelf:a a": "done",
        "create shop/Good:a_g a/g": "under way",
        "create shop/Offer:o o": "not started",
    }
    assert {key: entry.claimed for key, entry in here.ledger.entries.items()} == {
        key_of(SHELF, "a"): False,
        key_of(GOOD, "a", "g"): True,
    }
    here.shop.faults.interrupt_at = 0
    rest = here.apply(*wanted)
    assert (rest.interrupted, rest.complete) == (False, True)


def test_an_interrupted_round_of_completions_still_knows_what_was_done() -> None:
    here = world()
    here.shop.faults.interrupt_at = 3
    report = here.apply(shelf("a", links=("b",)), shelf("b", links=("a",)))

    assert ended(report) == {
        "create shop/Shelf:a a": "done",
        "create shop/Shelf:b b": "done",
        "complete shop/Shelf:a a": "under way",
        "complete shop/Shelf:b b": "not started",
    }
