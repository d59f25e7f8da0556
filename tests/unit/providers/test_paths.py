"""Addresses: whatever an identity contains, it stays one segment."""

from __future__ import annotations

from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from portctl.providers.paths import collection_path, item_path, own_path, place_path, scope_of
from tests.unit.providers.kinds import CHILD, SCOPED, THING

NAMES = st.text(min_size=1)


def test_an_identity_is_percent_encoded() -> None:
    assert item_path(THING, ("a/b:c+d\\ü",)) == "/things/a%2Fb%3Ac%2Bd%5C%C3%BC"
    assert item_path(CHILD, ("deploy it",)) == "/things/deploy%20it/child"
    assert collection_path(SCOPED, ("{identifier}", "x")) == "/groups/%7Bidentifier%7D/things"
    assert place_path("{item}/parts/{before}/rename", THING, ("a",), before="b/c") == "/things/a/parts/b%2Fc/rename"


@given(NAMES, NAMES)
def test_every_identity_comes_back_out_of_its_address(group: str, identifier: str) -> None:
    try:
        (group + identifier).encode()
    except UnicodeEncodeError:
        return
    segments = item_path(SCOPED, (group, identifier)).split("/")
    assert [unquote(segment) for segment in segments] == ["", "groups", group, "things", identifier]


def test_a_scope_is_what_selects_the_list() -> None:
    assert scope_of(THING, ("a",)) == ()
    assert scope_of(SCOPED, ("g", "a")) == ("g",)
    assert scope_of(CHILD, ("p",)) == ("p",)


def test_documentation_shows_the_placeholders() -> None:
    assert own_path(THING.item, THING) == "/things/{identifier}"
    assert own_path(SCOPED.item, SCOPED) == "/groups/{group}/things/{identifier}"
    assert own_path("{item}/count", CHILD) == "/things/{parent}/child/count"
