"""Problems of which it is known what a change does: one fact exchanged, roles exchanged, twins, longer chains.

A fact "Every U is a V." is exchanged for "Every U is a W.", in its place in the text, so that both texts have as many
words. The oracle, a search of the graph, says which of the two candidates is then right:

    flipping   every way from the person to the target led through the fact; now one leads to the other candidate
    sparing    the same candidate stays right, as many steps away

Twins have no shortcut: what can be reached from the person is there a second time, under other names and from another
person, and the other candidate is the target's image, so that only the person's own facts say which one is right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import networkx as nx
import numpy as np

from coconut_core.problems.graph import depths, reaches, shortest_path
from coconut_core.problems.problem import graph_of
from coconut_core.problems.prosqa.edits import facts_of
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.prosqa.sampler import PERSONS, SPECIES
from coconut_core.problems.prosqa.text import answer_text, asked_text, fact_text, read_question, steps_text

FURTHER_EDGES = 6
"""Edges of a longer chain beyond a tree, at most."""
HALF = 14
"""Nodes on each side of a longer chain, or as many as the chain has; 14 and 19 edges, as in ProsQA-Ext (Cheng and Zhang
2026)."""


@dataclass(frozen=True)
class OneFact:
    """A problem that differs from another one in one fact."""

    problem: ProsqaProblem
    fact: int
    """Index of the fact in the text."""
    step: int | None
    """The step that the fact may be, from 1: one more than its subject's depth; None where that is out of reach."""


def flipping(problem: ProsqaProblem, rng: np.random.Generator) -> list[OneFact]:
    """Every fact that can be exchanged so that the other candidate is right; of several ways, one after which it is as
    many steps away as the target was, or as nearly as can be."""
    found = []
    leads = reaches(problem.graph, problem.distractor)
    for at, (parent, child) in enumerate(problem.facts):
        left = _without(problem.graph, parent, child)
        if parent not in problem.depth or nx.has_path(left, problem.root, problem.target):
            continue
        steps_on = nx.single_target_shortest_path_length(left, problem.distractor)
        possible = [
            node
            for node in _children(left, parent, child)
            if node in leads and not nx.has_path(left, node, problem.target)
        ]
        if possible:
            off = {node: abs(problem.depth[parent] + 1 + steps_on[node] - problem.hops) for node in possible}
            nearest = [node for node in possible if off[node] == min(off.values())]
            changed = _exchanged(problem, at, int(rng.choice(nearest)))
            found.append(OneFact(changed, at, problem.depth[parent] + 1))
    return found


def sparing(problem: ProsqaProblem, rng: np.random.Generator) -> list[OneFact]:
    """Every fact that can be exchanged so that the same candidate stays right, as many steps away."""
    found = []
    for at, (parent, child) in enumerate(problem.facts):
        left = _without(problem.graph, parent, child)
        possible = [node for node in _children(left, parent, child) if _is_spared(problem, left, parent, node)]
        if possible:
            changed = _exchanged(problem, at, int(rng.choice(possible)))
            found.append(OneFact(changed, at, problem.depth[parent] + 1 if parent in problem.depth else None))
    return found


def roles_exchanged(problem: ProsqaProblem) -> ProsqaProblem:
    """The same question about facts in which the two candidates have exchanged their names."""
    names = list(problem.names)
    names[problem.target], names[problem.distractor] = names[problem.distractor], names[problem.target]
    facts = _fact_sentences(problem, problem.facts, names)
    path = [names[node] for node in problem.path]
    asked = problem.question.rpartition(". ")[2]
    return replace(
        problem,
        question=" ".join([*facts, asked]),
        answer=answer_text(problem.root_name, names[problem.target]),
        steps=steps_text(path, range(len(path))),
        names=tuple(names),
    )


def degree_matched(problem: ProsqaProblem) -> ProsqaProblem | None:
    """The same facts with another distractor: a leaf with as many parents as the target, of these the one whose steps
    from another person are most nearly as many; None if there is none."""
    graph, persons = problem.graph, [n for n in problem.graph if not problem.graph.in_degree(n) and n != problem.root]
    away: dict[int, int] = {}
    for person in persons:
        for node, depth in depths(graph, person).items():
            away[node] = min(depth, away.get(node, depth))
    possible = [
        node
        for node in graph
        if node in away
        and node not in (*problem.depth, *persons)
        and not graph.out_degree(node)
        and graph.in_degree(node) == graph.in_degree(problem.target)
    ]
    if not possible:
        return None
    distractor = min(possible, key=lambda node: (abs(away[node] - problem.hops), node))
    choices = [distractor if node == problem.distractor else node for node in problem.choices]
    asked = asked_text(problem.root_name, *(problem.names[node] for node in choices))
    question = " ".join([*facts_of(problem.question), asked])
    return replace(problem, question=question, distractor=distractor)


