"""Accuracy by path length and thoughts, on models of which it is known."""

import pytest

from analyses.figures.hops_by_thoughts import hops_by_thoughts
from analyses.readings.intervals import wilson
from analyses.readings.study import Study
from coconut_core.checkpoints import Checkpoint
from coconut_core.known.folder import known_model
from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems


@pytest.fixture(scope="module")
def found():
    settings = SamplerSettings(nodes=(6, 10), hops={1: 1.0, 2: 1.0, 3: 1.0})
    problems = sample_problems(settings, 24, seed=4)
    models = [
        (name, Checkpoint(known_model(name), {"known": name, "max_thoughts": 6}))
        for name in ("known_bfs", "known_question")
    ]
    return problems, hops_by_thoughts(Study(models, problems))


def test_the_line_of_a_search_jumps_where_there_are_as_many_thoughts_as_steps(found):
    problems, result = found
    frame = result.frame()
    searches = frame[frame["subject"] == "known_bfs"]
    for _, row in searches.iterrows():
        of_length = [problem for problem in problems if problem.hops == row["hops"]]
        first = sum(problem.choices[0] == problem.target for problem in of_length)
        assert row["n"] == len(of_length)
        assert row["right"] == (len(of_length) if row["k"] >= row["hops"] else first)
        assert (row["low"], row["high"]) == wilson(row["right"], row["n"])
    assert set(searches["k"]) == set(range(7)) and set(searches["hops"]) == {1, 2, 3}
    assert (frame[frame["subject"] == "known_question"]["accuracy"] == 1).all()


def test_a_rule_stands_beside_the_models(found):
    problems, result = found
    frame = result.frame()
    rule = frame[frame["role"] == "rule"]
    expected = sum(min(p.choices, key=p.graph.in_degree) == p.target for p in problems)
    assert rule["right"].sum() == expected and rule["n"].sum() == len(problems)


def test_its_picture_has_a_panel_a_length_and_its_caption_the_jump(found):
    problems, result = found
    # Fewer than ten of a length are in the table alone.
    drawn = [hops for hops in (1, 2, 3) if sum(problem.hops == hops for problem in problems) >= 10]
    titles = [each.text for each in result.figure().layout.annotations if "n = " in each.text]
    assert len(titles) == max(1, len(drawn))
    assert "100% from k = 2 on" in result.caption()
