"""Classes of facts for thought k (Zhu et al., arXiv 2505.12514), of which the last three contain each other.

Distances are numbers of steps from the start (`GraphProblem.depth`). For a fact (u, v) when thought k is computed:

    not reachable   u is more than k - 1 steps away, or out of reach
    reachable       u is at most k - 1 steps away
    frontier        u is exactly k - 1 steps away, so that v is what thought k may hold
    optimal         the fact is step k of a shortest path to the target
"""

from collections.abc import Sequence

from coconut_core.problems.problem import GraphProblem

NESTED = ("not reachable", "reachable", "frontier", "optimal")


def facts_by_class(problem: GraphProblem, facts: Sequence[tuple[int, int]], k: int) -> tuple[list[int], ...]:
    """Indices of `facts`, edges (parent, child), of each class of `NESTED` when thought k is computed."""
    depth, optimal = problem.depth, problem.optimal
    within = [at for at, (source, _) in enumerate(facts) if depth.get(source, k) <= k - 1]
    beyond = [at for at in range(len(facts)) if at not in within]
    frontier = [at for at in within if depth[facts[at][0]] == k - 1]
    best = [at for at in frontier if {*facts[at]} <= optimal and depth[facts[at][1]] == k]
    return beyond, within, frontier, best