def twin(problem: ProsqaProblem, rng: np.random.Generator, nodes: int | None = None) -> ProsqaProblem | None:
    """What can be reached from the root, and the same once more under other names, of at most `nodes` nodes, by default
    as many as the problem has; None where the path does not fit.

    Leaves are dropped at random until it fits.
    """
    graph = problem.graph.subgraph(problem.depth).copy()
    half = (len(problem.names) if nodes is None else nodes) // 2
    while len(graph) > half:
        leaves = sorted(node for node in graph if not graph.out_degree(node) and node != problem.target)
        if not leaves:
            return None
        graph.remove_node(int(rng.choice(leaves)))
    kept = sorted(graph)
    own = [problem.names[node] for node in kept]
    person = rng.choice([name for name in PERSONS if name not in own])
    species = [name for name in SPECIES if name not in own]
    if len(species) < len(kept) - 1:
        return None
    others = iter(rng.permutation(species).tolist())
    images = [str(person) if node == problem.root else next(others) for node in kept]
    number = {node: at for at, node in enumerate(kept)}
    edges = [(number[parent], number[child]) for parent, child in graph.edges]
    edges += [(parent + len(kept), child + len(kept)) for parent, child in edges]
    target = number[problem.target]
    return ProsqaProblem.from_graph(
        [*own, *images],
        edges,
        number[problem.root],
        target,
        target + len(kept),
        facts=rng.permutation(len(edges)).tolist(),
        target_first=bool(rng.random() < 0.5),
    )


def chain_twin(hops: int, rng: np.random.Generator) -> ProsqaProblem:
    """A problem whose target is `hops` steps away, among side branches, and its twin."""
    nodes = max(HALF, hops + 1)
    depth = [*range(hops + 1)]
    edges = [(at, at + 1) for at in range(hops)]
    for node in range(hops + 1, nodes):
        parent = int(rng.choice([at for at in range(node) if at != hops]))
        edges.append((parent, node))
        depth.append(depth[parent] + 1)
    for _ in range(FURTHER_EDGES):
        parent, child = rng.choice(nodes, 2, replace=False).tolist()
        # No shorter way, no circle, and the target stays a leaf.
        if depth[parent] + 1 == depth[child] and parent != hops and (parent, child) not in edges:
            edges.append((parent, child))
    names = [*rng.choice(PERSONS, 1).tolist(), *rng.permutation(SPECIES)[: nodes - 1].tolist()]
    # The twin needs another candidate to begin with, which it replaces.
    base = ProsqaProblem.from_graph([*names, "other"], edges, 0, hops, nodes)
    found = twin(base, rng, 2 * nodes)
    assert found is not None
    return found


def _without(graph: nx.DiGraph, parent: int, child: int) -> nx.DiGraph:
    left = graph.copy()
    left.remove_edge(parent, child)
    return left


def _children(left: nx.DiGraph, parent: int, child: int) -> list[int]:
    """Nodes that the fact could name instead of `child`: kinds that it does not name yet, and no circle; none where
    nothing else names `child`, which would leave the text."""
    if not left.degree(child):
        return []
    above = nx.ancestors(left, parent) | {parent, child}
    return [node for node in left if left.in_degree(node) and node not in above and not left.has_edge(parent, node)]


def _is_spared(problem: ProsqaProblem, left: nx.DiGraph, parent: int, child: int) -> bool:
    left.add_edge(parent, child)
    depth = depths(left, problem.root)
    left.remove_edge(parent, child)
    return problem.distractor not in depth and depth.get(problem.target) == problem.hops


def _exchanged(problem: ProsqaProblem, fact: int, child: int) -> ProsqaProblem:
    """The problem with another child in a fact; the candidate that can be reached is the target."""
    old = problem.facts[fact]
    new = (old[0], child)
    facts = [new if at == fact else each for at, each in enumerate(problem.facts)]
    edges = tuple(new if each == old else each for each in problem.edges)
    graph = graph_of(len(problem.names), edges)
    target, distractor = problem.target, problem.distractor
    if not nx.has_path(graph, problem.root, target):
        target, distractor = distractor, target
    path = shortest_path(graph, problem.root, target)
    asked = problem.question.rpartition(". ")[2]
    return ProsqaProblem(
        question=" ".join([*_fact_sentences(problem, facts, problem.names), asked]),
        answer=answer_text(problem.root_name, problem.names[target]),
        steps=steps_text(problem.names, path),
        names=problem.names,
        edges=edges,
        root=problem.root,
        target=target,
        distractor=distractor,
    )


def _fact_sentences(problem: ProsqaProblem, facts: Sequence[tuple[int, int]], names: Sequence[str]) -> list[str]:
    """Sentences of facts under these names; who is a person the problem's text says."""
    persons = read_question(problem.question).persons
    return [fact_text(names[parent], names[child], persons) for parent, child in facts]
