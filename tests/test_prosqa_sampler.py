"""Drawn problems: always sound, the same for the same seed, like the official ones, and fast."""

import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coconut_core.errors import InputError
from coconut_core.problems.prosqa.further_questions import further_questions
from coconut_core.problems.prosqa.problem import ProsqaProblem
from coconut_core.problems.prosqa.sampler import (
    OFFICIAL,
    PERSONS,
    SPECIES,
    SamplerSettings,
    sample_problems,
)
from coconut_core.problems.prosqa.statistics import measured
from coconut_core.problems.prosqa.validation import violations

WORLDS = {
    "official": OFFICIAL,
    "small": SamplerSettings(nodes=(8, 14), hops={2: 0.4, 3: 0.4, 4: 0.2}),
    "first": SamplerSettings(nodes=(5, 8), hops={1: 0.5, 2: 0.5}),
    "dense": SamplerSettings(nodes=(14, 28), hops={4: 1.0}, mean_parents=2.5),
    "smallest": SamplerSettings(nodes=(4, 4), hops={1: 1.0}),
}


@pytest.fixture(scope="module")
def drawn() -> list[ProsqaProblem]:
    return sample_problems(OFFICIAL, 5_000, seed=20)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(WORLDS)), st.integers(0, 2**32), st.integers(0, 20))
def test_drawn_problems_are_sound_and_as_asked(world, seed, count):
    asked = WORLDS[world]
    problems = sample_problems(asked, count, seed)
    assert len(problems) == count
    for problem in problems:
        assert violations(problem.to_json(), min_hops=min(asked.hops)) == []
        assert problem.hops in asked.hops
        assert asked.nodes[0] <= len(problem.names) <= asked.nodes[1]
        parents = {child for _, child in problem.edges}
        for node, name in enumerate(problem.names):
            assert name in (SPECIES if node in parents else PERSONS)
        assert json.loads(json.dumps(problem.to_json())) == problem.to_json()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_the_text_of_a_drawn_problem_gives_it_back(seed):
    for problem in sample_problems(OFFICIAL, 5, seed):
        parsed = ProsqaProblem.from_text(problem.question)
        assert {(parsed.names[a], parsed.names[b]) for a, b in parsed.edges} == {
            (problem.names[a], problem.names[b]) for a, b in problem.edges
        }
        assert (parsed.target_name, parsed.distractor_name) == (problem.target_name, problem.distractor_name)
        assert parsed.hops == problem.hops


def test_the_same_seed_gives_the_same_problems_and_another_one_others():
    assert sample_problems(OFFICIAL, 30, 7) == sample_problems(OFFICIAL, 30, 7)
    assert sample_problems(OFFICIAL, 30, (7, 1)) == sample_problems(OFFICIAL, 30, [7, 1])
    assert sample_problems(OFFICIAL, 30, 7) != sample_problems(OFFICIAL, 30, 8)
    assert sample_problems(OFFICIAL, 30, (7, 1)) != sample_problems(OFFICIAL, 30, (7, 2))


def test_every_official_statistic_is_met(drawn):
    frame = measured(drawn).frame().set_index("statistic")
    assert frame.loc[[not agrees for agrees in frame.agrees]].empty, frame


def test_order_tells_nothing(drawn):
    """Which candidate is offered first, and where the text states the first step, are as if drawn by lot."""
    count = len(drawn)
    first = np.mean([problem.choices[0] == problem.target for problem in drawn])
    assert abs(first - 0.5) < 1.5 / count**0.5
    place = [problem.facts.index(problem.path[:2]) / (len(problem.facts) - 1) for problem in drawn]
    assert abs(np.mean(place) - 0.5) < 0.02
    assert len({problem.question for problem in drawn}) == count
    used = {name for problem in drawn for name in problem.names}
    assert used == {*PERSONS, *SPECIES}


def test_edges_stand_in_the_official_order(drawn, official_prosqa):
    records = [problem.to_json() for problem in drawn[:300]] + json.loads(official_prosqa.read_text())
    for record in records:
        children = [child for _, child in record["edges"]]
        assert children == sorted(children)
        assert all(parent < child for parent, child in record["edges"])
        assert record["root"] in (0, 1)


