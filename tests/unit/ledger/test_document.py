"""The ledger as a value and as text."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portctl.errors import PortctlError
from portctl.ledger.document import dump_ledger, load_ledger, new_ledger
from portctl.model.address import Address
from portctl.model.kind import OnDelete
from portctl.model.ledger import PLANS_KEPT, RUNS_KEPT, Entry, Ledger, Owned, Run
from tests.unit.examples.documents import MANY, TEXTS, VALUES
from tests.unit.examples.kinds import SHELF
from tests.unit.examples.world import address, key_of

PATHS = st.lists(TEXTS | st.integers(0, 3), min_size=1, max_size=3).map(tuple)
PARTS = st.lists(TEXTS.filter(bool), min_size=1, max_size=2).map(tuple)
KEYS = st.tuples(st.just("shop@default"), st.just("shop/Shelf"), PARTS)
ENTRIES = st.builds(
    Entry,
    address=st.builds(Address, st.just("shop"), st.just("Shelf"), st.sampled_from(["a", "b.c", "d%2Fe"])),
    identity=PARTS,
    created=st.booleans(),
    claimed=st.booleans(),
    depends=st.lists(KEYS, max_size=2).map(tuple),
    protect=st.sets(st.sampled_from(["delete", "replace"])).map(frozenset),
    on_delete=st.none() | st.sampled_from(OnDelete),
    labels=st.dictionaries(TEXTS, TEXTS, max_size=2),
    merge=st.booleans(),
    paths=st.dictionaries(PATHS, st.builds(Owned, TEXTS, st.booleans()), max_size=3),
    fingerprints=st.dictionaries(PATHS, TEXTS, max_size=2),
    around=st.dictionaries(PATHS, TEXTS, max_size=2),
    modified_marker=TEXTS,
    before=st.lists(TEXTS, max_size=2).map(tuple),
    after=TEXTS,
    written=st.floats(0, 2e9),
)
RUNS = st.builds(
    Run, id=TEXTS, who=TEXTS, commit=TEXTS, started=st.floats(0, 2e9), operations=st.dictionaries(TEXTS, st.integers())
)
LEDGERS = st.builds(
    Ledger,
    project=TEXTS,
    environment=TEXTS,
    lineage=TEXTS,
    salt=st.binary(min_size=1, max_size=4).map(bytes.hex),
    serial=st.integers(0),
    tool=TEXTS,
    instances=st.dictionaries(TEXTS, TEXTS, max_size=2),
    entries=st.lists(ENTRIES, max_size=3).map(lambda entries: {entry.key: entry for entry in entries}),
    runs=st.lists(RUNS, max_size=2).map(tuple),
    consumed=st.lists(TEXTS, max_size=2).map(tuple),
    deleted=st.dictionaries(KEYS, st.floats(0, 2e9), max_size=2),
)


@MANY
@given(LEDGERS)
def test_a_ledger_comes_back_from_its_text(ledger: Ledger) -> None:
    assert load_ledger(dump_ledger(ledger), "here") == ledger


@MANY
@given(LEDGERS, st.sampled_from(["entries", "runs", "deleted", "consumed", "instances", "format", "serial"]), VALUES)
def test_a_damaged_ledger_never_ends_in_an_error_of_python(ledger: Ledger, name: str, value: Any) -> None:
    damaged = json.dumps({**json.loads(dump_ledger(ledger)), name: value})

    with contextlib.suppress(PortctlError):
        load_ledger(damaged, "here")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is not JSON (line 1, column 1)"),
        ("{", "it is not JSON (line 1, column 2)"),
        ("{}", 'it lacks "format"'),
        ("[]", "the whole of it has another form than portctl writes"),
        ("null", "the whole of it has another form than portctl writes"),
        ('{"format": "1"}', "format has another form than portctl writes"),
        ('"x"', "the whole of it has another form than portctl writes"),
        ("[" * 100_000, "something in it has another form than portctl writes"),
        ("9" * 5000, "something in it has another form than portctl writes"),
    ],
)
def test_what_is_no_ledger_is_refused(text: str, why: str) -> None:
    with pytest.raises(PortctlError) as caught:
        load_ledger(text, "ledger.json")
    assert str(caught.value) == f"Unreadable ledger: ledger.json is not a ledger of portctl: {why}"


WHOLE = replace(
    new_ledger("p", "e"),
    tool="1",
    serial=3,
    instances={"shop@default": "o"},
    runs=(Run(id="r", who="w", commit="c", started=1.0, operations={"create": 1}),),
    consumed=("plan",),
    deleted={("shop@default", "shop/Shelf", ("x",)): 2.0},
).with_entry(
    Entry(
        address=Address("shop", "Shelf", "a"),
        identity=("a",),
        created=True,
        depends=(("shop@default", "shop/Shelf", ("b",)),),
        protect=frozenset({"delete"}),
        on_delete=OnDelete.DELETE,
        labels={"team": "x"},
        paths={("title", 0): Owned("h", True)},
        fingerprints={("secret",): "f"},
        around={("secret",): "a"},
        modified_marker="w",
        before=("x",),
        after="y",
        written=3.0,
    )
)
"""A ledger in which nothing is empty."""

OTHERS: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**400,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "x",
    [],
    [[]],
    [1],
    {},
    {"": 1},
    "\ud800",
)


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        (("salt",), "", "salt has another form than portctl writes"),
        (("salt",), "  ", "salt has another form than portctl writes"),
        (("entries", 0, "identity"), [], "entries[0].identity has another form than portctl writes"),
        (("entries", 0, "identity"), ["a", ""], "entries[0].identity[1] has another form than portctl writes"),
        (("entries", 0, "depends", 0, 2), [""], "entries[0].depends[0][2][0] has another form than portctl writes"),
        (("deleted", 0, 2), [], "deleted[0][2] has another form than portctl writes"),
        (("entries", 1, "identity"), ["a"], "entries[1] is of the same object as entries[0]"),
    ],
)
def test_what_names_no_object_or_the_same_one_twice_is_refused(path: tuple[Any, ...], value: Any, why: str) -> None:
    two = json.loads(dump_ledger(WHOLE.with_entry(entry("b"))))
    with pytest.raises(PortctlError) as caught:
        load_ledger(json.dumps(put(two, path, value)), "ledger.json")
    assert str(caught.value) == f"Unreadable ledger: ledger.json is not a ledger of portctl: {why}"


def test_whatever_value_is_replaced_it_is_told_and_nothing_is_done_with_it() -> None:
    """Each value of a ledger by one of each other type: refused, or of the same type and so taken."""
    whole = json.loads(dump_ledger(WHOLE))
    for path in places(whole):
        for other in OTHERS:
            loaded = taken(json.dumps(put(whole, path, other)))
            if loaded is not None:
                assert taken(dump_ledger(loaded)) == loaded
                assert type(other) in SAME.get(type(at(whole, path)), ()), (path, other)


SAME: Mapping[type, tuple[type, ...]] = {
    str: (str, int),  # a part of a path may be either
    int: (int, str),
    float: (float, int),
    bool: (bool,),
    list: (list,),
    dict: (dict,),
}


def taken(text: str) -> Ledger | None:
    """The ledger that `text` is, None where it is refused."""
    try:
        return load_ledger(text, "ledger.json")
    except PortctlError:
        return None


def test_a_ledger_that_is_cut_off_anywhere_is_refused() -> None:
    text = dump_ledger(WHOLE).rstrip()
    for end in range(len(text)):
        with pytest.raises(PortctlError, match="Unreadable ledger"):
            load_ledger(text[:end], "ledger.json")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def put(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    """`value` with `other` at `path`."""
    if not path:
        return other
    copy = value.copy()
    copy[path[0]] = put(value[path[0]], path[1:], other)
    return copy


def test_a_ledger_of_the_future_is_refused() -> None:
    with pytest.raises(PortctlError) as caught:
        load_ledger(dump_ledger(new_ledger("p", "e")).replace('"format": 1', '"format": 2'), "ledger.json")
    assert str(caught.value) == ("Ledger from a newer portctl: ledger.json has format 2; this version reads up to 1")


def entry(name: str) -> Entry:
    return Entry(address=address(SHELF, name), identity=(name,), created=True)


def test_entries_come_and_go_and_deletions_are_remembered_until_the_object_is_back() -> None:
    ledger = new_ledger("p", "e").with_entry(entry("a")).with_entry(entry("b"))
    without = ledger.without(key_of(SHELF, "a"), deleted_at=5.0)

    assert sorted(without.entries) == [key_of(SHELF, "b")]
    assert without.deleted == {key_of(SHELF, "a"): 5.0}
    assert without.with_entry(entry("a")).deleted == {}
    assert ledger.without(key_of(SHELF, "a")).deleted == {}
    assert ledger.by_address(address(SHELF, "a")) == (entry("a"),)
    assert without.by_address(address(SHELF, "a")) == ()


def test_only_the_last_runs_and_plans_are_kept_and_a_run_once() -> None:
    ledger = new_ledger("p", "e")
    for number in range(RUNS_KEPT + 5):
        run = Run(id=str(number), who="w", commit="", started=float(number), operations={})
        ledger = ledger.with_run(run).with_run(run)
    for number in range(PLANS_KEPT + 5):
        ledger = ledger.with_consumed(str(number))

    assert [run.id for run in ledger.runs] == [str(number) for number in range(5, RUNS_KEPT + 5)]
    assert ledger.consumed == tuple(str(number) for number in range(5, PLANS_KEPT + 5))


def test_two_new_ledgers_are_two_lineages_with_salts_of_their_own() -> None:
    one, other = new_ledger("p", "e"), new_ledger("p", "e")

    assert one.lineage != other.lineage
    assert len(bytes.fromhex(one.salt)) == len(bytes.fromhex(other.salt)) == 16
    assert one.salt != other.salt
