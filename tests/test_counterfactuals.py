"""Problems of which it is known what a change does: that the oracle says what they promise, and texts that differ in
what was changed alone."""

import networkx as nx
import numpy as np
import pytest

from coconut_core.problems.prosqa.counterfactuals import (
    chain_twin,
    degree_matched,
    flipping,
    roles_exchanged,
    sparing,
    twin,
)
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.prosqa.sampler import OFFICIAL, sample_problems
from coconut_core.problems.prosqa.validation import violations


@pytest.fixture(scope="module")
def official():
    return sample_problems(OFFICIAL, 60, seed=5)


def sound(problem):
    """Text and graph agree, and the oracle's answer is the problem's, read anew from the text."""
    again = ProsqaProblem.from_text(problem.question)
    assert again.answer == problem.answer and len(again.edges) == len(problem.edges)
    assert problem.target in problem.depth and problem.distractor not in problem.depth
    assert {frozenset(map(problem.names.__getitem__, e)) for e in problem.edges} == {
        frozenset(map(again.names.__getitem__, e)) for e in again.edges
    }
    return True


@pytest.mark.parametrize("kind", [flipping, sparing])
def test_one_fact_is_exchanged_and_the_answer_flips_or_stays(official, kind):
    rng, found = np.random.default_rng(0), 0
    for problem in official:
        for change in kind(problem, rng):
            other, found = change.problem, found + 1
            assert sound(other)
            assert (other.answer != problem.answer) == (kind is flipping)
            words, changed = problem.question.split(), other.question.split()
            assert sum(a != b for a, b in zip(words, changed, strict=True)) == 1
            differing = [
                at
                for at, pair in enumerate(zip(problem.fact_texts, other.fact_texts, strict=True))
                if pair[0] != pair[1]
            ]
            assert differing == [change.fact]
            parent = problem.facts[change.fact][0]
            assert problem.depth.get(parent, -1) + 1 == (change.step or 0)
            if kind is sparing:
                assert other.hops == problem.hops
    assert found > 5 * len(official) if kind is sparing else found > len(official)


def test_roles_are_exchanged_and_nothing_else(official):
    for problem in official:
        other = roles_exchanged(problem)
        assert sound(other) and other.answer != problem.answer
        back = roles_exchanged(other)
        assert (back.question, back.answer, back.names) == (problem.question, problem.answer, problem.names)


def test_a_twin_is_the_same_graph_twice(official):
    found = [each for problem in official if (each := twin(problem, np.random.default_rng(1))) is not None]
    assert len(found) > 0.8 * len(official)
    for problem in found:
        assert sound(problem) and violations(problem.to_json(), min_hops=1) == []
        half = len(problem.names) // 2
        own, image = (problem.graph.subgraph(nodes) for nodes in (range(half), range(half, 2 * half)))
        assert nx.is_isomorphic(own, image) and own.size() + image.size() == problem.graph.size()
        assert problem.graph.in_degree(problem.target) == problem.graph.in_degree(problem.distractor)


def test_a_degree_matched_distractor_has_as_many_parents(official):
    found = [each for problem in official if (each := degree_matched(problem)) is not None]
    assert len(found) > 0.3 * len(official)
    for problem in found:
        assert sound(problem)
        assert problem.graph.in_degree(problem.target) == problem.graph.in_degree(problem.distractor)
        assert problem.graph.out_degree(problem.distractor) == 0


@pytest.mark.parametrize("hops", [1, 7, 12])
def test_a_longer_chain_has_as_many_steps_and_a_twin(hops):
    rng = np.random.default_rng(3)
    for _ in range(5):
        problem = chain_twin(hops, rng)
        assert sound(problem) and problem.hops == hops and len(problem.names) == 28
        image = nx.shortest_path_length(problem.graph, 14, problem.distractor)
        assert image == hops
