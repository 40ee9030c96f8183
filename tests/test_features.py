"""Features are named and moved where it is known what thoughts hold, and whether answers follow."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from analyses.figures.representation.features import EVERY, RANDOM, SHUFFLED, features
from analyses.readings.intervals import auc
from analyses.readings.representation.dictionary import FOLDER, Dictionary
from analyses.readings.representation.features import CHANGES, SIDES, FeatureChanges, Features, asked_about, parted
from analyses.readings.study import Study
from coconut_core.errors import InputError
from coconut_core.known.folder import known_checkpoint
from coconut_core.problems.prosqa.sampler import SamplerSettings, sample_problems

THOUGHTS = 2


def study_of(name, count, **card):
    checkpoint = replace(known_checkpoint(name), card={"known": name, "max_thoughts": THOUGHTS}, **card)
    problems = sample_problems(SamplerSettings(nodes=(7, 9), hops={2: 1.0}), count, seed=4)
    return Study([(name, checkpoint)], problems)


def of_coordinates(vectors):
    """The dictionary whose features are the coordinates: it rebuilds everything, and knows what known models hold."""
    identity = torch.eye(vectors.shape[-1])
    least = vectors.flatten(0, 1).min(0).values
    return Dictionary(identity, torch.zeros(len(identity)), identity, least, len(identity))


@pytest.fixture(scope="module", params=["known_bfs", "known_decoy"])
def named(request):
    study = study_of(request.param, 120)
    at, thoughts = parted(study.problems), study.all_thoughts(study.model)
    naming = asked_about(study.model.model, study.problems[at:], THOUGHTS)
    own = Features.of(of_coordinates(thoughts), thoughts[at:], naming)
    return study, thoughts, naming, own


def test_coordinates_that_hold_a_search_are_named_after_it(named):
    study, thoughts, naming, own = named
    at = parted(study.problems)
    shuffled = Features.of(own.dictionary, thoughts[at:], naming, dealt=1)
    for concept in ("frontier", "reachable"):
        asked = asked_about(study.model.model, study.problems[:at], THOUGHTS)[concept, 2]
        found, control = (
            auc(s[asked.label], s[~asked.label])
            for s in (each.scores(thoughts[:at], asked, concept, 2) for each in (own, shuffled))
        )
        assert found > 0.8 and control < 0.65, (concept, found, control)


def test_answers_follow_features_where_they_are_read_from_the_thoughts_and_only_there(named):
    study, _, _, own = named
    changes = FeatureChanges.of(study, study.model, own)
    every = range(1, THOUGHTS + 1)
    share = {
        (change, side): changes.changed(change, side, every).mean()
        for change in CHANGES
        for side in SIDES
        if (change, side) != ("rebuilt", "other features")
    }
    assert share["rebuilt", "features"] == 0
    # Controls move as far.
    for change in ("removed", "swapped"):
        lengths = [changes._moves(change, side).norm(dim=-1) for side in SIDES[:2]]
        torch.testing.assert_close(*lengths, rtol=1e-4, atol=1e-4)
    if study.model.name == "known_decoy":
        assert share["removed", "features"] == share["swapped", "features"] == 0
    else:
        # Without the search half of the answers are those named first.
        assert share["swapped", "features"] > 0.7 and share["removed", "features"] > 0.2
        assert share["swapped", "other features"] < 0.3


def test_the_figure_takes_the_dictionary_of_the_model_s_folder(tmp_path):
    study = study_of("known_bfs", 30, folder=tmp_path)
    of_coordinates(study.all_thoughts(study.model)).save(tmp_path / FOLDER, {})
    result = features(study)
    table = result.frame()
    assert "575 features of fresh problems" in result.caption()
    assert set(table[table["what"] == "frontier"]["side"]) == {study.model.label, RANDOM, SHUFFLED, "Untrained"}
    assert set(table["thought"]) == {"1", "2", EVERY}
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).mean() > 0.95
    assert sum(len(trace.x) for trace in result.figure().data) == len(result.drawn) <= len(table)
    rebuilt = table[(table["what"] == "rebuilt") & (table["side"] == "features")]
    assert (rebuilt["value"] == 0).all() and np.isfinite(table["value"]).all()


def test_too_few_problems_are_one_sentence():
    with pytest.raises(InputError, match="give 10"):
        features(study_of("known_bfs", 6))
