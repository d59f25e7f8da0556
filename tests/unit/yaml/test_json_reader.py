"""JSON files: read as JSON, with the place of every value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portctl.errors import InvalidInput
from portctl.model.value import freeze
from portctl.yaml.compose import compose


def complaint(text: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        compose(text.encode(), "a.json")
    return "\n".join(
        f"{found.source.line}:{found.source.column} {found.summary}: {found.detail}"
        for found in caught.value.diagnostics
    )


def test_tabs_escapes_and_surrogate_pairs_are_read_as_json_reads_them() -> None:
    (document,) = compose(
        b'{\n\t"a\\/": [1, -2.5e1, true, null, "\\ud83d\\ude00\\u2028"],\r\n\t"b": {}, "c": []\n}\n', "a.json"
    )
    assert document.value == {"a/": (1, -25.0, True, None, "😀\u2028"), "b": {}, "c": ()}
    assert {path: (at.line, at.column) for path, at in document.sources.places.items()} == {
        (): (1, 1),
        ("a/",): (2, 9),
        ("a/", 0): (2, 10),
        ("a/", 1): (2, 13),
        ("a/", 2): (2, 21),
        ("a/", 3): (2, 27),
        ("a/", 4): (2, 33),
        ("b",): (3, 7),
        ("c",): (3, 16),
    }
    assert str(document.key_at(("c",))) == "a.json:3:11"


def test_an_empty_file_holds_no_document() -> None:
    assert compose(b" \n", "a.json") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1,\n "a": {"b": 1}}', '2:2 Duplicate key: "a" is here and at a.json:1:2.'),
        ('{"a": NaN}', "1:7 Broken JSON: A value is expected here, not `NaN`."),
        ('{"a": 1e999}', "1:7 Number out of range: 1e999 does not fit a number of JSON."),
        ('{"a": ' + "1" * 5000 + "}", f"1:7 Number out of range: {'1' * 40} does not fit a number of JSON."),
        ('{"a": 01}', "1:8 Broken JSON: `,` or `}` is expected here, not `1`."),
        ('{"a": [1 2]}', "1:10 Broken JSON: `,` or `]` is expected here, not `2`."),
        ('{"a": [1,]}', "1:10 Broken JSON: A value is expected here, not `]`."),
        ('{"a"= 1}', "1:5 Broken JSON: `:` is expected here, not `=`."),
        ("{a: 1}", "1:2 Broken JSON: A key in double quotes is expected here, not `a`."),
        ('{"a": 1', "1:8 Broken JSON: `,` or `}` is expected here, not the end of the file."),
        ('{"a": 1} {}', "1:10 Broken JSON: Nothing may follow the value."),
        (
            '{"a": "x\ty"}',
            "1:7 Broken JSON: The text that starts here does not end, or holds a bad escape or a control character.",
        ),
        ('{"a": "\\ud800"}', "1:7 Broken JSON: The text that starts here holds half a surrogate pair."),
        ("[]", "1:1 Not a mapping: The document is a list; it must be a mapping of keys to values."),
        (
            '{"a": ' + "[" * 100 + "]" * 100 + "}",
            "1:106 Nesting too deep: Mappings and lists may be nested 100 deep.",
        ),
        (
            '{"a": "' + "x" * 1048576 + '"}',
            "1:1 Document too large: A document may have 1,048,576 bytes; this one has 1,048,585.",
        ),
    ],
)
def test_what_is_refused_says_where_and_why(text: str, expected: str) -> None:
    assert complaint(text) == expected


_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4),
    max_leaves=20,
)


@given(value=st.dictionaries(_text, _json, max_size=4), ascii_only=st.booleans(), indent=st.sampled_from([None, "\t"]))
def test_what_a_json_writer_writes_comes_back(value: dict[str, Any], ascii_only: bool, indent: str | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    (document,) = compose(text.encode(), "a.json")
    assert document.value == freeze(value)
