"""Paths into values."""

from __future__ import annotations

from portctl.compare.paths import with_value, without
from portctl.model.value import freeze


def test_what_is_set_or_taken_away_touches_one_path() -> None:
    value = freeze({"a": {"b": 1, "c": 2}, "d": [1]})

    assert with_value(value, ("a", "b"), 3) == {"a": {"b": 3, "c": 2}, "d": (1,)}
    assert with_value(value, ("d", "x"), 3) == {"a": {"b": 1, "c": 2}, "d": {"x": 3}}
    assert with_value({}, ("x", "y"), 3) == {"x": {"y": 3}}
    assert without(value, ("a", "b")) == {"a": {"c": 2}, "d": (1,)}
    assert without(value, ("a", "z")) == without(value, ("z", "a")) == without(value, ()) == value
