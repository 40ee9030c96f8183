"""Other sound questions about the facts of a ProsQA problem: one text serves all of them."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from coconut_core.errors import InputError
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.prosqa.sampler import OFFICIAL
from coconut_core.problems.prosqa.text import answer_text, asked_text, steps_text


def further_questions(
    problem: ProsqaProblem, count: int, rng: np.random.Generator, *, hops: Mapping[int, float] = OFFICIAL.hops
) -> list[ProsqaProblem]:
    """Up to `count` other questions about the same facts, in the same order: only the last sentence differs.

    The root is a person, the target a leaf that it reaches, the distractor a leaf that it does not reach. Such
    triples, without the problem's own, are drawn without replacement, their lengths by the weights of `hops` (as far
    as the graph has them: drawn uniformly, most would be of one hop).
    """
    names = problem.names
    facts, separator, _ = problem.question.rpartition(" Is ")
    if not separator:
        raise InputError('The question does not end with a choice: end it with "Is Tom a X or Y?".')
    children: list[list[int]] = [[] for _ in names]
    has_parent = [False] * len(names)
    for parent, child in problem.edges:
        children[parent].append(child)
        has_parent[child] = True
    leaves = [node for node, below in enumerate(children) if not below and has_parent[node]]
    triples: list[tuple[int, int, int]] = []
    distances: dict[int, list[int]] = {}
    own = (problem.root, problem.target, problem.distractor)
    for root in range(len(names)):
        if has_parent[root] or not children[root] or f"Every {names[root]} is a " in facts:
            continue
        distances[root] = distance = _distances(children, root)
        apart = [leaf for leaf in leaves if distance[leaf] < 0]
        near = [leaf for leaf in leaves if distance[leaf] in hops]
        triples += [triple for triple in itertools.product((root,), near, apart) if triple != own]
    parents: list[list[int]] = [[] for _ in names]
    for parent, child in problem.edges:
        parents[child].append(parent)
    lengths = [distances[root][target] for root, target, _ in triples]
    weights = np.array([hops[length] / lengths.count(length) for length in lengths])
    # Exponential clocks: the first to ring are a weighted draw without replacement.
    order = np.argsort(rng.exponential(size=len(triples)) / weights)[:count]
    further = []
    for place in order.tolist():
        root, target, distractor = triples[place]
        distance = distances[root]
        path = [target]
        draws = iter(rng.random(distance[target] + 1).tolist())
        while path[-1] != root:
            nearer = [node for node in parents[path[-1]] if distance[node] == distance[path[-1]] - 1]
            path.append(nearer[int(next(draws) * len(nearer))])
        choices = (target, distractor) if next(draws) < 0.5 else (distractor, target)
        further.append(
            ProsqaProblem(
                question=f"{facts} {asked_text(names[root], names[choices[0]], names[choices[1]])}",
                answer=answer_text(names[root], names[target]),
                steps=steps_text(names, path[::-1]),
                names=names,
                edges=problem.edges,
                root=root,
                target=target,
                distractor=distractor,
            )
        )
    return further


def _distances(children: Sequence[Sequence[int]], root: int) -> list[int]:
    """BFS distance of every node from the root, -1 where it cannot be reached."""
    distance = [-1] * len(children)
    distance[root] = 0
    queue = [root]
    for node in queue:
        for child in children[node]:
            if distance[child] < 0:
                distance[child] = distance[node] + 1
                queue.append(child)
    return distance
