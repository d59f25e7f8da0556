"""Order: topological order and cycles of a graph of names."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from graphlib import TopologicalSorter
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def cycles(edges: Mapping[Node, Iterable[Node]]) -> tuple[tuple[Node, ...], ...]:
    """The strongly connected components with more than one member or a self-edge, members in graph order.

    `edges` maps each node to the nodes it needs; nodes that are only needed may be missing as keys.
    """
    graph = {node: tuple(need for need in needs if need in edges) for node, needs in edges.items()}
    index: dict[Node, int] = {}
    low: dict[Node, int] = {}
    stack: list[Node] = []
    on_stack: set[Node] = set()
    found: list[tuple[Node, ...]] = []
    for root in graph:
        if root in index:
            continue
        work = [(root, iter(graph[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, needs = work[-1]
            for need in needs:
                if need not in index:
                    index[need] = low[need] = len(index)
                    stack.append(need)
                    on_stack.add(need)
                    work.append((need, iter(graph[need])))
                    break
                if need in on_stack:
                    low[node] = min(low[node], index[need])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == index[node]:
                    found.extend(_component(node, graph, stack, on_stack))
    return tuple(found)


def _component(
    node: Node, graph: Mapping[Node, tuple[Node, ...]], stack: list[Node], on_stack: set[Node]
) -> list[tuple[Node, ...]]:
    members: set[Node] = set()
    while True:
        member = stack.pop()
        on_stack.discard(member)
        members.add(member)
        if member == node:
            break
    if len(members) > 1 or node in graph[node]:
        return [tuple(name for name in graph if name in members)]
    return []


def topological(edges: Mapping[Node, Iterable[Node]]) -> tuple[Node, ...]:
    """Every node after the nodes it needs. Cycles must have been opened before."""
    sorter = TopologicalSorter({node: [need for need in needs if need in edges] for node, needs in edges.items()})
    return tuple(sorter.static_order())
