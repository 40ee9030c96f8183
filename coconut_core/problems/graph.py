"""Questions asked of a problem's graph: depth, frontier, height, reachability, the optimal set.

A graph is a `networkx.DiGraph` over integer nodes; an edge (parent, child) is the fact "Every parent is a
child". All distances are numbers of edges. The definitions are those of the paper's analysis of continuous
thoughts (Figures 5 to 9 of version 2); height is given in both readings, because the paper's captions and its
text do not agree.
"""

from collections.abc import Sequence
from typing import Literal

import networkx as nx

from coconut_core.errors import InputError


def depths(graph: nx.DiGraph, root: int) -> dict[int, int]:
    """BFS distance from `root`, in edges, of every node that can be reached from it (the root itself: 0)."""
    _require(graph, root)
    return dict(nx.single_source_shortest_path_length(graph, root))


def frontier(graph: nx.DiGraph, root: int, k: int) -> frozenset[int]:
    """Nodes at BFS distance exactly max(k, 1) from `root`: the candidates that are scored after k thoughts.

    A node that can be reached in k steps but also in fewer is not in it (Figure 7).
    """
    distance = max(k, 1)
    return frozenset(node for node, depth in depths(graph, root).items() if depth == distance)


def heights(graph: nx.DiGraph, kind: Literal["shortest", "longest"]) -> dict[int, int]:
    """Distance in edges from each node down to a leaf (a node without children).

    `"shortest"` is the text of the paper's height section, `"longest"` the captions of Figures 7 and 9. In a
    graph with cycles a longest distance does not exist (`InputError`), and nodes from which no leaf can be
    reached have no shortest one: they are left out.
    """
    if kind == "shortest":
        leaves = [node for node in graph if graph.out_degree(node) == 0]
        found = dict.fromkeys(leaves, 0)
        row, distance = leaves, 0
        while row:
            distance += 1
            above = {parent for node in row for parent in graph.predecessors(node)} - found.keys()
            found.update(dict.fromkeys(above, distance))
            row = list(above)
        return found
    if kind == "longest":
        try:
            order = list(nx.topological_sort(graph))
        except nx.NetworkXUnfeasible as error:
            raise InputError(
                "The graph has a cycle, so longest distances to a leaf do not exist: remove the cycle or "
                "ask for the shortest height."
            ) from error
        longest: dict[int, int] = {}
        for node in reversed(order):
            longest[node] = max((longest[child] + 1 for child in graph.successors(node)), default=0)
        return longest
    raise InputError(f'Height is "shortest" or "longest", not {kind!r}.')


def reaches(graph: nx.DiGraph, target: int) -> frozenset[int]:
    """Nodes from which `target` can be reached, `target` included: the correct nodes of the paper."""
    _require(graph, target)
    return frozenset(nx.ancestors(graph, target)) | {target}


def shortest_paths(graph: nx.DiGraph, root: int, target: int) -> tuple[tuple[int, ...], ...]:
    """Every shortest path from `root` to `target`, ends included, in ascending order; () if there is none."""
    _require(graph, root)
    _require(graph, target)
    try:
        return tuple(sorted(tuple(path) for path in nx.all_shortest_paths(graph, root, target)))
    except nx.NetworkXNoPath:
        return ()


def shortest_path(graph: nx.DiGraph, root: int, target: int) -> tuple[int, ...]:
    """The first of `shortest_paths`, without listing the others, of which there may be very many; () if none."""
    _require(graph, root)
    _require(graph, target)
    left = dict(nx.single_target_shortest_path_length(graph, target))
    if root not in left:
        return ()
    path = [root]
    while path[-1] != target:
        path.append(min(child for child in graph.successors(path[-1]) if left.get(child) == left[path[-1]] - 1))
    return tuple(path)


def count_shortest_paths(graph: nx.DiGraph, root: int, target: int) -> int:
    """How many shortest paths there are, without listing them."""
    _require(graph, root)
    _require(graph, target)
    depth, ways = depths(graph, root), {root: 1}
    for node in list(depth)[1:]:  # nearest first
        ways[node] = sum(ways[parent] for parent in graph.predecessors(node) if depth.get(parent) == depth[node] - 1)
    return ways.get(target, 0)


def optimal_nodes(graph: nx.DiGraph, root: int, target: int) -> frozenset[int]:
    """Nodes on some shortest path from `root` to `target`, ends included; empty if there is none."""
    _require(graph, target)
    from_root = depths(graph, root)
    if target not in from_root:
        return frozenset()
    to_target = nx.single_source_shortest_path_length(graph.reverse(copy=False), target)
    length = from_root[target]
    return frozenset(n for n, depth in from_root.items() if n in to_target and depth + to_target[n] == length)


def _require(graph: nx.DiGraph, node: int) -> None:
    if node not in graph:
        raise InputError(f"Node {node} is not in the graph of {len(graph)} nodes: name one of its nodes.")


def require_acyclic(graph: nx.DiGraph, names: Sequence[str]) -> None:
    """`InputError` names two nodes of a circle, by their names, if there is one."""
    if not nx.is_directed_acyclic_graph(graph):
        parent, child = nx.find_cycle(graph)[-1][:2]
        raise InputError(
            f"The facts run in a circle through {names[parent]!r} and {names[child]!r}: remove one of them."
        )