@pytest.mark.timing
def test_two_thousand_problems_a_second():
    """An idle core draws more than ten thousand; the best of five keeps a busy machine from failing this."""
    rates = []
    for seed in range(5):
        start = time.perf_counter()
        sample_problems(OFFICIAL, 1_000, seed)
        rates.append(1_000 / (time.perf_counter() - start))
        if rates[-1] > 2_000:
            return
    assert max(rates) > 2_000


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(WORLDS)), st.integers(0, 2**32), st.integers(0, 50))
def test_further_questions_differ_in_the_last_sentence_only(world, seed, count):
    problem = sample_problems(WORLDS[world], 1, seed)[0]
    hops = dict.fromkeys(range(1, 7), 1.0)
    further = further_questions(problem, count, np.random.default_rng(seed), hops=hops)
    assert len(further) <= count
    facts = problem.question.rpartition(" Is ")[0]
    triples = {(problem.root, problem.target, problem.distractor)}
    for asked in further:
        assert asked.question.rpartition(" Is ")[0] == facts
        assert (asked.names, asked.edges) == (problem.names, problem.edges)
        assert violations(asked.to_json(), min_hops=1) == []
        assert 1 <= asked.hops <= 6
        triples.add((asked.root, asked.target, asked.distractor))
    assert len(triples) == 1 + len(further)


def test_all_further_questions_are_found_and_lengths_can_be_asked_for():
    text = (
        "Tom is a lempus. Every lempus is a rompus. Tom is a zumpus. Bob is a wumpus. Max is a wumpus. "
        "Is Tom a wumpus or zumpus?"
    )
    problem = ProsqaProblem.from_text(text)
    rng = np.random.default_rng(0)
    further = further_questions(problem, 99, rng, hops={1: 0.5, 2: 0.5})
    asked = {(q.root_name, q.target_name, q.distractor_name) for q in further}
    assert asked == {
        ("Tom", "rompus", "wumpus"),
        ("Bob", "wumpus", "rompus"),
        ("Bob", "wumpus", "zumpus"),
        ("Max", "wumpus", "rompus"),
        ("Max", "wumpus", "zumpus"),
    }
    assert {q.target_name for q in further_questions(problem, 99, rng, hops={2: 1.0, 3: 1.0})} == {"rompus"}


def test_lengths_of_further_questions_follow_their_weights():
    text = (
        "Tom is a lempus. Every lempus is a rompus. Tom is a zumpus. Tom is a yumpus. Bob is a wumpus. "
        "Is Tom a zumpus or wumpus?"
    )
    problem = ProsqaProblem.from_text(text)
    rng = np.random.default_rng(0)
    # Of Tom's questions one has two hops, one more has one hop; Bob asks three of one hop.
    first = [further_questions(problem, 1, rng, hops={1: 0.4, 2: 0.6})[0].hops for _ in range(500)]
    assert 0.53 < sum(hops == 2 for hops in first) / len(first) < 0.67


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"nodes": (3, 9)}, "within 4 to 55"),
        ({"nodes": (9, 8)}, "within 4 to 55"),
        ({"nodes": (8, 99)}, "within 4 to 55"),
        ({"hops": {}}, "at least one number of hops"),
        ({"hops": {0: 1.0}}, "at least one number of hops"),
        ({"hops": {3: 0.0}}, "weight above 0"),
        ({"hops": {3: float("nan")}}, "weight above 0"),
        ({"nodes": (5, 8), "hops": {6: 1.0}}, "6 hops needs 9 nodes"),
        ({"mean_parents": 0.0}, "mean_parents"),
        ({"shares": (0.6, 0.6)}, "shares"),
        ({"depth_weight": -1.0}, "depth_weight"),
        ({"path_weight": 0.0}, "path_weight"),
    ],
)
def test_impossible_settings_are_refused(arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        SamplerSettings(**arguments)


def test_hops_that_next_to_no_graph_has_are_given_up():
    with pytest.raises(InputError, match="question of 12 hops"):
        sample_problems(SamplerSettings(nodes=(16, 20), hops={12: 1.0}), 5, 0)
    with pytest.raises(InputError, match="0 or more"):
        sample_problems(OFFICIAL, -1, 0)
