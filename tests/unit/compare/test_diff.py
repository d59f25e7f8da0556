"""Differences: complete, minimal in what they show, and never blind."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given

from portctl.compare.canonical import same
from portctl.compare.diff import Difference, differences
from portctl.compare.normalise import normalise
from portctl.compare.paths import unit_of, value_at
from portctl.model.value import MISSING, Canonical, Masked, Unknown, freeze, get
from portctl.source import ItemKey, Path
from tests.unit.examples.documents import DOCUMENTS, FEW, MANY, OTHERS, PLAIN, places, replaced, without


def canonical(document: dict[str, Any]) -> Canonical:
    return normalise(PLAIN, freeze(document))


def applied(before: Any, found: tuple[Difference, ...]) -> Any:
    for difference in found:
        if difference.after is MISSING:
            before = without(before, difference.path)
        else:
            before = replaced(before, difference.path, difference.after)
    return before


@MANY
@given(DOCUMENTS, DOCUMENTS)
@example({"__x": 1}, {"__x": 2})
@example({"a": {"__x": 1}}, {"a": {}})
@example({"a": [1]}, {"a": {"b": 1}})
@example({"a": {}}, {"a": None})
def test_differences_applied_to_one_side_give_the_other(left: dict[str, Any], right: dict[str, Any]) -> None:
    before, after = canonical(left), canonical(right)
    found = differences(before, after)

    assert (found == ()) == same(before, after)
    assert same(applied(before, found), after)
    for difference in found:
        assert get(before, difference.path) is difference.before or same(
            get(before, difference.path), difference.before
        )
        assert (
            difference.before is MISSING or difference.after is MISSING or not same(difference.before, difference.after)
        )


@FEW
@given(DOCUMENTS)
def test_a_change_of_any_leaf_is_reported_where_it_is(document: dict[str, Any]) -> None:
    before = canonical(document)
    for path in places(before):
        for mutant in (*(replaced(before, path, other) for other in OTHERS), without(before, path)):
            found = differences(before, Canonical(mutant), ("id", "name"))
            if same(mutant, before):
                assert found == ()
            else:
                assert {difference.path[0] for difference in found} == {path[0]}


@MANY
@given(DOCUMENTS, DOCUMENTS)
def test_aligning_items_hides_no_difference(left: dict[str, Any], right: dict[str, Any]) -> None:
    items = ({"name": "one", **left}, {"name": "two", **right})
    before = canonical({"list": [*items, {"name": "three"}]})
    after = canonical({"list": [{**items[1], "name": "one"}, {**items[0], "name": "two"}]})
    found = differences(before, after, ("name",))

    assert {unit_of(difference.path) for difference in found} == {("list",)}
    for difference in found:
        assert not same_or_missing(difference.before, difference.after)


def same_or_missing(left: Any, right: Any) -> bool:
    if left is MISSING or right is MISSING:
        return left is right
    return same(left, right)


def test_items_of_arrays_are_compared_by_their_key() -> None:
    before = canonical({"list": [{"name": "a", "v": 1}, {"name": "b", "v": 2}]})
    after = canonical({"list": [{"name": "a", "v": 1}, {"name": "c", "v": 3}, {"name": "b", "v": True}]})
    picked: Path = ("list", ItemKey("name=b"), "v")

    assert differences(before, after, ("identifier", "name")) == (
        Difference(picked, 2, True),
        Difference(("list", ItemKey("name=c")), MISSING, {"name": "c", "v": 3}),
    )
    assert value_at(after, picked) is True
    assert value_at(after, ("list", ItemKey("name=z"), "v")) is MISSING
    assert unit_of(picked) == unit_of(("list", 0, "v")) == ("list",)


def test_arrays_that_are_only_reordered_or_have_no_key_are_shown_whole() -> None:
    one, other = {"name": "a"}, {"name": "b"}

    assert differences(canonical({"l": [one, other]}), canonical({"l": [other, one]}), ("name",)) == (
        Difference(("l",), (one, other), (other, one)),
    )
    assert differences(canonical({"l": [one, one]}), canonical({"l": [one]}), ("name",)) == (
        Difference(("l",), (one, one), (one,)),
    )
    assert differences(canonical({"l": [1]}), canonical({"l": [one]}), ("name",)) == (Difference(("l",), (1,), (one,)),)


def test_masks_are_equal_and_unknowns_are_what_they_wait_for() -> None:
    before = Canonical({"secret": Masked("A"), "text": "x", "other": Unknown("u")})
    after = Canonical({"secret": Masked("B"), "text": Unknown("u"), "other": Unknown("u")})

    assert differences(before, after) == (Difference(("text",), "x", Unknown("u")),)
