"""What the ledger remembers of a change: before the first write, and after the last."""

from __future__ import annotations

from typing import Any

from portctl.apply.ledger_updates import LedgerUpdates, owned_paths
from portctl.compare.canonical import digest
from portctl.model.kind import OnDelete
from portctl.model.ledger import Entry, Ledger, Owned
from portctl.model.plan import Plan
from portctl.model.resource import Adopt, Management
from portctl.plan.outputs import lookup_in
from portctl.source import Path
from tests.unit.examples.kinds import DOOR, OFFER, SHELF
from tests.unit.examples.world import World, address, door, key, key_of, offer, sealed, shelf

SECRETS = {"A": "alpha-secret", "B": "beta-secret"}


def claimed(here: World, plan: Plan) -> Ledger:
    recorder = LedgerUpdates(
        vault=here.vault, lookup=lookup_in({}, {}, here.vault), salt=b"salt", now=lambda: here.clock.now()
    )
    return recorder.claim(here.ledger, plan)


def flags(entry: Entry) -> dict[Path, tuple[bool, bool]]:
    """Per path: whether a hash is known, and whether we created it."""
    return {path: (bool(owned.hash), owned.created) for path, owned in entry.paths.items()}


def test_what_will_be_created_is_claimed_with_what_a_later_run_must_know() -> None:
    here = World()
    wanted = shelf(
        "a",
        {"title": "T"},
        links=("b",),
        protect=frozenset({"delete"}),
        labels={"team": "x"},
        on_delete=OnDelete.KEEP,
        management=Management.MERGE,
    )
    entry = claimed(here, here.plan(wanted, shelf("b"))).entries[key_of(SHELF, "a")]

    assert entry == Entry(
        address=address(SHELF, "a"),
        identity=("a",),
        created=True,
        claimed=True,
        depends=(key_of(SHELF, "b"),),
        protect=frozenset({"delete"}),
        on_delete=OnDelete.KEEP,
        labels={"team": "x"},
        merge=True,
        paths={
            ("id",): Owned(digest("a"), True),
            ("title",): Owned(digest("T"), True),
            ("links", "to_b", "target"): Owned(digest("b"), True),
        },
        before=("absent",),
        written=here.clock.now(),
    )


def test_what_will_be_changed_is_claimed_with_what_stood_there_before_us() -> None:
    here = World()
    here.shop.put(SHELF, ("a",), {"id": "a", "title": "theirs"})
    ours: dict[str, Any] = {"management": Management.MERGE, "adopt": Adopt.ALWAYS}
    first = claimed(here, here.plan(shelf("a", {"title": "T", "note": "N"}, **ours))).entries[key_of(SHELF, "a")]
    assert (first.created, first.claimed) == (False, True)
    assert flags(first) == {("id",): (False, False), ("title",): (False, False), ("note",): (False, True)}

    here.apply(shelf("a", {"title": "T", "note": "N"}, **ours))
    again = claimed(here, here.plan(shelf("a", {"title": "U", "note": "N", "size": 4}, **ours)))
    assert again.entries[key_of(SHELF, "a")].claimed is False
    assert flags(again.entries[key_of(SHELF, "a")]) == {
        ("id",): (True, False),
        ("title",): (True, False),
        ("note",): (True, True),
        ("size",): (False, True),
    }


def test_adopting_moving_deleting_and_leaving_alone_claim_nothing() -> None:
    here = World()
    here.apply(shelf("kept"), shelf("moved"), shelf("gone"))
    here.shop.put(SHELF, ("theirs",), {"id": "theirs"})
    here.settle()
    plan = here.plan(shelf("kept"), shelf("moved", name="other"), shelf("theirs"))

    assert claimed(here, plan) == here.ledger


def test_after_a_write_the_ledger_holds_hashes_fingerprints_and_the_witness_but_no_value() -> None:
    here = World(secrets=dict(SECRETS))
    here.apply(door("d", {"note": "plain", "url": sealed("A"), "lock": {"code": sealed("B")}}))
    entry = here.entry(DOOR, "d")
    assert entry is not None

    assert (entry.created, entry.claimed, entry.merge) == (True, False, False)
    assert {path: owned.hash for path, owned in entry.paths.items()}["note",] == digest("plain")
    assert sorted(entry.paths) == [("id",), ("lock", "code"), ("note",), ("url",)]
    assert sorted(entry.fingerprints) == [("lock", "code"), ("url",)]
    assert entry.modified_marker == here.shop.objects[DOOR.full_name, ("d",)]["updatedAt"]
    assert (entry.before, entry.after != "") == (("absent",), True)
    assert [value for value in SECRETS.values() if value in here.backend.text] == []


def test_a_change_of_metadata_alone_reaches_the_ledger_with_no_request() -> None:
    here = World()
    here.apply(offer("o"), shelf("a"))
    here.settle()
    written = len(here.shop.writes)
    here.apply(
        offer("o", protect=frozenset({"delete"}), labels={"a": "b"}, depends_on=(address(SHELF, "a"),)), shelf("a")
    )
    entry = here.entry(OFFER, "o")
    assert entry is not None

    assert (entry.protect, entry.labels, entry.depends) == (frozenset({"delete"}), {"a": "b"}, (key_of(SHELF, "a"),))
    assert len(here.shop.writes) == written


def test_a_change_that_somebody_made_by_hand_is_taken_note_of() -> None:
    here = World()
    here.apply(shelf("a", {"title": "T"}))
    here.settle()
    here.shop.put(SHELF, ("a",), {"id": "a", "title": "U"})
    here.apply(shelf("a", {"title": "U"}))
    entry = here.entry(SHELF, "a")

    assert entry is not None
    assert entry.paths["title",] == Owned(digest("U"), True)


def test_a_fingerprint_outlives_a_run_that_does_not_have_the_secret() -> None:
    here = World(secrets=dict(SECRETS))
    here.apply(key("k", "A"))
    before = here.entry(key("k", "A").kind, "k")
    here.set_secrets()
    here.settle()
    here.apply(key("k", "A", {"note": "n"}))
    after = here.entry(key("k", "A").kind, "k")

    assert before is not None
    assert after is not None
    assert after.fingerprints == before.fingerprints
    assert ("note",) in after.paths


def test_owned_paths_hold_hashes_and_no_values() -> None:
    found = owned_paths({("a",): "alpha-secret", ("b",): 1}, frozenset({("b",)}))

    assert {path: owned.created for path, owned in found.items()} == {("a",): True, ("b",): False}
    assert "alpha-secret" not in repr(found)
    assert len({owned.hash for owned in found.values()}) == 2
