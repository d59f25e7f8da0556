"""YAML files as documents: what scalars mean, where values stood, and everything that is refused."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from portctl.errors import InvalidInput
from portctl.model.diagnostic import Diagnostic
from portctl.model.value import freeze
from portctl.source import Source
from portctl.yaml.compose import compose
from portctl.yaml.document import Document


def one(text: str) -> Any:
    (document,) = compose(text.encode(), "a.yaml")
    return document.value


def complaint(content: str | bytes, file: str = "a.yaml") -> str:
    """Every finding as `line:column summary: detail [hint]`."""
    with pytest.raises(InvalidInput) as caught:
        compose(content.encode() if isinstance(content, str) else content, file)
    return "\n".join(
        f"{found.source.line}:{found.source.column} {found.summary}: {found.detail}"
        + (f" [{found.hint}]" if found.hint else "")
        for found in caught.value.diagnostics
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("17", 17),
        ("-0", 0),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("!!str 17", "17"),
        ("! 17", "17"),
        ('!!int "17"', 17),
        ("!!float 1", 1.0),
        ("!!bool 'true'", True),
        ("!!null ''", None),
        ("!!seq [1]", (1,)),
        ("!!map {a: 1}", {"a": 1}),
    ],
)
def test_scalars_mean_what_json_would_say(text: str, value: object) -> None:
    found = one(f"a: {text}")["a"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "off",
        "0123",
        "12:30",
        "0o17",
        "0x1F",
        "1_000",
        "2024-01-02",
        "+1",
        ".5",
        "1.",
        "Infinity",
        "NaN",
        "1.2.3",
    ],
)
def test_what_only_yaml_1_1_reads_as_something_else_stays_text(text: str) -> None:
    assert one(f"a: {text}") == {"a": text}


def test_keys_are_always_text() -> None:
    assert one("1: a\ntrue: b\nnull: c\n'': d\n'<<': e\n!!str x: f\n") == {
        "1": "a",
        "true": "b",
        "null": "c",
        "": "d",
        "<<": "e",
        "x": "f",
    }


def test_every_value_and_every_key_has_its_place() -> None:
    (document,) = compose(b"# top\na:\n  - b: 1\n    c: 'x'\n", "dir/a.yaml")
    assert {path: (at.line, at.column) for path, at in document.sources.places.items()} == {
        (): (2, 1),
        ("a",): (3, 3),
        ("a", 0): (3, 5),
        ("a", 0, "b"): (3, 8),
        ("a", 0, "c"): (4, 8),
    }
    assert document.key_at(("a", 0, "c")) == Source("dir/a.yaml", 4, 5)
    assert document.key_at(("a", 0)) == Source("dir/a.yaml", 3, 5)


def test_several_documents_count_lines_through_the_file_and_empty_ones_are_left_out() -> None:
    documents = compose(b"a: 1\n---\n---\n# nothing\n---\nb: 2\n...\n", "a.yaml")
    assert [document.value for document in documents] == [{"a": 1}, {"b": 2}]
    assert [document.sources.at(("b",)) for document in documents[1:]] == [Source("a.yaml", 6, 4)]


def test_a_byte_order_mark_and_windows_line_ends_are_accepted() -> None:
    (document,) = compose(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "a.yaml")
    assert document.value == {"a": 1, "b": 2}
    assert document.sources.at(("a",)) == Source("a.yaml", 1, 4)
    assert document.sources.at(("b",)) == Source("a.yaml", 2, 4)


def test_an_alias_repeats_its_value() -> None:
    assert one("a: &x [1, {b: 2}]\nc: *x\nd: &x 3\ne: *x\n") == {"a": (1, {"b": 2}), "c": (1, {"b": 2}), "d": 3, "e": 3}


def test_braces_of_other_languages_pass_in_quotes_and_in_running_text() -> None:
    assert one("a: '{{ .x }}'\nb: x/{{ .y }}\nc: ${{ z }}\nd: <% values.a %>\n") == {
        "a": "{{ .x }}",
        "b": "x/{{ .y }}",
        "c": "${{ z }}",
        "d": "<% values.a %>",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a: 1\nb: 2\na: {c: 1, c: 2}\n",
            (
                '3:1 Duplicate key: "a" is here and at a.yaml:1:1. [Remove one of them: only one would be used.]\n'
                '3:11 Duplicate key: "c" is here and at a.yaml:3:5. [Remove one of them: only one would be used.]'
            ),
        ),
        (
            "a: &a {b: 1}\nc:\n  <<: *a\n",
            "3:3 Merge key: `<<` is not supported. [Write the keys out where they are needed.]",
        ),
        (
            "a: &a [1, *a]\n",
            "1:11 Recursive alias: *a stands inside &a (a.yaml:1:4): it has no end. [Write out what is meant there.]",
        ),
        ("a: *b\n", "1:4 Unknown alias: No &b comes before *b in this document."),
        ("a:\n\tb: 1\n", "2:1 Tab in YAML: YAML may not be indented with tabs. [Indent with spaces.]"),
        (
            "a: !!python/object/apply:os.system [x]\n",
            (
                "1:4 Unsupported tag: !!python/object/apply:os.system is not accepted here; known are !!str, !!int, "
                "!!float, !!bool, !!null, !!map and !!seq. [Leave the tag out; quote what is meant as text.]"
            ),
        ),
        (
            "a: !!int x\n!!int 1: b\nc: !!str [1]\nd: !!set {e: }\n",
            "\n".join(
                f"{place} Unsupported tag: {tag} is not accepted here; known are !!str, !!int, "
                "!!float, !!bool, !!null, !!map and !!seq. [Leave the tag out; quote what is meant as text.]"
                for place, tag in (("1:4", "!!int"), ("2:1", "!!int"), ("3:4", "!!str"), ("4:4", "!!set"))
            ),
        ),
        ("a: .inf\n", "1:4 Not a number of JSON: .inf has no form in JSON. [Quote it if it is text.]"),
        ("a: -.NaN\nb: .nan\n", "2:4 Not a number of JSON: .nan has no form in JSON. [Quote it if it is text.]"),
        (
            "a: 1e999\n",
            "1:4 Number out of range: 1e999 does not fit a number of JSON. [Quote it if it is meant as text.]",
        ),
        (
            "- a\n",
            (
                "1:1 Not a mapping: The document is a list; it must be a mapping of keys to values. "
                "[Several documents in one file are separated by a line `---`.]"
            ),
        ),
        (
            "--- hello\n",
            (
                "1:5 Not a mapping: The document is a single value; it must be a mapping of keys to values. "
                "[Several documents in one file are separated by a line `---`.]"
            ),
        ),
        ("? [a]\n: b\n", "1:3 Key is not text: A key must be text, not an alias, a list or a mapping."),
        ("a: {? : 1}\n", "1:7 Key is missing: Nothing stands before the colon."),
        (
            "a: 'x\n",
            (
                "2:1 Broken YAML: Found unexpected end of stream (while scanning a quoted scalar). "
                "It begins at a.yaml:1:4."
            ),
        ),
        (
            "a: 1\nk: <% values.a %>: b\n",
            (
                "2:18 Broken YAML: Mapping values are not allowed in this context. "
                "[Quote the scalar: a text with `<% %>` needs quotes where YAML would read part of it as its own.]"
            ),
        ),
        (
            "url: {{ .secrets.X }}/y\n",
            (
                "1:7 Key is not text: A key must be text, not an alias, a list or a mapping. "
                "[Quote the scalar: without quotes YAML reads `{{` as the start of a mapping.]\n"
                "1:22 Broken YAML: Did not find expected key (while parsing a block mapping). "
                "[Quote the scalar: without quotes YAML reads `{{` as the start of a mapping.]"
            ),
        ),
        (
            "url: {{ .secrets.X }}\n",
            (
                "1:7 Key is not text: A key must be text, not an alias, a list or a mapping. "
                "[Quote the scalar: without quotes YAML reads `{{` as the start of a mapping.]"
            ),
        ),
        (
            "a: x\u2028y\n",
            (
                "1:5 Unprintable character: U+2028 may not stand in a YAML file. "
                "[Write it as an escape in a double-quoted text.]"
            ),
        ),
    ],
)
def test_what_is_refused_says_where_and_why(text: str, expected: str) -> None:
    assert complaint(text) == expected


def test_bytes_that_are_not_utf_8_are_refused_with_their_place() -> None:
    expected = "2:5 Not UTF-8: Byte 0xff is not UTF-8. [Save the file in UTF-8.]"
    assert complaint(b"a: 1\nb: '\xff'\n") == expected
    assert complaint("a: 1".encode("utf-16")) == expected.replace("2:5", "1:1")


def test_nesting_stops_at_a_hundred() -> None:
    assert one("a: " + "[" * 99 + "]" * 99) is not None
    expected = (
        "1:103 Nesting too deep: Mappings and lists may be nested 100 deep. "
        "[Make it flatter, or write the inner part as text.]"
    )
    assert complaint("a: " + "[" * 100 + "]" * 100) == expected
    assert complaint("a: &a " + "[" * 60 + "]" * 60 + "\nb: " + "[" * 40 + "*a" + "]" * 40) == expected.replace(
        "1:103", "2:44"
    )


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "{? ", "[[[{", "&a [", "!!seq ["])
@pytest.mark.parametrize("file", ["a.yaml", "a.json"])
def test_a_file_nested_25_000_deep_is_refused_and_nothing_crashes(opening: str, file: str) -> None:
    assert complaint(opening * 25_000, file)


def test_an_alias_bomb_is_refused() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
    )
    assert complaint(bomb) == (
        "5:45 Document too large: More than 100,000 values once aliases are written out. "
        "[Split it into several documents.]"
    )


def test_a_document_may_have_a_mebibyte_and_a_file_sixteen() -> None:
    text = "a: |\n" + ("  " + "x" * 998 + "\n") * 1040
    assert len(compose(f"{text}---\n{text}".encode(), "a.yaml")) == 2
    assert complaint(text + "  " + "x" * 20_000) == (
        "1:1 Document too large: A document may have 1,048,576 bytes; this one has 1,061,047. "
        "[Split it into several documents.]"
    )
    assert complaint(b"#" * (16 * 1024 * 1024 + 1)) == "1:1 File too large: A file may have 16,777,216 bytes."


def test_the_pure_python_parser_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: [1, &x {b: '2'}]\nc: *x\n"
    fast = compose(text.encode(), "a.yaml")
    monkeypatch.setattr("portctl.yaml.compose._LOADER", yaml.SafeLoader)
    assert compose(text.encode(), "a.yaml") == fast


_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4),
    max_leaves=20,
)


class _Dumper(yaml.SafeDumper):
    """Quotes every text, and writes numbers as JSON does."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


_Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, '"'))
_Dumper.add_representer(float, lambda dumper, number: dumper.represent_scalar("tag:yaml.org,2002:float", repr(number)))


@given(value=st.dictionaries(_text, _json, min_size=1, max_size=4), flow=st.booleans())
def test_what_a_yaml_writer_writes_comes_back(value: dict[str, Any], flow: bool) -> None:
    text = yaml.dump(value, Dumper=_Dumper, default_flow_style=flow, sort_keys=False)
    (document,) = compose(text.encode(), "a.yaml")
    assert document.value == freeze(value)


def outcome(content: bytes, file: str) -> tuple[Document, ...] | tuple[Diagnostic, ...]:
    """What a file gives: its documents or what is wrong with it. Any other exception fails the test."""
    try:
        return compose(content, file)
    except InvalidInput as error:
        return error.diagnostics or pytest.fail("refused without a word")


@settings(max_examples=300)
@given(content=st.binary(max_size=60) | _text.map(str.encode), file=st.sampled_from(["a.yaml", "a.json"]))
def test_no_bytes_raise_anything_but_invalid_input_with_a_place(content: bytes, file: str) -> None:
    for found in outcome(content, file):
        assert isinstance(found, Document) or (found.source.line > 0 and found.source.column > 0)


@settings(max_examples=300)
@given(text=st.text("abc:-[]{},&*!|>'\"?# \n\t<%", max_size=30))
def test_no_arrangement_of_yaml_signs_raises_anything_but_invalid_input(text: str) -> None:
    lines = text.count("\n") + 1
    for found in outcome(text.encode(), "a.yaml"):
        place = found.sources.document if isinstance(found, Document) else found.source
        assert 1 <= place.line <= lines + 1


def test_thousands_of_odd_keys_are_told_without_reading_the_file_for_each() -> None:
    text = "".join(f"k{number}: x\n? [a]\n: b\n" for number in range(10_000))
    with pytest.raises(InvalidInput) as caught:
        compose(text.encode(), "a.yaml")
    places = [str(found.source) for found in caught.value.diagnostics]
    assert places == [f"a.yaml:{3 * number + 2}:3" for number in range(10_000)]
