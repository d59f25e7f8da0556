"""From changes to steps: what waits for what, and that it can always be done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portctl.model.plan import Plan
from portctl.model.resource import Resource
from portctl.plan.steps import build_steps
from tests.unit.examples.documents import FEW
from tests.unit.examples.kinds import SHELF
from tests.unit.examples.world import World, awaited, good, offer, rights, shelf

Wiring = dict[str, tuple[set[str], tuple[str, ...], dict[str, object]]]


def wiring(plan: Plan) -> Wiring:
    """Per step what it needs, leaves out and holds; keys without the identity."""
    short = {step.key: step.key.rsplit(" ", 1)[0].replace("shop/", "") for step in plan.steps}
    return {
        short[step.key]: ({short[need] for need in step.needs}, step.without, dict(step.held)) for step in plan.steps
    }


def test_a_reference_an_output_a_parent_and_a_request_are_waited_for() -> None:
    resources = (
        good("a", "g", {"note": awaited(offer("o"), "number")}),
        rights("o", ("x",), depends_on=(shelf("b").address,)),
        offer("o", {"shelf": "a", "publish": False}),
        shelf("a", links=("_system", "undeclared", "a")),
        shelf("b"),
    )

    assert wiring(World().plan(*resources)) == {
        "create Shelf:a": (set(), (), {}),
        "create Shelf:b": (set(), (), {}),
        "create Offer:o": ({"create Shelf:a"}, (), {}),
        "create Rights:o": ({"create Offer:o", "create Shelf:b"}, (), {}),
        "create Good:a_g": ({"create Shelf:a", "create Offer:o"}, (), {}),
    }


def test_a_circle_is_opened_by_skeletons_and_outsiders_wait_for_the_whole() -> None:
    resources = (
        shelf("a", links=("b",)),
        shelf("b", links=("c",)),
        shelf("c", links=("a", "d")),
        shelf("d"),
        shelf("user", links=("a",)),
        offer("o", {"shelf": "b"}),
    )
    firsts = {"create Shelf:a", "create Shelf:b", "create Shelf:c"}

    assert wiring(World().plan(*resources)) == {
        "create Shelf:d": (set(), (), {}),
        "create Shelf:a": (set(), ("links",), {}),
        "create Shelf:b": (set(), ("links",), {}),
        "create Shelf:c": ({"create Shelf:d"}, ("links",), {}),
        "complete Shelf:a": (firsts, (), {}),
        "complete Shelf:b": (firsts, (), {}),
        "complete Shelf:c": (firsts, (), {}),
        "create Shelf:user": ({"create Shelf:a", "complete Shelf:a"}, (), {}),
        "create Offer:o": ({"create Shelf:b", "complete Shelf:b"}, (), {}),
    }


def test_a_circle_is_connected_before_any_of_it_is_completed_where_fields_lead_over_others() -> None:
    kind = replace(SHELF, deferrable=("links", "note", "tags"), connecting=("links",))
    resources = tuple(
        replace(each, kind=kind)
        for each in (
            shelf("a", {"note": "over b"}, links=("b",)),
            shelf("b", links=("c",)),
            shelf("c", {"note": "over a", "tags": ("x",)}, links=("a",)),
        )
    )
    firsts = {"create Shelf:a", "create Shelf:b", "create Shelf:c"}
    connections = {"connect Shelf:a", "complete Shelf:b", "connect Shelf:c"}

    assert wiring(World().plan(*resources)) == {
        "create Shelf:a": (set(), ("links", "note"), {}),
        "create Shelf:b": (set(), ("links",), {}),
        "create Shelf:c": (set(), ("links", "note", "tags"), {}),
        "connect Shelf:a": (firsts, ("note",), {}),
        "complete Shelf:b": (firsts, (), {}),
        "connect Shelf:c": (firsts, ("note", "tags"), {}),
        "complete Shelf:a": (firsts | connections, (), {}),
        "complete Shelf:c": (firsts | connections, (), {}),
    }


def test_a_circle_through_an_update_waits_for_what_is_new() -> None:
    here = World()
    here.apply(shelf("old"))
    here.settle()
    resources = (shelf("old", links=("new",)), shelf("new", links=("old",)))

    assert wiring(here.plan(*resources)) == {
        "create Shelf:new": (set(), ("links",), {}),
        "update Shelf:old": ({"create Shelf:new"}, (), {}),
        "complete Shelf:new": ({"create Shelf:new", "update Shelf:old"}, (), {}),
    }
    assert here.apply(*resources).complete


def test_publishing_is_held_back_until_the_rights_are_set_and_only_then() -> None:
    here = World()
    both = (offer("o"), rights("o", ("x",)))
    hold: dict[str, object] = {"publish": False}
    assert wiring(here.plan(*both)) == {
        "create Offer:o": (set(), (), hold),
        "create Rights:o": ({"create Offer:o"}, (), {}),
        "complete Offer:o": ({"create Offer:o", "create Rights:o"}, (), {}),
    }
    assert wiring(here.plan(offer("o"))) == {"create Offer:o": (set(), (), {})}
    assert wiring(here.plan(offer("o", {"publish": False}), both[1])) == {
        "create Offer:o": (set(), (), {}),
        "create Rights:o": ({"create Offer:o"}, (), {}),
    }
    here.apply(offer("o", {"publish": False}), both[1])
    here.settle()
    assert wiring(here.plan(offer("o", {"publish": True}), rights("o", ("y",)))) == {
        "update Offer:o": (set(), (), hold),
        "update Rights:o": ({"update Offer:o"}, (), {}),
        "complete Offer:o": ({"update Offer:o", "update Rights:o"}, (), {}),
    }
    here.apply(*both)
    here.settle()
    assert wiring(here.plan(offer("o", {"title": "T"}), rights("o", ("y",)))) == {
        "update Offer:o": (set(), (), {}),
        "update Rights:o": ({"update Offer:o"}, (), {}),
    }


def test_deletes_run_in_reverse_after_the_writes_of_what_needed_the_object() -> None:
    here = World()
    here.apply(shelf("a"), offer("o", {"shelf": "a"}), good("a", "g", {}), shelf("b", links=("a",)))
    here.settle()

    assert wiring(here.plan(shelf("b", {"title": "T"}))) == {
        "update Shelf:b": (set(), (), {}),
        "delete Offer:o": (set(), (), {}),
        "delete Good:a_g": (set(), (), {}),
        "delete Shelf:a": ({"update Shelf:b", "delete Offer:o", "delete Good:a_g"}, (), {}),
    }


def test_a_circle_that_goes_is_opened_first() -> None:
    here = World()
    here.apply(shelf("a", links=("b",)), shelf("b", links=("a",)), shelf("c", links=("a",)), shelf("stays"))
    here.settle()
    released = {"release Shelf:a", "release Shelf:b"}

    assert wiring(here.plan(shelf("stays"))) == {
        "release Shelf:a": ({"delete Shelf:c"}, ("links",), {}),
        "release Shelf:b": (set(), ("links",), {}),
        "delete Shelf:c": (set(), (), {}),
        "delete Shelf:b": (released, (), {}),
        "delete Shelf:a": (released | {"delete Shelf:c"}, (), {}),
    }
    assert here.apply(shelf("stays")).complete


def test_what_changes_nothing_has_no_step() -> None:
    here = World()
    here.apply(shelf("a"))

    assert build_steps(here.plan(shelf("a")).changes) == ()


NAMES = ("a", "b", "c", "d", "e", "f")


@st.composite
def projects(draw: Any) -> tuple[Resource, ...]:
    """Shelves that link to each other as they like, and what stands on them."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=6))
    some = st.lists(st.sampled_from(names), unique=True, max_size=3) if names else st.just([])
    shelves = [shelf(name, {"title": draw(st.sampled_from(["", "T", "U"]))}, links=tuple(draw(some))) for name in names]
    on: Any = st.sampled_from(names) if names else st.nothing()
    others: list[Resource] = []
    if names and draw(st.booleans()):
        others += [offer("o", {"shelf": draw(on)}), rights("o", (draw(st.sampled_from(["x", "y"])),))]
    if names and draw(st.booleans()):
        others.append(good(draw(on), "g", {"title": draw(st.sampled_from(["T", "U"]))}))
    return draw(st.permutations([*shelves, *others])) if names else ()


@pytest.mark.parametrize("workers", [1, 4])
@FEW
@given(st.lists(projects(), min_size=1, max_size=4))
def test_any_project_can_be_turned_into_any_other(workers: int, history: list[tuple[Resource, ...]]) -> None:
    here = World(workers=workers)
    for resources in history:
        plan = here.plan(shelf("z"), *resources)
        keys = [step.key for step in plan.steps]
        assert len(set(keys)) == len(keys)
        for position, step in enumerate(plan.steps):
            assert set(step.needs) <= set(keys[:position])
        report = here.execute(plan)
        assert report.complete, [str(outcome.error) for outcome in report.outcomes if outcome.error]
        here.settle()
        assert here.plan(shelf("z"), *resources).is_empty
    wanted = {f"{each.kind.full_name} {'/'.join(each.identity)}" for each in (shelf("z"), *history[-1])}
    assert set(here.shop.shows()) - {"shop/Rights o"} == wanted - {"shop/Rights o"}
    assert (SHELF.full_name, ("z",)) in here.shop.objects
