"""The frontier's part of a thought is exchanged, on models of which it is known whether it is read from there."""

from dataclasses import replace

import numpy as np
import pytest

from analyses.figures.causal.read_and_rewrite import SIDES, read_and_rewrite
from analyses.readings.representation.rewriting import Rewriting
from analyses.readings.study import Study
from coconut_core.errors import InputError
from coconut_core.known.folder import known_checkpoint
from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems

THOUGHTS = 3


def study_of(name, count=24):
    """Three thoughts are enough for two and three steps."""
    checkpoint = replace(known_checkpoint(name), card={"known": name, "max_thoughts": THOUGHTS})
    problems = sample_problems(SamplerSettings(nodes=(7, 9), hops={2: 1.0, 3: 1.0}), count, seed=4)
    return Study([(name, checkpoint)], problems)


def test_in_a_search_a_thought_decides_once_the_fact_s_step_is_thought():
    study = study_of("known_bfs")
    rewriting = Rewriting.of(study, study.model)
    whole = rewriting.changed("whole", 1)
    assert (whole == (rewriting.pairs.steps <= 1)).all() and 0 < whole.sum() < len(whole)
    # The subspace takes the donor's coordinates over, and nothing else; the placebo moves as far.
    basis, base, donor = rewriting.basis(1), rewriting.base[:, 0], rewriting.donor[:, 0]
    written, placebo = (rewriting._vectors("rewrite", 1, placebo) for placebo in (False, True))
    np.testing.assert_allclose(written @ basis, donor @ basis, atol=1e-9)
    np.testing.assert_allclose(written - written @ basis @ basis.T, base - base @ basis @ basis.T, atol=1e-9)
    moved = [np.linalg.norm(each - base, axis=1) for each in (written, placebo)]
    np.testing.assert_allclose(*moved, rtol=1e-4, atol=1e-5)
    # Facts of the second step are not in the first thought: nothing moves.
    assert (moved[0][rewriting.pairs.steps > 1] < 1e-5).all() and not rewriting.changed("rewrite", 1)[~whole].any()


def test_the_decoy_s_frontier_is_there_and_nothing_of_it_is_used():
    result = read_and_rewrite(study_of("known_decoy"))
    table = result.frame()
    changed = table[table["what"] != "read"]
    assert (changed["value"] == 0).all() and set(changed["side"]) == set(SIDES)
    assert set(changed["what"]) == {"whole", "rewrite", "branch", "remove"}
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()
    assert sum(len(trace.x) for trace in result.figure().data) == len(table)
    assert "rewrite 0% (placebo 0%)" in result.caption()


def test_too_few_problems_are_one_sentence():
    with pytest.raises(InputError, match="give 10"):
        read_and_rewrite(study_of("known_bfs", 6))
