"""What has to happen to one declared resource: every branch, with its words."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.errors import ExitCode
from portctl.model.change import Action, Edit, Loss, Why
from portctl.model.plan import Refusal
from portctl.model.resource import Adopt, Management, Renamed, Resource
from portctl.model.value import MISSING, Masked, Unknown
from portctl.plan.decide import Decision, decide
from tests.unit.examples.kinds import DOOR, GOOD, KEY, OFFER, RIGHTS, SHELF
from tests.unit.examples.world import (
    World,
    actions,
    address,
    awaited,
    door,
    good,
    key,
    offer,
    rights,
    sealed,
    shelf,
)

SECRETS = {"A": "alpha-secret", "B": "beta-secret"}


def world() -> World:
    return World(secrets=dict(SECRETS))


def decided(here: World, of: Resource, *others: Resource, **options: Any) -> Decision:
    return decide(of, here.inputs(of, *others, **options))


def words(decision: Decision) -> list[tuple[int, str, str]]:
    return [(int(each.exit_code), each.detail, each.hint) for each in decision.refusals]


def test_what_is_nowhere_is_created() -> None:
    decision = decided(world(), shelf("a", {"title": "T"}))

    assert (decision.change.action, decision.change.why, decision.refusals) == (Action.CREATE, "", ())
    assert decision.change.edits == (
        Edit(("id",), MISSING, "a", Why.NEW),
        Edit(("title",), MISSING, "T", Why.NEW),
    )


def test_what_was_deleted_by_somebody_else_is_created_again_and_says_so() -> None:
    here = world()
    here.apply(shelf("a"))
    here.settle()
    here.shop.drop(SHELF, ("a",))

    decision = decided(here, shelf("a"))
    assert (decision.change.action, decision.change.why) == (Action.CREATE, "it was deleted since the last apply")


def test_what_exists_and_equals_is_adopted_without_a_request() -> None:
    here = world()
    here.shop.put(SHELF, ("a",), {"id": "a", "title": "T", "size": 1})
    written = len(here.shop.writes)
    report = here.apply(shelf("a", {"title": "T"}))

    assert [(o.step.change.action, o.step.change.why) for o in report.outcomes] == [
        (Action.ADOPT, "it exists and equals its manifest")
    ]
    assert len(here.shop.writes) == written
    entry = here.entry(SHELF, "a")
    assert entry is not None
    assert (entry.created, [owned.created for owned in entry.paths.values()]) == (False, [False, False])


def test_what_exists_and_differs_needs_consent() -> None:
    here = world()
    here.shop.put(SHELF, ("a",), {"id": "a", "title": "theirs"})
    decision = decided(here, shelf("a", {"title": "T", "note": "N"}))

    assert decision.refusals == (
        Refusal(
            exit_code=ExitCode.CONSENT,
            summary="Exists already and is not ours",
            detail="shop/Shelf:a exists but is not in the ledger, and it differs from its manifest at note, title",
            hint="To take it over and overwrite these: --adopt 'shop/Shelf:a'",
            address=address(SHELF, "a"),
        ),
    )
    assert (decision.change.action, decision.change.edits) == (Action.ADOPT, ())


@pytest.mark.parametrize("adopt", [Adopt.EQUAL, Adopt.NEVER])
def test_consent_for_one_address_lets_it_be_taken_over(adopt: Adopt) -> None:
    here = world()
    here.shop.put(SHELF, ("a",), {"id": "a", "title": "theirs"})
    decision = decided(here, shelf("a", {"title": "T"}, adopt=adopt), adopt=frozenset({address(SHELF, "a")}))

    assert decision.refusals == ()
    assert (decision.change.action, decision.change.why) == (Action.UPDATE, "adopted, as allowed")
    assert decision.change.edits == (Edit(("title",), "theirs", "T", Why.NEW),)


def test_adopt_always_needs_no_flag_and_adopt_never_refuses_even_what_equals() -> None:
    here = world()
    here.shop.put(SHELF, ("a",), {"id": "a"})

    assert decided(here, shelf("a", {"note": "N"}, adopt=Adopt.ALWAYS)).change.action is Action.UPDATE
    assert decided(here, shelf("a", adopt=Adopt.ALWAYS)).change.action is Action.ADOPT
    assert words(decided(here, shelf("a", adopt=Adopt.NEVER))) == [
        (
            5,
            "shop/Shelf:a exists but is not in the ledger, and its manifest says adopt: never",
            "Remove the object or the manifest, or allow its adoption.",
        )
    ]
    allowed = decided(here, shelf("a", adopt=Adopt.NEVER), adopt=frozenset({address(SHELF, "a")}))
    assert (allowed.change.action, allowed.refusals) == (Action.ADOPT, ())


def test_a_foreign_secret_cannot_be_adopted_as_equal() -> None:
    here = world()
    here.shop.put(KEY, ("k",), {"id": "k", "value": "alpha-secret"})
    here.shop.put(DOOR, ("same",), {"id": "same", "url": "alpha-secret"})
    here.shop.put(DOOR, ("other",), {"id": "other", "url": "somebody-else"})
    consent = "To take it over and overwrite these: --adopt 'shop/{}'"

    assert words(decided(here, key("k", "A"))) == [
        (
            5,
            "shop/Key:k exists but is not in the ledger, and it differs from its manifest at value",
            consent.format("Key:k"),
        )
    ]
    assert decided(here, door("same", {"url": sealed("A")})).change.action is Action.ADOPT
    assert words(decided(here, door("other", {"url": sealed("A")}))) == [
        (
            5,
            "shop/Door:other exists but is not in the ledger, and it differs from its manifest at url",
            consent.format("Door:other"),
        )
    ]


def test_what_is_observed_must_exist_and_is_left_alone() -> None:
    here = world()
    observed = shelf("a", {"title": "T"}, management=Management.OBSERVE)

    assert words(decided(here, observed)) == [
        (
            3,
            "shop/Shelf:a has management: observe, but there is no such object at the service",
            "Create it where it is managed, correct its identifier, or remove the manifest.",
        )
    ]
    here.shop.put(SHELF, ("a",), {"id": "a", "title": "theirs"})
    decision = decided(here, observed)
    assert (decision.change.action, decision.change.edits, decision.refusals) == (Action.NOOP, (), ())


def test_what_turns_from_managed_to_observed_is_forgotten_and_never_deleted() -> None:
    here = world()
    here.apply(offer("o"))
    user = door("d", {"note": awaited(offer("o"), "number")})
    plan = here.plan(offer("o", management=Management.OBSERVE), user)

    assert actions(plan) == ["create shop/Door:d", "forget shop/Offer:o"]
    assert here.execute(plan).complete
    assert here.entry(OFFER, "o") is None
    assert here.plan(offer("o", management=Management.OBSERVE), user).is_empty
    assert actions(here.plan(door("d", {"note": 1}))) == ["update shop/Door:d"]


def test_a_merge_leaves_foreign_paths_alone_and_takes_back_only_what_it_added() -> None:
    here = world()
    here.shop.put(SHELF, ("a",), {"id": "a", "title": "theirs", "note": "theirs", "other": 1})
    ours: dict[str, Any] = {"management": Management.MERGE, "adopt": Adopt.ALWAYS}
    here.apply(shelf("a", {"note": "ours", "size": 5}, **ours))
    assert here.shop.shows() == {"shop/Shelf a": {"id": "a", "title": "theirs", "note": "ours", "other": 1, "size": 5}}
    here.apply(shelf("a", {}, **ours))
    assert here.shop.shows() == {"shop/Shelf a": {"id": "a", "title": "theirs", "note": "ours", "other": 1}}
    assert here.plan(shelf("a", {}, **ours)).is_empty


def test_an_explicit_default_or_null_reaches_the_service_whole_or_in_part() -> None:
    here = world()
    here.apply(shelf("a", {"size": 3, "title": "T"}), shelf("s"), good("s", "g", {"title": "T", "values": {"x": 1}}))
    here.apply(shelf("a", {"size": 1, "title": None}), shelf("s"), good("s", "g", {"title": "", "values": {"x": None}}))

    assert here.shop.shows() == {
        "shop/Good s/g": {"shelf": "s", "id": "g", "title": "", "values": {"x": None}},
        "shop/Shelf a": {"id": "a", "size": 1, "title": None},
        "shop/Shelf s": {"id": "s"},
    }


def test_another_name_for_the_same_object_moves_its_entry_without_a_request() -> None:
    here = world()
    here.apply(shelf("a"))
    written = len(here.shop.writes)
    plan = here.plan(shelf("a", name="b"))

    assert [(c.action, c.was) for c in plan.changes] == [(Action.MOVE, address(SHELF, "a"))]
    assert here.execute(plan).complete
    assert len(here.shop.writes) == written
    assert [entry.address for entry in here.ledger.entries.values()] == [address(SHELF, "b")]
    both = decided(here, shelf("a", {"title": "T"}, name="c"))
    assert (both.change.action, both.change.was) == (Action.UPDATE, address(SHELF, "b"))


def test_a_rename_is_pending_until_the_service_has_the_new_name() -> None:
    here = world()
    here.apply(shelf("a", {"fields": {"old": {"type": "t"}}}))
    renamed = Renamed("fields.new", "old")
    pending = shelf("a", {"fields": {"new": {"type": "t"}}}, renamed=(renamed,))
    with_edit = shelf("a", {"title": "T", "fields": {"new": {"type": "t"}}}, renamed=(renamed,))

    assert (decided(here, pending).change.action, decided(here, pending).change.renames) == (
        Action.RENAME,
        (renamed,),
    )
    change = decided(here, with_edit).change
    assert (change.action, change.renames, change.edits) == (
        Action.UPDATE,
        (renamed,),
        (Edit(("title",), MISSING, "T", Why.MANIFEST),),
    )
    here.apply(pending)
    assert decided(here, pending).change.action is Action.NOOP


def test_what_comes_with_a_parent_of_ours_is_set_without_consent_and_of_others_only_with() -> None:
    here = world()
    here.apply(offer("o"))
    assert decided(here, rights("o", ("admin",)), offer("o")).change.action is Action.UPDATE

    here.shop.put(OFFER, ("p",), {"id": "p"})
    here.shop.put(RIGHTS, ("p",), {"sell": {"roles": ["theirs"]}})
    assert words(decided(here, rights("p", ("admin",)), offer("p"))) == [
        (
            5,
            "shop/Rights:p exists but is not in the ledger, and it differs from its manifest at sell.roles",
            "To take it over and overwrite these: --adopt 'shop/Rights:p'",
        )
    ]


@pytest.mark.parametrize(
    ("after", "losses"),
    [
        ({}, {("fields", "f"): "the values of this field are lost"}),
        ({"f": {"type": "number"}}, {("fields", "f", "type"): "values of the old type are lost"}),
        ({"f": {"type": "t", "many": True}}, {("fields", "f", "many"): "lists are cut to one"}),
        ({"f": {"type": "t"}, "g": {"type": "t", "many": True}}, {}),
        ({"f": {"type": "t", "label": "L"}}, {}),
    ],
)
def test_losing_data_of_an_object_in_use_needs_consent(after: Any, losses: dict[Any, str]) -> None:
    here = world()
    here.apply(shelf("a", {"fields": {"f": {"type": "t"}}}))
    wanted = shelf("a", {"fields": after})
    assert decided(here, wanted).refusals == ()

    here.shop.faults.populated["a",] = 1
    found = decided(here, wanted)
    assert found.change.losses == tuple(Loss(path, why) for path, why in losses.items())
    assert [(int(each.exit_code), each.summary, each.hint.splitlines()[-1]) for each in found.refusals] == [
        (5, "Would lose data", "If that is meant: --allow-destroy 'shop/Shelf:a'")
    ] * bool(losses)
    assert decided(here, wanted, allow_destroy=frozenset({wanted.address})).refusals == ()


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({"f2": {"type": "t"}}, "renamed: [{path: fields.f2, from: f}]"),
        ({}, "renamed: [{path: fields.NEW_NAME, from: f}]"),
        ({"x": {"type": "t"}, "y": {"type": "t"}}, "renamed: [{path: fields.NEW_NAME, from: f}]"),
        ({"f": {"type": "number"}}, ""),
    ],
)
def test_the_refusal_to_lose_a_part_names_the_way_to_rename_it(after: Any, said: str) -> None:
    here = world()
    here.apply(shelf("a", {"fields": {"f": {"type": "t"}}}))
    here.shop.faults.populated["a",] = 1
    hints = decided(here, shelf("a", {"fields": after})).refusals[0].hint.splitlines()
    told = f"If it is only called otherwise now, its data stays with this under metadata: {said}"
    assert hints[:-1] == ([told] if said else [])


def test_taking_back_a_field_that_we_added_to_a_foreign_object_counts_as_a_loss_too() -> None:
    here = world()
    here.shop.put(SHELF, ("a",), {"id": "a", "fields": {"g": {"type": "t"}}})
    ours: dict[str, Any] = {"management": Management.MERGE, "adopt": Adopt.ALWAYS}
    here.apply(shelf("a", {"fields": {"f": {"type": "t"}}}, **ours))
    here.shop.faults.populated["a",] = 1

    assert decided(here, shelf("a", {}, **ours)).change.losses == (
        Loss(("fields", "f"), "the values of this field are lost"),
    )
    assert [each.detail for each in here.plan().refusals] == [
        "shop/Shelf:a: fields.f: the values of this field are lost"
    ]


def test_an_output_that_this_apply_will_make_is_unknown_and_what_exists_is_filled_in() -> None:
    here = world()
    wanted = door("d", {"note": awaited(offer("o"), "number")})
    change = decided(here, wanted, offer("o")).change
    assert change.edits[1] == Edit(("note",), MISSING, Unknown("shop/Offer:o number"), Why.NEW)

    here.apply(wanted, offer("o"))
    assert decided(here, wanted, offer("o")).change.action is Action.NOOP
    here.settle()
    here.shop.drop(OFFER, ("o",))
    change = decided(here, wanted, offer("o")).change
    assert [(edit.after, edit.why) for edit in change.edits] == [(Unknown("shop/Offer:o number"), Why.UNKNOWN)]


def test_a_secret_output_of_what_will_be_made_anew_is_sent_again_in_the_same_apply() -> None:
    here = world()
    source = door("d", {})
    user = door("u", {"url": awaited(source, "token", secret=True)})
    here.apply(source, user)
    here.settle()
    here.shop.drop(DOOR, ("d",))
    change = decided(here, user, source).change

    mask = Masked("shop/Door:d token")
    assert change.edits == (Edit(("url",), mask, mask, Why.UNKNOWN),)
    assert here.apply(source, user).complete
    assert here.plan(source, user).is_empty
    assert GOOD.full_name not in here.shop.lists


def test_what_cannot_be_changed_in_place_is_replaced_and_loses_what_a_deletion_would() -> None:
    here = world()
    here.apply(shelf("a", {"sort": "x"}))
    here.settle()
    wanted = shelf("a", {"sort": "y", "title": "T"})
    change = decided(here, wanted).change
    assert (change.action, change.why) == (Action.REPLACE, "sort cannot be changed in place")

    here.shop.faults.populated["a",] = 1
    assert words(decided(here, wanted)) == [
        (5, "shop/Shelf:a: its goods are lost", "If that is meant: --allow-destroy 'shop/Shelf:a'")
    ]
    assert decided(here, wanted, allow_destroy=frozenset({wanted.address})).refusals == ()
    assert words(decided(here, shelf("a", {"sort": "y"}, protect=frozenset({"replace"})))) == [
        (
            5,
            "shop/Shelf:a would have to be replaced (sort cannot be changed in place), and it says protect: [replace]",
            "Keep it as it is, or remove the protection first.",
        )
    ]
