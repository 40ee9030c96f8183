"""Which components carry facts into thoughts, on a model of which it is known."""

from dataclasses import replace

import pytest

from analyses.figures.causal.components import components
from analyses.readings.study import Study
from coconut_core.known.folder import known_checkpoint
from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems


def test_the_components_of_a_search_are_those_that_search(monkeypatch):
    monkeypatch.setattr("analyses.figures.causal.components.RANDOM_SETS", 1)
    problems = sample_problems(SamplerSettings(nodes=(7, 9), hops={2: 1.0, 3: 1.0}), 5, seed=4)
    checkpoint = replace(known_checkpoint("known_bfs"), card={"known": "known_bfs", "max_thoughts": 3})
    result = components(Study([("known_bfs", checkpoint)], problems))
    # Layer 3 attends to the facts of the frontier, by its first head, and its units turn what was found into sets.
    assert len(result.scores) == 4 * 6
    first = result.scores.iloc[:2]
    assert set(zip(first["layer"], first["head"], strict=True)) == {(3, 0), (3, 1)} and (first["shift"] > 3).all()
    assert result.scores["shift"].iloc[2:].tolist() == pytest.approx([0] * 22, abs=1e-3)
    sets = result.sets.set_index(["way", "choice", "size"])["share"]
    assert sets["exchanged", "best", 1] == 1 and sets["exchanged", "random", 1] == 0
    assert "of layer 3 moves the answer furthest" in result.caption()
    assert len(result.figure().data) == 5 and set(result.frame()["what"]) == {"score", "set"}
