"""Experiments on thoughts that are rolled on from encoded questions, and on questions that are changed."""

import pytest
import torch

from analyses.figures.experiments.first_thought import GROUPS, first_thought
from analyses.figures.experiments.question_alone import _needed, _outwards, question_alone
from analyses.readings.rolled import EncodedQuestions
from analyses.readings.study import Study
from coconut_core.edits.record import Edit
from coconut_core.generation import answers
from coconut_core.known.folder import known_checkpoint
from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems
from coconut_core.problems.prosqa.task import PROSQA
from coconut_core.thoughts import thought_states

COUNT = 4


@pytest.fixture(scope="module")
def problems():
    return sample_problems(SamplerSettings(nodes=(10, 13), hops={2: 1.0, 3: 1.0}), 10, seed=4)


@pytest.fixture(scope="module")
def questions(tiny_model, problems):
    return EncodedQuestions.of(tiny_model, problems, COUNT)


@pytest.mark.parametrize("hidden", [None, "all"])
def test_rolled_answers_are_those_of_the_model(tiny_model, problems, questions, hidden):
    run, _ = questions.roll(hidden={1: hidden} if hidden else None)
    edits = [Edit("fed", "remove", thoughts=(1,))] if hidden else []
    usual = answers(tiny_model, problems, ks=(COUNT,), edits=edits, max_new_tokens=48, batch_size=len(problems))
    assert questions.answers(run).text == usual.text


def test_what_is_fed_follows_from_what_was_fed_before(tiny_model, problems, questions):
    _, own = questions.roll()
    torch.testing.assert_close(own, thought_states(tiny_model, problems, COUNT), atol=1e-5, rtol=1e-4)
    _, zeroed = questions.roll(lambda k, fed: 0 * fed if k == 2 else fed)
    torch.testing.assert_close(zeroed[:, :1], own[:, :1])
    assert not zeroed[:, 1].any() and not torch.allclose(zeroed[:, 2], own[:, 2], atol=1e-3)


def test_a_slot_is_hidden_from_whom_it_says(questions):
    _, own = questions.roll()
    _, from_answer = questions.roll(hidden={1: "answer"})
    _, from_thoughts = questions.roll(hidden={1: "thoughts"})
    _, from_all = questions.roll(hidden={1: "all"})
    torch.testing.assert_close(from_answer, own)  # later slots still see it
    torch.testing.assert_close(from_thoughts, from_all)
    assert not torch.allclose(from_all[:, 2], own[:, 2], atol=1e-4)


def test_a_search_that_is_read_from_the_thoughts_alone_lives_in_the_chain(problems):
    """A thought of known_bfs takes over what the one before it holds, and the answer reads the last one alone."""
    found = first_thought(Study([("known_bfs", known_checkpoint("known_bfs"))], problems)).frame()
    cells = found.set_index(["group", "change"])
    rolled, frozen, later, hidden, _ = GROUPS
    assert cells.loc[(frozen, "zero"), "lost"] == cells.loc[(hidden, "from answer"), "lost"] == 0
    second = sum(problem.choices[1] == problem.target for problem in problems)
    assert cells.loc[(rolled, "zero"), "lost"] == cells.loc[(later, "zero"), "lost"] == second > 0
    assert found["distance"].iloc[0] == pytest.approx(1) and (found["n"] == len(problems)).all()


def test_questions_are_told_again_as_it_is_said(problems):
    for problem in problems:
        order = _outwards(problem)
        told = PROSQA.retold(problem, order)
        assert sorted(order) == list(range(len(problem.facts))) and told.answer == problem.answer
        met = {problem.root_name}
        for parent, child in ((told.names[a], told.names[b]) for a, b in told.facts):
            if parent in {problem.names[node] for node in problem.depth}:
                assert parent in met
                met.add(child)
        pruned = PROSQA.retold(problem, _needed(problem))
        assert pruned.answer == problem.answer and pruned.hops == problem.hops
        assert {pruned.names[n] for n in pruned.depth} == {problem.names[n] for n in problem.depth}
        if (other := PROSQA.asked_of_another(problem)) is not None:
            assert other.target_name == problem.distractor_name and other.facts and other.choices != ()
            assert sum(a != b for a, b in zip(other.question.split(), problem.question.split(), strict=True)) == 1


def test_a_search_in_the_question_is_right_whoever_is_asked_and_a_rule_is_not(problems):
    def alone(name: str):
        table = question_alone(Study([(name, known_checkpoint(name))], problems)).frame()
        return table[table["thoughts"] == "none"].set_index(["experiment", "case"])["accuracy"]

    search, rule = alone("known_question"), alone("known_decoy")
    assert (search.drop(("rule", "wrong"), errors="ignore") == 1).all()
    assert rule["asked", "of another too"] == 0 and rule["rule", "right"] == 1
