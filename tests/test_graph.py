"""Questions asked of a graph: definitions on small graphs, and against brute force on random ones."""

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coconut_core.errors import InputError
from coconut_core.problems.graph import (
    count_shortest_paths,
    depths,
    frontier,
    heights,
    optimal_nodes,
    reaches,
    shortest_path,
    shortest_paths,
)


@st.composite
def acyclic_graphs(draw):
    """A graph whose edges run from smaller to larger nodes."""
    size = draw(st.integers(1, 9))
    pairs = [(a, b) for b in range(size) for a in range(b)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    graph = nx.DiGraph()
    graph.add_nodes_from(range(size))
    graph.add_edges_from(edges)
    return graph


@pytest.fixture
def diamond() -> nx.DiGraph:
    """0 -> 1, 2 -> 3 -> 4, and the shortcut 0 -> 3, and 1 -> 5; node 6 stands apart."""
    graph = nx.DiGraph([(0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (0, 3), (1, 5)])
    graph.add_node(6)
    return graph


def test_a_node_reachable_in_k_and_in_fewer_steps_is_not_in_the_frontier(diamond):
    assert frontier(diamond, 0, 1) == {1, 2, 3}
    assert frontier(diamond, 0, 2) == {4, 5}
    assert frontier(diamond, 0, 3) == frozenset()


def test_without_thoughts_the_frontier_is_that_of_one_thought(diamond):
    assert frontier(diamond, 0, 0) == frontier(diamond, 0, 1)


def test_the_two_heights_differ_where_a_leaf_is_near_and_another_far(diamond):
    shortest, longest = heights(diamond, "shortest"), heights(diamond, "longest")
    assert (shortest[1], longest[1]) == (1, 2)
    assert (shortest[0], longest[0]) == (2, 3)
    assert shortest[6] == longest[6] == 0


def test_shortest_paths_are_all_and_in_order(diamond):
    diamond.remove_edge(0, 3)
    assert shortest_paths(diamond, 0, 4) == ((0, 1, 3, 4), (0, 2, 3, 4))
    assert shortest_paths(diamond, 0, 6) == ()
    assert optimal_nodes(diamond, 0, 6) == frozenset()


def test_a_cycle_has_no_longest_height_but_a_shortest():
    graph = nx.DiGraph([(0, 1), (1, 0), (1, 2), (3, 3)])
    assert heights(graph, "shortest") == {2: 0, 1: 1, 0: 2}
    with pytest.raises(InputError, match="cycle"):
        heights(graph, "longest")


def test_an_unknown_node_is_named(diamond):
    for asked in (depths, reaches):
        with pytest.raises(InputError, match="Node 99"):
            asked(diamond, 99)
    with pytest.raises(InputError, match="Node 99"):
        shortest_paths(diamond, 0, 99)


@given(acyclic_graphs())
def test_heights_follow_from_those_of_the_children(graph):
    shortest, longest = heights(graph, "shortest"), heights(graph, "longest")
    for node in graph:
        below = list(graph.successors(node))
        assert shortest[node] == (1 + min(shortest[child] for child in below) if below else 0)
        assert longest[node] == (1 + max(longest[child] for child in below) if below else 0)


@given(acyclic_graphs())
def test_frontiers_partition_what_is_reached(graph):
    from_root = depths(graph, 0)
    rows = [frontier(graph, 0, k) for k in range(1, len(graph) + 1)]
    assert sum(map(len, rows)) == len(from_root) - 1
    assert frozenset().union(*rows) == from_root.keys() - {0}


@given(acyclic_graphs(), st.data())
def test_reaching_and_optimal_nodes_agree_with_paths(graph, data):
    target = data.draw(st.sampled_from(sorted(graph)))
    assert reaches(graph, target) == {node for node in graph if target in depths(graph, node)}
    paths = shortest_paths(graph, 0, target)
    assert count_shortest_paths(graph, 0, target) == len(paths)
    assert shortest_path(graph, 0, target) == (paths[0] if paths else ())
    assert optimal_nodes(graph, 0, target) == {node for path in paths for node in path}
    assert len(set(paths)) == len(paths)


def test_very_many_paths_are_counted_and_not_listed():
    layers = [[0], *([3 * row + column for column in (1, 2, 3)] for row in range(40)), [121]]
    graph = nx.DiGraph((a, b) for upper, lower in zip(layers, layers[1:], strict=False) for a in upper for b in lower)
    assert count_shortest_paths(graph, 0, 121) == 3**40
    assert shortest_path(graph, 0, 121) == (0, *range(1, 121, 3), 121)
