"""Exchanged facts on models of which it is known whether they follow them."""

import pytest

from analyses.figures.causal.counterfactual_facts import KINDS, counterfactual_facts
from analyses.readings.intervals import wilson
from analyses.readings.study import Study
from coconut_core.known.folder import known_checkpoint
from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems


@pytest.mark.parametrize("name", ["known_bfs", "known_decoy"])
def test_a_search_follows_every_fact_and_a_rule_only_as_far_as_the_rule_does(name):
    problems = sample_problems(SamplerSettings(nodes=(8, 12), hops={2: 1.0, 3: 1.0}), 12, seed=4)
    study = Study([(name, known_checkpoint(name))], problems)
    study.subjects = study.subjects[:1]  # an untrained model says nothing here, and takes as long
    result = counterfactual_facts(study)
    table = result.frame()
    for row in table[table["n"] > 0].itertuples():
        assert row.share == row.right / row.n and (row.low, row.high) == wilson(row.right, row.n)
    after = table[(table["role"] == "model") & (table["k"] == 6)].set_index("kind")
    assert list(after.index) == list(KINDS) and (after["n"] > 3).all()
    if name == "known_bfs":
        assert (after["share"] == 1).all() and (after["n"] == after["asked"]).all()
    else:
        rule = table[table["role"] == "rule"].set_index("kind")
        assert after["share"].tolist() == rule["share"].tolist() and after["share"].min() < 1
    assert (
        result.caption().startswith(f"{study.model.label}, answers as the oracle says")
        and len(result.figure().data) == 4
    )
