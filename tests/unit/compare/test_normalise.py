"""The one normaliser: total, idempotent, and blind to nothing that a kind does not declare."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given

from portctl.compare.canonical import same
from portctl.compare.normalise import declared_paths, normalise, project
from portctl.model.kind import Kind
from portctl.model.value import Masked, Unknown, freeze
from tests.unit.examples.documents import DOCUMENTS, FEW, KINDS, MANY, OTHERS, PLAIN, places, replaced, without
from tests.unit.examples.kinds import DOOR, GOOD, KEY, RIGHTS, SHELF
from tests.unit.examples.world import awaited, door, sealed, shelf


@MANY
@given(KINDS, DOCUMENTS)
def test_normalising_is_total_and_twice_is_once(kind: Kind, document: dict[str, Any]) -> None:
    once = normalise(kind, freeze(document))

    assert normalise(kind, once) == once


@MANY
@given(KINDS, DOCUMENTS, DOCUMENTS)
@example(
    Kind(
        provider="any",
        name="Kind",
        source="",
        summary="",
        identity=("id",),
        collection="",
        schema=dict,
        sets=("a",),
        sensitive=("a.*.b",),
    ),
    {"a": [{"b": "secret", "c": 2}, {"b": "other", "c": 1}]},
    {"a": [{"b": "x", "c": 1}, {"b": "y", "c": 3}]},
)
def test_normalising_the_live_side_is_total_and_twice_is_once(
    kind: Kind, live: dict[str, Any], wanted: dict[str, Any]
) -> None:
    like = normalise(kind, freeze(wanted))
    once = normalise(kind, freeze(live), like=like)

    assert same(normalise(kind, once, like=like), once)


@FEW
@given(DOCUMENTS)
def test_a_change_of_any_leaf_is_seen_where_the_kind_declares_nothing(document: dict[str, Any]) -> None:
    plain = freeze(document)
    before = normalise(PLAIN, plain)
    for path in places(plain):
        assert not same(normalise(PLAIN, without(plain, path)), before)
        for other in OTHERS:
            mutant = replaced(plain, path, other)
            assert same(normalise(PLAIN, mutant), before) == same(mutant, plain)


def test_what_the_server_owns_and_what_equals_absence_is_left_out() -> None:
    live = freeze(
        {
            "id": "a",
            "createdAt": "now",
            "size": 1,
            "title": "",
            "links": {},
            "tags": ["y", "x", "y"],
            "fields": {"f": {"type": "text", "many": False, "createdAt": "is a name here"}},
            "other": None,
        }
    )

    assert normalise(SHELF, live) == {
        "id": "a",
        "tags": ("x", "y"),
        "fields": {"f": {"type": "text", "createdAt": "is a name here"}},
        "other": None,
    }


def test_defaults_are_told_from_their_look_alikes() -> None:
    seen = [normalise(SHELF, {"size": size}) for size in (1, 1.0, True, "1", 2)]

    assert seen == [{}, {}, {"size": True}, {"size": "1"}, {"size": 2}]


def test_holes_become_masks_and_unknowns_with_their_names() -> None:
    source = door("d", {})
    attributes = {
        "url": sealed("A", "http://"),
        "note": awaited(source, "token"),
        "lock": {"code": awaited(source, "token")},
    }

    assert normalise(DOOR, attributes) == {
        "url": Masked("A"),
        "note": Unknown("shop/Door:d token"),
        "lock": {"code": Masked("shop/Door:d token")},
    }
    assert normalise(DOOR, normalise(DOOR, attributes)) == normalise(DOOR, attributes)


def test_a_write_only_value_is_taken_to_be_there_and_masked_when_it_is_shown() -> None:
    like = normalise(KEY, {"id": "k", "value": sealed("A")})

    assert normalise(KEY, {"id": "k"}, like=like) == {"id": "k", "value": Masked("A")}
    assert normalise(KEY, {"id": "k", "value": "shown"}, like=like) == {"id": "k", "value": Masked("")}
    assert normalise(KEY, {"id": "k", "value": "shown"}) == {"id": "k", "value": Masked("")}


def test_a_readable_secret_that_is_gone_is_seen_to_be_gone() -> None:
    like = normalise(DOOR, {"id": "d", "url": sealed("A"), "lock": {"code": sealed("B")}})

    assert normalise(DOOR, {"id": "d"}, like=like) == {"id": "d", "lock": {"code": Masked("B")}}


def test_a_secret_stays_masked_when_somebody_puts_an_item_before_it() -> None:
    like = normalise(DOOR, {"headers": ({"name": "auth", "value": sealed("A")}, {"name": "x", "value": "1"})})
    as_wanted = freeze({"headers": [{"name": "auth", "value": "alpha-secret"}, {"name": "x", "value": "1"}]})
    shifted = freeze({"headers": [{"name": "new", "value": "2"}, {"name": "auth", "value": "alpha-secret"}]})

    assert same(normalise(DOOR, as_wanted, like=like), like)
    assert normalise(DOOR, shifted, like=like) == {
        "headers": ({"name": "new", "value": Masked("")}, {"name": "auth", "value": Masked("")})
    }


def test_secrets_in_a_set_are_recognised_by_what_stands_beside_them() -> None:
    kind = Kind(
        provider="any",
        name="Kind",
        source="",
        summary="",
        identity=("id",),
        collection="",
        schema=dict,
        sets=("list",),
    )
    like = normalise(kind, {"list": ({"of": "z", "is": sealed("A")}, {"of": "a", "is": "plain"})})

    live = freeze({"list": [{"of": "a", "is": "plain"}, {"of": "z", "is": "alpha-secret"}]})
    assert same(normalise(kind, live, like=like), like)

    other = freeze({"list": [{"of": "b", "is": "plain"}, {"of": "z", "is": "alpha-secret"}]})
    assert normalise(kind, other, like=like) == {"list": ({"is": Masked(""), "of": "b"}, {"is": Masked(""), "of": "z"})}


def test_what_held_a_secret_when_it_was_written_stays_masked() -> None:
    live = freeze({"id": "d", "url": "alpha-secret", "headers": [{"value": "x"}, {"value": "beta-secret"}]})
    hidden = [("url",), ("headers", 0, "value")]

    assert normalise(DOOR, live, like=normalise(DOOR, {"id": "d"}), hidden=hidden) == {
        "id": "d",
        "url": Masked(""),
        "headers": ({"value": Masked("")}, {"value": Masked("")}),
    }


def test_every_path_that_a_manifest_speaks_about_is_declared_even_what_equals_absence() -> None:
    attributes = freeze({"id": "a", "title": None, "size": 1, "createdAt": "x", "fields": {"f": {"many": False}}})

    assert declared_paths(SHELF, attributes) == {
        ("id",): "a",
        ("title",): None,
        ("size",): 1,
        ("fields", "f", "many"): False,
    }


def test_the_canonical_function_of_a_kind_runs_on_both_sides() -> None:
    def folded(attributes: Any) -> Any:
        return {key.lower(): value for key, value in attributes.items()}

    kind = Kind(
        provider="any", name="Kind", source="", summary="", identity=(), collection="", schema=dict, canonical=folded
    )

    assert normalise(kind, {"A": 1}) == normalise(kind, {"a": 1}) == {"a": 1}
    assert declared_paths(kind, {"A": 1}) == {("a",): 1}


def test_a_projection_holds_the_managed_paths_alone() -> None:
    value = freeze({"a": {"b": 1, "c": 2}, "d": [1]})

    assert project(normalise(GOOD, value), frozenset({("a", "b"), ("z",)})) == {"a": {"b": 1}}
    assert normalise(RIGHTS, shelf("x").attributes) == {"id": "x"}
