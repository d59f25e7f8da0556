"""Which resource needs which."""

from __future__ import annotations

from portctl.model.kind import Kind, Ref
from portctl.plan.references import References, reference_values, unopenable_cycles
from tests.unit.examples.kinds import SHELF
from tests.unit.examples.world import awaited, good, key_of, offer, resource, rights, shelf

BOX = Kind(
    provider="shop",
    name="Box",
    source="these tests",
    summary="Names its contents by the last part of their identity.",
    identity=("id",),
    collection="/boxes",
    schema=dict,
    references=(Ref("holds.*", "shop/Good", loose=True), Ref("on", "shop/Shelf", also=("shop/Offer",))),
)


def test_references_parents_outputs_and_requests_are_needs_each_once() -> None:
    resources = (
        shelf("a"),
        offer("o", {"shelf": "a", "note": awaited(shelf("a"), "x")}, depends_on=(shelf("b").address,)),
        rights("o", ("x",)),
        shelf("b"),
        shelf("c", links=("c", "a", "_system", "nowhere")),
    )
    references = References(resources)

    assert [references.needs(each) for each in resources] == [
        (),
        (key_of(SHELF, "b"), key_of(SHELF, "a")),
        (key_of(resources[1].kind, "o"),),
        (),
        (key_of(SHELF, "a"),),
    ]
    assert references.needs(resources[4], skeleton=True) == ()
    assert references.needs(resources[1], skeleton=True) == references.needs(resources[1])


def test_a_loose_reference_finds_what_ends_in_the_name_and_others_share_a_space() -> None:
    box = resource(BOX, ("x",), {"holds": ["g", "h"], "on": "o"})
    goods = (good("a", "g", {}), good("b", "g", {}))
    references = References((box, *goods, offer("o")))

    assert references.needs(box) == (
        key_of(goods[0].kind, "a", "g"),
        key_of(goods[0].kind, "b", "g"),
        key_of(offer("o").kind, "o"),
    )
    assert [text for _, _, text in reference_values(box, box.attributes)] == ["g", "h", "o"]


def test_a_circle_without_deferrable_fields_cannot_be_opened() -> None:
    one = shelf("a", links=("b",))
    other = shelf("b", depends_on=(one.address,))
    assert unopenable_cycles((one, other)) == ()
    assert unopenable_cycles((shelf("a", links=("b",)), shelf("b", links=("a",)))) == ()

    closed = (shelf("a", depends_on=(other.address,)), other)
    found = unopenable_cycles(closed)
    assert [(each.rule, each.summary, each.detail, str(each.source)) for each in found] == [
        (
            "cycle",
            "Cycle that cannot be opened",
            "shop/Shelf:a, shop/Shelf:b need each other before any of them can be created.",
            "shelfs/a.yaml:1:1",
        )
    ]
