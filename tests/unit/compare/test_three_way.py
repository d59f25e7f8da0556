"""Comparing with what lives: three-way reasons, partial ownership, and what a write must touch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from portctl.compare.canonical import digest, managed_leaves, same
from portctl.compare.paths import with_value, without
from portctl.compare.three_way import creation_edits, delta, desired_side, dropped, edits, live_side
from portctl.model.change import Edit, Why
from portctl.model.kind import Kind
from portctl.model.ledger import Entry, Owned
from portctl.model.resource import Live, Management, Resource
from portctl.model.value import MISSING, Masked, freeze, get
from portctl.source import ItemKey, Path
from tests.unit.examples.documents import DOCUMENTS, MANY, PLAIN
from tests.unit.examples.kinds import DOOR, GOOD, OFFER, RIGHTS, SHELF
from tests.unit.examples.world import address, door, good, offer, resource, rights, sealed, shelf

F: Path = ("fields", "f")


def live(kind: Kind, attributes: Any) -> Live:
    return Live(kind, ("x",), freeze(attributes))


def entry(of: Resource, applied: Mapping[str, Any], created: tuple[Path, ...] | None = None, **more: Any) -> Entry:
    """A ledger entry of an object that was last applied as `applied`."""
    paths = {
        path: Owned(digest(value), created is None or path in created)
        for path, value in managed_leaves(freeze(applied)).items()
    }
    return Entry(address=of.address, identity=of.identity, created=created is None, paths=paths, **more)


def compared(of: Resource, there: dict[str, Any], known: Entry | None = None) -> tuple[Edit, ...]:
    desired = desired_side(of, of.attributes)
    return edits(desired, live_side(desired, live(of.kind, there), known), known)


@pytest.mark.parametrize(
    ("applied", "there", "wanted", "why"),
    [
        ("a", "a", "b", Why.MANIFEST),
        ("a", "b", "a", Why.DRIFT),
        ("a", "b", "c", Why.CONFLICT),
        (MISSING, MISSING, "a", Why.MANIFEST),
        (MISSING, "b", "a", Why.CONFLICT),
        ("a", MISSING, "a", Why.DRIFT),
        ("a", MISSING, "b", Why.CONFLICT),
        ("a", "a", MISSING, Why.MANIFEST),
        ("a", "b", MISSING, Why.CONFLICT),
        (MISSING, "b", MISSING, Why.DRIFT),
        (1, True, 1, Why.DRIFT),
        (1, 1, True, Why.MANIFEST),
    ],
)
def test_each_edit_says_who_moved_since_the_last_apply(applied: Any, there: Any, wanted: Any, why: Why) -> None:
    def sides(value: Any) -> dict[str, Any]:
        return {"id": "x"} if value is MISSING else {"id": "x", "name": value}

    of = resource(SHELF, ("x",), sides(wanted))

    assert compared(of, sides(there), entry(of, sides(applied))) == (Edit(("name",), there, wanted, why),)
    assert compared(of, sides(there), None) == (Edit(("name",), there, wanted, Why.NEW),)


def test_what_a_killed_run_announced_is_new_and_not_a_conflict() -> None:
    of = shelf("x", {"name": "a"})
    announced = Entry(
        address=of.address, identity=("x",), created=True, claimed=True, paths={("name",): Owned("", True)}
    )

    assert compared(of, {"id": "x", "name": "b"}, announced) == (Edit(("name",), "b", "a", Why.NEW),)
    assert compared(of, {"id": "x"}, announced) == (Edit(("name",), MISSING, "a", Why.NEW),)


def test_a_change_inside_an_array_has_the_reason_of_the_whole_array() -> None:
    before = {"id": "x", "lines": [{"name": "l", "n": 1}, {"name": "m"}]}
    of = offer("x", {"lines": [{"name": "l", "n": 2}, {"name": "m"}]})
    picked = ("lines", ItemKey("name=l"), "n")

    assert compared(of, before, entry(of, before)) == (Edit(picked, 1, 2, Why.MANIFEST),)
    assert compared(of, before, entry(of, of.attributes)) == (Edit(picked, 1, 2, Why.DRIFT),)


def test_a_value_that_equals_absence_is_named_where_the_manifest_says_it() -> None:
    of = shelf("x", {"title": None, "size": 1, "fields": {"f": {"type": "t", "many": False}}})
    there = {"id": "x", "title": "T", "size": 2, "fields": {"f": {"type": "t", "many": True}}}

    assert compared(of, there) == (
        Edit((*F, "many"), True, False, Why.NEW),
        Edit(("size",), 2, 1, Why.NEW),
        Edit(("title",), "T", None, Why.NEW),
    )


def test_a_value_that_the_manifest_leaves_to_its_default_becomes_that_default() -> None:
    of = shelf("x", {"fields": {"f": {"type": "t"}}})
    there = {"id": "x", "title": "T", "size": 2, "fields": {"f": {"type": "t", "many": True}, "g": {"many": True}}}

    assert compared(of, there) == (
        Edit((*F, "many"), True, False, Why.NEW),
        Edit(("fields", "g"), {"many": True}, MISSING, Why.NEW),
        Edit(("size",), 2, 1, Why.NEW),
        Edit(("title",), "T", MISSING, Why.NEW),
    )


def test_foreign_parts_of_an_object_are_not_looked_at() -> None:
    of = good("s", "x", {"values": {"a": 1, "gone": None}})
    there = {"shelf": "s", "id": "x", "values": {"a": 1, "foreign": 2, "gone": 3}, "title": "foreign"}
    desired = desired_side(of, of.attributes)
    before = live_side(desired, live(GOOD, there))

    assert before == {"shelf": "s", "id": "x", "values": {"a": 1, "gone": 3}}
    assert edits(desired, before, None) == (Edit(("values", "gone"), 3, None, Why.NEW),)
    assert delta(desired, before) == ((("values", "gone"),), ())


def test_clearing_the_only_value_of_ours_names_that_value_and_not_its_neighbours() -> None:
    of = good("s", "x", {"values": {"gone": None}})
    there = {"shelf": "s", "id": "x", "values": {"foreign": 2, "gone": 3}}
    desired = desired_side(of, of.attributes)
    before = live_side(desired, live(GOOD, there))

    assert edits(desired, before, None) == (Edit(("values", "gone"), 3, None, Why.NEW),)
    assert delta(desired, before) == ((("values", "gone"),), ())


def test_what_a_merge_adds_is_named_by_unit_so_that_neighbours_survive() -> None:
    of = shelf("x", {"fields": {"f": {"type": "t"}}}, management=Management.MERGE)
    desired = desired_side(of, of.attributes)
    before = live_side(desired, live(SHELF, {"id": "x", "fields": {"foreign": {"type": "t"}}}))

    assert delta(desired, before) == (((*F, "type"),), ())


def test_an_empty_mapping_in_a_merge_speaks_about_nothing() -> None:
    of = good("s", "x", {"values": {}})
    desired = desired_side(of, of.attributes)

    assert desired.declared == {("shelf",): "s", ("id",): "x"}
    assert delta(desired, live_side(desired, live(GOOD, {"shelf": "s", "id": "x", "values": {"a": 1}}))) == ((), ())


@MANY
@given(DOCUMENTS, DOCUMENTS)
def test_writing_the_units_of_a_delta_gives_what_is_desired(left: dict[str, Any], right: dict[str, Any]) -> None:
    desired = desired_side(resource(PLAIN, ("x",), right), freeze(right))
    before = live_side(desired, live(PLAIN, left))
    changed, removed = delta(desired, before)
    after: Any = before
    for path in removed:
        after = without(after, path)
    for path in changed:
        after = with_value(after, path, get(desired.canonical, path))

    assert same(bare(after), bare(desired.canonical))
    assert ((changed, removed) == ((), ())) == same(before, desired.canonical)


def bare(value: Any) -> Any:
    """Without mappings that only became empty."""
    if isinstance(value, dict):
        items = {key: bare(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item != {}}
    return value


@MANY
@given(DOCUMENTS, DOCUMENTS)
def test_a_merge_never_names_a_path_that_the_manifest_does_not(left: dict[str, Any], right: dict[str, Any]) -> None:
    of = resource(PLAIN, ("x",), right, management=Management.MERGE)
    desired = desired_side(of, of.attributes)
    before = live_side(desired, live(PLAIN, left))
    changed, removed = delta(desired, before)

    assert set(changed) <= set(desired.declared)
    assert removed == ()
    found = [edit.path for edit in edits(desired, before, None)]
    assert all(any(path[: len(edit)] == edit for path in desired.declared) for edit in found)


def test_what_we_created_in_a_foreign_object_goes_when_the_manifest_drops_it() -> None:
    of = shelf("x", {"title": "T"}, management=Management.MERGE)
    applied = {"title": "T", "note": "ours", "size": 3, "fields": {"f": {"type": "t", "many": True}}}
    ours: tuple[Path, ...] = (("note",), (*F, "type"), (*F, "many"))
    known = entry(of, applied, ours)
    there = {**applied, "note": "theirs now", "foreign": 1}

    assert dropped(desired_side(of, of.attributes), live(SHELF, there), known) == (
        Edit(("note",), "theirs now", MISSING, Why.CONFLICT),
        Edit(F, {"type": "t", "many": True}, MISSING, Why.MANIFEST),
    )


def test_a_named_part_that_others_added_to_keeps_what_is_theirs() -> None:
    of = shelf("x", {}, management=Management.MERGE)
    known = entry(of, {"fields": {"f": {"type": "t"}}}, ((*F, "type"),))
    there = {"id": "x", "fields": {"f": {"type": "t", "label": "theirs"}}}

    assert dropped(desired_side(of, of.attributes), live(SHELF, there), known) == (
        Edit((*F, "type"), "t", MISSING, Why.MANIFEST),
    )


@pytest.mark.parametrize(
    ("created", "declared", "gone"),
    [
        (((*F, "type"), (*F, "note")), {}, ((F, {"type": "t", "note": "n", "label": "theirs"}, Why.CONFLICT),)),
        (((*F, "note"),), {}, (((*F, "note"), "n", Why.MANIFEST),)),
        (((*F, "type"), (*F, "note")), {"fields": {"f": {"type": "t"}}}, (((*F, "note"), "n", Why.MANIFEST),)),
        (((*F, "type"), (*F, "note")), {"fields": {"f": {"note": "n"}}}, ()),
    ],
    ids=["made by us", "made by others", "still declared", "declared in part"],
)
def test_a_part_that_we_made_goes_with_what_others_added_to_it(
    created: tuple[Path, ...], declared: dict[str, Any], gone: tuple[tuple[Path, Any, Why], ...]
) -> None:
    kind = replace(SHELF, essential=("fields.*.type",))
    of = resource(kind, ("x",), {"id": "x", **declared}, management=Management.MERGE)
    known = entry(of, {"fields": {"f": {"type": "t", "note": "n"}}}, created)
    there = {"id": "x", "fields": {"f": {"type": "t", "note": "n", "label": "theirs"}}}

    assert dropped(desired_side(of, of.attributes), live(kind, there), known) == tuple(
        Edit(path, before, MISSING, why) for path, before, why in gone
    )


def test_nothing_is_dropped_of_an_object_that_is_all_ours_or_was_not_there() -> None:
    whole = shelf("x", {})
    part = shelf("x", {}, management=Management.MERGE)
    known = entry(whole, {"note": "n"}, (("note",),))
    there = live(SHELF, {"id": "x", "note": "n"})

    assert dropped(desired_side(whole, whole.attributes), there, known) == ()
    assert dropped(desired_side(part, part.attributes), there, None) == ()
    assert dropped(desired_side(part, part.attributes), live(SHELF, {"id": "x"}), known) == ()


def test_a_manifest_that_says_nothing_never_takes_the_object_away() -> None:
    empty = resource(RIGHTS, ("x",), {})
    known = Entry(address=empty.address, identity=("x",), created=True, paths={(): Owned("h", True)})

    assert dropped(desired_side(empty, {}), live(RIGHTS, {"sell": {"roles": ["a"]}}), known) == ()


def test_a_new_object_shows_everything_it_will_have() -> None:
    of = door("x", {"url": sealed("A"), "headers": [{"name": "n"}], "note": {}})

    assert creation_edits(desired_side(of, of.attributes)) == (
        Edit(("id",), MISSING, "x", Why.NEW),
        Edit(("url",), MISSING, Masked("A"), Why.NEW),
        Edit(("headers",), MISSING, ({"name": "n"},), Why.NEW),
        Edit(("note",), MISSING, {}, Why.NEW),
    )


def test_a_secret_that_the_manifest_moved_elsewhere_is_not_shown_where_it_was() -> None:
    of = door("x", {"link": sealed("A")})
    known = entry(of, {"id": "x", "url": Masked("A")}, fingerprints={("url",): "print"})

    assert compared(of, {"id": "x", "url": "alpha-secret"}, known) == (
        Edit(("link",), MISSING, Masked("A"), Why.MANIFEST),
        Edit(("url",), Masked(""), MISSING, Why.MANIFEST),
    )
    assert address(DOOR, "x") == of.address
    assert rights("o", ("a",)).address == address(RIGHTS, "o")
    assert offer("o").kind is OFFER


def test_of_a_part_that_is_new_even_what_equals_absence_is_written() -> None:
    of = shelf("x", {"fields": {"f": {"type": "t", "many": False}}}, management=Management.MERGE)
    desired = desired_side(of, of.attributes)

    def writes(there: dict[str, Any]) -> Any:
        return delta(desired, live_side(desired, live(SHELF, {"id": "x", "fields": there})))

    assert writes({"theirs": {"type": "t"}}) == (((*F, "type"), (*F, "many")), ())
    assert writes({"f": {"type": "u"}}) == (((*F, "type"),), ())
