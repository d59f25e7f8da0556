"""Values as YAML, and text that must not act."""

from __future__ import annotations

import json

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from portctl.model.value import freeze
from portctl.views.escape import escape, escape_json, is_plain
from portctl.views.values import block, value_document

_TEXT = st.text(st.characters(codec="utf-8"), max_size=30) | st.lists(
    st.sampled_from(["a", " b", "c ", "\t", "", "# d", "\x1b"]), max_size=5
).map("\n".join)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e6, 1e6).map(lambda number: round(number, 3)) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(_JSON)
@example({"$literal": 1, "x": 2})
@example({"on": "a\n\n", "y": "\ta\nb", "z": " a\nb"})
def test_what_a_view_shows_of_a_value_reads_back_as_the_value(value: object) -> None:
    document = value_document(freeze(value))
    shown = "".join(f"{line}\n" for _, line in block(document))
    assert yaml.load(shown, Loader=yaml.SafeLoader) == value
    assert all(is_plain(line.replace("\t", "")) for line in shown.split("\n"))


@given(st.text())
def test_escaped_json_means_the_same_and_holds_nothing_that_acts(text: str) -> None:
    dumped = json.dumps({text: text}, ensure_ascii=False)
    escaped = escape_json(dumped)
    assert json.loads(escaped) == {text: text}
    assert is_plain(escaped)


def test_escapes_are_short_where_everybody_knows_them() -> None:
    assert escape("a\n\r\t\x00\x7f\x85\u200b\ud800\U000e0041é😀") == r"a\n\r\t\x00\x7f\x85\u200b\ud800\U000e0041é😀"
