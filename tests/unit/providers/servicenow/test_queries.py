"""Queries match every key, stay short, and cannot be changed by what a key holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portctl.errors import InvalidInput
from portctl.providers.servicenow.keys import parse_key
from portctl.providers.servicenow.queries import LONGEST, plain, queries_for
from portctl.providers.servicenow.values import as_text, script_text

KEYS = st.lists(
    st.tuples(st.text("abc, =", min_size=1, max_size=20), st.text("xyz", min_size=1, max_size=9)), min_size=1
)


def test_one_column_is_asked_for_its_values_at_once() -> None:
    assert list(queries_for(["name"], [("a",)])) == [("name=a", (("a",),))]
    assert list(queries_for(["name"], [("a",), ("b",)])) == [("nameINa,b", (("a",), ("b",)))]


def test_a_comma_is_no_separator() -> None:
    ((query, _),) = queries_for(["name"], [("a",), ("b, c",), ("d",)])
    assert query == "nameINa,d^ORname=b, c"


def test_several_columns_are_joined() -> None:
    ((query, _),) = queries_for(["name", "collection"], [("a", "incident"), ("b", "incident")])
    assert query == "nameINa,b^collection=incident"


@given(KEYS)
def test_every_key_is_in_exactly_one_query_and_none_is_too_long(keys: list[tuple[str, str]]) -> None:
    found = list(queries_for(["name", "table"], keys))
    assert [key for _, together in found for key in together] == keys
    assert all(len(query) <= LONGEST for query, _ in found)


def test_many_keys_become_few_queries() -> None:
    keys = [(f"portctl rule number {number:04}",) for number in range(1000)]
    found = list(queries_for(["name"], keys))
    assert len(found) == 7
    assert sum(len(together) for _, together in found) == 1000


@pytest.mark.parametrize("value", ["", "a^b", "a\nb", "javascript:gs.getUserID()", "JavaScript:x"])
def test_what_would_change_the_query_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput, match="Not a key that ServiceNow can look for"):
        plain(value)


def test_a_key_is_columns_and_values() -> None:
    assert parse_key("user.user_name=a=b^group.name=C, D") == {"user.user_name": "a=b", "group.name": "C, D"}


def test_everything_is_text() -> None:
    given_ = (True, False, None, 100, 2.0, 1.5, "x", "")
    assert [as_text(value) for value in given_] == ["true", "false", "", "100", "2", "1.5", "x", ""]


def test_ends_of_lines_do_not_make_a_script_another_one() -> None:
    assert script_text("\r\na();  \r\nb();\r\n\r\n") == script_text({"content": "a();\nb();"}) == "a();\nb();"
