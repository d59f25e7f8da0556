"""One spelling for every value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from portctl.compare.canonical import canonical_bytes, digest, managed_leaves, same
from portctl.model.value import Masked, Unknown, freeze, thaw
from tests.unit.examples.documents import DOCUMENTS, MANY, VALUES


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, True),
        (0, False),
        ("", None),
        ("1", 1),
        ("true", True),
        ("null", None),
        ((), {}),
        ((), None),
        ((1, 2), (2, 1)),
        ({"a": None}, {}),
        ({"a": 1}, {"a": 1, "b": None}),
        (1, 1.5),
        (10**20, 10**20 + 1),
        ("e", "é"),
        (Masked(""), "(secret)"),
        (Masked(""), {"\x00": "masked"}),
        (Unknown("x"), {"\x00": "unknown x"}),
        (Unknown("x"), Unknown("y")),
        (Unknown("x"), Masked("x")),
    ],
)
def test_values_that_json_tells_apart_differ(left: Any, right: Any) -> None:
    assert not same(left, right)
    assert not same({"deep": ({"er": left},)}, {"deep": ({"er": right},)})
    assert digest(left) != digest(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, 1.0),
        (0, -0.0),
        (10**22, 1e22),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ((1, 2), [1, 2]),
        (Masked("A"), Masked("B")),
    ],
)
def test_one_json_number_and_any_order_of_keys_are_the_same(left: Any, right: Any) -> None:
    assert same(left, right)
    assert digest({"a": (left,)}) == digest({"a": (right,)})


@MANY
@given(VALUES)
def test_plain_json_survives_as_itself(value: Any) -> None:
    assert thaw(freeze(value)) == value
    if "\x00" not in json.dumps(value).encode().decode("unicode_escape", "replace"):
        assert json.loads(canonical_bytes(freeze(value))) == value


@MANY
@given(DOCUMENTS, DOCUMENTS)
def test_the_same_bytes_mean_the_same_json_and_only_that(left: dict[str, Any], right: dict[str, Any]) -> None:
    def strict(value: Any) -> Any:
        """Values for which Python's `==` is JSON's."""
        if isinstance(value, dict):
            return ("object", {key: strict(item) for key, item in value.items()})
        if isinstance(value, list):
            return ("array", [strict(item) for item in value])
        return ("boolean", value) if isinstance(value, bool) else ("value", value)

    assert same(freeze(left), freeze(right)) == (strict(left) == strict(right))


@MANY
@given(DOCUMENTS)
def test_the_order_of_keys_never_matters(document: dict[str, Any]) -> None:
    turned = json.loads(json.dumps(document), object_pairs_hook=lambda pairs: dict(reversed(pairs)))

    assert canonical_bytes(document) == canonical_bytes(turned)


def test_the_units_of_ownership_are_leaves_whole_arrays_and_empty_mappings() -> None:
    value = freeze({"a": {"b": 1, "c": {}}, "list": [{"x": 1}], "null": None})

    assert managed_leaves(value) == {("a", "b"): 1, ("a", "c"): {}, ("list",): ({"x": 1},), ("null",): None}
    assert managed_leaves({}) == {(): {}}
