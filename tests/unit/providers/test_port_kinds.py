"""The odd equalities and bodies of Port's kinds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portctl.model.kind import Kind
from portctl.model.value import freeze, thaw
from portctl.providers.catalogue import catalogue

KINDS = catalogue()


def canonical(name: str, attributes: Any) -> Any:
    hook = KINDS[f"port/{name}"].canonical
    assert hook is not None
    return thaw(hook(freeze(attributes)))


CANONICAL = [
    (
        "Blueprint",
        {"relations": {"a": {"target": "x"}, "b": {"type": "rule_result_target", "target": "y"}}},
        {"relations": {"a": {"target": "x"}}},
    ),
    ("Blueprint", {"relations": None}, {"relations": None}),
    (
        "Automation",
        {"trigger": {"event": {}, "condition": {"type": "JQ", "expressions": []}}},
        {"trigger": {"event": {}}},
    ),
    (
        "Automation",
        {"trigger": {"condition": {"expressions": ["true"]}}},
        {"trigger": {"condition": {"expressions": ["true"]}}},
    ),
    ("Automation", {"trigger": "CREATE"}, {"trigger": "CREATE"}),
    ("Automation", {}, {}),
    (
        "Webhook",
        {
            "mappings": [
                {"operation": {"type": "delete"}},
                {"operation": {"type": "delete", "deleteDependents": True}},
                {},
            ]
        },
        {"mappings": [{"operation": "delete"}, {"operation": {"type": "delete", "deleteDependents": True}}, {}]},
    ),
    ("Webhook", {"mappings": ["odd"]}, {"mappings": ["odd"]}),
    ("Webhook", {"mappings": None}, {"mappings": None}),
    ("Entity", {"team": "rocket"}, {"team": ["rocket"]}),
    ("Entity", {"team": ["rocket"]}, {"team": ["rocket"]}),
    ("Entity", {"team": ""}, {"team": ""}),
    ("Entity", {"properties": None}, {"properties": None}),
    (
        "Entity",
        {
            "properties": {
                "zone": "2026-01-01T12:00:00+02:00",
                "utc": "2026-01-01t10:00:00.5z",
                "list": ["2026-01-01T10:00:00Z", 5],
                "date": "2026-01-01",
                "words": "at 2026-01-01T10:00:00Z",
                "impossible": "2026-13-01T10:00:00Z",
                "edge": "0001-01-01T00:00:00+14:00",
            }
        },
        {
            "properties": {
                "zone": "2026-01-01T10:00:00.000000Z",
                "utc": "2026-01-01T10:00:00.500000Z",
                "list": ["2026-01-01T10:00:00.000000Z", 5],
                "date": "2026-01-01",
                "words": "at 2026-01-01T10:00:00Z",
                "impossible": "2026-13-01T10:00:00Z",
                "edge": "0001-01-01T00:00:00+14:00",
            }
        },
    ),
]


@pytest.mark.parametrize(("name", "given_value", "expected"), CANONICAL)
def test_two_spellings_of_one_thing_become_one(name: str, given_value: Any, expected: Any) -> None:
    assert canonical(name, given_value) == expected


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.datetimes().map(lambda at: at.isoformat() + "Z"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["relations", "trigger", "mappings", "team", "properties", "condition"])


@given(st.sampled_from([kind for kind in KINDS.values() if kind.canonical]), st.dictionaries(KEYS, JSON, max_size=4))
def test_every_hook_takes_anything_and_changes_nothing_the_second_time(kind: Kind, attributes: Any) -> None:
    assert kind.canonical is not None
    once = kind.canonical(freeze(attributes))
    assert kind.canonical(once) == once


def test_a_blueprint_brings_no_catalog_page_unless_asked() -> None:
    query = KINDS["port/Blueprint"].create_query
    assert query is not None
    assert [
        query(options) for options in ({}, {"catalogPage": False}, {"catalogPage": "yes"}, {"catalogPage": True})
    ] == [
        {"create_catalog_page": "false"},
        {"create_catalog_page": "false"},
        {"create_catalog_page": "false"},
        {"create_catalog_page": "true"},
    ]


def test_actions_and_automations_are_told_apart_by_their_trigger() -> None:
    action, automation = KINDS["port/Action"].belongs, KINDS["port/Automation"].belongs
    assert action is not None
    assert automation is not None
    triggers: list[Any] = [{"type": "self-service"}, {"type": "automation"}, {"type": None}, "CREATE", None]
    assert [action({"trigger": trigger}) for trigger in triggers] == [True, False, False, False, False]
    assert [automation({"trigger": trigger}) for trigger in triggers] == [False, True, False, False, False]


def test_an_entity_s_blueprint_is_not_part_of_its_body() -> None:
    encode = KINDS["port/Entity"].encode
    assert encode is not None
    assert encode({"blueprint": "service", "identifier": "a"}) == {"identifier": "a"}


def test_entities_are_searched_by_identifier() -> None:
    search = KINDS["port/Entity"].search
    assert search is not None
    rule = {"property": "$identifier", "operator": "in", "value": ["a", "b"]}
    query = {"combinator": "and", "rules": [rule]}
    assert thaw(search.body(["a", "b"], "")) == {"query": query, "limit": 1000}
    assert thaw(search.body(["a", "b"], "c1")) == {"query": query, "limit": 1000, "from": "c1"}
