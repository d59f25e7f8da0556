"""One step at a time: exactly what must be touched is touched, and the answer is checked."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.apply.write import Writer
from portctl.errors import PortctlError
from portctl.model.plan import Plan
from portctl.model.provider import WriteRequest
from portctl.model.resource import Adopt, Management
from portctl.plan.outputs import lookup_in
from tests.unit.examples.kinds import DOOR, KEY, OFFER, RIGHTS, SHELF
from tests.unit.examples.service import Shop
from tests.unit.examples.world import INSTANCE, World, awaited, door, good, key, offer, rights, shelf

SECRETS = {"A": "alpha-secret", "B": "beta-secret"}


def writer(here: World, plan: Plan) -> Writer:
    lives = {change.address: change.live for change in plan.changes if change.live and change.resource}
    resources = {change.address: change.resource for change in plan.changes if change.resource}
    return Writer(
        providers={INSTANCE: here.shop},
        lookup=lookup_in(resources, lives, here.vault),
        current=lambda change: change.live,
    )


@pytest.fixture
def drafts(monkeypatch: pytest.MonkeyPatch) -> list[WriteRequest]:
    """What the shop is asked to update, as it arrives there."""
    seen: list[WriteRequest] = []
    update = Shop.update

    def listening(shop: Shop, kind: Any, live: Any, write_request: WriteRequest) -> Any:
        seen.append(write_request)
        return update(shop, kind, live, write_request)

    monkeypatch.setattr(Shop, "update", listening)
    return seen


def test_a_patch_names_exactly_the_units_that_differ(drafts: list[WriteRequest]) -> None:
    here = World(secrets=dict(SECRETS))
    here.apply(shelf("s"), good("s", "g", {"title": "T", "values": {"a": 1, "b": [1], "c": 3}}), key("k", "A"))
    here.apply(shelf("s"), good("s", "g", {"title": None, "values": {"a": 1, "b": [2]}}), key("k", "B", {"note": "n"}))

    assert [
        (write_request.identity, write_request.changed, write_request.removed, write_request.merge)
        for write_request in drafts
    ] == [
        (("s", "g"), (("title",), ("values", "b")), (("values", "c"),), True),
        (("k",), (("note",), ("value",)), (), False),
    ]


def test_an_update_that_has_become_needless_sends_nothing(drafts: list[WriteRequest]) -> None:
    here = World()
    here.apply(offer("o"), door("d", {"note": awaited(offer("o"), "number")}))
    here.settle()
    number = here.shop.objects[OFFER.full_name, ("o",)]["number"]
    here.shop.drop(OFFER, ("o",))
    plan = here.plan(offer("o"), door("d", {"note": awaited(offer("o"), "number")}))
    here.shop.next_number = number
    report = here.execute(plan)

    assert [(outcome.step.key, str(outcome.status)) for outcome in report.outcomes] == [
        ("create shop/Offer:o o", "done"),
        ("update shop/Door:d d", "unchanged"),
    ]
    assert drafts == []


def test_a_child_that_did_not_come_with_its_parent_fails_in_words() -> None:
    here = World()
    plan = here.plan(offer("o"), rights("o", ("x",)))
    step = next(step for step in plan.steps if step.change.kind is RIGHTS)

    with pytest.raises(PortctlError) as caught:
        writer(here, plan).perform(step)
    assert str(caught.value) == "Not there: shop/Rights:o should have come into being with its parent, and did not"


def test_an_output_that_never_came_fails_in_words() -> None:
    here = World()
    plan = here.plan(offer("o"), door("d", {"note": awaited(offer("o"), "number")}))
    step = next(step for step in plan.steps if step.change.kind is DOOR)

    with pytest.raises(PortctlError) as caught:
        writer(here, plan).perform(step)
    assert str(caught.value) == "Output not known: shop/Door:d needs 'number' of shop/Offer:o, which has none"
    assert here.shop.writes == []


def test_a_merge_keeps_what_others_changed_since_the_plan(drafts: list[WriteRequest]) -> None:
    here = World()
    here.shop.put(SHELF, ("a",), {"id": "a", "theirs": 1})
    plan = here.plan(shelf("a", {"title": "T"}, management=Management.MERGE, adopt=Adopt.ALWAYS))
    here.shop.put(SHELF, ("a",), {"id": "a", "theirs": 2})

    assert here.execute(plan).complete
    assert here.shop.shows() == {"shop/Shelf a": {"id": "a", "theirs": 2, "title": "T"}}
    assert [(write_request.changed, write_request.removed) for write_request in drafts] == [((("title",),), ())]


def test_a_rotation_sends_the_same_value_again() -> None:
    here = World(secrets=dict(SECRETS))
    here.apply(key("k", "A"))
    here.apply(key("k", "A"), rotate=frozenset({key("k", "A").address}))

    assert [verb for verb, kind, _ in here.shop.writes if kind == KEY.full_name] == ["POST", "PATCH"]
    assert here.shop.shows() == {"shop/Key k": {"id": "k", "value": "alpha-secret"}}
