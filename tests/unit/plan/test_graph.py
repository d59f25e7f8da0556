"""Cycles and order."""

from __future__ import annotations

from graphlib import CycleError
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portctl.plan.graph import cycles, topological
from tests.unit.examples.documents import MANY

GRAPHS = st.dictionaries(st.integers(0, 8), st.lists(st.integers(0, 9), max_size=4), max_size=9)


@pytest.mark.parametrize(
    ("edges", "found"),
    [
        ({}, ()),
        ({"a": ["b"], "b": []}, ()),
        ({"a": ["a"]}, (("a",),)),
        ({"a": ["b"], "b": ["a"]}, (("a", "b"),)),
        ({"b": ["c"], "a": ["b"], "c": ["a"]}, (("b", "a", "c"),)),
        ({"x": ["a"], "a": ["b"], "b": ["a", "y"], "y": []}, (("a", "b"),)),
        ({"a": ["b"], "b": ["a"], "c": ["d", "a"], "d": ["c"]}, (("a", "b"), ("c", "d"))),
        ({"a": ["elsewhere"]}, ()),
    ],
)
def test_circles_are_found_with_their_members_in_order(
    edges: dict[str, list[str]], found: tuple[tuple[str, ...], ...]
) -> None:
    assert cycles(edges) == found


def reaches(edges: dict[int, list[int]], start: int) -> set[int]:
    seen: set[int] = set()
    work = [need for need in edges[start] if need in edges]
    while work:
        node = work.pop()
        if node not in seen:
            seen.add(node)
            work.extend(need for need in edges[node] if need in edges)
    return seen


@MANY
@given(GRAPHS)
def test_two_nodes_are_in_one_circle_when_each_reaches_the_other(edges: dict[int, list[int]]) -> None:
    expected = {
        frozenset({node} | {other for other in reaches(edges, node) if node in reaches(edges, other)})
        for node in edges
        if node in reaches(edges, node)
    }

    assert {frozenset(members) for members in cycles(edges)} == expected


@MANY
@given(GRAPHS)
def test_every_node_comes_after_what_it_needs_or_there_is_a_circle(edges: dict[int, list[int]]) -> None:
    if cycles(edges):
        with pytest.raises(CycleError):
            topological(edges)
        return
    order = topological(edges)

    assert sorted(order) == sorted(edges)
    for node, needs in edges.items():
        assert all(order.index(need) < order.index(node) for need in needs if need in edges)


def test_a_chain_of_thousands_needs_no_deep_stack() -> None:
    edges = {number: [number + 1] for number in range(5000)} | {5000: [0]}

    assert [len(members) for members in cycles(edges)] == [5001]
    del edges[5000]
    assert all(first == second + 1 for first, second in pairwise(topological(edges)))
