"""Accuracy without shortcuts, on a model of which it is known."""

from analyses.figures.causal.twins import twins
from analyses.readings.study import Study
from coconut_core.known.folder import known_checkpoint
from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems


def test_a_search_needs_no_shortcut_and_as_many_thoughts_as_steps(monkeypatch):
    monkeypatch.setattr("analyses.figures.causal.twins.CHAINS", 2)
    problems = sample_problems(SamplerSettings(nodes=(7, 10), hops={2: 1.0, 3: 1.0}), 6, seed=4)
    study = Study([("known_bfs", known_checkpoint("known_bfs"))], problems)
    study.subjects = study.subjects[:1]  # an untrained model says nothing here, and takes as long
    result = twins(study)
    table = result.frame()
    model, rule = table[table["role"] == "model"], table[table["role"] == "rule"]
    sets = model[model["set"] != "chains"]
    assert (sets[sets["k"] == 6]["accuracy"] == 1).all() and set(sets["set"]) == {
        "as they are",
        "degree-matched",
        "twins",
    }
    chains = model[model["set"] == "chains"].set_index(["hops", "k"])["accuracy"]
    assert [chains[hops, hops] for hops in range(1, 13)] == [1] * 12
    # Beyond six steps six thoughts do not reach the target, and the candidate named first is taken.
    assert all(chains[hops, 6] == chains[hops, 0] for hops in range(7, 13))
    assert 0 < sum(chains[hops, 6] for hops in range(7, 13)) < 6
    # On twins parents tell nothing: the rule is left with the order.
    of_twins = rule[rule["set"] == "chains"]
    assert 0.2 < of_twins["right"].sum() / of_twins["n"].sum() < 0.8
    assert result.caption().startswith("known_bfs is right in 100% of 6 problems as they are") and result.figure().data
