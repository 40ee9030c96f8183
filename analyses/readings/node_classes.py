"""Classes of nodes for thought k: every analysis takes them from here.

Distances are numbers of steps from the start (`GraphProblem.depth`). Thought k may hold the nodes that are k steps
away, its frontier. The classes of Zhu et al. (arXiv 2505.12514), `NESTED`, of which the last three contain each other
(those of facts, of the same names, are in `coconut_core/problems/fact_classes.py`):

    not reachable   more than k steps away, or out of reach
    reachable       at most k steps away
    frontier        exactly k steps away
    optimal         exactly k steps away and on a shortest path to the target

Two groupings are disjoint. They have the frontier and the nodes that cannot be reached in common:

    AROUND_FRONTIER   before it: less than k steps away; after it: more
    BY_ROW            the one before: exactly k - 1 steps away; reachable otherwise: any other distance
"""

from coconut_core.problems.problem import GraphProblem

AROUND_FRONTIER = ("frontier", "before it", "after it", "not reachable")
BY_ROW = ("frontier", "the one before", "reachable otherwise", "not reachable")


def nodes_by_class(problem: GraphProblem, k: int) -> tuple[list[int], ...]:
    """Nodes of each class of `NESTED` for thought k."""
    depth = problem.depth
    within = [node for node, at in depth.items() if at <= k]
    frontier = [node for node, at in depth.items() if at == k]
    beyond = [node for node in range(len(problem.names)) if depth.get(node, k + 1) > k]
    return beyond, within, frontier, [node for node in frontier if node in problem.optimal]


def frontier_class(depth: int | None, k: int) -> int:
    """Index into `AROUND_FRONTIER` of a node at this depth (None: it cannot be reached) for thought k."""
    return 3 if depth is None else 0 if depth == k else 1 if depth < k else 2


def row_class(depth: int | None, k: int) -> int:
    """Index into `BY_ROW` of a node at this depth (None: it cannot be reached) for thought k."""
    return 3 if depth is None else {k: 0, k - 1: 1}.get(depth, 2)
