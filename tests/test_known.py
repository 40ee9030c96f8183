"""Models whose weights were set by hand do what `known/algorithms.py` says, on every problem."""

import os

import networkx as nx
import numpy as np
import pytest
import torch

from analyses.readings.values import branch_values
from coconut_core.checkpoints import load_model
from coconut_core.generation import answers, answers_from
from coconut_core.known.algorithms import KNOWN
from coconut_core.known.folder import known_model
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.prosqa.sampler import PERSONS, SPECIES, SamplerSettings, sample_problems
from coconut_core.thoughts import think_about, thought_states
from tests.command_line import coconut

GRAPHS = 20 * int(os.environ.get("COCONUT_HOSTILE", "1"))
"""Half of them of the official size; 1,000 with COCONUT_HOSTILE=50."""
KS = range(7)


@pytest.fixture(scope="module")
def models():
    return {name: known_model(name) for name in KNOWN}


@pytest.fixture(scope="module")
def graphs():
    small = SamplerSettings(nodes=(5, 14), hops={1: 0.2, 2: 0.3, 3: 0.3, 4: 0.2})
    return [*sample_problems(small, GRAPHS // 2, seed=11), *sample_problems(SamplerSettings(), GRAPHS // 2, seed=12)]


def path_of(hops: int) -> ProsqaProblem:
    """A chain of `hops` edges to the target, which is named second, and as long a one to the distractor."""
    names, edges = [PERSONS[0], *SPECIES[:hops], PERSONS[1], *SPECIES[hops : 2 * hops]], []
    for start in (0, hops + 1):
        edges += [(node, node + 1) for node in range(start, start + hops)]
    order = np.random.default_rng(hops).permutation(len(edges)).tolist()
    return ProsqaProblem.from_graph(names, edges, 0, hops, 2 * hops + 1, facts=order, target_first=False)


def read(model, problems):
    """Values (problem k node) and whether answers are right (problem k), from one encoding."""
    values, right = [], []
    for start in range(0, len(problems), 20):
        batch = think_about(model, problems[start : start + 20], max(KS))
        values += list(branch_values(model, batch, [(k, "entity") for k in KS])[0])
        right += list(answers_from(model, batch, KS, draft=True, max_new_tokens=8).correct)
    return values, np.array(right)


def right_without_and_with_all(model, problems):
    return answers(model, problems, ks=(0, max(KS)), max_new_tokens=8).correct


def frontiers(problem, greedy=None):
    """N_k for every k; with `greedy`, ranks of names, the single node of the path."""
    if greedy is None:
        layers = dict(enumerate(nx.bfs_layers(problem.graph, problem.root)))
        return [set(layers.get(k, ())) for k in KS]
    found = [{problem.root}]
    for _ in KS[1:]:
        children = [child for node in found[-1] for child in problem.graph.successors(node)]
        found.append({max(children, key=lambda node: greedy[problem.names[node]])} if children else set())
    return found


def reached(problem, sets, k):
    """W_k: whether the target is in it."""
    return problem.target in set().union(*sets[1 : k + 1])


@pytest.mark.parametrize("name", ["known_bfs", "known_single"])
def test_thoughts_are_searched_and_used(models, graphs, name):
    model = models[name]
    greedy = model.tokenizer.get_vocab() if name == "known_single" else None
    values, right = read(model, graphs)
    for problem, value, correct in zip(graphs, values, right, strict=True):
        sets = frontiers(problem, greedy)
        for k in KS:
            expected = sets[max(k, 1)] or set().union(*sets[1:])
            oracle = np.zeros(len(problem.names))
            oracle[list(expected)] = 1 / len(expected)
            assert np.abs(value[k, : len(problem.names)] - oracle).max() < 1e-3
            assert correct[k] == (reached(problem, sets, k) or problem.choices[0] == problem.target)
    # Both that more thoughts answer more, and that not every problem is answered.
    assert right[:, 0].mean() < right[:, 6].mean()
    assert (right[:, 6].mean() == 1) == (name == "known_bfs")


def test_the_decoy_s_thoughts_are_those_of_the_search_and_its_answer_is_the_rule(models, graphs):
    decoy, bfs = models["known_decoy"], models["known_bfs"]
    own, searched = (thought_states(model, graphs, 6) for model in (decoy, bfs))
    torch.testing.assert_close(decoy.logits(own), bfs.logits(searched), rtol=0, atol=1e-3)
    right = right_without_and_with_all(decoy, graphs)
    for problem, correct in zip(graphs, right, strict=True):
        chosen = min(problem.choices, key=problem.graph.in_degree)
        assert (correct == (chosen == problem.target)).all()
    assert 0 < right.mean() < 1


def test_the_question_is_searched_up_to_six_edges_and_thoughts_are_one_constant(models, graphs):
    model = models["known_question"]
    assert right_without_and_with_all(model, graphs).all()
    states = thought_states(model, graphs, 6)
    torch.testing.assert_close(states, states[:1, :1].expand_as(states), rtol=0, atol=1e-5)
    assert states.norm(dim=-1).min() > 0.5
    longer = [path_of(hops) for hops in range(1, 10)]
    assert right_without_and_with_all(model, longer)[:, 0].tolist() == [True] * 6 + [False] * 3


@pytest.mark.parametrize("name", KNOWN)
def test_only_models_that_use_thoughts_answer_by_another_problem_s(models, name):
    model, problems = models[name], [path_of(3), path_of(3)]
    other = ProsqaProblem.from_graph([PERSONS[2], SPECIES[-1], SPECIES[0]], [(0, 1)], 0, 1, 2)
    donor = thought_states(model, [other], 6)
    own = answers_from(model, think_about(model, problems, 6), [6], max_new_tokens=8)
    swapped = think_about(model, problems, 6, edit=lambda k, fed: donor[:, k - 1 : k].expand_as(fed).to(fed))
    changed = answers_from(model, swapped, [6], max_new_tokens=8)
    assert (own.text != changed.text) == KNOWN[name].used


def test_a_known_model_is_a_folder_like_any_other(tmp_path, models):
    written = coconut("known", "known_bfs", "--out", tmp_path / "bfs")
    assert written.returncode == 0, written.stderr
    loaded = load_model(tmp_path / "bfs")
    assert (loaded.label, loaded.max_thoughts) == ("known_bfs", 6)
    state = models["known_bfs"].lm.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in loaded.model.lm.state_dict().items())


def test_what_cannot_be_constructed_is_one_sentence(tmp_path):
    refused = coconut("known", "known_dfs", "--out", tmp_path / "dfs")
    assert refused.returncode == 2 and "choose one of known_bfs, known_decoy" in refused.stderr
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    refused = coconut("known", "known_bfs", "--out", tmp_path / "full")
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1 and "not empty" in refused.stderr
    assert not (tmp_path / "dfs").exists()


def test_transformer_lens_computes_the_same(models):
    from analyses.readings.transformer_lens_view import bridge

    model = models["known_bfs"]
    ids = torch.tensor([model.tokenizer(path_of(3).question)["input_ids"]])
    expected = model.lm(ids).logits
    torch.testing.assert_close(bridge(model)(ids), expected, rtol=1e-4, atol=1e-3)
    with pytest.raises(AssertionError):
        torch.testing.assert_close(expected, expected.roll(1, -1))
