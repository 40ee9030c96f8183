"""What probes read of models of which it is known what their thoughts hold."""

from dataclasses import replace

import numpy as np
import pytest

from analyses.figures.representation.probes import FIRST, QUESTION, SHUFFLED, probes
from analyses.readings.representation.probes import CONCEPTS, asked_of, fit_probe
from analyses.readings.study import Study
from coconut_core.errors import InputError
from coconut_core.known.folder import known_checkpoint
from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems

THOUGHTS = 3


@pytest.fixture(scope="module")
def problems():
    return sample_problems(SamplerSettings(nodes=(7, 10), hops={2: 1.0, 3: 1.0}), 60, seed=4)


@pytest.fixture(scope="module")
def found(problems):
    """Three thoughts are enough for two and three steps."""
    checkpoint = replace(known_checkpoint("known_bfs"), card={"known": "known_bfs", "max_thoughts": THOUGHTS})
    return probes(Study([("known_bfs", checkpoint)], problems))


def test_a_search_is_read_from_the_layer_that_searches_on_and_from_no_control(found):
    auc = found.frame().set_index(["concept", "thought", "layer", "source"])["auc"].sort_index()
    for concept, thought in (("depth", 2), ("depth", 3), ("reachable", 2), ("reachable", 3), ("frontier", 3)):
        whole = auc[concept, thought, 0]
        assert whole[found.label] > 0.8, concept
        assert auc[concept, thought, 3, found.label] == pytest.approx(whole[found.label], abs=0.05)
        controls = whole[[FIRST, QUESTION, "Untrained", SHUFFLED]]
        assert (controls < whole[found.label] - 0.08).all(), (concept, controls)
        assert 0.25 < whole[SHUFFLED] < 0.75
    # Layer 2 has not searched yet: <bot> knows nobody but the start there.
    assert auc["frontier", 1, 2, found.label] == 0.5 < 0.75 < auc["frontier", 1, 3, found.label]
    assert "depth" in found.caption() and found.label in found.caption()


def test_every_row_has_its_interval_and_is_drawn(found):
    table = found.frame()
    assert not table.duplicated(["concept", "thought", "source", "layer"]).any()
    assert (table["low"] <= table["auc"]).all() and (table["auc"] <= table["high"]).all() and (table["n"] > 20).all()
    drawn = found.figure().data
    points = sum(len(trace.x) for trace in drawn if trace.type == "scatter")
    assert points == (table["layer"] == 0).sum()
    assert sum(trace.type == "heatmap" for trace in drawn) == len(CONCEPTS)


def test_no_problem_is_both_fitted_and_read(problems):
    model = known_checkpoint("known_bfs").model
    asked = asked_of(model, problems, "frontier", 2)
    vectors = np.random.default_rng(0).normal(size=(len(problems), 575))
    probe = fit_probe(model, vectors, asked, shuffles=2)
    # Whole problems are held out: every node of theirs is read.
    held_out = np.isin(asked.problem, probe.asked.problem)
    assert held_out.sum() == len(probe.score) and 0.3 < probe.problems / len(problems) < 0.7
    assert 0.35 < probe.auc < 0.65 and len(probe.shuffled) == 2


def test_too_few_problems_are_one_sentence(problems):
    with pytest.raises(InputError, match="give more problems"):
        probes(Study([("known_bfs", known_checkpoint("known_bfs"))], problems[:2]))
