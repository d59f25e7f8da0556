"""Reading: one list per kind, parents first, and patience with late lists."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.errors import AccessDenied
from portctl.ledger.document import new_ledger
from portctl.model.ledger import Entry, Ledger
from portctl.model.plan import InstanceInfo
from portctl.model.resource import Live
from portctl.refresh.read import ABSENT, LAG_SECONDS, check_instances, projection_digest
from tests.unit.examples.kinds import KEY, OFFER, RIGHTS, SHELF
from tests.unit.examples.world import INSTANCE, World, actions, address, key_of, offer, rights, shelf


def entry(name: str, **fields: Any) -> Entry:
    return Entry(address=address(SHELF, name), identity=(name,), created=True, **fields)


def ledger(*entries: Entry) -> Ledger:
    made = new_ledger("shop", "test")
    for each in entries:
        made = made.with_entry(each)
    return made


def test_what_is_wanted_and_exists_is_read_with_one_list_per_kind() -> None:
    here = World()
    for name in "abc":
        here.shop.put(SHELF, (name,), {"id": name})
    here.shop.put(OFFER, ("o",), {"id": "o"})
    wanted = [key_of(SHELF, "a"), key_of(SHELF, "b"), key_of(SHELF, "a"), key_of(SHELF, "z"), key_of(OFFER, "o")]
    lives = here.reader().read(wanted, ledger())

    assert sorted(lives) == [key_of(OFFER, "o"), key_of(SHELF, "a"), key_of(SHELF, "b")]
    assert sorted(here.shop.lists) == ["shop/Offer", "shop/Shelf"]


def test_nothing_is_read_under_a_parent_that_is_absent() -> None:
    here = World()
    assert here.reader().read([key_of(OFFER, "o"), key_of(RIGHTS, "o")], ledger()) == {}
    assert here.shop.lists == ["shop/Offer"]

    here.apply(offer("o"))
    here.settle()
    here.shop.lists.clear()
    lives = here.reader().read(
        [key_of(RIGHTS, "o"), key_of(OFFER, "o"), key_of(RIGHTS, "p"), key_of(OFFER, "p")], ledger()
    )
    assert sorted(lives) == [key_of(OFFER, "o"), key_of(RIGHTS, "o")]
    assert here.shop.lists == ["shop/Offer", "shop/Rights"]


def test_a_list_that_still_shows_a_deleted_object_is_read_again() -> None:
    here = World()
    here.shop.put(SHELF, ("a",), {"id": "a"})
    started = here.clock.now()
    gone = ledger().without(key_of(SHELF, "a"), deleted_at=started)
    assert sorted(here.reader().read([key_of(SHELF, "a")], gone)) == [key_of(SHELF, "a")]
    assert here.clock.now() - started == pytest.approx(7.0)
    assert here.shop.lists == ["shop/Shelf"] * 6
    assert here.watch.said == ["the service does not show the last apply yet, reading again"] * 5

    here.clock.sleep(LAG_SECONDS)
    here.shop.lists.clear()
    here.reader().read([key_of(SHELF, "a")], gone)
    assert here.shop.lists == ["shop/Shelf"]


@pytest.mark.parametrize("seconds", [-10_000_000.0, -60.0, 60.0, 10_000_000.0])
def test_a_clock_that_was_set_makes_nothing_recent(seconds: float) -> None:
    """The ledger's times are of another machine, or of a clock that was wrong: no plan waits for them."""
    here = World()
    here.shop.put(SHELF, ("a",), {"id": "a"})
    gone = ledger().without(key_of(SHELF, "a"), deleted_at=here.clock.now() + seconds)
    shown = projection_digest(Live(SHELF, ("a",), {"id": "a"}), entry("a"))
    late = entry("a", before=(shown,), after="x", written=here.clock.now() + seconds)
    for kept in (gone, ledger(late)):
        started = here.clock.now()
        here.reader().read([key_of(SHELF, "a")], kept)
        assert here.clock.now() == started


def test_only_the_kinds_that_are_late_are_read_again() -> None:
    here = World()
    here.apply(shelf("a"), offer("o"))
    here.settle()
    here.shop.faults.lag = 0.9
    here.apply(shelf("a", {"title": "T"}), offer("o"))
    here.shop.lists.clear()
    plan = here.plan(shelf("a", {"title": "T"}), offer("o"))

    assert plan.is_empty
    assert sorted(here.shop.lists) == ["shop/Offer", "shop/Shelf", "shop/Shelf", "shop/Shelf"]


def test_an_unchanged_object_is_never_waited_for() -> None:
    here = World()
    both = (offer("o"), rights("o", ("x",)), shelf("a"))
    here.apply(*both)
    started = here.clock.now()

    assert actions(here.plan(*both)) == ["no-op shop/Offer:o", "no-op shop/Rights:o", "no-op shop/Shelf:a"]
    assert here.clock.now() == started


def test_the_projection_is_of_what_we_manage_and_of_when_it_was_written() -> None:
    def digest_of(attributes: dict[str, Any] | None, known: Entry, kind: Any = SHELF) -> str:
        return projection_digest(None if attributes is None else Live(kind, ("a",), attributes), known)

    key_entry = Entry(address=address(KEY, "a"), identity=("a",), created=True)
    part = entry("a", merge=True)

    assert digest_of(None, entry("a")) == ABSENT
    assert digest_of({"id": "a"}, entry("a")) != digest_of({"id": "a", "title": "T"}, entry("a"))
    assert digest_of({"id": "a"}, entry("a")) == digest_of({"id": "a", "updatedAt": "now"}, entry("a"))
    assert digest_of({"id": "a"}, part) == digest_of({"id": "a", "title": "T"}, part)
    assert digest_of({"updatedAt": "1"}, key_entry, KEY) != digest_of({"updatedAt": "2"}, key_entry, KEY)


def test_logging_in_says_which_organisation_each_instance_is() -> None:
    here = World()

    assert here.reader().login([INSTANCE]) == {
        INSTANCE: InstanceInfo(provider="shop", name="default", identity="shop-1", url="http://shop.test")
    }


def test_another_organisation_than_the_last_time_is_refused_before_anything_is_read() -> None:
    here = World()
    here.apply(shelf("a"))
    here.shop.identity = "shop-2"
    here.shop.lists.clear()

    with pytest.raises(AccessDenied) as caught:
        here.plan(shelf("a"))
    assert str(caught.value) == (
        "Wrong organisation: shop@default at http://shop.test is shop-2, but this environment was applied to shop-1"
    )
    assert (caught.value.exit_code, here.shop.lists) == (8, [])
    check_instances({INSTANCE: here.shop.login()}, ledger())
