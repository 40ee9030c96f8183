"""The geometry of search trees: rows, order, and that nothing covers anything."""

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses.drawing.tree.layout import CURVE_POINTS, NAME, SEAT, WIDTH, lay_out
from analyses.drawing.tree.order import crossings
from coconut_core.problems.graph import depths
from coconut_core.problems.registry import load_problems

CHARACTER = 7.4


@st.composite
def acyclic_graphs(draw, most=24):
    """A random acyclic graph whose node 0 has no parents; some nodes may be out of its reach."""
    count = draw(st.integers(2, most))
    pairs = [(a, b) for b in range(1, count) for a in range(b)]
    edges = draw(st.lists(st.sampled_from(pairs), max_size=2 * count, unique=True))
    graph = nx.DiGraph()
    graph.add_nodes_from(range(count))
    graph.add_edges_from(edges)
    return graph


@given(acyclic_graphs())
def test_rows_are_bfs_depth_and_every_reachable_node_has_one_place(graph):
    layout = lay_out(graph, 0, depths(graph, 0), marked=(1, len(graph) - 1))
    depth = depths(graph, 0)
    assert layout.depth == depth
    assert set(layout.apart) == {1, len(graph) - 1} - set(depth)
    assert sorted(layout.nodes) == sorted({*depth, 1, len(graph) - 1})
    for row, nodes in enumerate(layout.rows):
        assert {layout.y[node] for node in nodes} == {layout.y[layout.rows[0][0]] - row * pitch(layout)}
    assert all(layout.y[node] < min(layout.y[n] for n in depth) for node in layout.apart)


@given(acyclic_graphs())
def test_neighbours_keep_their_distance_within_the_width(graph):
    layout = lay_out(graph, 0, depths(graph, 0), marked=(len(graph) - 1,))
    for row in layout.rows:
        places = [layout.x[node] for node in row]
        assert all(b - a >= layout.slot - 1e-6 for a, b in zip(places, places[1:], strict=False))
    assert all(-1e-6 <= x - layout.slot / 2 and x + layout.slot / 2 <= WIDTH + 1e-6 for x in layout.x.values())


@given(acyclic_graphs())
def test_every_edge_is_drawn_once_and_tree_edges_make_a_tree(graph):
    layout = lay_out(graph, 0, depths(graph, 0))
    depth = layout.depth
    drawn = sorted((edge.parent, edge.child) for edge in layout.edges)
    assert drawn == sorted((a, b) for a, b in graph.edges if a in depth)
    tree = [edge for edge in layout.edges if edge.kind == "tree"]
    assert sorted(edge.child for edge in tree) == sorted(set(depth) - {0})
    assert all(depth[edge.child] == depth[edge.parent] + 1 for edge in tree)
    assert all(len(edge.x) == 2 for edge in tree)
    assert {len(edge.x) for edge in layout.edges if edge.kind == "other"} <= {CURVE_POINTS}


@given(acyclic_graphs())
def test_layout_is_the_same_every_time(graph):
    assert lay_out(graph, 0, depths(graph, 0)) == lay_out(graph, 0, depths(graph, 0))


@given(acyclic_graphs(), st.data())
def test_rows_may_be_any_depth(graph, data):
    """Of tasks whose rows are not distances: rows may be empty, edges may skip some, nodes may have none."""
    rows = st.one_of(st.none(), st.integers(1, 6))
    depth = {0: 0} | {node: row for node in graph if node and (row := data.draw(rows)) is not None}
    layout = lay_out(graph, 0, depth, marked=(len(graph) - 1,))
    assert layout.depth == depth and sorted(layout.nodes) == sorted({*depth, len(graph) - 1})
    for row, nodes in enumerate(layout.rows):
        assert all(layout.y[node] == pytest.approx(layout.y[0] - row * pitch_of(layout)) for node in nodes)
        places = [layout.x[node] for node in nodes]
        assert all(b - a >= layout.slot - 1e-6 for a, b in zip(places, places[1:], strict=False))
    drawn = sorted((edge.parent, edge.child) for edge in layout.edges)
    assert drawn == sorted((a, b) for a, b in graph.edges if a in depth and b in depth)
    assert all(depth[edge.child] == depth[edge.parent] + 1 for edge in layout.edges if edge.kind == "tree")


