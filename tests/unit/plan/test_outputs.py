"""Outputs fill the placeholders they were made for, and secret ones only by name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portctl.model.resource import Live
from portctl.model.value import (
    MISSING,
    Awaited,
    Codec,
    Encoded,
    OutputRef,
    Sealed,
    SecretRef,
    freeze,
    pending,
)
from portctl.plan.outputs import lookup_in, output_refs, resolve, resolve_leaf
from tests.unit.examples.kinds import DOOR, OFFER
from tests.unit.examples.world import World, door, offer

NUMBER = OutputRef(offer("o").address, "number")
TOKEN = OutputRef(door("d", {}).address, "token", secret=True)


def knowing(value: Any) -> Any:
    return lambda ref: value if ref == NUMBER else MISSING


def test_outputs_are_read_from_what_lives_and_secret_ones_go_to_the_vault() -> None:
    here = World()
    resources = {each.address: each for each in (offer("o"), door("d", {}), offer("absent"))}
    lives = {
        offer("o").address: Live(OFFER, ("o",), {"number": 7}),
        door("d", {}).address: Live(DOOR, ("d",), {"token": "door-token"}),
        offer("undeclared").address: Live(OFFER, ("undeclared",), {"number": 8}),
    }
    lookup = lookup_in(resources, lives, here.vault)

    assert lookup(NUMBER) == 7
    assert lookup(TOKEN) == SecretRef("shop/Door:d token")
    assert here.vault.reveal(pending((SecretRef("shop/Door:d token"),))) == "door-token"
    assert "door-token" not in here.vault.scrub("it is door-token")
    for ref in (
        OutputRef(offer("absent").address, "number"),
        OutputRef(offer("undeclared").address, "number"),
        OutputRef(offer("o").address, "no-such-output"),
    ):
        assert lookup(ref) is MISSING


@pytest.mark.parametrize("value", [None, MISSING])
def test_an_output_that_has_no_value_yet_cannot_be_known(value: Any) -> None:
    attributes = {} if value is MISSING else {"number": value}
    lives = {offer("o").address: Live(OFFER, ("o",), attributes)}

    assert lookup_in({offer("o").address: offer("o")}, lives, World().vault)(NUMBER) is MISSING


@pytest.mark.parametrize("value", [7, 1.5, True, "text", ("a", 1), {"a": 1}])
def test_a_leaf_that_is_one_output_keeps_its_type(value: Any) -> None:
    leaf = pending((NUMBER,))
    got = resolve({"at": [leaf, "x"]}, knowing(value))

    assert got == {"at": (value, "x")}
    assert type(got["at"][0]) is type(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [(7, "n=7;"), (True, "n=true;"), (False, "n=false;"), ("x", "n=x;"), (1.5, "n=1.5;")],
)
def test_an_output_inside_text_is_spelt_as_json_would(value: Any, text: str) -> None:
    assert resolve_leaf(pending(("n=", NUMBER, ";")), knowing(value)) == text


def test_a_structured_output_inside_text_is_json() -> None:
    got = resolve_leaf(pending(("v=", NUMBER)), knowing(freeze({"a": [1, True, None]})))

    assert json.loads(got.removeprefix("v=")) == {"a": [1, True, None]}


def test_encodings_are_done_once_everything_in_them_is_known() -> None:
    leaf = pending(("x ", Encoded(Codec.BASIC_AUTH, ("user:", NUMBER)), Encoded(Codec.URL, (NUMBER,))))
    assert resolve_leaf(leaf, knowing("a/b")) == "x dXNlcjphL2I=a%2Fb"

    kept = resolve_leaf(leaf, knowing(MISSING))
    assert isinstance(kept, Awaited)
    assert kept.parts == leaf.parts


def test_text_with_a_secret_stays_sealed_while_its_outputs_are_filled() -> None:
    leaf = pending((SecretRef("A"), "@", NUMBER, Encoded(Codec.URL, (SecretRef("B"), NUMBER))))
    got = resolve_leaf(leaf, knowing(7))

    assert isinstance(got, Sealed)
    assert got.parts == (SecretRef("A"), "@", "7", Encoded(Codec.URL, (SecretRef("B"), "7")))
    secret = resolve_leaf(pending((TOKEN,)), lambda _: SecretRef("token"))
    assert isinstance(secret, Sealed)
    assert secret.parts == (SecretRef("token"),)


def test_every_output_that_is_used_is_found() -> None:
    attributes = {
        "a": pending((NUMBER,)),
        "b": (pending(("x", Encoded(Codec.URL, (TOKEN, SecretRef("A"))))), "plain"),
        "c": pending((SecretRef("A"),)),
    }

    assert list(output_refs(attributes)) == [NUMBER, TOKEN]
