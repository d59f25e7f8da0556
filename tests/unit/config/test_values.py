"""Values in layers."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portctl.config.values import given_layers, layer_values, merge_values
from portctl.errors import InvalidInput
from portctl.model.project import Environment, Project
from portctl.model.values import Values
from tests.unit.examples.files import complaint

PROJECT = Project(
    root=pathlib.Path(), name="demo", values={"a": {"b": 1, "c": (1, 2, 3)}, "d": "project", "e": None, "f": {"g": 1}}
)
ENVIRONMENT = Environment(
    name="x", file="environments/x.yaml", values={"a": {"c": ("x",)}, "d": "environment", "e": {"h": 1}, "f": {}}
)


TOO_DEEP = "Malformed value: --set-json x: nested more than 100 deep."
HALF = "it is not UTF-8, or holds half a surrogate pair. (Give it in UTF-8, and a character beyond U+FFFF as itself.)"


def layer(**options: Any) -> Values:
    return layer_values(PROJECT, ENVIRONMENT, given_layers(**options))


def test_later_layers_win_mapping_by_mapping(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "more.yaml"
    file.write_text("d: file\na:\n  n: [file]\n")
    found = layer(
        files=[file],
        environ={"PORTCTL_VAR_v": "012", "PORTCTL_VAR_a__b": "7", "OTHER": "x"},
        sets=["s.t=1", "d=a=b"],
        json_sets=['j={"k": [1.50, null]}', "s.u=2"],
    )
    assert found.tree == {
        "a": {"b": "7", "c": ("x",), "n": ("file",)},
        "d": "a=b",
        "e": {"h": 1},
        "f": {"g": 1},
        "v": "012",
        "s": {"t": "1", "u": 2},
        "j": {"k": (1.5, None)},
    }
    assert found.origins == {
        ("a", "b"): "PORTCTL_VAR_a__b",
        ("a", "c"): "environments/x.yaml",
        ("a", "n"): f"{file}:3:6",
        ("d",): "--set d",
        ("e", "h"): "environments/x.yaml",
        ("f", "g"): "portctl.yaml",
        ("v",): "PORTCTL_VAR_v",
        ("s", "t"): "--set s.t",
        ("s", "u"): "--set-json s.u",
        ("j", "k"): "--set-json j",
    }


def test_the_origin_of_a_path_is_that_of_what_stands_there() -> None:
    found = layer(sets=["a.b=1"])
    assert found.origin(("a", "b")) == "--set a.b"
    assert found.origin(("a", "c", 0)) == "environments/x.yaml"
    assert found.origin(("a",)) == "environments/x.yaml, --set a.b"
    assert found.origin(("missing",)) == ""


def test_what_a_value_contains_is_never_rendered() -> None:
    assert layer(sets=["x=<% values.d %>"]).tree["x"] == "<% values.d %>"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"sets": ["a=1"]},
            (
                "Value replaces a mapping: --set a and portctl.yaml disagree on a: one has a mapping there and "
                "the other has not. (Give one of them another name, or the same shape.)"
            ),
        ),
        (
            {"environ": {"PORTCTL_VAR_d__x": "1"}},
            (
                "Value replaces a mapping: PORTCTL_VAR_d__x and environments/x.yaml disagree on d: one has a mapping "
                "there and the other has not. (Give one of them another name, or the same shape.)"
            ),
        ),
        ({"sets": ["novalue"]}, "Malformed value: --set takes NAME=VALUE; 'novalue' has no `=`."),
        ({"sets": ["a..b=1"]}, "Malformed value: --set a..b: a name is made of parts that are not empty, as in a.b."),
        (
            {"environ": {"PORTCTL_VAR_": "1"}},
            "Malformed value: PORTCTL_VAR_: a name is made of parts that are not empty, as in a.b.",
        ),
        ({"json_sets": ["x={"]}, "Malformed value: --set-json x: this is not JSON from character 2 on."),
        ({"json_sets": ["x=NaN"]}, "Malformed value: --set-json x: NaN is not JSON."),
        ({"json_sets": ["x=1e999"]}, "Malformed value: --set-json x: 1e999 is not JSON."),
        ({"json_sets": ["x=" + "9" * 5_000]}, f"Malformed value: --set-json x: {'9' * 40} is not JSON."),
        ({"json_sets": ["x=" + "[" * 100_000]}, TOO_DEEP),
        ({"json_sets": ["x=" + "[" * 101 + "]" * 101]}, TOO_DEEP),
        ({"json_sets": ['x="\\ud800"']}, f"Malformed value: --set-json x: {HALF}"),
        ({"json_sets": ['x={"a": [{"\\udfff": 1}]}']}, f"Malformed value: --set-json x: {HALF}"),
        ({"sets": ["x=a\udcff"]}, f"Malformed value: --set x: {HALF}"),
        ({"sets": ["x\udcff=a"]}, f"Malformed value: --set x\udcff: {HALF}"),
        ({"environ": {"PORTCTL_VAR_x": "\udcff"}}, f"Malformed value: PORTCTL_VAR_x: {HALF}"),
    ],
)
def test_what_cannot_be_a_value_is_refused(options: dict[str, Any], expected: str) -> None:
    assert complaint(lambda: layer(**options)) == expected


def test_a_values_file_is_read_like_any_other(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "v.yaml"
    assert complaint(lambda: layer(files=[file])) == f"File cannot be read: {file}: No such file or directory."
    file.write_text("a: 1\na: <% x %>\n")
    assert complaint(lambda: layer(files=[file])) == (
        f'{file}:2:1 [values] Duplicate key: "a" is here and at {file}:1:1. '
        "(Remove one of them: only one would be used.)"
    ).replace("[values]", "[yaml]")
    file.write_text("a: <% x %>\n")
    assert complaint(lambda: layer(files=[file])) == (
        f"{file}:1:4 [values] Placeholder not accepted: Values are literal: this would be sent as it stands. "
        "Use <% values... %> in manifests."
    )


_trees = st.recursive(
    st.integers(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8
).filter(lambda tree: isinstance(tree, dict))


@given(below=_trees, above=_trees)
def test_a_merge_keeps_every_path_of_the_upper_layer(below: Any, above: Any) -> None:
    merged, _ = merge_values(below, above)
    again, conflicts = merge_values(merged, above)
    assert (again, conflicts) == (merged, ())
    assert merge_values({}, above) == (above, ())


def test_conflicts_raise_even_when_deep() -> None:
    with pytest.raises(InvalidInput):
        layer(sets=["a.b.c=1"])