def test_edges_that_skip_rows_go_round_the_nodes_between():
    """From 0 to 3 along a line of nodes that stand one below the other."""
    graph = nx.DiGraph([(0, 1), (1, 2), (2, 3), (0, 3)])
    layout = lay_out(graph, 0, {0: 0, 1: 1, 2: 2, 3: 3})
    (edge,) = [edge for edge in layout.edges if (edge.parent, edge.child) == (0, 3)]
    widths = dict.fromkeys(graph, 0)
    assert edge.kind == "other" and not [node for node in (1, 2) if on_card(layout, widths, node, edge)]
    assert edge.y[0] < layout.y[0] and edge.y[-1] > layout.y[3]  # leaves below its parent, arrives above its child


def test_crossings_are_counted_by_hand():
    depth = {0: 0, 1: 1, 2: 1, 3: 2, 4: 2}
    edges = [(0, 1), (0, 2), (1, 4), (2, 3)]
    assert crossings([[0], [1, 2], [3, 4]], edges, depth) == 1
    assert crossings([[0], [1, 2], [4, 3]], edges, depth) == 0
    # 0 -> 2 and 1 -> 2 land under the arch from 1 to 3 in the second row; 4 -> 5 does not cross anything.
    depth = {0: 0, 1: 1, 2: 1, 3: 1}
    assert crossings([[0], [1, 2, 3]], [(0, 1), (0, 2), (0, 3), (1, 3)], depth) == 1
    assert crossings([[0], [1, 3, 2]], [(0, 1), (0, 2), (0, 3), (1, 3)], depth) == 0


def test_sweeps_remove_the_crossings_that_can_be_removed():
    # A complete binary tree whose children are given in an order that crosses.
    graph = nx.DiGraph([(0, 1), (0, 2), (2, 3), (1, 4), (2, 5), (1, 6)])
    assert lay_out(graph, 0, depths(graph, 0)).crossings == 0


def test_names_of_crowded_rows_alternate_between_two_lines():
    graph = nx.DiGraph([(0, node) for node in range(1, 15)])
    short, long = (lay_out(graph, 0, depths(graph, 0), (), dict.fromkeys(graph, width)) for width in (20, 70))
    assert not short.crowded and long.crowded
    drops = [long.drop[node] for node in long.rows[1]]
    assert len(set(drops)) == 2 and all(a != b for a, b in zip(drops, drops[1:], strict=False))


@pytest.fixture(scope="module")
def official_layouts(official_prosqa):
    layouts = []
    for problem in load_problems(official_prosqa):
        widths = {node: CHARACTER * len(name) for node, name in enumerate(problem.names)}
        layout = lay_out(problem.graph, problem.root, problem.depth, tuple(problem.marks), widths)
        layouts.append((problem, layout, widths))
    return layouts


def test_official_names_never_touch_each_other(official_layouts):
    for _, layout, widths in official_layouts:
        for row in layout.rows:
            for a, b in zip(row, row[1:], strict=False):
                assert layout.x[b] - layout.x[a] > (widths[a] + widths[b]) / 2, row


def test_official_edges_keep_off_the_cards_of_other_nodes(official_layouts):
    """Edges between neighbouring rows never cross a card; of those that climb, few do."""
    grazed = climbing = 0
    for _, layout, widths in official_layouts:
        for edge in layout.edges:
            climb = layout.depth[edge.parent] - layout.depth[edge.child]
            touched = [
                node
                for node in layout.depth
                if node not in (edge.parent, edge.child) and on_card(layout, widths, node, edge)
            ]
            climbing += climb >= 2
            grazed += bool(touched)
            assert climb >= 2 or not touched, (edge, touched)
    assert climbing > 100 and grazed <= 0.05 * climbing


def test_official_crossings_are_few(official_layouts):
    """Straight edges alone cross 3.0 times a graph in a barycentre layout; arches add about two."""
    counts = [layout.crossings for _, layout, _ in official_layouts]
    assert sum(counts) / len(counts) < 5


def on_card(layout, widths, node, edge) -> bool:
    x, y = layout.x[node], layout.y[node]
    half = max(SEAT, widths[node] / 2)
    low = y - SEAT - layout.drop[node] - NAME
    return any(abs(px - x) < half and low < py < y + SEAT - 1 for px, py in zip(edge.x, edge.y, strict=True))


def pitch_of(layout) -> float:
    """Distance of two rows, from any row but the first."""
    return next((-layout.y[row[0]] / at for at, row in enumerate(layout.rows) if row and at), 0.0)


def pitch(layout) -> float:
    return layout.y[layout.rows[0][0]] - layout.y[layout.rows[1][0]] if len(layout.rows) > 1 else 0.0
